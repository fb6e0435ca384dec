import { StockroomError } from '../core/errors.ts';

/** A table with history: a row has an id, and a time to which it belongs. */
export interface HistoryTable {
  readonly name: string;
  /** SQL over the table's alias `t`, and those of `joined`. */
  readonly time: string;
  /** A join of what `time` needs: SQL that adds and removes no row. */
  readonly joined?: string;
  /** When something about the row became known that was not known at its time: SQL, with the columns that tell it. */
  readonly later?: { readonly knownAt: string; readonly columns: readonly string[]; readonly flag?: string };
}

/** The tables of each store, those first whose rows point to rows of others. */
const histories: Readonly<Record<string, readonly HistoryTable[]>> = {
  'llm-costs': [{ name: 'llm_requests', time: 't.created_at' }],
  recommendations: [
    {
      name: 'ai_recommendations',
      time: 't.generated_at',
      later: {
        knownAt: 't.evaluated_at',
        columns: [
          'evaluated_at',
          'exit_price',
          'exit_time',
          'exit_reason',
          'pnl_pct',
          'max_drawdown_pct',
          'alpha_vs_benchmark',
          'labels',
        ],
        flag: 'evaluated',
      },
    },
  ],
  'top-picks': [
    { name: 'top_picks_runs', time: 't.generated_at' },
    { name: 'pick_archive', time: 't.generated_at' },
  ],
  context: [{ name: 'agent_analyses', time: 't.created_at' }],
  'pick-log': [
    { name: 'pick_outcomes', time: 't.horizon_end_ts' },
    {
      name: 'pick_agent_contributions',
      time: 'e.signal_ts',
      joined: 'left join pick_events e on e.pick_uuid = t.pick_uuid',
    },
    { name: 'pick_events', time: 't.signal_ts' },
  ],
  'agent-memory': [{ name: 'memory_analyses', time: 't.created_at' }],
};

/** What stands behind FROM: the table as `t`, and what its time needs. */
export const rowsOf = ({ name, joined = '' }: HistoryTable): string => `"${name}" t ${joined}`;

export const storesWithHistory: readonly string[] = Object.keys(histories);

/** @throws StockroomError SOURCE_UNKNOWN that lists the stores */
export function historyOf(store: string): readonly HistoryTable[] {
  const tables = Object.hasOwn(histories, store) ? histories[store] : undefined;
  if (tables !== undefined) return tables;
  throw new StockroomError(
    'SOURCE_UNKNOWN',
    `There is no store ${JSON.stringify(store)} with history; use one of ${storesWithHistory.join(', ')}`,
  );
}

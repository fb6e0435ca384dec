import type { Session } from '../../tiers/durable/port.ts';

/** A row of pick_outcomes on its way. */
export interface NewOutcome {
  readonly pick_uuid: string;
  readonly evaluation_horizon: string;
  readonly horizon_end_ts: string;
  readonly price_close: number | null;
  readonly price_high: number | null;
  readonly price_low: number | null;
  readonly ret_close_pct: number | null;
  readonly max_runup_pct: number | null;
  readonly max_drawdown_pct: number | null;
  readonly benchmark_symbol: string | null;
  readonly benchmark_ret_pct: number | null;
  readonly ret_vs_benchmark_pct: number | null;
  readonly hit_target: boolean | null;
  readonly hit_stop: boolean | null;
  readonly outcome_label: string | null;
  readonly notes: Readonly<Record<string, unknown>> | null;
  readonly known_at: string;
  readonly exit_key: string | null;
}

export const outcomeTypes = {
  pick_uuid: 'text',
  evaluation_horizon: 'text',
  horizon_end_ts: 'timestamptz',
  price_close: 'double precision',
  price_high: 'double precision',
  price_low: 'double precision',
  ret_close_pct: 'double precision',
  max_runup_pct: 'double precision',
  max_drawdown_pct: 'double precision',
  benchmark_symbol: 'text',
  benchmark_ret_pct: 'double precision',
  ret_vs_benchmark_pct: 'double precision',
  hit_target: 'boolean',
  hit_stop: 'boolean',
  outcome_label: 'text',
  notes: 'jsonb',
  known_at: 'timestamptz',
  exit_key: 'text',
} as const satisfies Record<keyof NewOutcome, string>;

const columns = Object.keys(outcomeTypes) as (keyof NewOutcome)[];

export function outcomeCell(value: NewOutcome[keyof NewOutcome]): string | null {
  if (value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * Writes outcomes in one statement; one that exists stays as it is. Sorted, so that two writers never wait for one another.
 * @returns how many were written
 */
export async function insertOutcomes(session: Session, outcomes: readonly NewOutcome[]): Promise<number> {
  if (outcomes.length === 0) return 0;
  const sorted = outcomes.toSorted((a, b) => (a.pick_uuid < b.pick_uuid ? -1 : 1));
  const arrays = columns.map((name, index) => `$${index + 1}::text[]::${outcomeTypes[name]}[]`);
  const { count } = await session.query(
    `insert into pick_outcomes (${columns.join(', ')})
     select * from unnest(${arrays.join(', ')})
     on conflict (pick_uuid, evaluation_horizon) do nothing`,
    columns.map((name) => sorted.map((outcome) => outcomeCell(outcome[name]))),
  );
  return count;
}

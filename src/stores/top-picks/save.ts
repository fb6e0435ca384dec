import { StockroomError } from '../../core/errors.ts';
import { appendRows, type AppendTable } from '../../tiers/durable/append/index.ts';
import type { Session } from '../../tiers/durable/index.ts';
import type { Changes } from '../../tiers/views/index.ts';
import { ALL, ranked, RUNS_MAX, type TopPicksViews } from './keys.ts';
import type { PreparedRun } from './payload.ts';
import { summary, summaryColumns, type SummaryRow } from './rows.ts';
import type { SavedRun } from './schema.ts';

const table: AppendTable = {
  name: 'top_picks_runs',
  columns: {
    run_id: 'text',
    universe: 'text',
    mode: 'text',
    generated_at: 'timestamptz',
    trigger: 'text',
    total_analyzed: 'bigint',
    filtered_count: 'bigint',
    picks_count: 'bigint',
    elapsed_sec: 'float8',
    payload: 'jsonb',
  },
  returning: summaryColumns,
};

/**
 * Appends runs in the transaction of the session, and says to `changes` which keys that moves.
 *
 * @returns for each run what stands there, or StockroomError IDEMPOTENCY_CONFLICT
 */
export async function appendRuns(
  session: Session,
  changes: Changes,
  views: TopPicksViews,
  runs: readonly PreparedRun[],
): Promise<(SavedRun | StockroomError)[]> {
  const appended = await appendRows<SummaryRow>(
    session,
    table,
    runs.map(({ row }) => row),
  );
  return appended.map((outcome, index) => {
    if (outcome instanceof StockroomError) return outcome;
    const { row, repeated } = outcome;
    if (!repeated) {
      changes.refresh(views.latest, { universe: row.universe, mode: row.mode });
      changes.refresh(views.run, row.run_id);
      // An id that somebody gave may be that of a newer run, whose place must not be taken.
      if (runs[index]!.hasGivenId) changes.refresh(views.runs, ALL);
      else changes.rank(views.runs, ALL, [ranked(row)], RUNS_MAX);
    }
    return { ...summary(row), repeated };
  });
}

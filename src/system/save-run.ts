import { picksOfRun } from '../stores/pick-log/store.ts';
import type { TopPicksPayload } from '../stores/recommendations/schema.ts';
import type { SavedRun, SaveOptions, SavePayload } from '../stores/top-picks/schema.ts';
import { transact } from '../tiers/views/index.ts';
import type { StoreSystem } from './stores.ts';

export interface SavedWhole extends SavedRun {
  /** How many of its picks are recommendations now, and how many are in the pick log. */
  readonly recommendations: number;
  readonly picks: number;
  /** Items of the payload that are no picks (no symbol, no price), by their place. */
  readonly skipped: readonly { readonly index: number; readonly reason: string }[];
}

/**
 * Saves a run with its recommendations and its picks, in one transaction, and tells the subscribers. The same run again, by its id or
 * its idempotency key, changes nothing.
 * @throws StockroomError INVALID_INPUT naming the field, IDEMPOTENCY_CONFLICT: nothing was saved then
 */
export async function saveRun(
  { stores, durable, views }: Pick<StoreSystem, 'stores' | 'durable' | 'views'>,
  payload: SavePayload,
  options: SaveOptions = {},
): Promise<SavedWhole> {
  const { topPicks, recommendations, pickLog } = stores;
  const run = topPicks.prepare(payload, options);
  const { runId } = run;
  const generated = String(run.row.cells['generated_at']);
  const { picks, skipped } = picksOfRun(payload, { runId, signalTs: generated });
  const saved = await transact(durable, views, async (session, changes) => {
    const whole = await topPicks.saveIn(session, changes, run);
    // A run that was there was saved as a whole then, or migrated with what the old application had made of it.
    if (whole.repeated) return { ...whole, recommendations: 0, picks: 0 };
    // What it needs of its items, it checks itself.
    const about = { run_id: runId, generated_at: generated };
    const logged = await recommendations.logRunIn(session, changes, payload as TopPicksPayload, about);
    const log =
      picks.length === 0 ? [] : await pickLog.logIn(session, picks, { idempotencyKey: `run:${runId}` });
    return { ...whole, recommendations: logged.items.length, picks: log.length };
  });
  topPicks.announce();
  return { ...saved, skipped };
}

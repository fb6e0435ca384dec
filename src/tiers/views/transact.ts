import { type DurableTier, retried, type Session } from '../durable/index.ts';
import type { Changes, Views } from './views.ts';

/**
 * One transaction and, after its commit, the keys that it moves. Tried again when it failed in passing, so the work has to be
 * idempotent.
 */
export function transact<T>(
  durable: DurableTier,
  views: Views,
  work: (session: Session, changes: Changes) => Promise<T>,
): Promise<T> {
  return retried(async () => {
    const changes = views.changes();
    const result = await durable.transaction(async (session) => {
      const done = await work(session, changes);
      changes.note(session);
      return done;
    });
    await changes.apply();
    return result;
  });
}

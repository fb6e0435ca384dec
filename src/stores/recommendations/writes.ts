import { pause } from '../../core/wait.ts';
import { type DurableTier, isRetryable, type Session } from '../../tiers/durable/index.ts';
import type { Changes, Views } from '../../tiers/views/index.ts';

const TRIES = 5;
const RETRY_MIN_MS = 10;
const RETRY_MAX_MS = 500;

/**
 * One transaction and, after its commit, the keys that it moves. Tried again when it failed in passing, so the work has to be
 * idempotent: whether a transaction whose connection broke was committed, nobody knows.
 */
export async function write<T>(
  durable: DurableTier,
  views: Views,
  work: (session: Session, changes: Changes) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const changes = views.changes();
    try {
      const result = await durable.transaction(async (session) => {
        const done = await work(session, changes);
        await changes.note(session);
        return done;
      });
      await changes.apply();
      return result;
    } catch (error) {
      if (tries >= TRIES || !isRetryable(error)) throw error;
      await pause(Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** tries) * (0.5 + Math.random() / 2));
    }
  }
}

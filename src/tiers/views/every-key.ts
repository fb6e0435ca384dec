import type { Session } from '../durable/index.ts';

/** In place of a key: every key of every view. */
export const EVERY_KEY = '*';

/**
 * Notes that rows were written past the stores, in bulk: every process drops, within seconds, what Redis holds of any view. To be
 * called in the transaction of the rows, or before it and after it.
 */
export async function distrustEveryKey(session: Pick<Session, 'query'>): Promise<void> {
  // One such note is enough. One that somebody acts on right now may come too early for these rows: it is waited for, and written anew.
  await session.query('delete from view_intents where keys = array[$1]', [EVERY_KEY]);
  // From before now: nobody is going to settle it.
  await session.query(
    "insert into view_intents (keys, created_at) values (array[$1], now() - interval '1 day')",
    [EVERY_KEY],
  );
}

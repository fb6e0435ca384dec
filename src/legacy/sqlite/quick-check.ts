import { messageOf } from '../../core/errors.ts';
import type { SqliteConnection } from './database.ts';

/** SQLite's own check of a database's pages; null when it is sound, else the first thing that is wrong. */
export function quickCheck(connection: SqliteConnection): string | null {
  try {
    const found = connection.pragma('quick_check(1)', { simple: true });
    return found === 'ok' ? null : String(found);
  } catch (error) {
    // A page so damaged that the check itself fails.
    return messageOf(error);
  }
}

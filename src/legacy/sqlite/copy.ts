import Database from 'better-sqlite3';
import { setTimeout as delay } from 'node:timers/promises';
import { LOCK_TIMEOUT_MS, openDatabase, readHeader } from './database.ts';

const RETRY_MS = 20;
const ALL_PAGES = 0x7fffffff;

/**
 * Copies an old database as of one moment, without creating anything beside it: one file in rollback mode, with what a
 * -wal or a journal held of it. A writer waits for as long as the pages take to be copied, in one step.
 *
 * @throws StockroomError SOURCE_LOCKED, SOURCE_UNREADABLE
 */
export async function copyDatabase(file: string, target: string): Promise<void> {
  const database = await openDatabase(file);
  try {
    const deadline = performance.now() + LOCK_TIMEOUT_MS;
    for (;;) {
      const { totalPages } = await database.connection.backup(target, { progress: () => ALL_PAGES });
      // No page: it waited for a lock in vain.
      if (totalPages > 0) break;
      if (performance.now() > deadline) {
        throw Object.assign(new Error('the backup copied no page'), { code: 'SQLITE_BUSY' });
      }
      await delay(RETRY_MS);
    }
  } finally {
    await database.close();
  }
  leaveWal(target);
}

/** A copy that says it is in WAL mode would be copied again by everyone who reads it. */
function leaveWal(file: string): void {
  const header = readHeader(file);
  if (header[18] !== 2 && header[19] !== 2) return;
  const copy = new Database(file);
  try {
    copy.pragma('journal_mode = DELETE');
  } finally {
    copy.close();
  }
}

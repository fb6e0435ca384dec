import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { StockroomError } from '../../../core/errors.ts';

/**
 * Two processes on one PGlite directory lose acknowledged rows without an error, so a directory has one owner. The
 * lock is the kernel's, taken by SQLite on an empty database file, and gone with the process however that ends; a file
 * with a pid in it would be wrong after a kill. The pid stands beside it for people.
 *
 * Such a lock is dropped when the process closes any descriptor of the file: nothing else may open `owner.lock`.
 */
export async function takeOwnership(directory: string): Promise<{ release(): Promise<void> }> {
  const pidFile = join(directory, 'owner.pid');
  const lock = new Database(join(directory, 'owner.lock'), { timeout: 0 });
  try {
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) throw error;
    throw await inUse(directory, pidFile, error);
  }
  await writeFile(pidFile, `${process.pid}\n`);
  return {
    release: async () => {
      await rm(pidFile, { force: true });
      lock.close();
    },
  };
}

async function inUse(directory: string, pidFile: string, cause: unknown): Promise<StockroomError> {
  // The owner writes its pid just after it took the lock: for a moment the file is missing or that of the last one.
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  const known = Number.isInteger(pid) && pid > 0 && isAlive(pid);
  return new StockroomError(
    'EMBEDDED_IN_USE',
    `The embedded database in ${directory} is in use by ${known ? `process ${pid}` : 'another process'}. ` +
      'Stop that process, or use another STOCKROOM_DATA_DIR, or set DATABASE_URL to a PostgreSQL server, ' +
      'which several processes can share.',
    { cause, details: { directory, ...(known ? { pid } : {}) } },
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

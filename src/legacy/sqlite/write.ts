import Database from 'better-sqlite3';
import { codeOf, messageOf, StockroomError } from '../../core/errors.ts';
import { asSourceError, patiently, type SqliteConnection } from './database.ts';

/**
 * How long a commit waits for readers to end. The old application's writers wait behind it, with a patience of 5 s that
 * is Python's default: then the transaction is undone, so that they get their turn, and tried again.
 */
const COMMIT_TIMEOUT_MS = 1000;
const ATTEMPTS = 3;

/**
 * Runs `work` in one IMMEDIATE transaction on an old database, opened for it. All of it happens, or nothing. `work` is
 * short, and may be called again after what it did was undone. Settings of the file, its journal mode among them, stay as
 * they are. The connection gives integers as bigint.
 *
 * @throws StockroomError SOURCE_LOCKED when others hold the file for too long, SOURCE_NOT_WRITABLE, SOURCE_UNREADABLE
 */
export function writeTransaction<T>(file: string, work: (connection: SqliteConnection) => T): T {
  let connection: SqliteConnection | null = null;
  try {
    connection = new Database(file, { fileMustExist: true, timeout: 0 });
    connection.defaultSafeIntegers(true);
    // SQLite's own default, and the old application's; this build of it has another.
    connection.pragma('foreign_keys = OFF');
    for (let attempt = 1; ; attempt++) {
      const done = attemptOnce(connection, work);
      if ('result' in done) return done.result;
      if (attempt === ATTEMPTS) throw done.busy;
    }
  } catch (error) {
    throw asWriteError(file, error);
  } finally {
    connection?.close();
  }
}

function attemptOnce<T>(
  connection: SqliteConnection,
  work: (connection: SqliteConnection) => T,
): { result: T } | { busy: unknown } {
  patiently(() => connection.exec('BEGIN IMMEDIATE'));
  try {
    const result = work(connection);
    patiently(() => connection.exec('COMMIT'), COMMIT_TIMEOUT_MS);
    return { result };
  } catch (error) {
    // SQLite ended the transaction itself where the disk is full or fails.
    if (connection.inTransaction) connection.exec('ROLLBACK');
    if (!codeOf(error).startsWith('SQLITE_BUSY')) throw error;
    return { busy: error };
  }
}

function asWriteError(file: string, error: unknown): StockroomError {
  const code = codeOf(error);
  if (/^SQLITE_(?:READONLY|CANTOPEN|PERM)/.test(code)) {
    return new StockroomError(
      'SOURCE_NOT_WRITABLE',
      `${file} cannot be written (${messageOf(error)}): give the right to write it and its directory`,
      { cause: error, details: { file } },
    );
  }
  if (code === 'SQLITE_FULL') {
    return new StockroomError(
      'SOURCE_NOT_WRITABLE',
      `${file} cannot be written (${messageOf(error)}): make room on its disk`,
      { cause: error, details: { file } },
    );
  }
  const failure = asSourceError(file, error);
  if (failure.code !== 'SOURCE_LOCKED') return failure;
  return new StockroomError(
    'SOURCE_LOCKED',
    `${file} stayed locked by another process: let it finish or stop it, then try again`,
    { cause: error, details: { file } },
  );
}

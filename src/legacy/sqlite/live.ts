import Database from 'better-sqlite3';
import { asSourceError, patiently, type SqliteConnection } from './database.ts';

/**
 * Opens a database in which capture is installed where it stands: what is in it may be written already, so that nothing
 * speaks against the files that SQLite keeps beside it, and no copy is needed. No lock is held between statements. Close it
 * before the file is opened in any other way: to close another descriptor of the file takes this process's locks away.
 *
 * @throws StockroomError SOURCE_LOCKED, SOURCE_UNREADABLE
 */
export function openLive(file: string): SqliteConnection {
  let connection: SqliteConnection | undefined;
  try {
    const opened = new Database(file, { fileMustExist: true, timeout: 0 });
    connection = opened;
    opened.defaultSafeIntegers(true);
    patiently(() => {
      opened.pragma('cache_size = -2000');
      opened.prepare('SELECT count(*) FROM sqlite_master').get();
    });
    return opened;
  } catch (error) {
    connection?.close();
    throw asSourceError(file, error);
  }
}

/** A connection that only asks whether a database in rollback mode was changed. */
export interface ChangeProbe {
  /** Another number whenever another connection has committed since; null when the file cannot be asked at the moment. */
  version(): number | null;
  close(): void;
}

/** Opens a probe; it reads nothing but the header of the file, and holds no lock. Null when it cannot be opened. */
export function openProbe(file: string): ChangeProbe | null {
  let connection: SqliteConnection;
  try {
    connection = new Database(file, { readonly: true, fileMustExist: true, timeout: 0 });
  } catch {
    // Whoever reads the file next says what is wrong with it.
    return null;
  }
  return {
    version: () => {
      try {
        return Number(connection.pragma('data_version', { simple: true }));
      } catch {
        // Locked for the moment of a commit: a change is on its way.
        return null;
      }
    },
    close: () => void connection.close(),
  };
}

import { statSync } from 'node:fs';
import { codeOf, messageOf, StockroomError } from '../../core/errors.ts';
import { asSourceError, patiently, readHeader, type SqliteConnection } from '../../legacy/sqlite/database.ts';
import { type ChangeProbe, openLive, openProbe } from '../../legacy/sqlite/live.ts';

interface Held {
  readonly connection: SqliteConnection;
  readonly probe: ChangeProbe | null;
}

/**
 * Keeps writers away from databases until it is released. Nothing in a database or its -wal changes by it, only SQLite's index
 * of the -wal does. Meanwhile no file of a held database may be opened and closed in this process: that would
 * take its locks away.
 */
export class Hold {
  private readonly held: Held[] = [];

  /** @throws StockroomError SOURCE_LOCKED, SOURCE_UNREADABLE; then none is held */
  constructor(files: readonly string[]) {
    try {
      for (const file of files) this.take(file);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  release(): void {
    for (const { connection, probe } of this.held.splice(0).reverse()) {
      if (connection.inTransaction) connection.exec('ROLLBACK');
      connection.close();
      probe?.close();
    }
  }

  private take(file: string): void {
    // A killed writer's journal: whoever opens the database rolls it back, and its bytes would be others.
    if (sizeOf(`${file}-journal`) > 0) return;
    const header = readHeader(file);
    const isWal = header[18] === 2 || header[19] === 2;
    const hasWal = statSync(`${file}-wal`, { throwIfNoEntry: false }) !== undefined;
    // The last connection to close writes the -wal into the database, unless one stays that may not write.
    const probe = isWal && hasWal ? openProbe(file) : null;
    probe?.version();
    try {
      const connection = openLive(file);
      this.held.push({ connection, probe });
      patiently(() => connection.exec('BEGIN IMMEDIATE'));
    } catch (error) {
      if (this.held.at(-1)?.probe !== probe) probe?.close();
      throw asHoldError(file, error);
    }
  }
}

function asHoldError(file: string, error: unknown): StockroomError {
  if (/^SQLITE_(?:READONLY|CANTOPEN|PERM)/.test(codeOf(error))) {
    return new StockroomError(
      'SOURCE_NOT_WRITABLE',
      `${file} cannot be held against writers (${messageOf(error)}): give the right to write it; nothing was removed`,
      { cause: error, details: { file } },
    );
  }
  const failure = asSourceError(file, error);
  if (failure.code !== 'SOURCE_LOCKED') return failure;
  return new StockroomError(
    'SOURCE_LOCKED',
    `${file} is being written by another process: stop it, then clean up again; nothing was removed`,
    { cause: error, details: { file } },
  );
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

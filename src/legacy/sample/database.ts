import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import type { LegacySchema } from './ddl.ts';

/** Rows in one transaction: memory stays flat at any scale, and the cost of a commit is spread thin. */
const BATCH_ROWS = 25_000;
/** Room for the upper pages of the unique indexes, which are filled in random order. */
const CACHE_KIB = 32 * 1024;

export type SqlValue = string | number | null;

/**
 * A new SQLite file that is filled once and closed. It is written without waiting for the disk: a sample that a power
 * cut spoils is written again. The file that remains is an ordinary one, with a rollback journal.
 */
export class LegacyDatabase {
  readonly #db: Sqlite.Database;
  readonly #schema: LegacySchema;
  readonly #inserts = new Map<string, Sqlite.Statement>();
  #pending = 0;

  constructor(file: string, schema: LegacySchema) {
    mkdirSync(dirname(file), { recursive: true });
    this.#db = new Sqlite(file);
    this.#schema = schema;
    this.#db.pragma('synchronous = OFF');
    this.#db.pragma('journal_mode = OFF');
    this.#db.pragma('locking_mode = EXCLUSIVE');
    this.#db.pragma(`cache_size = -${CACHE_KIB}`);
    for (const table of schema.tables) this.#db.exec(table);
    this.#db.exec('BEGIN');
  }

  /** Names the columns of a table that `insert` gives. */
  prepare(table: string, columns: readonly string[]): void {
    const places = columns.map(() => '?').join(', ');
    this.#inserts.set(
      table,
      this.#db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`),
    );
  }

  insert(table: string, values: readonly SqlValue[]): void {
    this.#inserts.get(table)!.run(values);
    this.#pending += 1;
  }

  get batchFull(): boolean {
    return this.#pending >= BATCH_ROWS;
  }

  /** Commits, and lets the event loop turn so that progress is shown and signals are heard. */
  async commitBatch(): Promise<void> {
    this.#db.exec('COMMIT; BEGIN');
    this.#pending = 0;
    await turnOfTheLoop();
  }

  /** Commits what is left and builds the indexes. */
  finish(): void {
    this.#db.exec('COMMIT');
    for (const index of this.#schema.indexes) this.#db.exec(index);
  }

  close(): void {
    this.#db.close();
  }
}

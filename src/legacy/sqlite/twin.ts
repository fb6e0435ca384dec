import Database from 'better-sqlite3';
import type { RawValue } from '../raw-value.ts';
import type { SqliteConnection } from './database.ts';
import { quoteName, type TableInfo, writableColumns } from './tables.ts';

/** What every name that capture puts into an old database begins with. */
const CAPTURE_PREFIX = '_stockroom_';

interface SchemaEntry {
  type: string;
  name: string;
  tbl_name: string;
  sql: string;
}

/** A value as it is bound, and whether its bytes are to be a TEXT that they would not make by themselves. */
export interface Bound {
  readonly value: RawValue;
  readonly asText: boolean;
}

/**
 * A new database with the schema of another: first its tables, and once they hold their rows, with {@link finish}, its
 * indexes, views and triggers. It is scratch: what is written to it is lost when the machine stops.
 */
export class Twin {
  readonly connection: SqliteConnection;
  private readonly origin: SqliteConnection;
  private readonly later: string[];

  /** @throws SQLite's own error when the schema uses what this SQLite does not know */
  constructor(origin: SqliteConnection, file: string) {
    this.origin = origin;
    this.connection = new Database(file);
    this.connection.defaultSafeIntegers(true);
    const setting = (name: string): string => String(origin.pragma(name, { simple: true }));
    this.connection.pragma(`page_size = ${setting('page_size')}`);
    this.connection.pragma(`encoding = '${setting('encoding')}'`);
    this.connection.pragma(`user_version = ${setting('user_version')}`);
    this.connection.pragma(`application_id = ${setting('application_id')}`);
    this.connection.pragma('journal_mode = OFF');
    this.connection.pragma('synchronous = OFF');
    // The rows come from a database that held them: what it let pass is not for the twin to refuse.
    this.connection.pragma('foreign_keys = OFF');
    this.connection.pragma('ignore_check_constraints = ON');
    const entries = schemaOf(origin);
    for (const { sql } of entries.filter(({ type }) => type === 'table')) this.connection.exec(sql);
    this.later = entries.filter(({ type }) => type !== 'table').map(({ sql }) => sql);
  }

  /** The columns of a table that can be written: SQLite computes the others itself. */
  writable(table: TableInfo): string[] {
    return writableColumns(this.connection, table);
  }

  /** What writes rows of a table; `rowNumber` is given where no column holds it. */
  inserter(
    table: string,
    columns: readonly string[],
  ): (rowNumber: bigint | null, row: readonly Bound[]) => void {
    const statements = new Map<string, Database.Statement<RawValue[]>>();
    return (rowNumber, row) => {
      const places = row.map(({ asText }) => (asText ? 'CAST(? AS TEXT)' : '?'));
      const names = columns.map(quoteName);
      const values = row.map(({ value }) => value);
      if (rowNumber !== null) {
        names.push('_rowid_');
        places.push('?');
        values.push(rowNumber);
      }
      const key = places.join();
      let statement = statements.get(key);
      if (statement === undefined) {
        statement = this.connection.prepare<RawValue[]>(
          `INSERT INTO ${quoteName(table)} (${names.join(', ')}) VALUES (${places.join(', ')})`,
        );
        statements.set(key, statement);
      }
      statement.run(...values);
    };
  }

  /** Indexes, views and triggers, and how far the counters of AUTOINCREMENT were. */
  finish(): void {
    for (const sql of this.later) this.connection.exec(sql);
    const counts = "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'";
    if (this.origin.prepare(counts).pluck().get() === 0n) return;
    const counters = this.origin
      .prepare<[], [string, bigint]>('SELECT name, seq FROM sqlite_sequence')
      .raw()
      .all()
      .filter(([name]) => !name.startsWith(CAPTURE_PREFIX));
    this.connection.exec('DELETE FROM sqlite_sequence');
    const put = this.connection.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)');
    for (const [name, seq] of counters) put.run(name, seq);
  }

  close(): void {
    this.connection.close();
  }
}

/** Everything that the old application defined, in its order; not what capture put there, nor SQLite's own. */
function schemaOf(origin: SqliteConnection): SchemaEntry[] {
  const kinds = origin.pragma('table_list') as { name: string; type: string }[];
  const others = new Set(
    kinds.filter(({ type }) => /^(?:shadow|virtual)$/.test(type)).map(({ name }) => name),
  );
  return origin
    .prepare<[], SchemaEntry>(
      'SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid',
    )
    .all()
    .filter(({ name }) => !/^sqlite_/i.test(name) && !name.startsWith(CAPTURE_PREFIX))
    .filter(({ tbl_name: table }) => !others.has(table) && !table.startsWith(CAPTURE_PREFIX));
}

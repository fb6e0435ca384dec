import Database from 'better-sqlite3';
import type { RawValue } from '../raw-value.ts';
import type { SqliteConnection } from './database.ts';
import { quoteName } from './tables.ts';

/** Rows that are compared in one statement where the row number is the key. */
const BATCH_ROWS = 5000;
const MIN_ROW = -(2n ** 63n);
const MAX_ROW = 2n ** 63n - 1n;

/** How the rows of a table are known again in its other version. */
export interface PairKey {
  /** Columns whose values make up the key; empty: SQLite's row number is it. */
  readonly columns: readonly string[];
  /** Whether the INTEGER 5 and the REAL 5.0 are one key. */
  readonly numbersAsOne: boolean;
  /** What orders rows of the same key. */
  readonly order: readonly string[];
}

/** How two values of a column depart: `bytes`: the same bytes in another storage class. */
export type Departure = 'none' | 'value' | 'bytes';

/** A row that both versions have, with other values. */
export interface DifferingRow {
  readonly key: readonly RawValue[];
  /** One entry a column, in all three. */
  readonly departures: readonly Departure[];
  readonly before: readonly RawValue[];
  readonly after: readonly RawValue[];
}

const departures: readonly Departure[] = ['none', 'value', 'bytes'];

/** A table in two databases, compared by storage class and bytes. Both are scratch: nobody writes to them. */
export class TablePair {
  private readonly connection: SqliteConnection;
  private readonly table: string;
  private readonly columns: readonly string[];
  private readonly key: PairKey;

  private constructor(connection: SqliteConnection, table: string, columns: readonly string[], key: PairKey) {
    this.connection = connection;
    this.table = quoteName(table);
    this.columns = columns;
    this.key = key;
  }

  /** Opens two databases for `work` on the tables that it asks for. */
  static async between<T>(
    before: string,
    after: string,
    work: (open: (table: string, columns: readonly string[], key: PairKey) => TablePair) => Promise<T>,
  ): Promise<T> {
    const connection = new Database(after);
    try {
      connection.defaultSafeIntegers(true);
      connection.pragma('temp_store = FILE');
      connection.prepare('ATTACH DATABASE ? AS before').run(before);
      return await work((table, columns, key) => new TablePair(connection, table, columns, key));
    } finally {
      connection.close();
    }
  }

  /** Rows in the version before. */
  count(): number {
    return Number(this.connection.prepare(`SELECT count(*) FROM before.${this.table}`).pluck().get());
  }

  /** Rows that both have and that differ, in batches; an empty one tells that the work goes on. */
  *differing(): Generator<{ compared: number; rows: DifferingRow[] }> {
    if (this.key.columns.length > 0) {
      yield this.batch(this.differingSql(''), []);
      return;
    }
    const end = this.connection
      .prepare<[bigint], bigint | null>(
        `SELECT max(r) FROM (SELECT _rowid_ AS r FROM before.${this.table}
         WHERE _rowid_ >= ? ORDER BY _rowid_ LIMIT ${BATCH_ROWS})`,
      )
      .pluck();
    const sql = this.differingSql('WHERE s._rowid_ >= ? AND s._rowid_ <= ?');
    for (let from = MIN_ROW; ; ) {
      const last = end.get(from) ?? null;
      if (last === null) return;
      yield this.batch(sql, [from, last]);
      if (last === MAX_ROW) return;
      from = last + 1n;
    }
  }

  /** Keys of the rows that only one version has. */
  *only(version: 'before' | 'after'): Generator<readonly RawValue[]> {
    const [mine, other] = version === 'before' ? ['before', 'main'] : ['main', 'before'];
    const key = this.keyColumns('s');
    const sql = `SELECT ${key.join(', ')} FROM ${this.keyed(mine)} s
      LEFT JOIN ${this.keyed(other)} b ON ${this.joined()} WHERE ${this.absent()}`;
    yield* this.connection.prepare<[], RawValue[]>(sql).raw().iterate();
  }

  private batch(sql: string, bounds: readonly bigint[]): { compared: number; rows: DifferingRow[] } {
    const width = this.columns.length;
    const keys = Math.max(1, this.key.columns.length);
    const found = this.connection
      .prepare<bigint[], RawValue[]>(sql)
      .raw()
      .all(...bounds);
    const rows = found.map((row): DifferingRow => {
      const flags = row.slice(keys + 2 * width);
      return {
        key: row.slice(0, keys),
        before: row.slice(keys, keys + width),
        after: row.slice(keys + width, keys + 2 * width),
        departures: flags.map((flag) => departures[Number(flag)]!),
      };
    });
    return { compared: BATCH_ROWS, rows };
  }

  private differingSql(where: string): string {
    const names = this.columns.map(quoteName);
    const flags = names.map((name, index) => `${departureSql(name)} AS f${index}`);
    const selected = [
      ...this.keyColumns('s').map((key, index) => `${key} AS k${index}`),
      ...names.map((name, index) => `s.${name} AS s${index}`),
      ...names.map((name, index) => `b.${name} AS b${index}`),
      ...flags,
    ];
    const any = names.map((_, index) => `f${index} <> 0`).join(' OR ');
    return `SELECT * FROM (SELECT ${selected.join(', ')} FROM ${this.keyed('before')} s
      JOIN ${this.keyed('main')} b ON ${this.joined()} ${where}) WHERE ${any}`;
  }

  private keyColumns(alias: string): string[] {
    if (this.key.columns.length === 0) return [`${alias}._rowid_`];
    return this.key.columns.map((name) => `${alias}.${quoteName(name)}`);
  }

  /** The table, with a text that tells its rows apart where the row number does not. */
  private keyed(database: string): string {
    if (this.key.columns.length === 0) return `${database}.${this.table}`;
    const parts = this.key.columns.map(quoteName).map((name) => this.keyPart(name));
    const key = parts.join(" || ',' || ");
    const order = this.key.order.join(', ');
    return `(SELECT *, ${key} || '#' || row_number() OVER (PARTITION BY ${key} ORDER BY ${order}) AS _stockroom_key
      FROM ${database}.${this.table})`;
  }

  private keyPart(name: string): string {
    const exact = `typeof(${name}) || hex(${name})`;
    if (!this.key.numbersAsOne) return exact;
    const whole = `typeof(${name}) = 'real' AND ${name} = CAST(${name} AS INTEGER)`;
    return `CASE WHEN ${whole} THEN 'integer' || hex(CAST(${name} AS INTEGER)) ELSE ${exact} END`;
  }

  private joined(): string {
    return this.key.columns.length === 0 ? 'b._rowid_ = s._rowid_' : 'b._stockroom_key = s._stockroom_key';
  }

  private absent(): string {
    return this.key.columns.length === 0 ? 'b._rowid_ IS NULL' : 'b._stockroom_key IS NULL';
  }
}

/** 0: one storage class and one value, −0 being another than 0; 2: the same bytes in two classes; 1: anything else. */
function departureSql(name: string): string {
  const [s, b] = [`s.${name}`, `b.${name}`];
  const zero = `typeof(${s}) = 'real' AND ${s} = 0 AND CAST(${s} AS TEXT) <> CAST(${b} AS TEXT)`;
  const same = `${s} IS ${b} COLLATE BINARY AND typeof(${s}) = typeof(${b}) AND NOT (${zero})`;
  const text = `typeof(${s}) IN ('text', 'blob') AND typeof(${b}) IN ('text', 'blob')`;
  return `CASE WHEN ${same} THEN 0 WHEN ${text} AND CAST(${s} AS BLOB) = CAST(${b} AS BLOB) THEN 2 ELSE 1 END`;
}

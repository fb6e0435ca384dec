import type Database from 'better-sqlite3';
import type { RawValue } from '../raw-value.ts';
import { patiently, type SqliteConnection } from './database.ts';
import { quoteName, type TableInfo } from './tables.ts';

/**
 * Rows read in one statement: what a lock is held for, and what is in memory of a table at once. It begins small and
 * follows the size of the rows, so that a batch of documents of a megabyte each is a few rows.
 */
const BATCH_ROWS = { first: 16, most: 512 };
const BATCH_BYTES = 1 << 20;
const MIN_INT8 = -(2n ** 63n);

export interface KeyedRow {
  key: bigint;
  /** One value a wanted column; null for those that the table lacks. */
  values: RawValue[];
  /** Left for whoever takes columns out of `values`. */
  extra: ReadonlyMap<string, RawValue> | null;
  /** SQLite's row number where that is not the key; null for a table that has none. */
  rowid?: bigint | null;
  /** The key is no integer, or stood on an earlier row. */
  badKey?: { reason: 'BAD_KEY' | 'DUPLICATE_KEY'; found: RawValue };
}

/** Reads a table in ascending order of its integer id, in short statements: between two batches no lock is held. */
export class TableReader {
  readonly connection: SqliteConnection;
  readonly table: TableInfo;
  private readonly select: string;
  private readonly rowid: string;
  private readonly id: string | null;
  /** The primary key is an index of its own and not the row number: `INTEGER PRIMARY KEY DESC` is none. */
  private readonly keyIndex: boolean;
  private readonly encoding: string;

  /** `wanted`: names of columns, or null for one that the table lacks. */
  constructor(connection: SqliteConnection, table: TableInfo, wanted: readonly (string | null)[]) {
    this.connection = connection;
    this.table = table;
    this.select = wanted.map((name) => (name === null ? 'NULL' : quoteName(name))).join(', ');
    this.rowid = freeRowidName(table);
    this.id = table.columns.find((column) => column.name.toLowerCase() === 'id')?.name ?? null;
    const indexes = patiently(() => connection.pragma(`index_list(${quoteName(table.name)})`)) as {
      origin: string;
    }[];
    this.keyIndex = indexes.some((index) => index.origin === 'pk');
    this.encoding = String(patiently(() => connection.pragma('encoding', { simple: true })));
  }

  count(): number {
    const [row] = this.ask(`SELECT count(*) FROM ${quoteName(this.table.name)}`);
    return Number(row?.[0] ?? 0);
  }

  /** The id is SQLite's row number, or there is none and the row number serves. */
  private get keyset(): string | null {
    if (this.table.withoutRowid || (this.keyIndex && this.id !== null)) return null;
    if (this.id === null) return this.rowid;
    const id = this.table.columns.find((column) => column.name === this.id)!;
    const keys = this.table.columns.filter((column) => column.primaryKey > 0);
    return id.primaryKey === 1 && keys.length === 1 && id.type.toUpperCase() === 'INTEGER'
      ? quoteName(this.id)
      : null;
  }

  /** Every row that is there now, by ascending key; what is appended meanwhile is left to the next run. */
  batches(): Generator<KeyedRow[]> {
    const keyset = this.keyset;
    return keyset === null ? this.irregularBatches() : this.keysetBatches(keyset);
  }

  /** The key of a row is SQLite's row number, so that one that was touched is found by it. */
  get keysAreRowNumbers(): boolean {
    return this.keyset !== null;
  }

  /**
   * The rows of some keys, by ascending key, in statements of {@link BATCH_ROWS} keys; what is gone is left out. Only where
   * {@link keysAreRowNumbers}.
   */
  *some(keys: readonly bigint[]): Generator<KeyedRow> {
    const keyset = this.keyset;
    if (keyset === null) throw new RangeError(`rows of ${this.table.name} are not found by their numbers`);
    const statement = this.prepare(
      `SELECT ${this.select}, ${keyset} FROM ${quoteName(this.table.name)}
       WHERE ${keyset} IN (SELECT value FROM json_each(?)) ORDER BY ${keyset}`,
    );
    for (let at = 0; at < keys.length; at += BATCH_ROWS.most) {
      const wanted = `[${keys.slice(at, at + BATCH_ROWS.most).join(',')}]`;
      for (const row of patiently(() => statement.all(wanted)))
        yield { key: row.pop() as bigint, values: row, extra: null };
    }
  }

  /** One row again, by its key; null when it is gone, or when the table has no way to find it. */
  find(key: bigint): KeyedRow | null {
    const keyset = this.keyset;
    if (keyset === null) return null;
    const [row] = this.ask(
      `SELECT ${this.select} FROM ${quoteName(this.table.name)} WHERE ${keyset} = ?`,
      key,
    );
    return row ? { key, values: row, extra: null } : null;
  }

  /**
   * Keys of some rows: half of them the newest, half from a place on that `at`, between 0 and 1, gives. Only where
   * {@link keysAreRowNumbers}.
   */
  sample(count: number, at: number): bigint[] {
    const keyset = this.keyset;
    if (keyset === null) throw new RangeError(`rows of ${this.table.name} are not found by their numbers`);
    const table = quoteName(this.table.name);
    const half = BigInt(Math.ceil(count / 2));
    const newest = this.ask(`SELECT ${keyset} FROM ${table} ORDER BY ${keyset} DESC LIMIT ?`, half);
    const spread = this.ask(
      `SELECT ${keyset} FROM ${table} WHERE ${keyset} >= (SELECT min(${keyset}) + CAST((max(${keyset}) - min(${keyset})) * ? AS INTEGER) FROM ${table})
       ORDER BY ${keyset} LIMIT ?`,
      at,
      half,
    );
    return [...new Set([...newest, ...spread].map(([key]) => key as bigint))];
  }

  private *keysetBatches(keyset: string): Generator<KeyedRow[]> {
    const table = quoteName(this.table.name);
    const [bounds] = this.ask(`SELECT min(${keyset}), max(${keyset}) FROM ${table}`) as [
      [bigint | null, bigint | null],
    ];
    if (bounds[0] === null || bounds[1] === null) return;
    const statement = this.prepare(
      `SELECT ${this.select}, ${keyset} FROM ${table} WHERE ${keyset} >= ? AND ${keyset} <= ? ORDER BY ${keyset} LIMIT ?`,
    );
    let from = bounds[0];
    let limit = BATCH_ROWS.first;
    for (;;) {
      const batch = patiently(() => statement.all(from, bounds[1], limit));
      if (batch.length === 0) return;
      limit = nextLimit(batch);
      // The key was selected last: taking it off leaves the values without a copy.
      const rows = batch.map((row): KeyedRow => ({ key: row.pop() as bigint, values: row, extra: null }));
      const last = rows.at(-1)!.key;
      yield rows;
      if (last >= bounds[1]) return;
      from = last + 1n;
    }
  }

  /**
   * Tables whose id is not SQLite's row number: ordered by id, those whose id is no integer first. A row whose id stood
   * on the one before is marked, so that only the first of them is loaded.
   */
  private *irregularBatches(): Generator<KeyedRow[]> {
    const order = this.table.withoutRowid
      ? this.table.columns.filter((column) => column.primaryKey > 0).map((column) => quoteName(column.name))
      : [this.rowid];
    const id = this.id === null ? 'NULL' : quoteName(this.id);
    const statement = this.prepare(
      `SELECT ${this.select}, ${this.table.withoutRowid ? 'NULL' : this.rowid}, ${id} FROM ${quoteName(this.table.name)}
       ORDER BY typeof(${id}) = 'integer', ${[id, ...order].join(', ')} LIMIT ? OFFSET ?`,
    );
    let previous: bigint | null = null;
    let limit = BATCH_ROWS.first;
    for (let offset = 0; ; ) {
      const batch = patiently(() => statement.all(limit, offset));
      if (batch.length === 0) return;
      limit = nextLimit(batch);
      yield batch.map((values, index): KeyedRow => {
        const found = values.pop() ?? null;
        const row = { values, rowid: values.pop() as bigint | null, extra: null };
        if (typeof found !== 'bigint') {
          return { ...row, key: MIN_INT8 + BigInt(offset + index), badKey: { reason: 'BAD_KEY', found } };
        }
        const repeated = found === previous;
        previous = found;
        return { ...row, key: found, ...(repeated ? { badKey: { reason: 'DUPLICATE_KEY', found } } : {}) };
      });
      offset += batch.length;
    }
  }

  /** The bytes of a text value, for one that may not be UTF-8. The same row must still be there. */
  bytes({ key, rowid, badKey }: KeyedRow, column: string): Uint8Array | null {
    const place = this.table.withoutRowid
      ? this.id === null || badKey
        ? null
        : quoteName(this.id)
      : this.rowid;
    if (place === null) return null;
    const [row] = this.ask(
      `SELECT CAST(${quoteName(column)} AS BLOB) FROM ${quoteName(this.table.name)} WHERE ${place} = ?`,
      rowid ?? key,
    );
    return (row?.[0] ?? null) as Uint8Array | null;
  }

  private prepare(sql: string): Database.Statement<RawValue[], RawValue[]> {
    return patiently(() => this.connection.prepare<RawValue[], RawValue[]>(sql).raw());
  }

  private ask(sql: string, ...params: RawValue[]): RawValue[][] {
    const statement = this.prepare(sql);
    return patiently(() => statement.all(...params));
  }

  /** Text is stored as UTF-16, so that its bytes are not those of its UTF-8. */
  get utf16(): boolean {
    return this.encoding !== 'UTF-8';
  }
}

/** How many rows of the size of the last ones make a batch: at most four times as many as were read now. */
function nextLimit(batch: readonly RawValue[][]): number {
  let bytes = 1;
  for (const row of batch) {
    for (const value of row)
      if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
  }
  const fitting = Math.floor((BATCH_BYTES * batch.length) / bytes);
  return Math.max(1, Math.min(fitting, batch.length * 4, BATCH_ROWS.most));
}

/** A name of the row number that no column hides. */
function freeRowidName(table: TableInfo): string {
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()));
  return ['_rowid_', 'rowid', 'oid'].find((name) => !taken.has(name)) ?? '_rowid_';
}

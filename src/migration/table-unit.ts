import type { SqliteConnection } from '../legacy/sqlite/database.ts';
import { TableReader, type KeyedRow } from '../legacy/sqlite/rows.ts';
import type { TableInfo } from '../legacy/sqlite/tables.ts';
import type { Alteration, Column, RawValue, SourceDefinition, SourceRow, TableShape } from './source.ts';
import type { Unit } from './unit.ts';
import { decodeText, describe } from './values/coerce.ts';
import { compareBytes } from './values/order.ts';

/**
 * The shape of a source that a table has, or null: it has the shape's name and columns, and at least half of those that
 * the source knows, so that a table of the same name with another purpose is left alone.
 */
export function matchShape(source: SourceDefinition, table: TableInfo): TableShape | null {
  const names = new Set(table.columns.map((column) => column.name.toLowerCase()));
  return (
    source.shapes?.find((shape) => {
      if (shape.table !== table.name.toLowerCase()) return false;
      if (!shape.requires.every((name) => names.has(name))) return false;
      if (shape.aliases) return true;
      const known = source.columns.filter((column) => names.has(column.name)).length;
      return known * 2 >= source.columns.length;
    }) ?? null
  );
}

/** The rows of a table as rows of a source. */
export class TableUnit implements Unit {
  readonly source: SourceDefinition;
  readonly name: string;
  readonly files: readonly string[];
  readonly columns: readonly string[];
  /** The table's name in its file. */
  readonly table: string;
  private readonly reader: TableReader;
  private readonly shape: TableShape;
  /** For each column of the source the table's own name for it, null when the table lacks it. */
  private readonly own: readonly (string | null)[];
  private readonly extras: readonly string[];
  private readonly hasFallbacks: boolean;

  constructor(options: {
    source: SourceDefinition;
    shape: TableShape;
    table: TableInfo;
    connection: SqliteConnection;
    file: string;
    prefix: string;
  }) {
    const { source, shape, table } = options;
    this.source = source;
    this.shape = shape;
    this.table = options.table.name;
    this.name = options.prefix + options.file;
    this.files = [options.file];
    this.columns = source.columns.map((column) => column.name);
    const byName = new Map(table.columns.map((column) => [canonical(shape, column.name), column.name]));
    this.own = source.columns.map((column) => byName.get(column.name) ?? null);
    const taken = new Set([...this.own, ...(source.identity === 'legacy_id' ? [byName.get('id')] : [])]);
    this.extras = table.columns.map((column) => column.name).filter((name) => !taken.has(name));
    this.hasFallbacks = source.columns.some(
      (column, index) => column.fallback !== null && this.own[index] === null,
    );
    this.reader = new TableReader(options.connection, table, [...this.own, ...this.extras]);
  }

  estimate(): number {
    return this.reader.count();
  }

  *rows(): Generator<SourceRow> {
    if (this.source.identity === 'legacy_id') {
      for (const batch of this.reader.batches()) for (const row of batch) yield this.sourceRow(row, row.key);
      return;
    }
    // Tables without an integer id are small (levels: symbols times scopes); sorting needs them whole.
    const rows: SourceRow[] = [];
    for (const batch of this.reader.batches()) {
      for (const row of batch) rows.push(this.sourceRow(row, this.textKey(row.values)));
    }
    rows.sort((a, b) => compareBytes(a.key as string, b.key as string));
    yield* rows;
  }

  /** Rows that were touched can be told by SQLite's row numbers, see {@link some}. */
  get keysAreRowNumbers(): boolean {
    return this.source.identity === 'legacy_id' && this.reader.keysAreRowNumbers;
  }

  /** The rows of some keys, which come in ascending order; only where {@link keysAreRowNumbers}. */
  *some(keys: readonly bigint[]): Generator<SourceRow> {
    for (const row of this.reader.some(keys)) yield this.sourceRow(row, row.key);
  }

  /** Keys of some rows, see TableReader; where keys are text, of the first. */
  sample(count: number, at: number): (bigint | string)[] {
    if (this.keysAreRowNumbers) return this.reader.sample(count, at);
    const keys: (bigint | string)[] = [];
    for (const { key } of this.rows()) if (keys.push(key) >= count) break;
    return keys;
  }

  find(key: bigint | string, before: number): SourceRow | null {
    if (typeof key === 'bigint') {
      const row = this.reader.find(key);
      if (row !== null) return this.sourceRow(row, key);
    }
    let nth = 0;
    for (const row of this.rows()) if (row.key === key && nth++ === before) return row;
    return null;
  }

  private textKey(values: readonly RawValue[]): string {
    return (
      (this.shape.keyColumns ?? [])
        .map((name) => String(values[this.columns.indexOf(canonical(this.shape, name))] ?? ''))
        // PostgreSQL's text holds no NUL: a key with one is escaped, and its row set aside for it.
        .map((part) => part.replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll('\u0000', '%00'))
        .join(':')
    );
  }

  private sourceRow(row: KeyedRow, key: bigint | string): SourceRow {
    const { values } = row;
    let altered: Alteration[] | undefined;
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (typeof value !== 'string' || !value.includes('\uFFFD')) continue;
      const name = [...this.own, ...this.extras][index]!;
      const alteration = this.invalidText(row, name, this.columns[index] ?? name);
      if (alteration !== null) (altered ??= []).push(alteration);
    }
    if (this.extras.length > 0) {
      const count = this.columns.length;
      row.extra = new Map(this.extras.map((name, index) => [name, values[count + index]!]));
      values.length = count;
    }
    if (this.hasFallbacks) this.fillMissing(values, row.extra);
    if (row.badKey?.reason === 'BAD_KEY') {
      // A key that is none stands in no column: with the extra ones it goes into the quarantine.
      row.extra = new Map([['id', row.badKey.found], ...(row.extra ?? [])]);
      const alteration = typeof row.badKey.found === 'string' ? this.invalidText(row, 'id', 'id') : null;
      if (alteration !== null) (altered ??= []).push(alteration);
    }
    if (altered === undefined && row.badKey === undefined && typeof key === 'bigint') return row;
    return { ...row, key, ...(altered ? { altered } : {}), ...this.rejection(row, altered) };
  }

  private rejection(row: KeyedRow, altered: readonly Alteration[] | undefined): Pick<SourceRow, 'rejected'> {
    if (row.badKey) {
      const found = describe(row.badKey.found);
      const bad = row.badKey.reason === 'BAD_KEY';
      const detail = bad ? `expected a whole number, found ${found}` : `${found} stands on an earlier row`;
      return { rejected: { reason: row.badKey.reason, column: 'id', detail } };
    }
    const broken = this.source.columns.find(
      (column) => column.kind === 'key' && altered?.some((one) => one.column === column.name),
    );
    if (!broken) return {};
    return { rejected: { reason: 'BAD_KEY', column: broken.name, detail: 'a key must be valid UTF-8' } };
  }

  /** SQLite gave U+FFFD: it stood in the text, or bytes that are not UTF-8 did. */
  private invalidText(row: KeyedRow, name: string, column: string): Alteration | null {
    if (this.reader.utf16) return null;
    const bytes = this.reader.bytes(row, name);
    if (bytes === null || decodeText(bytes).valid) return null;
    return { column, bytes, reason: 'INVALID_UTF8' };
  }

  private fillMissing(values: RawValue[], extra: ReadonlyMap<string, RawValue> | null): void {
    const get = (name: string): RawValue => values[this.columns.indexOf(name)] ?? extra?.get(name) ?? null;
    this.source.columns.forEach((column: Column, index) => {
      if (column.fallback !== null && this.own[index] === null) values[index] = column.fallback(get);
    });
  }
}

function canonical(shape: TableShape, name: string): string {
  const lower = name.toLowerCase();
  return shape.aliases?.[lower] ?? lower;
}

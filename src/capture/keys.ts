import type { SqliteConnection } from '../legacy/sqlite/database.ts';
import { quoteName, type TableInfo } from '../legacy/sqlite/tables.ts';

/** A column of a unique index and the collation that its values are compared with there. */
export interface KeyColumn {
  readonly name: string;
  readonly collation: string;
  /**
   * NULL may still become the column's default after the BEFORE triggers: `OR REPLACE` puts the default in its place
   * where the column is NOT NULL.
   */
  readonly defaulted: boolean;
}

/** By what rows of a table are told apart. */
export interface TableKeys {
  readonly table: string;
  /** The row number as SQL names it; null when there is none, or when columns hide all of its names. */
  readonly rowid: string | null;
  /** The unique keys besides the row number whose values a trigger can compare. */
  readonly unique: readonly (readonly KeyColumn[])[];
  /** There is a unique key on expressions, on generated columns or on a part of the rows. */
  readonly opaque: boolean;
}

interface ColumnRow {
  name: string;
  type: string;
  notnull: bigint;
  dflt_value: string | null;
  pk: bigint;
  hidden: bigint;
}

interface IndexRow {
  name: string;
  unique: bigint;
  origin: string;
  partial: bigint;
}

interface IndexColumnRow {
  cid: bigint;
  name: string | null;
  coll: string;
  key: bigint;
}

/** Index columns that are no columns of the table, as `PRAGMA index_xinfo` numbers them. */
const ROWID_CID = -1n;
const EXPRESSION_CID = -2n;

/** Reads the keys of a table. The connection gives integers as bigint. */
export function readTableKeys(connection: SqliteConnection, table: TableInfo): TableKeys {
  const columns = connection.pragma(`table_xinfo(${quoteName(table.name)})`) as ColumnRow[];
  const indexes = connection.pragma(`index_list(${quoteName(table.name)})`) as IndexRow[];
  const rowid = table.withoutRowid ? null : rowidName(columns, indexes);
  const unique = new Map<string, KeyColumn[]>();
  let opaque = false;
  for (const index of indexes.filter((each) => each.unique === 1n)) {
    const parts = connection.pragma(`index_xinfo(${quoteName(index.name)})`) as IndexColumnRow[];
    const keyParts = parts.filter((part) => part.key === 1n);
    // Two rows never share the row number, so that no two rows share this key either.
    if (keyParts.some((part) => part.cid === ROWID_CID)) continue;
    const key = index.partial === 1n ? null : keyOf(keyParts, columns);
    if (key === null) opaque = true;
    else unique.set(JSON.stringify(key), key);
  }
  return { table: table.name, rowid, unique: [...unique.values()], opaque };
}

function keyOf(parts: readonly IndexColumnRow[], columns: readonly ColumnRow[]): KeyColumn[] | null {
  const key: KeyColumn[] = [];
  for (const part of parts) {
    const column = part.cid === EXPRESSION_CID ? undefined : columns.find(({ name }) => name === part.name);
    if (column === undefined || column.hidden !== 0n) return null;
    const defaulted = column.notnull === 1n && column.dflt_value !== null;
    key.push({ name: column.name, collation: part.coll, defaulted });
  }
  return key;
}

/** A name of the row number that no column hides; failing that, the column that is the row number. */
function rowidName(columns: readonly ColumnRow[], indexes: readonly IndexRow[]): string | null {
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  const free = ['_rowid_', 'rowid', 'oid'].find((name) => !taken.has(name));
  if (free !== undefined) return free;
  const keys = columns.filter(({ pk }) => pk > 0n);
  // A primary key with an index of its own is not the row number: `INTEGER PRIMARY KEY DESC`.
  const alias = keys.length === 1 && !indexes.some(({ origin }) => origin === 'pk') ? keys[0] : undefined;
  return alias === undefined || alias.type.toUpperCase() !== 'INTEGER' ? null : quoteName(alias.name);
}

import { patiently, type SqliteConnection } from './database.ts';

export interface TableColumn {
  name: string;
  type: string;
  /** Place in the primary key from 1 on; 0 when it is not in it. */
  primaryKey: number;
}

export interface TableInfo {
  name: string;
  columns: TableColumn[];
  withoutRowid: boolean;
}

/** The tables of a database (no views, no shadow tables, nothing of SQLite's own), by name. */
export function listTables(connection: SqliteConnection): TableInfo[] {
  const tables = patiently(() => connection.pragma('table_list')) as {
    schema: string;
    name: string;
    type: string;
    wr: bigint;
  }[];
  return tables
    .filter((table) => table.schema === 'main' && table.type === 'table' && !/^sqlite_/i.test(table.name))
    .map((table) => ({
      name: table.name,
      columns: columnsOf(connection, table.name),
      withoutRowid: table.wr === 1n,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function columnsOf(connection: SqliteConnection, table: string): TableColumn[] {
  const rows = patiently(() => connection.pragma(`table_xinfo(${quoteName(table)})`)) as {
    name: string;
    type: string;
    pk: bigint;
    hidden: bigint;
  }[];
  return rows
    .filter((column) => column.hidden !== 1n)
    .map((column) => ({ name: column.name, type: column.type, primaryKey: Number(column.pk) }));
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL has it. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The columns of a table that can be written: SQLite computes the others itself. */
export function writableColumns(connection: SqliteConnection, table: TableInfo): string[] {
  const rows = patiently(() => connection.pragma(`table_xinfo(${quoteName(table.name)})`)) as {
    name: string;
    hidden: bigint;
  }[];
  return rows.filter(({ hidden }) => hidden === 0n).map(({ name }) => name);
}

import { patiently, type SqliteConnection } from '../legacy/sqlite/database.ts';
import { quoteName, type TableInfo } from '../legacy/sqlite/tables.ts';
import { readTableKeys } from './keys.ts';
import { CAPTURE_PREFIX, captureTables, CHANGES_TABLE, CONTROL_TABLE } from './tables.ts';
import { triggersOf } from './triggers.ts';

/** What is installed in an old database, as one read found it. */
export interface CaptureState {
  /** Form of the tables; null when the row is missing. */
  readonly version: string | null;
  /** Tells one installation from another, and an installation from none; null when the row is missing. */
  readonly token: string | null;
  /** ISO time in UTC; null when the row is missing. */
  readonly installedAt: string | null;
  /** The triggers log nothing. Outside a transaction of our own this is never so. */
  readonly muted: boolean;
  /** The highest `seq` ever given, also when its row is gone; 0 before the first. */
  readonly lastSeq: number;
  /** Rows in the log. */
  readonly pending: number;
}

/** A trigger of ours in an old database. */
export interface InstalledTrigger {
  readonly name: string;
  readonly table: string;
  readonly sql: string;
}

/** Reads the state of capture; null when not both of its tables are there. Waits for a writer, see `patiently`. */
export function readCaptureState(connection: SqliteConnection): CaptureState | null {
  if (!hasBothTables(connection)) return null;
  const [seq, pending] = patiently(() =>
    connection
      .prepare(
        `SELECT (SELECT seq FROM sqlite_sequence WHERE name = '${CHANGES_TABLE}'), (SELECT count(*) FROM ${quoteName(CHANGES_TABLE)})`,
      )
      .raw()
      .get(),
  ) as [bigint | number | null, bigint | number];
  const control = new Map(
    patiently(() =>
      connection
        .prepare(`SELECT name, value FROM ${quoteName(CONTROL_TABLE)}`)
        .raw()
        .all(),
    ) as [string, string][],
  );
  return {
    version: control.get('version') ?? null,
    token: control.get('token') ?? null,
    installedAt: control.get('installed_at') ?? null,
    muted: control.get('muted') === '1',
    lastSeq: Number(seq ?? 0),
    pending: Number(pending),
  };
}

/** Whether anything of ours is in a database: a table or a trigger. */
export function hasCapture(connection: SqliteConnection): boolean {
  return installedTables(connection).size > 0 || installedTriggers(connection).length > 0;
}

/** The triggers of ours, by name. */
export function installedTriggers(connection: SqliteConnection): InstalledTrigger[] {
  return patiently(() =>
    connection
      .prepare(
        `SELECT name, tbl_name AS "table", sql FROM sqlite_master
         WHERE type = 'trigger' AND lower(substr(name, 1, ${CAPTURE_PREFIX.length})) = '${CAPTURE_PREFIX}' ORDER BY name`,
      )
      .all(),
  ) as InstalledTrigger[];
}

/**
 * Those of the tables whose writes are not all logged: a trigger is missing or is not what it should be. So it is with a
 * table that was made again, and with one that got another unique index, until capture is installed anew. The connection
 * gives integers as bigint.
 */
export function uncapturedTables(connection: SqliteConnection, tables: readonly TableInfo[]): TableInfo[] {
  const found = new Map(installedTriggers(connection).map(({ name, sql }) => [name, sql]));
  return tables.filter((table) => {
    const wanted = patiently(() => triggersOf(readTableKeys(connection, table)));
    return !wanted.every(({ name, sql }) => found.get(name) === sql);
  });
}

/** Those of our tables that are there: name → definition. */
export function installedTables(connection: SqliteConnection): Map<string, string> {
  const tables = patiently(() =>
    connection.prepare(`SELECT name, sql FROM sqlite_master WHERE type = 'table'`).raw().all(),
  ) as [string, string][];
  return new Map(tables.filter(([name]) => captureTables.has(name.toLowerCase())));
}

function hasBothTables(connection: SqliteConnection): boolean {
  const tables = installedTables(connection);
  return tables.has(CHANGES_TABLE) && tables.has(CONTROL_TABLE);
}

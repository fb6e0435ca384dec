import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../core/clock.ts';
import { messageOf, StockroomError } from '../core/errors.ts';
import type { SqliteConnection } from '../legacy/sqlite/database.ts';
import { listTables, quoteName, type TableInfo } from '../legacy/sqlite/tables.ts';
import { writeTransaction } from '../legacy/sqlite/write.ts';
import { readTableKeys } from './keys.ts';
import { installedTables, installedTriggers, readCaptureState } from './state.ts';
import { CAPTURE_VERSION, captureTables, CONTROL_TABLE } from './tables.ts';
import { triggersOf } from './triggers.ts';

/** What capture watches in a file, and whether this call had to change something for it. */
export interface InstalledCapture {
  readonly token: string;
  readonly tables: readonly CapturedTable[];
  readonly changed: boolean;
}

export interface CapturedTable {
  readonly name: string;
  /** `row`: the log names the rows that changed; `table`: it says that something in the table did. */
  readonly by: 'row' | 'table';
}

/**
 * Puts the two tables and the triggers into an old database, in one short transaction: all of it or nothing. A second call
 * changes nothing, keeps the token, and adds what a new table needs. Triggers of ours that are not what they should be are
 * replaced, those of others stay.
 *
 * @param isSource whether a table is to be captured
 * @returns null when no table is
 * @throws StockroomError SOURCE_LOCKED, SOURCE_NOT_WRITABLE, SOURCE_UNREADABLE; CONFLICT when another version is installed,
 * or when the old application's writes would fail
 */
export function installCapture(
  file: string,
  isSource: (table: TableInfo) => boolean,
  clock: Clock = systemClock,
): InstalledCapture | null {
  return writeTransaction(file, (connection) => {
    const sources = listTables(connection).filter((table) => isSource(table));
    if (sources.length === 0) return null;
    const token = keptToken(file, connection);
    const keys = sources.map((table) => readTableKeys(connection, table));
    const compiled = new Map(sources.map((table) => [table, whyNoWrite(connection, table)]));
    const kept = token ?? createTables(connection, clock);
    const changed = replaceTriggers(
      connection,
      new Map(keys.flatMap((each) => triggersOf(each).map(({ name, sql }) => [name, sql]))),
    );
    for (const [table, before] of compiled) requireWrites(file, connection, table, before);
    return {
      token: kept,
      tables: keys.map(({ table, rowid }) => ({ name: table, by: rowid === null ? 'table' : 'row' })),
      changed: changed || token === null,
    };
  });
}

/** The token of an installation whose tables are whole; null when there is none. */
function keptToken(file: string, connection: SqliteConnection): string | null {
  const state = readCaptureState(connection);
  const version = state?.version ?? CAPTURE_VERSION;
  if (version !== CAPTURE_VERSION) {
    throw new StockroomError(
      'CONFLICT',
      `${file} has capture of version ${version}, this Stockroom has ${CAPTURE_VERSION}: use the Stockroom that installed it, or take it out with that one first`,
      { details: { file, version } },
    );
  }
  const found = installedTables(connection);
  for (const [name, sql] of captureTables) if (found.get(name) !== sql) return null;
  if (state === null || state.version === null || state.installedAt === null) return null;
  // Muted outside a transaction of ours: writes went by without a trace.
  return state.muted ? null : state.token;
}

/** @returns the new token. What was left of an installation goes: its log has gaps that nobody knows. */
function createTables(connection: SqliteConnection, clock: Clock): string {
  for (const name of installedTables(connection).keys()) connection.exec(`DROP TABLE ${quoteName(name)}`);
  for (const sql of captureTables.values()) connection.exec(sql);
  const token = randomUUID();
  const insert = connection.prepare(`INSERT INTO ${quoteName(CONTROL_TABLE)} (name, value) VALUES (?, ?)`);
  insert.run('version', CAPTURE_VERSION);
  insert.run('token', token);
  insert.run('installed_at', clock().toISOString());
  insert.run('muted', '0');
  return token;
}

/** @returns whether anything had to be changed */
function replaceTriggers(connection: SqliteConnection, wanted: ReadonlyMap<string, string>): boolean {
  const found = installedTriggers(connection);
  const right = new Set<string>();
  for (const { name, sql } of found) {
    if (wanted.get(name) === sql) right.add(name);
    else connection.exec(`DROP TRIGGER ${quoteName(name)}`);
  }
  const missing = [...wanted].filter(([name]) => !right.has(name));
  for (const [, sql] of missing) connection.exec(sql);
  return missing.length > 0 || right.size < found.length;
}

/** SQLite reads a trigger's names only when a statement fires it: what is wrong would show in the old application's writes. */
function requireWrites(
  file: string,
  connection: SqliteConnection,
  table: TableInfo,
  before: string | null,
): void {
  const now = whyNoWrite(connection, table);
  if (now === null || before !== null) return;
  throw new StockroomError(
    'CONFLICT',
    `${file}: with capture, writes to ${table.name} would fail (${now}); nothing was changed`,
    { details: { file, table: table.name } },
  );
}

/** Why a write to a table does not compile here; null when it does. It may need a function of the application. */
function whyNoWrite(connection: SqliteConnection, table: TableInfo): string | null {
  const [name, first] = [quoteName(table.name), quoteName(table.columns[0]!.name)];
  try {
    connection.prepare(`INSERT INTO ${name} DEFAULT VALUES`);
    connection.prepare(`UPDATE ${name} SET ${first} = ${first}`);
    connection.prepare(`DELETE FROM ${name}`);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

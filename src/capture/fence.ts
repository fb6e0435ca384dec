import { StockroomError } from '../core/errors.ts';
import { FENCE_TABLE } from '../legacy/sqlite/change-log.ts';
import { patiently, type SqliteConnection } from '../legacy/sqlite/database.ts';
import { quoteName, quoteText } from '../legacy/sqlite/tables.ts';
import { CONTROL_TABLE } from './tables.ts';

/** What a side does with writes: takes them; takes none though it is the authority; is a replica of the other. */
export type SideState = 'open' | 'fenced' | 'given';

/** The control row of a store in one old database. */
export interface FenceRow {
  readonly state: SideState;
  /** Of the move that made it so. */
  readonly epoch: bigint;
  /** Who alone may replay into this file, while it is given: a token that the last replayer wrote. */
  readonly holder: string | null;
}

/** No name of capture's triggers begins so, so that neither takes the other's out. */
const FENCE_PREFIX = '_stockroomfence_';

const fenceTable = `CREATE TABLE ${quoteName(FENCE_TABLE)} (store TEXT PRIMARY KEY, state TEXT NOT NULL, epoch INTEGER NOT NULL, holder TEXT) WITHOUT ROWID`;

/** Writes that a transaction of ours replays set capture's `muted`: they pass. */
const UNMUTED = `(SELECT value FROM ${quoteName(CONTROL_TABLE)} WHERE name = 'muted') IS NOT '1'`;

/** Reads the control row of a store; null when the database has none. */
export function readFence(connection: SqliteConnection, store: string): FenceRow | null {
  if (!hasFenceTable(connection)) return null;
  const row = patiently(() =>
    connection
      .prepare<[string], [SideState, bigint | number, string | null]>(
        `SELECT state, epoch, holder FROM ${quoteName(FENCE_TABLE)} WHERE store = ?`,
      )
      .raw()
      .get(store),
  );
  return row === undefined ? null : { state: row[0], epoch: BigInt(row[1]), holder: row[2] };
}

/** The stores that have a control row in a database. */
export function fencedStores(connection: SqliteConnection): Map<string, SideState> {
  if (!hasFenceTable(connection)) return new Map();
  const rows = patiently(() =>
    connection
      .prepare(`SELECT store, state FROM ${quoteName(FENCE_TABLE)}`)
      .raw()
      .all(),
  ) as [string, SideState][];
  return new Map(rows);
}

/**
 * Puts the control row of a store and the triggers that go by it into a database, inside a transaction of the caller's: an
 * open row at `epoch`, or the one that is there.
 */
export function installFence(
  connection: SqliteConnection,
  store: string,
  tables: readonly string[],
  epoch: bigint,
): void {
  if (!hasFenceTable(connection)) connection.exec(fenceTable);
  connection
    .prepare(
      `INSERT INTO ${quoteName(FENCE_TABLE)} (store, state, epoch) VALUES (?, 'open', ?) ON CONFLICT DO NOTHING`,
    )
    .run(store, epoch);
  const wanted = tables.flatMap((table) => fenceTriggers(store, table));
  const found = installedFence(connection);
  for (const { name, sql } of wanted) {
    if (found.get(name) === sql) continue;
    if (found.has(name)) connection.exec(`DROP TRIGGER ${quoteName(name)}`);
    connection.exec(sql);
  }
}

/** Whether every table of a store has the triggers that refuse writes when its control row says so. */
export function isFenced(connection: SqliteConnection, store: string, tables: readonly string[]): boolean {
  const found = installedFence(connection);
  return tables
    .flatMap((table) => fenceTriggers(store, table))
    .every(({ name, sql }) => found.get(name) === sql);
}

/** Takes a new state and epoch, inside a transaction of the caller's. */
export function setFence(
  connection: SqliteConnection,
  store: string,
  row: { state: SideState; epoch: bigint },
): void {
  connection
    .prepare(`UPDATE ${quoteName(FENCE_TABLE)} SET state = ?, epoch = ?, holder = NULL WHERE store = ?`)
    .run(row.state, row.epoch, store);
}

/** Makes `holder` the only one whose replayed writes a file takes, inside a transaction of the caller's. */
export function holdFence(connection: SqliteConnection, store: string, holder: string): void {
  connection.prepare(`UPDATE ${quoteName(FENCE_TABLE)} SET holder = ? WHERE store = ?`).run(holder, store);
}

/**
 * Takes every fence out of a database, inside a transaction of the caller's. @returns whether there was one
 * @throws StockroomError CONFLICT when a store's writes would come in again though its authority is elsewhere
 */
export function removeFence(connection: SqliteConnection, file: string): boolean {
  const away = [...fencedStores(connection)].filter(([, state]) => state !== 'open').map(([store]) => store);
  if (away.length > 0) {
    throw new StockroomError(
      'CONFLICT',
      `${file} refuses writes to ${away.join(', ')}: PostgreSQL has them. Go back first: stockroom stage set ${away[0]} legacy. Of a store that is complete the file is history: keep it as it is`,
      { details: { file, stores: away } },
    );
  }
  const triggers = [...installedFence(connection).keys()];
  for (const name of triggers) connection.exec(`DROP TRIGGER ${quoteName(name)}`);
  const hadTable = hasFenceTable(connection);
  if (hadTable) connection.exec(`DROP TABLE ${quoteName(FENCE_TABLE)}`);
  return hadTable || triggers.length > 0;
}

function fenceTriggers(store: string, table: string): { name: string; sql: string }[] {
  const state = `(SELECT state FROM ${quoteName(FENCE_TABLE)} WHERE store = ${quoteText(store)})`;
  const words = `stockroom: the store ${store} takes no writes here any more, or not at the moment; write to Stockroom, or try again`;
  return ['INSERT', 'UPDATE', 'DELETE'].map((event) => {
    const name = `${FENCE_PREFIX}${table}_${event.toLowerCase()}`;
    const sql = [
      `CREATE TRIGGER ${quoteName(name)} BEFORE ${event} ON ${quoteName(table)} WHEN ${state} IS NOT 'open' AND ${UNMUTED} BEGIN`,
      `  SELECT RAISE(ABORT, ${quoteText(words)});`,
      'END',
    ].join('\n');
    return { name, sql };
  });
}

function installedFence(connection: SqliteConnection): Map<string, string> {
  const rows = patiently(() =>
    connection
      .prepare(
        `SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, ${FENCE_PREFIX.length}) = '${FENCE_PREFIX}'`,
      )
      .raw()
      .all(),
  ) as [string, string][];
  return new Map(rows);
}

function hasFenceTable(connection: SqliteConnection): boolean {
  const found = patiently(() =>
    connection
      .prepare("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?")
      .pluck()
      .get(FENCE_TABLE),
  );
  return Number(found) > 0;
}

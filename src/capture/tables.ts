import { CHANGES_TABLE, CONTROL_TABLE, FENCE_TABLE } from '../legacy/sqlite/change-log.ts';
import { quoteName } from '../legacy/sqlite/tables.ts';

export { CAPTURE_VERSION, CHANGES_TABLE, CONTROL_TABLE } from '../legacy/sqlite/change-log.ts';

/** What every name of ours in an old database begins with. */
export const CAPTURE_PREFIX = '_stockroom_';

/** Both tables as `sqlite_master` keeps them, by name. `row_id` NULL: look at the whole table. */
export const captureTables: ReadonlyMap<string, string> = new Map([
  [
    CHANGES_TABLE,
    `CREATE TABLE ${quoteName(CHANGES_TABLE)} (seq INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, row_id INTEGER)`,
  ],
  [
    CONTROL_TABLE,
    `CREATE TABLE ${quoteName(CONTROL_TABLE)} (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`,
  ],
]);

/** Whether a table is one of ours and none of the old application's. */
export function isCaptureTable(name: string): boolean {
  const lower = name.toLowerCase();
  return captureTables.has(lower) || lower === FENCE_TABLE;
}

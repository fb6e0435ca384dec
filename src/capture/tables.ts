import { quoteName } from '../legacy/sqlite/tables.ts';

/** What every name of ours in an old database begins with. */
export const CAPTURE_PREFIX = '_stockroom_';

/** One row a touched row of the old application: `seq` ascends in the order of the writes and is never given twice. */
export const CHANGES_TABLE = '_stockroom_changes';

/** What is known of the installation, by name: version, token, installed_at, muted. */
export const CONTROL_TABLE = '_stockroom_capture';

/** The form of both tables and of what the triggers write. */
export const CAPTURE_VERSION = '1';

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
  return captureTables.has(name.toLowerCase());
}

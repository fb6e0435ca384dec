import { quoteName } from '../legacy/sqlite/tables.ts';
import { writeTransaction } from '../legacy/sqlite/write.ts';
import { removeFence } from './fence.ts';
import { installedTables, installedTriggers } from './state.ts';

/**
 * Takes the triggers and both tables out of an old database again, in one transaction. The schema is then as it was before;
 * `sqlite_sequence`, which SQLite made for the log where the database had none, stays and is empty: nothing can drop it.
 *
 * @returns whether there was anything to take out
 * @throws StockroomError SOURCE_LOCKED, SOURCE_NOT_WRITABLE, SOURCE_UNREADABLE; CONFLICT when the authority of a store in it
 * is elsewhere
 */
export function removeCapture(file: string): boolean {
  return writeTransaction(file, (connection) => {
    const fenced = removeFence(connection, file);
    const triggers = installedTriggers(connection);
    const tables = [...installedTables(connection).keys()];
    for (const { name } of triggers) connection.exec(`DROP TRIGGER ${quoteName(name)}`);
    // A table takes its row of sqlite_sequence with it.
    for (const name of tables) connection.exec(`DROP TABLE ${quoteName(name)}`);
    return fenced || triggers.length + tables.length > 0;
  });
}

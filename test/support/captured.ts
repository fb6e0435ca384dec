import { randomUUID } from 'node:crypto';
import type Sqlite from 'better-sqlite3';

/**
 * What capture puts into an old database, by hand: the change table, its control table, and a trigger for each kind of
 * write to each table. Those that a new row displaces are logged before.
 */
export function captureByHand(db: Sqlite.Database, tables: readonly string[]): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS _stockroom_changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, row_id INTEGER);
    CREATE TABLE IF NOT EXISTS _stockroom_capture (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    INSERT OR REPLACE INTO _stockroom_capture VALUES ('version', '1'), ('token', '${randomUUID()}'),
      ('installed_at', '2026-01-09T12:00:00Z'), ('muted', '0');`);
  for (const table of tables) {
    const log = (row: string): string =>
      `INSERT INTO _stockroom_changes (tbl, row_id) VALUES ('${table}', ${row}.rowid);`;
    db.exec(`
      CREATE TRIGGER _stockroom_${table}_i AFTER INSERT ON ${table} BEGIN ${log('NEW')} END;
      CREATE TRIGGER _stockroom_${table}_u AFTER UPDATE ON ${table} BEGIN ${log('OLD')} ${log('NEW')} END;
      CREATE TRIGGER _stockroom_${table}_d AFTER DELETE ON ${table} BEGIN ${log('OLD')} END;`);
  }
}

/** Logs, before a row is written, the rows that have its unique key: `INSERT OR REPLACE` fires no trigger for them. */
export function captureDisplaced(db: Sqlite.Database, table: string, unique: readonly string[]): void {
  const same = unique.map((column) => `${column} = NEW.${column}`).join(' AND ');
  for (const event of ['INSERT', 'UPDATE']) {
    db.exec(`CREATE TRIGGER _stockroom_${table}_b${event} BEFORE ${event} ON ${table} BEGIN
      INSERT INTO _stockroom_changes (tbl, row_id) SELECT '${table}', rowid FROM ${table} WHERE ${same}; END;`);
  }
}

import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Sqlite from 'better-sqlite3';

const WRITER = fileURLToPath(new URL('./capture_writer.py', import.meta.url));
const WRITER_TIMEOUT_MS = 60_000;

/** Whether this machine has Python with its sqlite3. */
export const hasPython = spawnSync('python3', ['-c', 'import sqlite3']).status === 0;

/** Lets Python write to the databases of a directory. What the application saw of each statement, as it printed it. */
export async function writeWithPython(directory: string, seed: number, count: number): Promise<string> {
  const { stdout } = await promisify(execFile)('python3', [WRITER, directory, String(seed), String(count)], {
    timeout: WRITER_TIMEOUT_MS,
    maxBuffer: 1 << 26,
  });
  return stdout;
}

/** Runs `work` on a database file. */
export function inDatabase<T>(file: string, work: (db: Sqlite.Database) => T): T {
  const db = new Sqlite(file);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** Every row of a table with its number, in that order. */
export function rowsOf(file: string, table: string): unknown[] {
  return inDatabase(file, (db) => db.prepare(`SELECT _rowid_, * FROM ${table} ORDER BY _rowid_`).raw().all());
}

/** The schema as text, by name, and what else the header says of a file. */
export function schemaOf(file: string): unknown {
  return inDatabase(file, (db) => ({
    schema: db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name').all(),
    sequences: hasSequences(db) ? db.prepare('SELECT * FROM sqlite_sequence ORDER BY name').all() : [],
    journal: db.pragma('journal_mode', { simple: true }),
    userVersion: db.pragma('user_version', { simple: true }),
    integrity: db.pragma('integrity_check', { simple: true }),
  }));
}

function hasSequences(db: Sqlite.Database): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").get() !== undefined;
}

/** What is in the log, in order. */
export function logOf(file: string): { tbl: string; row_id: number | null }[] {
  return inDatabase(file, (db) =>
    db.prepare('SELECT tbl, row_id FROM _stockroom_changes ORDER BY seq').all(),
  ) as { tbl: string; row_id: number | null }[];
}

/**
 * Takes the logged rows over into a copy of how the file was: reads the row, or deletes it.
 *
 * @returns the rows that the copy has then
 */
export function replayOnto(copy: string, file: string, table: string): unknown[] {
  const scratch = `${copy}.replayed`;
  copyFileSync(copy, scratch);
  const ids = new Set(
    logOf(file)
      .filter(({ tbl }) => tbl === table)
      .map(({ row_id }) => row_id),
  );
  inDatabase(scratch, (db) => {
    db.prepare('ATTACH ? AS live').run(file);
    const remove = db.prepare(`DELETE FROM main.${table} WHERE _rowid_ = ?`);
    const columns = db.pragma(`table_info(${table})`) as { name: string }[];
    const names = ['_rowid_', ...columns.map(({ name }) => name)].join(', ');
    const add = db.prepare(
      `INSERT INTO main.${table} (${names}) SELECT ${names} FROM live.${table} WHERE _rowid_ = ?`,
    );
    for (const id of ids) remove.run(id);
    for (const id of ids) add.run(id);
  });
  return rowsOf(scratch, table);
}

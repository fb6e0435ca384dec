import type Sqlite from 'better-sqlite3';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../../src/legacy/sample/random.ts';
import type { DurableTier } from '../../src/tiers/durable/index.ts';

/** Tables of the books that say when or how rows were loaded, and not what is loaded. */
const UNSTABLE = [
  'migration_chunks',
  'migration_runs',
  'migration_follow',
  'migration_directories',
  'migration_versions',
  'view_intents',
];

/** Everything that is loaded and kept beside it, as text, but for what hangs on the order of loading. */
export async function loadedState(tier: DurableTier): Promise<Record<string, string[]>> {
  const tables = await tier.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'stockroom'
     AND table_type = 'BASE TABLE' ORDER BY 1`,
  );
  const state: Record<string, string[]> = {};
  for (const { name } of tables.rows) {
    if (UNSTABLE.includes(name)) continue;
    const { rows } = await tier.query<{ row: string }>(
      `SELECT (to_jsonb(t) - '{id,chunk,quarantined_at,version,updated_at}'::text[])::text AS row FROM "${name}" t ORDER BY 1`,
    );
    // Sums that were added up in another order have other zeros at their ends.
    if (rows.length > 0) state[name] = rows.map(({ row }) => row.replace(/(\.\d*?)0+(?=[,}])/g, '$1')).sort();
  }
  return state;
}

interface Column {
  name: string;
  type: string;
  pk: number;
}

/** Old tables of a database, without those of capture. */
export function oldTables(db: Sqlite.Database): string[] {
  return db
    .prepare<[], string>(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_stockroom%' ESCAPE '\\'`,
    )
    .pluck()
    .all();
}

/** Databases below a directory, relative to it. */
export function databasesIn(directory: string): string[] {
  return filesIn(directory).filter((path) => {
    const start = readFileSync(join(directory, path)).subarray(0, 15).toString('latin1');
    return start === 'SQLite format 3';
  });
}

export function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

/** Changes every table of a database in every way: updates, removals, rows that go and come back, new ones. */
export function changeTables(db: Sqlite.Database): void {
  for (const table of oldTables(db)) {
    const columns = db.pragma(`table_info(${table})`) as Column[];
    const names = columns.map(({ name }) => name);
    db.exec(`CREATE TEMP TABLE away AS SELECT * FROM ${table} WHERE rowid % 5 = 0;
      DELETE FROM ${table} WHERE rowid % 5 = 0;`);
    const real = columns.find(({ type, pk }) => pk === 0 && type.toUpperCase() === 'REAL');
    if (real) db.exec(`UPDATE ${table} SET ${real.name} = 1.5 WHERE rowid % 3 = 0`);
    const ids = columns.filter(({ pk }) => pk > 0);
    const hasId = ids.length === 1 && ids[0]!.type.toUpperCase() === 'INTEGER';
    db.exec(`INSERT INTO ${table} SELECT * FROM away WHERE rowid % 2 = 0`);
    if (hasId) {
      const rest = names.filter((name) => name !== ids[0]!.name).join(', ');
      db.exec(`INSERT OR IGNORE INTO ${table} (${rest}) SELECT ${rest} FROM away WHERE rowid % 2 = 1`);
    }
    db.exec('DROP TABLE away');
  }
}

/** Changes the JSON files of a directory: some are removed, some take the content of another, some are new. */
export function changeDocuments(directory: string, seed: number): void {
  const random = createRandom(seed, 'documents');
  const documents = filesIn(directory).filter(
    (path) => path.endsWith('.json') && !path.endsWith('metadata.json'),
  );
  // A file of many rows that is gone is away: only files that are a row each are removed.
  const isRow = (path: string): boolean => !/user_|score_cache/.test(path);
  const folderOf = (path: string): string => path.replace(/[^/]*$/, '');
  for (const path of documents) {
    const file = join(directory, path);
    const sisters = documents.filter((other) => folderOf(other) === folderOf(path) && other !== path);
    const choice = random.next();
    const sister = sisters[Math.floor(random.next() * sisters.length)];
    if (sister === undefined) continue;
    if (!existsSync(join(directory, sister))) continue;
    const content = readFileSync(join(directory, sister));
    if (choice < 0.15 && isRow(path)) rmSync(file, { force: true });
    else if (choice < 0.3) writeFileSync(file, content);
    else if (choice < 0.4) writeFileSync(file.replace(/\.json$/, '_new.json'), content);
  }
}

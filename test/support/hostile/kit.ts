import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import {
  CONTEXT_SCHEMA,
  LLM_COSTS_SCHEMA,
  RECOMMENDATIONS_SCHEMA,
  TOP_PICKS_SCHEMA,
} from '../../../src/legacy/sample/ddl.ts';

/** What a migration of a hostile directory must report for one source. */
export interface ExpectedSource {
  sourceId: string;
  read: number;
  loaded: number;
  quarantined: number;
  skipped: number;
  /** Loaded rows with bytes kept in migration_originals. */
  altered: number;
}

/** What a migration of a hostile directory must report. */
export interface Expectation {
  /** Why the directory is hostile, and what must come of it. */
  note: string;
  sources: ExpectedSource[];
  /** Files reported as unreadable, relative to the directory. */
  unreadable: string[];
  /** Files, and tables as `file:table`, that no source takes. */
  unclaimed: string[];
}

export type Cell = string | number | bigint | Uint8Array | null;
export type Row = Readonly<Record<string, Cell>>;

/** An expectation of one source whose rows all load, unless `counts` says otherwise. */
export function source(sourceId: string, read: number, counts: Partial<ExpectedSource> = {}): ExpectedSource {
  const { quarantined = 0, skipped = 0, altered = 0 } = counts;
  return { sourceId, read, loaded: read - quarantined - skipped, quarantined, skipped, altered };
}

export function expectation(note: string, parts: Partial<Omit<Expectation, 'note'>>): Expectation {
  return { note, sources: [], unreadable: [], unclaimed: [], ...parts };
}

export function put(directory: string, file: string, content: string | Uint8Array): string {
  const path = join(directory, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** The old application's own definition of a table. */
export function definitionOf(table: string): string {
  const schemas = [LLM_COSTS_SCHEMA, RECOMMENDATIONS_SCHEMA, TOP_PICKS_SCHEMA, CONTEXT_SCHEMA];
  const found = schemas
    .flatMap(({ tables }) => tables)
    .find((sql) => sql.startsWith(`CREATE TABLE ${table} (`));
  if (found === undefined) throw new Error(`no old table is called ${table}`);
  return found;
}

export function insertRows(db: Sqlite.Database, table: string, rows: readonly Row[]): void {
  for (const row of rows) {
    const names = Object.keys(row);
    const places = names.map(() => '?').join(', ');
    db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`).run(...Object.values(row));
  }
}

/** Opens a database below the directory, made when it is not there, for the time of `work`. */
export function withDatabase(directory: string, file: string, work: (db: Sqlite.Database) => void): string {
  const path = join(directory, file);
  mkdirSync(dirname(path), { recursive: true });
  const db = new Sqlite(path);
  try {
    work(db);
  } finally {
    db.close();
  }
  return path;
}

/** Adds a table with rows to a database; `definition` is the old application's own unless given. */
export function addTable(
  directory: string,
  file: string,
  table: string,
  rows: readonly Row[],
  definition = definitionOf(table),
): string {
  return withDatabase(directory, file, (db) => {
    db.exec(definition);
    db.transaction(() => insertRows(db, table, rows))();
  });
}

/** `count` ordinary requests with ids from 1 (or `first`) on. */
export function requests(count: number, first = 1): Row[] {
  return Array.from({ length: count }, (_, i) => ({
    id: first + i,
    model: 'gpt-4',
    tokens_input: 1000 + i,
    tokens_output: 100,
    cost_usd: 0.25,
    created_at: '2026-01-09 10:00:00',
  }));
}

const NEIGHBOUR_ROWS = 3;

/**
 * A sound table beside the hostile thing, in a file that nothing else here uses: what is wrong with one file must not
 * keep the others from loading.
 */
export function neighbour(directory: string): ExpectedSource {
  const rows = Array.from({ length: NEIGHBOUR_ROWS }, (_, i) => ({
    agent_type: 'technical',
    pattern_recognized: '{"pattern": "hammer"}',
    accuracy: 0.5,
    sample_size: 10 + i,
    last_updated: '2026-01-09 10:00:00',
  }));
  addTable(directory, 'cache/neighbour.db', 'agent_learnings', rows);
  return source('agent_learnings', NEIGHBOUR_ROWS);
}

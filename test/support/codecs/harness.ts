import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { DurableTier } from '../../../src/tiers/durable/index.ts';
import { definitionOf } from '../hostile/kit.ts';
import { type Held, selectOf } from './oracle.ts';
import { EXTRAS, type TestTable } from './tables.ts';
import type { Given, GivenRow } from './values.ts';

export interface HeldRow {
  /** The id where the table has one. */
  id: Held;
  values: Map<string, Held>;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * How a table is made: as the old application defined it (SQLite then bends some values), without types, so that it keeps
 * every storage class, or with an id that may be anything.
 */
export type Shape = 'typed' | 'untyped' | 'loose';
export const FILES: Record<Shape, string> = {
  loose: 'cache/loose.db',
  typed: 'cache/typed.db',
  untyped: 'cache/untyped.db',
};
const FIRST_ID: Record<Shape, bigint> = { loose: 0n, typed: 1001n, untyped: 2001n };

function createTable(db: Sqlite.Database, table: TestTable, shape: Shape): void {
  if (shape === 'typed') {
    db.exec(definitionOf(table.name));
    for (const name of EXTRAS) db.exec(`ALTER TABLE ${table.name} ADD COLUMN ${quoted(name)}`);
    return;
  }
  const columns = [...table.columns.map(({ name }) => name), ...EXTRAS].map(quoted);
  const id = shape === 'loose' ? 'id' : 'id INTEGER PRIMARY KEY';
  db.exec(
    `CREATE TABLE ${table.name} (${[...(table.keyColumns === null ? [id] : []), ...columns].join(', ')})`,
  );
}

const isText = (value: Given): value is { text: Uint8Array } =>
  typeof value === 'object' && value !== null && 'text' in value;

/** Writes the rows; those that the old definition itself forbids are not there afterwards. */
export function writeTable(
  directory: string,
  shape: Shape,
  table: TestTable,
  rows: readonly GivenRow[],
): void {
  const file = join(directory, FILES[shape]);
  mkdirSync(dirname(file), { recursive: true });
  const db = new Sqlite(file);
  try {
    createTable(db, table, shape);
    db.transaction(() => {
      rows.forEach((given, index) => {
        const row: GivenRow =
          table.keyColumns === null ? { id: FIRST_ID[shape] + BigInt(index), ...given } : given;
        const names = Object.keys(row);
        const places = names.map((name) => (isText(row[name]!) ? 'CAST(? AS TEXT)' : '?'));
        const values = names.map((name) => (isText(row[name]!) ? row[name].text : row[name]));
        const columns = names.map(quoted).join(', ');
        db.prepare(`INSERT OR IGNORE INTO ${table.name} (${columns}) VALUES (${places.join(', ')})`).run(
          ...values,
        );
      });
    })();
  } finally {
    db.close();
  }
}

/** What the file holds, asked of SQLite itself: storage classes, and text by its bytes. */
export function readTable(directory: string, shape: Shape, table: TestTable): HeldRow[] {
  const db = new Sqlite(join(directory, FILES[shape]), { readonly: true });
  try {
    db.defaultSafeIntegers(true);
    const id = table.keyColumns === null ? ['id'] : [];
    const names = [...table.columns.map(({ name }) => name), ...EXTRAS];
    const selected = [...id, ...names]
      .map(quoted)
      .flatMap((c) => [
        `typeof(${c})`,
        `CASE typeof(${c}) WHEN 'text' THEN CAST(${c} AS BLOB) ELSE ${c} END`,
      ]);
    const rows = db
      .prepare(`SELECT ${selected.join(', ')} FROM ${table.name} ORDER BY rowid`)
      .raw()
      .all() as unknown[][];
    return rows.map((row) => {
      const values = row.flatMap((type, index) =>
        index % 2 === 0 ? [held(type as string, row[index + 1])] : [],
      );
      return {
        id: id.length === 0 ? { type: 'null' } : values.shift()!,
        values: new Map(names.map((name, index) => [name, values[index]!])),
      };
    });
  } finally {
    db.close();
  }
}

function held(type: string, value: unknown): Held {
  if (type === 'null') return { type };
  if (type === 'integer') return { type, value: value as bigint };
  if (type === 'real') return { type, value: value as number };
  return { type: type as 'text' | 'blob', bytes: value as Buffer };
}

export interface Loaded {
  /** By `file key`: each column as the oracle reads it, legacy_extra under its own name. */
  rows: Map<string, Record<string, string | null>>;
  originals: Map<string, Map<string, Uint8Array>>;
  /** By file: the rows that were set aside, decoded. */
  quarantined: Map<string, Record<string, unknown>[]>;
}

/** What PostgreSQL holds of a source, asked of it in SQL. */
export async function readLoaded(tier: DurableTier, table: TestTable): Promise<Loaded> {
  const key = table.keyColumns === null ? 'legacy_id' : 'legacy_key';
  const columns = table.columns.map((column) => `${selectOf(column)} AS "${column.name}"`);
  const { rows } = await tier.query<Record<string, string | null>>(
    `SELECT legacy_source || ' ' || ${key}::text AS "key", ${columns.join(', ')}, legacy_extra::text FROM ${table.name}`,
  );
  const originals = await tier.query<{ key: string; column: string; bytes: Uint8Array }>(
    `SELECT file || ' ' || key AS key, "column", bytes FROM migration_originals WHERE source = $1`,
    [table.name],
  );
  const quarantine = await tier.query<{ file: string; bytes: Uint8Array }>(
    'SELECT file, bytes FROM migration_quarantine WHERE source = $1',
    [table.name],
  );
  const loaded: Loaded = {
    rows: new Map(rows.map((row) => [row['key']!, row])),
    originals: new Map(),
    quarantined: new Map(),
  };
  for (const { key: row, column, bytes } of originals.rows) {
    loaded.originals.set(
      row,
      (loaded.originals.get(row) ?? new Map<string, Uint8Array>()).set(column, bytes),
    );
  }
  for (const { file, bytes } of quarantine.rows) {
    const decoded = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
    loaded.quarantined.set(file, [...(loaded.quarantined.get(file) ?? []), decoded]);
  }
  return loaded;
}

/** Empties the database for the next round. */
export async function clear(tier: DurableTier, tables: readonly TestTable[]): Promise<void> {
  const books = ['directories', 'runs', 'timezones', 'chunks', 'originals', 'quarantine'].map(
    (name) => `migration_${name}`,
  );
  await tier.query(`TRUNCATE ${[...tables.map(({ name }) => name), ...books].join(', ')} CASCADE`);
}

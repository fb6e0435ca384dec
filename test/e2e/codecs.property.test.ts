import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Report, runMigration, verifyMigration } from '../../src/migration/index.ts';
import {
  clear,
  FILES,
  type HeldRow,
  type Loaded,
  readLoaded,
  readTable,
  type Shape,
  writeTable,
} from '../support/codecs/harness.ts';
import {
  isExact,
  isExactExtra,
  isOriginal,
  isQuarantined,
  isRefused,
  textOf,
} from '../support/codecs/oracle.ts';
import { EXTRAS, type TestTable, tables } from '../support/codecs/tables.ts';
import { anyRow, type GivenRow, looseId } from '../support/codecs/values.ts';
import { freshTier, type TestTier } from '../support/durable.ts';

const long = process.env['STOCKROOM_TEST_LONG'] === '1';
/** Rows of each table in a round. */
const ROUNDS = {
  server: { rows: 40, rounds: long ? 100 : 10 },
  embedded: { rows: 15, rounds: long ? 10 : 1 },
};

interface Part {
  shape: Shape;
  table: TestTable;
  rows: GivenRow[];
}

/** In the order in which they are loaded: it decides which of two rows with one unique key stays. */
function anyRound(rows: number): fc.Arbitrary<Part[]> {
  const size = { minLength: rows, maxLength: rows };
  const part = (shape: Shape, table: TestTable, row: fc.Arbitrary<GivenRow>): fc.Arbitrary<Part> =>
    fc.array(row, size).map((list) => ({ shape, table, rows: list }));
  const loose = tables.slice(0, 1).map((table) => {
    const row = fc.tuple(looseId, anyRow(table, EXTRAS)).map(([id, rest]) => ({ id, ...rest }));
    return part('loose', table, row);
  });
  const shapes = ['typed', 'untyped'] as const;
  return fc.tuple(
    ...loose,
    ...shapes.flatMap((shape) => tables.map((table) => part(shape, table, anyRow(table, EXTRAS)))),
  );
}

/** A value in words, for a message that says which one went wrong. */
const shown = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner));

/** How a loaded row is known: by its id, or the text of its key columns. */
function keyOf(table: TestTable, row: HeldRow): string {
  if (table.keyColumns === null) return row.id.type === 'integer' ? String(row.id.value) : 'none';
  return table.keyColumns
    .map((name) => keyText(row, name).replaceAll('%', '%25').replaceAll(':', '%3A'))
    .join(':');
}

function keyText(row: HeldRow, name: string): string {
  const held = row.values.get(name)!;
  return held.type === 'integer' || held.type === 'real' ? String(held.value) : (textOf(held) ?? '');
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The rows that must be quarantined: bad by themselves, or with a key that a row before them took. */
function refusedOf(table: TestTable, rows: readonly HeldRow[], taken: Set<string>): Set<HeldRow> {
  const refused = new Set<HeldRow>();
  const order =
    table.keyColumns === null ? rows : [...rows].sort((a, b) => byBytes(keyOf(table, a), keyOf(table, b)));
  const keys = new Set<string>();
  for (const row of order) {
    const key = keyOf(table, row);
    const bad = table.columns.some((column) => isRefused(column, row.values.get(column.name)!, table.zone));
    const unique = table.unique.map((name) => keyText(row, name)).join('\u0000');
    if (key === 'none' || keys.has(key) || bad || (unique !== '' && taken.has(unique))) refused.add(row);
    else taken.add(unique);
    // An id that stood on a bad row is taken all the same; of a key made of values only a loaded row takes it.
    if (table.keyColumns === null || !refused.has(row)) keys.add(key);
  }
  return refused;
}

/** Compares a loaded row with its source, value by value. */
function checkRow(table: TestTable, row: HeldRow, file: string, loaded: Loaded): void {
  const key = `${file} ${keyOf(table, row)}`;
  const found = loaded.rows.get(key);
  if (found === undefined) throw new Error(`${table.name} ${key} is not there: ${shown([...row.values])}`);
  const originals = loaded.originals.get(key);
  const check = (name: string, exact: boolean, is: string | null): void => {
    const held = row.values.get(name)!;
    const original = originals?.get(name);
    const wrong = `${table.name}.${name} of ${key}: held ${shown(held)}, loaded ${shown(is)}`;
    if (original !== undefined && !isOriginal(held, original))
      throw new Error(`${wrong}, kept ${shown(Buffer.from(original).toString())}`);
    if (!exact && original === undefined) throw new Error(`${wrong}, and its bytes are not kept`);
  };
  for (const { name, kind } of table.columns) {
    check(name, isExact(kind, row.values.get(name)!, found[name]!, table.zone), found[name]!);
  }
  for (const name of EXTRAS) {
    check(name, isExactExtra(name, row.values.get(name)!, found['legacy_extra']!), found['legacy_extra']!);
  }
  for (const name of originals?.keys() ?? []) expect([...row.values.keys()]).toContain(name);
}

const counted = (report: Report): unknown =>
  report.sources.map((source) => ({ ...source, rows_per_second: 0 }));

function isSameRow(row: HeldRow, decoded: Record<string, unknown>): boolean {
  if (row.id.type !== 'integer' && row.id.type !== 'null' && !isQuarantined(row.id, decoded['id']))
    return false;
  return [...row.values].every(([name, held]) => isQuarantined(held, decoded[name]));
}

type Counts = Record<'read' | 'loaded' | 'quarantined' | 'skipped' | 'altered', number>;

/** Compares a whole table with its source; what the report must say of it. */
async function checkTable(
  tier: TestTier,
  table: TestTable,
  directory: string,
  shapes: readonly Shape[],
): Promise<Counts> {
  const loaded = await readLoaded(tier.durable, table);
  const taken = new Set<string>();
  const counts = { read: 0, loaded: 0, quarantined: 0, skipped: 0, altered: 0 };
  for (const shape of shapes) {
    const rows = readTable(directory, shape, table);
    const refused = refusedOf(table, rows, taken);
    const aside = [...(loaded.quarantined.get(FILES[shape]) ?? [])];
    counts.read += rows.length;
    counts.quarantined += refused.size;
    for (const row of rows) {
      if (!refused.has(row)) {
        checkRow(table, row, FILES[shape], loaded);
        if (loaded.originals.has(`${FILES[shape]} ${keyOf(table, row)}`)) counts.altered++;
        continue;
      }
      const at = aside.findIndex((decoded) => isSameRow(row, decoded));
      if (at === -1)
        throw new Error(
          `${table.name} ${FILES[shape]}: not in quarantine as it is: ${shown([row.id, ...row.values])}`,
        );
      aside.splice(at, 1);
    }
    expect(aside, `${table.name} ${FILES[shape]}: in quarantine, but good`).toEqual([]);
  }
  counts.loaded = counts.read - counts.quarantined;
  expect(loaded.rows.size).toBe(counts.loaded);
  return counts;
}

describe.each(['server', 'embedded'] as const)('any value that SQLite can hold, on the %s', (kind) => {
  let tier: TestTier;
  let scratch: string;
  let nth = 0;
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'stockroom-codecs-'));
    tier = await freshTier(kind);
  });
  afterAll(async () => {
    rmSync(scratch, { recursive: true, force: true });
    await tier.remove();
  });

  async function migrateAndCheck(parts: Part[]): Promise<void> {
    const directory = join(scratch, String(nth++));
    await clear(tier.durable, tables);
    for (const { shape, table, rows } of parts) writeTable(directory, shape, table, rows);
    const options = { tier: tier.durable, directory };
    const reports = [await runMigration(options), await verifyMigration(options)];
    const shapesOf = (table: TestTable): Shape[] =>
      parts.filter((part) => part.table === table).map(({ shape }) => shape);
    for (const table of tables) {
      const expected = await checkTable(tier, table, directory, shapesOf(table));
      const source = reports[0]!.sources.find(({ id }) => id === table.name);
      expect(source, table.name).toMatchObject({ ...expected, verified: true });
    }
    // The second time nothing is new, and nothing may be there twice.
    reports.push(await runMigration(options));
    for (const table of tables) await checkTable(tier, table, directory, shapesOf(table));
    for (const report of reports) {
      expect(report).toMatchObject({
        exit: 3,
        ok: true,
        unreadable: [],
        unclaimed: [],
        differences_total: 0,
      });
      expect(counted(report)).toEqual(counted(reports[0]!));
    }
    rmSync(directory, { recursive: true });
  }

  it(
    'is loaded as it is, or with its bytes kept, or set aside whole',
    async () => {
      const { rows, rounds } = ROUNDS[kind];
      await fc.assert(fc.asyncProperty(anyRound(rows), migrateAndCheck), {
        numRuns: rounds,
        // The cause names the value; shrinking would migrate hundreds of directories to say the same.
        endOnFailure: true,
        asyncReporter: async ({ failed, seed, counterexamplePath, errorInstance }) => {
          if (failed) throw new Error(`seed ${seed}, path ${counterexamplePath}`, { cause: errorInstance });
        },
      });
    },
    long ? 600_000 : 60_000,
  );
});

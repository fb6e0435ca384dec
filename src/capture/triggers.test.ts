import { isDeepStrictEqual } from 'node:util';
import Sqlite from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listTables, quoteName } from '../legacy/sqlite/tables.ts';
import { arbitraryCase, type CaptureCase } from '../../test/support/capture-cases.ts';
import { readTableKeys } from './keys.ts';
import { captureTables, CHANGES_TABLE, CONTROL_TABLE } from './tables.ts';
import { triggersOf } from './triggers.ts';

const RUNS = process.env['STOCKROOM_TEST_LONG'] === '1' ? 20_000 : 2_000;

/** A table `t` of a database in memory; captured from the moment at which it was made, or not at all. */
class Database {
  readonly db = new Sqlite(':memory:');
  private seen = 0n;
  private readonly rowid: string | null;

  constructor(schema: readonly string[], captured = true) {
    this.db.defaultSafeIntegers(true);
    for (const statement of schema) this.db.exec(statement);
    const keys = readTableKeys(this.db, listTables(this.db).find(({ name }) => name === 't')!);
    this.rowid = keys.rowid;
    this.db.exec('CREATE TABLE counters (n INTEGER PRIMARY KEY)');
    this.settle();
    if (!captured) return;
    for (const sql of captureTables.values()) this.db.exec(sql);
    this.db.exec(`INSERT INTO ${CONTROL_TABLE} VALUES ('muted', '0')`);
    for (const { sql } of triggersOf(keys)) this.db.exec(sql);
    this.settle();
  }

  /** Gives both counters a known value. SQLite does not say what they are after a statement that failed. */
  private settle(): void {
    this.db.exec('REPLACE INTO counters VALUES (77)');
  }

  /** Runs a statement. What its writer sees of it: the error, the counters, whether a transaction is open. */
  run(statement: string): unknown[] {
    let failure = '';
    try {
      this.db.exec(statement);
    } catch (error) {
      failure = String(error);
      this.settle();
    }
    const counters = this.db.prepare('SELECT changes(), last_insert_rowid()').raw().get();
    return [failure, counters, this.db.inTransaction];
  }

  /** Row ids logged since the last call; NULL among them is the whole table. */
  logged(): (bigint | null)[] {
    const rows = this.db
      .prepare(`SELECT seq, row_id FROM ${CHANGES_TABLE} WHERE tbl = 't' AND seq > ? ORDER BY seq`)
      .raw()
      .all(this.seen) as [bigint, bigint | null][];
    this.seen = rows.at(-1)?.[0] ?? this.seen;
    return rows.map(([, id]) => id);
  }

  /** Every row as text, by its number; under its own text where there is none. */
  rows(): Map<bigint | string, string> {
    const all = this.db
      .prepare(`SELECT ${this.rowid ?? 'NULL'}, * FROM t`)
      .raw()
      .all() as unknown[][];
    return new Map(
      all.map(([id, ...values]) => {
        const text = values.map((value) => `${typeof value}:${String(value)}`).join('|');
        return [(id as bigint | null) ?? text, text];
      }),
    );
  }
}

/** What a follower would have after it took the logged rows over: read the row, or delete it. */
function replay(
  copy: ReadonlyMap<bigint | string, string>,
  table: ReadonlyMap<bigint | string, string>,
  logged: readonly (bigint | null)[],
): Map<bigint | string, string> {
  if (logged.includes(null)) return new Map(table);
  const next = new Map(copy);
  for (const id of logged as bigint[]) {
    const row = table.get(id);
    if (row === undefined) next.delete(id);
    else next.set(id, row);
  }
  return next;
}

const sorted = (rows: ReadonlyMap<bigint | string, string>): string[] =>
  [...rows].map(([id, text]) => `${id} ${text}`).sort();

/**
 * Runs the statements. After each that leaves no transaction open, the log has to tell all that became different. Beside it
 * they run in a database without capture, in which all has to be the same.
 */
function check({ schema, statements }: CaptureCase): void {
  const [captured, plain] = [new Database(schema), new Database(schema, false)];
  let compared = true;
  try {
    let copy = captured.rows();
    for (const statement of statements) {
      const outcome = captured.run(statement);
      const table = captured.rows();
      compared &&= sameBeside(plain, { schema, statement, outcome, table });
      if (captured.db.inTransaction) continue;
      const logged = captured.logged();
      if (!logged.includes(null)) {
        const changed = [...new Set([...copy.keys(), ...table.keys()])].filter(
          (id) => copy.get(id) !== table.get(id),
        );
        expect(logged, statement).toEqual(expect.arrayContaining(changed));
      }
      copy = replay(copy, table, logged);
      expect(sorted(copy), statement).toEqual(sorted(table));
    }
  } finally {
    captured.db.close();
    plain.db.close();
  }
}

interface Ran {
  readonly schema: readonly string[];
  readonly statement: string;
  readonly outcome: unknown[];
  readonly table: ReadonlyMap<bigint | string, string>;
}

/**
 * Runs a statement without capture and expects the same. Only where it takes several rows in an order of SQLite's choice,
 * which triggers may change, the two may part over which of two rivals for a key wins; they are not compared from then on.
 */
function sameBeside(plain: Database, { schema, statement, outcome, table }: Ran): boolean {
  const beside = plain.run(statement);
  const rows = sorted(plain.rows());
  const simple = !/CREATE TRIGGER|REFERENCES/.test(schema.join());
  const ordered = simple && /^INSERT .* VALUES|^[A-Z ]+$/.test(statement);
  if (ordered) {
    expect(outcome, statement).toEqual(beside);
    expect(sorted(table), statement).toEqual(rows);
  }
  // Whatever the order, these never fail on a key.
  if (simple && /OR (?:REPLACE|IGNORE)/.test(statement)) expect(outcome[0], statement).toBe(beside[0]);
  return isDeepStrictEqual([outcome, sorted(table)], [beside, rows]);
}

describe('what the triggers log', () => {
  it('covers every row that any statement changes, for any unique keys', () => {
    fc.assert(fc.property(arbitraryCase, check), { numRuns: RUNS });
  });

  /** What is logged of a statement on a table with the rows given. */
  function loggedOf(definition: string, rows: string, statement: string): (bigint | null)[] {
    const watched = new Database([definition].flat());
    try {
      watched.db.exec(`INSERT INTO t ${rows}`);
      watched.logged();
      watched.db.exec(statement);
      return watched.logged();
    } finally {
      watched.db.close();
    }
  }

  const keyed = 'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE UNIQUE, b INT)';
  const three = "VALUES (1, 'x', 1), (2, 'y', 2), (3, NULL, 3)";

  it.each([
    ['INSERT INTO t VALUES (9, NULL, 0)', [9n]],
    ["INSERT INTO t (a) VALUES ('z')", [4n]],
    ['UPDATE t SET b = 5 WHERE id < 3', [1n, 2n]],
    ['UPDATE t SET id = 8 WHERE id = 2', [2n, 8n]],
    ['DELETE FROM t', [1n, 2n, 3n]],
    // The row of that key goes, with no delete trigger; the index compares without case.
    ["INSERT OR REPLACE INTO t VALUES (9, 'X', 0)", [1n, 9n]],
    ["INSERT OR REPLACE INTO t VALUES (1, 'q', 0)", [1n, 1n]],
    ['UPDATE OR REPLACE t SET id = 1 WHERE id = 2', [1n, 2n, 1n]],
    ["REPLACE INTO t VALUES (2, 'X', 0)", [2n, 1n, 2n]],
    ["UPDATE OR REPLACE t SET a = 'Y' WHERE id = 1", [2n, 1n]],
    // NULL equals nothing.
    ['INSERT OR REPLACE INTO t VALUES (9, NULL, 0)', [9n]],
    ['SELECT 1', []],
  ])('%s', (statement, expected) => {
    expect(loggedOf(keyed, three, statement)).toEqual(expected);
  });

  it('compares as each unique index does, by all of its columns', () => {
    const table = 'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT)';
    const nocase = `${table}; CREATE UNIQUE INDEX u ON t (a COLLATE NOCASE, b)`;
    const rows = "VALUES (1, 'x', 1), (3, 'x', 2), (4, 'y', 1), (5, 'X', NULL)";
    const statement = "REPLACE INTO t VALUES (9, 'X', 1), (8, 'x ', 1)";
    expect(loggedOf(table, rows, statement)).toEqual([9n, 8n]);
    expect(loggedOf(nocase, rows, statement)).toEqual([1n, 9n, 8n]);
    const both = `${nocase}; CREATE UNIQUE INDEX v ON t (a COLLATE RTRIM, b)`;
    expect(loggedOf(both, rows, statement)).toEqual([1n, 9n, 8n]);
    expect(loggedOf(both, rows, "REPLACE INTO t VALUES (7, 'y ', 1)")).toEqual([4n, 7n]);
  });

  it('is both rows where a cascade of the displaced row deletes the one that is updated', () => {
    const table = 'CREATE TABLE t (id INTEGER PRIMARY KEY, p REFERENCES t (id) ON DELETE CASCADE)';
    const logged = loggedOf(table, 'VALUES (5, NULL), (1, 5)', 'UPDATE OR REPLACE t SET id = 5 WHERE id = 1');
    expect(new Set(logged)).toEqual(new Set([1n, 5n]));
  });

  it.each([
    ['an expression', 'CREATE UNIQUE INDEX u ON t (lower(a))'],
    ['part of the rows', 'CREATE UNIQUE INDEX u ON t (a) WHERE b > 0'],
    ['a generated column', 'CREATE UNIQUE INDEX u ON t (g)'],
  ])('is the whole table where a unique key is on %s', (_what, index) => {
    const table = `CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT, g AS (a || b)); ${index}`;
    const statement = "INSERT OR REPLACE INTO t VALUES (9, 'x', 1)";
    expect(loggedOf(table, three, statement)).toEqual([null, 9n]);
    expect(loggedOf(table, three, 'UPDATE t SET b = 7 WHERE id = 3')).toEqual([null, 3n]);
    expect(loggedOf(table, three, 'DELETE FROM t WHERE id = 3')).toEqual([3n]);
  });

  it('is the whole table where OR REPLACE may put a default in the place of NULL', () => {
    const table = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT 'x' UNIQUE)";
    expect(loggedOf(table, "VALUES (1, 'x')", 'INSERT OR REPLACE INTO t VALUES (9, NULL)')).toEqual([
      null,
      9n,
    ]);
    expect(loggedOf(table, "VALUES (1, 'x')", "INSERT OR REPLACE INTO t VALUES (9, 'x')")).toEqual([1n, 9n]);
  });

  it('is the whole table where rows have no number, or columns hide it', () => {
    const insert = "INSERT INTO t VALUES ('b', 1, 2)";
    const without = 'CREATE TABLE t (a TEXT PRIMARY KEY, b, c) WITHOUT ROWID';
    expect(loggedOf(without, "VALUES ('a', 1, 2)", insert)).toEqual([null]);
    const hidden = 'CREATE TABLE t (rowid TEXT PRIMARY KEY, oid, _rowid_)';
    expect(loggedOf(hidden, "VALUES ('a', 1, 2)", insert)).toEqual([null]);
    const alias = 'CREATE TABLE t (rowid TEXT, oid, _rowid_ INTEGER PRIMARY KEY)';
    expect(loggedOf(alias, "VALUES ('a', 1, 1)", insert)).toEqual([2n]);
  });

  it('is nothing while capture is muted, and everything when nobody says so', () => {
    const watched = new Database([keyed]);
    watched.db.exec(`UPDATE ${CONTROL_TABLE} SET value = '1' WHERE name = 'muted'`);
    watched.db.exec(`INSERT INTO t ${three}; UPDATE t SET b = 0; REPLACE INTO t VALUES (4, 'x', 1)`);
    expect(watched.logged()).toEqual([]);
    watched.db.exec(`DELETE FROM ${CONTROL_TABLE}; DELETE FROM t WHERE id = 4`);
    expect(watched.logged()).toEqual([4n]);
    watched.db.close();
  });

  it('is found by an index: a write looks at no more rows than it did', () => {
    const watched = new Database([keyed]);
    const plans = triggersOf(readTableKeys(watched.db, listTables(watched.db).find((t) => t.name === 't')!))
      .flatMap(({ sql }) => sql.match(/SELECT 't', _rowid_ FROM .*(?=;)/g) ?? [])
      .map((select) => select.replaceAll(/NEW\.\S+|OLD\.\S+/g, '1'))
      .map((select) => watched.db.prepare(`EXPLAIN QUERY PLAN ${select}`).all() as { detail: string }[]);
    expect(plans).toHaveLength(4);
    for (const plan of plans) {
      expect(plan[0]!.detail).toMatch(/SEARCH .* USING (?:COVERING INDEX|INDEX|INTEGER PRIMARY KEY)/);
    }
    watched.db.close();
  });

  it('names tables and columns whatever they are called', () => {
    const odd = `o'd "t`;
    const db = new Sqlite(':memory:');
    db.defaultSafeIntegers(true);
    db.exec(
      `CREATE TABLE ${quoteName(odd)} (id INTEGER PRIMARY KEY, "select" TEXT UNIQUE, "a""b" TEXT UNIQUE)`,
    );
    for (const sql of captureTables.values()) db.exec(sql);
    const table = listTables(db).find(({ name }) => name === odd)!;
    for (const { sql } of triggersOf(readTableKeys(db, table))) db.exec(sql);
    db.exec(
      `REPLACE INTO ${quoteName(odd)} VALUES (1, 'x', 'y'); REPLACE INTO ${quoteName(odd)} VALUES (2, 'z', 'y')`,
    );
    expect(db.prepare(`SELECT tbl, row_id FROM ${CHANGES_TABLE} ORDER BY seq`).raw().all()).toEqual([
      [odd, 1n],
      [odd, 1n],
      [odd, 2n],
    ]);
    db.close();
  });
});

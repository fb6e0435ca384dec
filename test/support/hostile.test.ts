import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as hostile from './hostile.ts';

const LLM = 'cache/llm_costs.db';
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stockroom-hostile-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function read(file: string, sql: string): unknown[] {
  const db = new Sqlite(join(directory, file), { readonly: true, timeout: 0 });
  try {
    return db.prepare(sql).raw().all();
  } finally {
    db.close();
  }
}

const count = (file: string, table: string): unknown =>
  (read(file, `SELECT count(*) FROM ${table}`) as [number][])[0]?.[0];

describe('every hostile directory adds up', () => {
  test.each([
    ['emptyFile', hostile.emptyFile],
    ['notADatabase', hostile.notADatabase],
    ['lfsPointer', hostile.lfsPointer],
    ['walOnlyRows', hostile.walOnlyRows],
    ['hotJournal', hostile.hotJournal],
    ['symlinkLoop', hostile.symlinkLoop],
    ['fewerColumns', hostile.fewerColumns],
    ['extraColumns', hostile.extraColumns],
    ['foreignTables', hostile.foreignTables],
    ['olderShapes', hostile.olderShapes],
    ['unclaimedFiles', hostile.unclaimedFiles],
    ['unreadableFile', hostile.unreadableFile],
    ['utf16Database', hostile.utf16Database],
    ['weirdValues', hostile.weirdValues],
    ['oneBadRow', (path: string) => hostile.oneBadRow(path, 9)],
    ['sameTableTwice', (path: string) => hostile.sameTableTwice(path, true)],
  ])('%s', (_name, build) => {
    const expected = build(directory);
    expect(expected.sources.length).toBeGreaterThan(0);
    for (const source of expected.sources) {
      expect(source.read).toBe(source.loaded + source.quarantined + source.skipped);
      expect(source.altered).toBeLessThanOrEqual(source.loaded);
    }
    for (const file of expected.unreadable)
      expect(readdirSync(directory, { recursive: true })).toContain(file);
    for (const file of expected.unclaimed)
      expect(existsSync(join(directory, file.split(':')[0]!))).toBe(true);
  });
});

describe('files that are not what they seem', () => {
  test('SQLite refuses both kinds of garbage', () => {
    const { unreadable } = hostile.notADatabase(directory);
    for (const file of unreadable) expect(() => count(file, 'sqlite_master')).toThrow();
    expect(readFileSync(join(directory, 'cache/context.db')).toString('latin1', 0, 16)).toBe(
      'SQLite format 3\0',
    );
  });

  test('the newest rows are in the -wal alone', () => {
    hostile.walOnlyRows(directory);
    expect(existsSync(join(directory, `${LLM}-shm`))).toBe(false);
    expect(count(LLM, 'llm_requests')).toBe(8);
    rmSync(directory, { recursive: true });
    hostile.walOnlyRows(directory);
    rmSync(join(directory, `${LLM}-wal`));
    expect(count(LLM, 'llm_requests')).toBe(5);
  });

  test('the journal is hot: with it the rows are the old ones, without it they are not', () => {
    hostile.hotJournal(directory);
    const db = new Sqlite(join(directory, LLM));
    expect(db.prepare('SELECT model, count(*) AS n FROM llm_requests GROUP BY 1').all()).toEqual([
      { model: 'gpt-4', n: 3000 },
    ]);
    db.close();
    expect(statSync(join(directory, `${LLM}-journal`), { throwIfNoEntry: false })?.size ?? 0).toBe(0);
    rmSync(directory, { recursive: true });
    hostile.hotJournal(directory);
    rmSync(join(directory, `${LLM}-journal`));
    expect(read(LLM, "SELECT 1 FROM llm_requests WHERE model = 'never' LIMIT 1")).toEqual([[1]]);
  });

  test('a locked file can be read once it is released', async () => {
    const locked = await hostile.lockedDatabase(directory);
    try {
      expect(() => count(LLM, 'llm_requests')).toThrow(/locked/);
    } finally {
      await locked.release();
      await locked.release();
    }
    expect(count(LLM, 'llm_requests')).toBe(4);
    expect(locked.released.unreadable).toEqual([]);
  });

  test('what permissions hide is said as it is', () => {
    const { hidden } = hostile.unreadableFile(directory);
    const open = (): unknown => readFileSync(join(directory, LLM));
    if (hidden) expect(open).toThrow(/EACCES/);
    else expect(open).not.toThrow();
  });

  test('text is UTF-16', () => {
    hostile.utf16Database(directory);
    expect(read(LLM, 'PRAGMA encoding')).toEqual([['UTF-16le']]);
    expect(read(LLM, 'SELECT model FROM llm_requests WHERE id = 4')).toEqual([['model \u{1f600} \ufffd']]);
  });
});

describe('rows', () => {
  test('of one table in two files agree but for those that should not', () => {
    hostile.sameTableTwice(directory, true);
    const here = read(LLM, 'SELECT * FROM llm_requests');
    const there = read('old/llm_costs.db', 'SELECT * FROM llm_requests');
    expect(there.slice(0, 4)).toEqual(here.slice(0, 4));
    expect(there[4]).not.toEqual(here[4]);
    expect([here.length, there.length]).toEqual([5, 6]);
  });

  test('with strange values hold them in the storage class that makes them strange', () => {
    const { rows } = hostile.weirdValues(directory);
    const classOf = (what: string): unknown => {
      const row = rows.find((candidate) => candidate.what === what)!;
      const file = row.sourceId === 'llm_requests' ? LLM : 'cache/context.db';
      return read(
        file,
        `SELECT typeof(${row.column}), ${row.column} FROM ${row.sourceId} WHERE id = ${row.id}`,
      )[0];
    };
    expect(classOf('text in a REAL column')).toEqual(['text', '12x']);
    expect(classOf('infinity')).toEqual(['real', Number.POSITIVE_INFINITY]);
    expect(classOf('a BLOB of text')).toEqual(['blob', Buffer.from('₹ levels')]);
    expect(classOf('invalid UTF-8')).toMatchObject(['text', expect.stringContaining('\ufffd')]);
    expect(classOf('NUL in text')).toEqual(['text', 'a\u0000b']);
    expect(classOf('a BLOB for a key')).toMatchObject(['blob', expect.anything()]);
    const exact = read(LLM, 'SELECT CAST(tokens_input AS TEXT) FROM llm_requests WHERE id <= 2');
    expect(exact).toEqual([['9007199254740993'], ['9223372036854775807']]);
    expect(Object.is((classOf('minus zero') as [string, number])[1], -0)).toBe(true);
  });
});

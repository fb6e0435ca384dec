import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listTables } from '../legacy/sqlite/tables.ts';
import {
  hasCapture,
  installCapture,
  installedTriggers,
  readCaptureState,
  removeCapture,
  uncapturedTables,
} from './index.ts';

let directory: string;
let file: string;
let db: Sqlite.Database;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stockroom-state-'));
  file = join(directory, 'old.db');
  db = new Sqlite(file);
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE); CREATE TABLE other (n)');
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true });
});

const install = (): ReturnType<typeof installCapture> =>
  installCapture(
    file,
    ({ name }) => name === 't',
    () => new Date('2026-01-05T10:00:00Z'),
  );

describe('the state of capture', () => {
  it('is null, and nothing of ours is there, before and after', () => {
    expect([readCaptureState(db), hasCapture(db)]).toEqual([null, false]);
    install();
    expect(hasCapture(db)).toBe(true);
    removeCapture(file);
    expect([readCaptureState(db), hasCapture(db)]).toEqual([null, false]);
  });

  it.each([true, false])('is what the tables hold, integers as bigint: %s', (safe) => {
    db.defaultSafeIntegers(safe);
    const installed = install();
    const state = { version: '1', token: installed?.token, installedAt: '2026-01-05T10:00:00.000Z' };
    expect(readCaptureState(db)).toEqual({ ...state, muted: false, lastSeq: 0, pending: 0 });
    db.exec("INSERT INTO t (a) VALUES ('x'), ('y'); INSERT INTO other VALUES (1)");
    expect(readCaptureState(db)).toEqual({ ...state, muted: false, lastSeq: 2, pending: 2 });
    db.exec("DELETE FROM _stockroom_changes; UPDATE _stockroom_capture SET value = '1' WHERE name = 'muted'");
    // A number is never given again, so that what was read once is known for good.
    expect(readCaptureState(db)).toEqual({ ...state, muted: true, lastSeq: 2, pending: 0 });
  });

  it('names the triggers by table', () => {
    install();
    const names = installedTriggers(db).map(({ name, table }) => `${table}: ${name}`);
    expect(names).toEqual([
      't: _stockroom_t_beforeinsert',
      't: _stockroom_t_beforeupdate',
      't: _stockroom_t_delete',
      't: _stockroom_t_insert',
      't: _stockroom_t_update',
    ]);
  });
});

describe('the tables that are not captured', () => {
  const uncaptured = (): string[] => {
    db.defaultSafeIntegers(true);
    return uncapturedTables(
      db,
      listTables(db).filter(({ name }) => !name.startsWith('_')),
    ).map(({ name }) => name);
  };

  it.each([
    ['was made again', 'DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE)'],
    ['got another unique index', 'CREATE UNIQUE INDEX u ON t (a COLLATE NOCASE)'],
    ['lost a trigger', 'DROP TRIGGER _stockroom_t_update'],
  ])('are those without triggers, and one that %s until it is installed anew', (_what, change) => {
    install();
    expect(uncaptured()).toEqual(['other']);
    db.exec(change);
    expect(uncaptured()).toEqual(['other', 't']);
    install();
    expect(uncaptured()).toEqual(['other']);
  });
});

describe('an installation', () => {
  it("does not stand in the way of the application's own changes of the schema", () => {
    db.exec("ALTER TABLE t ADD COLUMN gone TEXT; INSERT INTO t VALUES (1, 'x', NULL)");
    install();
    db.exec('ALTER TABLE t ADD COLUMN n INTEGER DEFAULT 5; UPDATE t SET n = 6');
    db.exec(
      "ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t DROP COLUMN gone; REPLACE INTO t VALUES (2, 'x', 7)",
    );
    db.exec("ALTER TABLE t RENAME TO s; INSERT INTO s (b) VALUES ('y'); DROP TABLE other");
    const logged = db.prepare('SELECT tbl, row_id FROM _stockroom_changes ORDER BY seq').raw().all();
    // Under the old name, until it is installed anew.
    expect(logged).toEqual([1, 1, 2, 3].map((id) => ['t', id]));
    expect(installCapture(file, ({ name }) => name === 's')).toMatchObject({ changed: true });
    db.exec("UPDATE s SET b = 'z' WHERE id = 3");
    expect(db.prepare('SELECT tbl, row_id FROM _stockroom_changes WHERE seq > 4').raw().all()).toEqual([
      ['s', 3],
    ]);
  });

  it('is none where no table is a source', () => {
    expect(installCapture(file, () => false)).toBeNull();
    expect(hasCapture(db)).toBe(false);
  });

  it('begins anew where it was left muted: writes went by unseen', () => {
    const first = install();
    db.exec("UPDATE _stockroom_capture SET value = '1' WHERE name = 'muted'");
    const second = install();
    expect(second?.changed).toBe(true);
    expect(second?.token).not.toBe(first?.token);
    expect(readCaptureState(db)).toMatchObject({ muted: false, token: second?.token });
  });

  it('is possible in a table whose index needs a function of the application', () => {
    db.function('twice', { deterministic: true }, (n) => Number(n) * 2);
    db.exec('CREATE UNIQUE INDEX u ON t (twice(id))');
    expect(install()?.tables).toEqual([{ name: 't', by: 'row' }]);
    db.exec("INSERT INTO t (a) VALUES ('x')");
    expect(readCaptureState(db)).toMatchObject({ pending: 2 });
  });
});

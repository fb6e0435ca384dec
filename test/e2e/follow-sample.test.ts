import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeSample } from '../../src/legacy/sample/index.ts';
import {
  followDirectory,
  type FollowReport,
  runMigration,
  verifyMigration,
} from '../../src/migration/index.ts';
import { captureByHand } from '../support/captured.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { changeDocuments, changeTables, databasesIn, loadedState, oldTables } from '../support/follow.ts';
import { withDatabase } from '../support/hostile/kit.ts';
import { Migrations } from '../support/migrations.ts';
import { OldDirectory } from '../support/old-directory.ts';

const now = new Date('2026-01-09T12:00:00Z');
const clock = (): Date => now;

let test: TestTier;
let old: OldDirectory;
let here: Migrations;
beforeEach(async () => {
  test = await freshTier('server');
  old = new OldDirectory();
  old.remove();
  await writeSample(old.path, { seed: 7, now });
  here = new Migrations(test.durable, old);
  await here.run({ clock });
});
afterEach(async () => {
  old.remove();
  await test.remove();
});

const follow = (): Promise<FollowReport> =>
  followDirectory({ tier: test.durable, directory: old.path, once: true, clock });

async function afresh(): Promise<Record<string, string[]>> {
  const other = await freshTier('server');
  try {
    await runMigration({ tier: other.durable, directory: old.path, clock });
    return await loadedState(other.durable);
  } finally {
    await other.remove();
  }
}

describe.each(['with capture', 'without capture'])('a whole directory that goes on, %s', (manner) => {
  it('is in PostgreSQL what a first run would have made of it', { timeout: 60_000 }, async () => {
    if (manner === 'with capture') {
      for (const file of databasesIn(old.path))
        withDatabase(old.path, file, (db) =>
          captureByHand(
            db,
            oldTables(db).filter((name) => isRowid(db, name)),
          ),
        );
    }
    expect(await follow()).toMatchObject({ exit: 3, lag: 0, inserted: 0, updated: 0, removed: 0 });
    for (let round = 1; round <= 2; round++) {
      for (const file of databasesIn(old.path)) withDatabase(old.path, file, changeTables);
      changeDocuments(old.path, round);
      const report = await follow();
      expect(report).toMatchObject({ exit: 3, lag: 0, kept_here: 0, differences_total: 0 });
      expect(report.inserted).toBeGreaterThan(0);
      expect(report.updated).toBeGreaterThan(0);
      expect(report.removed).toBeGreaterThan(0);
      const [followed, fresh] = [await loadedState(test.durable), await afresh()];
      for (const table of Object.keys(fresh)) expect([table, followed[table]]).toEqual([table, fresh[table]]);
      expect(Object.keys(followed)).toEqual(Object.keys(fresh));
    }
    const written = await here.written();
    const report = await here.run({ clock });
    expect([report.differences, report.exit]).toEqual([[], 3]);
    expect(await here.written()).toEqual(written);
    expect((await verifyMigration({ tier: test.durable, directory: old.path, clock })).differences).toEqual(
      [],
    );
  });
});

function isRowid(db: Parameters<typeof oldTables>[0], name: string): boolean {
  const sql = db.prepare<[string], string>('SELECT sql FROM sqlite_master WHERE name = ?').pluck().get(name);
  return !/WITHOUT\s+ROWID/i.test(sql ?? '');
}

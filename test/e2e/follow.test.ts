import Sqlite from 'better-sqlite3';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  followDirectory,
  type FollowReport,
  runMigration,
  verifyMigration,
} from '../../src/migration/index.ts';
import { captureByHand, captureDisplaced } from '../support/captured.ts';
import { freshTier, type TestTier, tierKinds } from '../support/durable.ts';
import { Migrations } from '../support/migrations.ts';
import { OldDirectory, REQUESTS } from '../support/old-directory.ts';
import { withDatabase } from '../support/hostile/kit.ts';

describe.each(tierKinds)('following a database with capture, into PostgreSQL: %s', (kind) => {
  let test: TestTier;
  let old: OldDirectory;
  let here: Migrations;
  beforeEach(async () => {
    test = await freshTier(kind);
    old = new OldDirectory();
    here = new Migrations(test.durable, old);
  });
  afterEach(async () => {
    old.remove();
    await test.remove();
  });

  const follow = (): Promise<FollowReport> =>
    followDirectory({ tier: test.durable, directory: old.path, once: true });
  const capture = (file = REQUESTS, tables = ['llm_requests']): string =>
    withDatabase(old.path, file, (db) => captureByHand(db, tables));
  const left = (): number => {
    const db = new Sqlite(join(old.path, REQUESTS), { readonly: true });
    try {
      return Number(db.prepare('SELECT count(*) FROM _stockroom_changes').pluck().get());
    } finally {
      db.close();
    }
  };
  const costs = (): Promise<string[]> =>
    here.values("SELECT legacy_id || ' ' || cost_usd FROM llm_requests ORDER BY legacy_id");
  const dump = async (): Promise<Record<string, string[]>> => ({
    requests: await here.values(
      "SELECT (to_jsonb(t) - 'id')::text FROM llm_requests t ORDER BY legacy_source, legacy_id",
    ),
    quarantine: await here.values(
      "SELECT (to_jsonb(t) - 'id' - 'quarantined_at' - 'chunk')::text FROM migration_quarantine t ORDER BY source, file, key",
    ),
    originals: await here.values(
      'SELECT (to_jsonb(t) - \'chunk\')::text FROM migration_originals t ORDER BY source, file, key, "column"',
    ),
  });

  /** What a first run into an empty database makes of the directory as it is now. */
  async function afresh(): Promise<Record<string, string[]>> {
    const other = await freshTier('embedded');
    const [kept, keptHere] = [test, here];
    try {
      await runMigration({ tier: other.durable, directory: old.path });
      here = new Migrations(other.durable, old);
      return await dump();
    } finally {
      [test, here] = [kept, keptHere];
      await other.remove();
    }
  }

  /** Everything is in order for a later run and a later proof. */
  async function inOrder(): Promise<void> {
    const before = await here.written();
    const report = await here.run();
    expect([report.exit === 3 ? 0 : report.exit, report.differences]).toEqual([0, []]);
    const { migration_follow: _, ...written } = await here.written();
    const { migration_follow: __, ...known } = before;
    expect(written).toEqual(known);
    expect((await verifyMigration({ tier: test.durable, directory: old.path })).differences).toEqual([]);
  }

  it('applies inserts, updates and deletes, and leaves what a fresh run would have made', async () => {
    old.requests(50);
    await here.run();
    capture();
    expect(await follow()).toMatchObject({ exit: 0, lag: 0, inserted: 0, updated: 0, removed: 0 });
    old.change(`
      UPDATE llm_requests SET cost_usd = 9.5 WHERE id IN (3, 4);
      DELETE FROM llm_requests WHERE id IN (10, 50);
      INSERT INTO llm_requests (model, cost_usd) VALUES ('a', 1), ('b', 2);
      INSERT OR REPLACE INTO llm_requests (id, model, cost_usd) VALUES (7, 'c', 3);`);
    const report = await follow();
    expect(report).toMatchObject({
      ok: true,
      exit: 0,
      lag: 0,
      inserted: 2,
      updated: 3,
      removed: 2,
      kept_here: 0,
      differences_total: 0,
    });
    expect(await dump()).toEqual(await afresh());
    expect(left()).toBe(0);
    await inOrder();
    expect(await follow()).toMatchObject({ exit: 0, changes: 0 });
  });

  it('sets bad rows aside, keeps the bytes of odd ones, and takes both back when they are repaired', async () => {
    old.requests(6).change(`UPDATE llm_requests SET cost_usd = '12x' WHERE id = 6`);
    await here.run();
    capture();
    await follow();
    old.change(`
      UPDATE llm_requests SET cost_usd = 'much' WHERE id = 2;
      UPDATE llm_requests SET model = 'a' || char(0) WHERE id = 3;
      INSERT INTO llm_requests (id, model, cost_usd) VALUES (7, 'b', 'none'), (8, 'c' || char(0), 1);`);
    expect(await follow()).toMatchObject({ exit: 3, quarantined: 3, inserted: 1, updated: 1, removed: 1 });
    expect(await dump()).toEqual(await afresh());
    await inOrder();
    old.change(`
      UPDATE llm_requests SET cost_usd = 2 WHERE id IN (2, 6);
      UPDATE llm_requests SET model = 'd' WHERE id = 3;
      DELETE FROM llm_requests WHERE id IN (7, 8)`);
    expect(await follow()).toMatchObject({ exit: 0, quarantined: 0, inserted: 2, updated: 1, removed: 1 });
    expect(await dump()).toEqual(await afresh());
    await inOrder();
  });

  it('never overwrites or deletes what was changed here', async () => {
    old.requests(6);
    await here.run();
    capture();
    await follow();
    await here.rows('UPDATE llm_requests SET cost_usd = 77 WHERE legacy_id IN (1, 2)');
    await here.rows('DELETE FROM llm_requests WHERE legacy_id = 3');
    old.change(
      `UPDATE llm_requests SET cost_usd = 5 WHERE id IN (1, 3, 4); DELETE FROM llm_requests WHERE id = 2`,
    );
    expect(await follow()).toMatchObject({ exit: 0, updated: 1, removed: 0, kept_here: 3 });
    expect(await costs()).toEqual(['1 77', '2 77', '4 5', '5 0.25', '6 0.25']);
    const report = await here.run();
    expect(report.warnings.map(({ code, rows }) => `${code} ${rows}`)).toContain('CHANGED_HERE 1');
  });

  it('a file that was replaced, or whose changes were lost, is caught up with as a whole', async () => {
    old.requests(20);
    await here.run();
    capture();
    await follow();
    old.change(`UPDATE llm_requests SET cost_usd = 2 WHERE id < 4; DELETE FROM _stockroom_changes`);
    expect(await follow()).toMatchObject({ exit: 0, updated: 3, changes: 0 });
    old.change(`DROP TRIGGER _stockroom_llm_requests_u; UPDATE llm_requests SET cost_usd = 3 WHERE id < 3;
      UPDATE _stockroom_capture SET value = 'another' WHERE name = 'token'; DELETE FROM llm_requests WHERE id = 20`);
    expect(await follow()).toMatchObject({ exit: 0, updated: 2, removed: 1 });
    expect(await dump()).toEqual(await afresh());
    await inOrder();
  });

  it('rows that exchange their unique keys, or displace one another, keep their places', async () => {
    const file = 'cache/context.db';
    const rows = ['k1', 'k2', 'k3', 'k4'].map((pref_key, at) => ({
      id: at + 1,
      user_id: 'u',
      pref_key,
      pref_value: `{"n": ${at}}`,
    }));
    old.table(file, 'user_preferences', rows);
    await here.run();
    withDatabase(old.path, file, (db) => {
      captureByHand(db, ['user_preferences']);
      captureDisplaced(db, 'user_preferences', ['user_id', 'pref_key']);
    });
    await follow();
    old.change(
      `UPDATE user_preferences SET pref_key = 'x' WHERE id = 1; UPDATE user_preferences SET pref_key = 'k1' WHERE id = 2;
       UPDATE user_preferences SET pref_key = 'k2' WHERE id = 1;
       INSERT OR REPLACE INTO user_preferences (user_id, pref_key, pref_value) VALUES ('u', 'k3', '[]')`,
      file,
    );
    expect(await follow()).toMatchObject({ exit: 0, quarantined: 0, updated: 2, inserted: 1, removed: 1 });
    expect(
      await here.values("SELECT legacy_id || ' ' || pref_key FROM user_preferences ORDER BY legacy_id"),
    ).toEqual(['1 k2', '2 k1', '4 k4', '5 k3']);
    await inOrder();
  });
});

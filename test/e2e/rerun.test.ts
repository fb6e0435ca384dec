import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeSample } from '../../src/legacy/sample/index.ts';
import {
  builtInSources,
  checkCertificate,
  lastCertificate,
  type Report,
  verifyMigration,
} from '../../src/migration/index.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { Migrations, sourceOf, warningsOf } from '../support/migrations.ts';
import { OldDirectory, REQUESTS, requests } from '../support/old-directory.ts';

let test: TestTier;
let old: OldDirectory;
let here: Migrations;
beforeEach(async () => {
  test = await freshTier('server');
  old = new OldDirectory();
  here = new Migrations(test.durable, old);
});
afterEach(async () => {
  old.remove();
  await test.remove();
});

const llm = (report: Report) => sourceOf(report, 'llm_requests');
const counts = (report: Report): number[] => {
  const { read, loaded, quarantined, skipped } = llm(report);
  return [read, loaded, quarantined, skipped];
};
const costs = (): Promise<string[]> =>
  here.values('SELECT cost_usd FROM llm_requests ORDER BY legacy_source, legacy_id');
const certified = async () =>
  (await checkCertificate(test.durable, await lastCertificate(test.durable), builtInSources)).exit;

describe('a second run', () => {
  it('of an unchanged directory reports the same and writes nothing', async () => {
    const now = new Date('2026-01-09T12:00:00Z');
    old.remove();
    await writeSample(old.path, { seed: 7, now });
    const first = await here.run({ clock: () => now });
    const written = await here.written();
    const second = await here.run({ clock: () => now });
    const timeless = (report: Report): unknown => ({
      ...report,
      elapsed_ms: 0,
      sources: report.sources.map((source) => ({ ...source, rows_per_second: 0 })),
    });
    expect(timeless(second)).toEqual(timeless(first));
    expect(first.exit).toBe(3);
    expect(await here.written()).toEqual(written);
  });

  it('loads the rows that were appended, and touches no other', async () => {
    old.requests(5);
    await here.run();
    const before = await here.values('SELECT xmin::text FROM llm_requests ORDER BY legacy_id');
    old.change(`INSERT INTO llm_requests (model, cost_usd) VALUES ('gpt-4', 1.5), ('gpt-4', 2.5)`);
    const report = await here.run();
    expect([counts(report), report.exit, warningsOf(report)]).toEqual([[7, 7, 0, 0], 0, []]);
    expect(await costs()).toEqual(['0.25', '0.25', '0.25', '0.25', '0.25', '1.5', '2.5']);
    const after = await here.values('SELECT xmin::text FROM llm_requests ORDER BY legacy_id');
    expect(after.slice(0, 5)).toEqual(before);
    expect(await certified()).toBe(0);
  });

  it('loads rows that were put before, between and behind those that it knows', async () => {
    old.table(
      REQUESTS,
      'llm_requests',
      [10, 20, 30].map((id) => ({ ...requests(1)[0], id })),
    );
    await here.run();
    old.change(
      `INSERT INTO llm_requests (id, model) VALUES (-5, 'a'), (5, 'b'), (15, 'c'), (25, 'd'), (35, 'e')`,
    );
    const report = await here.run();
    expect([counts(report), report.exit]).toEqual([[8, 8, 0, 0], 0]);
    const ids = await here.values('SELECT legacy_id FROM llm_requests ORDER BY legacy_id');
    expect(ids).toEqual([-5n, 5n, 10n, 15n, 20n, 25n, 30n, 35n]);
    expect(await certified()).toBe(0);
    const written = await here.written();
    await here.run();
    expect(await here.written()).toEqual(written);
  });
});

describe('a row that changed', () => {
  it('at the source is applied to the row that is here', async () => {
    old.requests(4);
    await here.run();
    const ids = await here.values('SELECT id FROM llm_requests ORDER BY legacy_id');
    old.change('UPDATE llm_requests SET cost_usd = 9.75 WHERE id = 2');
    const report = await here.run();
    expect([counts(report), warningsOf(report), report.exit]).toEqual([
      [4, 4, 0, 0],
      ['SOURCE_UPDATED llm_requests 1'],
      0,
    ]);
    expect(await costs()).toEqual(['0.25', '9.75', '0.25', '0.25']);
    expect(await here.values('SELECT id FROM llm_requests ORDER BY legacy_id')).toEqual(ids);
    expect(await certified()).toBe(0);
  });

  it('here is kept, and every run says so', async () => {
    old.requests(4);
    await here.run();
    await here.rows('UPDATE llm_requests SET cost_usd = 7 WHERE legacy_id = 3');
    for (let round = 0; round < 2; round++) {
      const report = await here.run();
      expect([warningsOf(report), report.exit]).toEqual([['CHANGED_HERE llm_requests 1'], 0]);
    }
    expect(await costs()).toEqual(['0.25', '0.25', '7', '0.25']);
    const verified = await verifyMigration({ tier: test.durable, directory: old.path });
    expect(verified).toMatchObject({ exit: 4, ok: false, differences: [{ key: '3', kind: 'different' }] });
    expect(await certified()).toBe(4);
  });

  it('here is kept also when others of its chunk change at the source', async () => {
    old.requests(4);
    await here.run();
    await here.rows('UPDATE llm_requests SET cost_usd = 7 WHERE legacy_id = 3');
    old.change('UPDATE llm_requests SET cost_usd = 9 WHERE id = 1');
    const report = await here.run();
    expect(warningsOf(report)).toEqual(['SOURCE_UPDATED llm_requests 1', 'CHANGED_HERE llm_requests 1']);
    expect(report.exit).toBe(0);
    expect(await costs()).toEqual(['9', '0.25', '7', '0.25']);
  });

  it('on both sides is a conflict: kept as it is here', async () => {
    old.requests(4);
    await here.run();
    await here.rows('UPDATE llm_requests SET cost_usd = 7 WHERE legacy_id = 3');
    old.change('UPDATE llm_requests SET cost_usd = 9 WHERE id IN (3, 4)');
    const report = await here.run();
    expect(warningsOf(report).sort()).toEqual([
      'CHANGED_HERE llm_requests 1',
      'CONFLICT llm_requests 1',
      'SOURCE_UPDATED llm_requests 1',
    ]);
    expect(report.exit).toBe(0);
    expect(await costs()).toEqual(['0.25', '0.25', '7', '9']);
  });

  it('by being removed here is missed, never silently put back', async () => {
    old.requests(4);
    await here.run();
    await here.rows('DELETE FROM llm_requests WHERE legacy_id = 2');
    const report = await here.run();
    expect(report).toMatchObject({ exit: 4, differences: [{ key: '2', kind: 'missing' }] });
    expect(llm(report).verified).toBe(false);
  });
});

describe('a bad row', () => {
  it('leaves the quarantine when it was repaired at the source', async () => {
    old.requests(4).change(`UPDATE llm_requests SET created_at = 'last tuesday' WHERE id IN (1, 3)`);
    expect(counts(await here.run())).toEqual([4, 2, 2, 0]);
    old.change(`UPDATE llm_requests SET created_at = '2026-01-09 10:00:00' WHERE id = 3`);
    const report = await here.run();
    expect([counts(report), report.exit]).toEqual([[4, 3, 1, 0], 3]);
    expect(await here.values('SELECT key FROM migration_quarantine')).toEqual(['1']);
    expect(await certified()).toBe(0);
  });

  it('that was good once stays as it was, and is set aside as it is now', async () => {
    old.requests(4).change(`UPDATE llm_requests SET model = 'a' || char(0) WHERE id = 2`);
    expect(llm(await here.run()).altered).toBe(1);
    old.change(`UPDATE llm_requests SET cost_usd = '12x' WHERE id = 2`);
    const report = await here.run();
    expect([counts(report), report.exit]).toEqual([[4, 3, 1, 0], 3]);
    expect(await costs()).toEqual(['0.25', '0.25', '0.25', '0.25']);
    const [bytes] = await here.values<Uint8Array>('SELECT bytes FROM migration_quarantine');
    expect(JSON.parse(Buffer.from(bytes!).toString())).toMatchObject({ cost_usd: '12x', model: 'a\u0000' });
    // The bytes of the value that is still here are still here.
    expect(await here.values("SELECT encode(bytes, 'hex') FROM migration_originals")).toEqual(['6100']);
    const written = await here.written();
    await here.run();
    expect(await here.written()).toEqual(written);
  });
});

it('a change that PostgreSQL refuses leaves the row as it was, with its bytes, until it can be applied', async () => {
  const [first, second] = ['cache/context.db', 'old/context.db'] as const;
  const preference = (pref_key: string) => ({ id: 1, user_id: 'u', pref_key, pref_value: '{"a": NaN}' });
  old
    .table(first, 'user_preferences', [preference('k1')])
    .table(second, 'user_preferences', [preference('k2')]);
  await here.run();
  const state = () =>
    here.values(`SELECT p.pref_key || ' ' || (SELECT count(*) FROM migration_originals o WHERE o.file = legacy_source)
    FROM user_preferences p ORDER BY legacy_source`);
  expect(await state()).toEqual(['k1 1', 'k2 1']);
  old.change(`UPDATE user_preferences SET pref_key = 'k2'`, first);
  for (let round = 0; round < 2; round++) {
    expect(sourceOf(await here.run(), 'user_preferences')).toMatchObject({
      read: 2,
      loaded: 1,
      quarantined: 1,
    });
    expect(await state()).toEqual(['k1 1', 'k2 1']);
  }
  old.change(`UPDATE user_preferences SET pref_key = 'k3'`, first);
  expect(sourceOf(await here.run(), 'user_preferences')).toMatchObject({
    loaded: 2,
    quarantined: 0,
    verified: true,
  });
  expect(await state()).toEqual(['k3 1', 'k2 1']);
});

describe('a row that is gone from the source', () => {
  beforeEach(async () => {
    old.requests(4).change(`UPDATE llm_requests SET model = 'a' || char(0) WHERE id = 2`);
    await here.run();
    old.change(
      'CREATE TABLE away AS SELECT * FROM llm_requests WHERE id = 2; DELETE FROM llm_requests WHERE id = 2',
    );
  });
  const comeBack = (): void => old.change('INSERT INTO llm_requests SELECT * FROM away');

  it('is kept here, with its bytes, and every run says so', async () => {
    for (let round = 0; round < 2; round++) {
      const report = await here.run();
      expect([counts(report), warningsOf(report), report.exit]).toEqual([
        [3, 3, 0, 0],
        ['GONE_FROM_SOURCE llm_requests 1'],
        0,
      ]);
    }
    expect(await here.values('SELECT legacy_id FROM llm_requests ORDER BY 1')).toEqual([1n, 2n, 3n, 4n]);
    expect(await here.values('SELECT key FROM migration_originals')).toEqual(['2']);
    expect((await verifyMigration({ tier: test.durable, directory: old.path })).exit).toBe(0);
  });

  it('counts as loaded again when it comes back', async () => {
    await here.run();
    comeBack();
    const report = await here.run();
    expect([counts(report), llm(report).altered, warningsOf(report), report.exit]).toEqual([
      [4, 4, 0, 0],
      1,
      [],
      0,
    ]);
    expect(await certified()).toBe(0);
  });

  it('and was removed here since is loaded again when it comes back', async () => {
    await here.run();
    await here.rows('DELETE FROM llm_requests WHERE legacy_id = 2');
    comeBack();
    const report = await here.run();
    expect([counts(report), report.exit]).toEqual([[4, 4, 0, 0], 0]);
    expect(await here.values('SELECT legacy_id FROM llm_requests ORDER BY 1')).toEqual([1n, 2n, 3n, 4n]);
    expect(await certified()).toBe(0);
  });

  it('and was changed here since is kept as it is here when it comes back', async () => {
    await here.run();
    await here.rows('UPDATE llm_requests SET cost_usd = 7 WHERE legacy_id = 2');
    comeBack();
    const report = await here.run();
    expect([counts(report), warningsOf(report).sort(), report.exit]).toEqual([
      [4, 4, 0, 0],
      ['CHANGED_HERE llm_requests 1', 'CONFLICT llm_requests 1'],
      0,
    ]);
    expect(await costs()).toEqual(['0.25', '7', '0.25', '0.25']);
  });
});

describe('one table in two files', () => {
  it('loads once where the rows are the same, and twice where they differ', async () => {
    old.requests(3).table('old/llm_costs.db', 'llm_requests', requests(3));
    const same = await here.run();
    expect([counts(same), llm(same).skipped_reason, warningsOf(same)]).toEqual([
      [6, 3, 0, 3],
      'duplicate',
      [],
    ]);
    old.change('UPDATE llm_requests SET cost_usd = 5 WHERE id = 3', 'old/llm_costs.db');
    const differing = await here.run();
    expect([counts(differing), warningsOf(differing)]).toEqual([
      [6, 4, 0, 2],
      ['OVERLAPPING_IDS llm_requests 1'],
    ]);
    expect(await costs()).toEqual(['0.25', '0.25', '0.25', '5']);
    expect(await certified()).toBe(0);
  });

  it('a copy stays when the row that it was a copy of changes', async () => {
    old.requests(3).table('old/llm_costs.db', 'llm_requests', requests(3));
    await here.run();
    old.change('UPDATE llm_requests SET cost_usd = 5 WHERE id = 3');
    const report = await here.run();
    expect([counts(report), report.exit]).toEqual([[6, 4, 0, 2], 0]);
    expect(await costs()).toEqual(['0.25', '0.25', '5', '0.25']);
  });

  it('a copy is no second row when the row that it was a copy of is gone', async () => {
    old.requests(3).table('old/llm_costs.db', 'llm_requests', requests(3));
    await here.run();
    old.change('DELETE FROM llm_requests WHERE id = 3');
    const report = await here.run();
    expect([counts(report), warningsOf(report)]).toEqual([[5, 2, 0, 3], ['GONE_FROM_SOURCE llm_requests 1']]);
    expect(await costs()).toEqual(['0.25', '0.25', '0.25']);
  });
});

import { existsSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COSTS, RECOMMENDATIONS, stores, treeOf, useCleanups } from '../../../test/support/cleanup.ts';
import { put, withDatabase } from '../../../test/support/hostile/kit.ts';
import { runMigration } from '../run.ts';

const run = useCleanups();

describe('what goes and what stays', () => {
  it('without --apply it says so, and does nothing', async () => {
    await runMigration({ tier: run.tier, directory: run.old });
    await run.complete();
    const before = treeOf(run.old);
    const report = await run.cleanup({ apply: false });
    expect(report.files.map(({ file }) => file).sort()).toEqual(Object.keys(run.claimed()).sort());
    expect(report.files.find(({ file }) => file === `${COSTS}-wal`)).toMatchObject({ stores: ['llm-costs'] });
    expect(report.files.some(({ file }) => file.endsWith('metadata.json'))).toBe(true);
    expect(report.stays).toEqual([
      { file: 'cache/broken.db', why: 'unreadable', reason: expect.stringContaining('no SQLite database') },
      { file: 'data/notes of nobody.txt', why: 'unclaimed', reason: 'no source takes it' },
    ]);
    expect(report.quarantined).toContainEqual({ source: 'memory_analyses', rows: 1 });
    expect(report).toMatchObject({ ok: true, exit: 0, removals: [], archive_bytes: null });
    expect(treeOf(run.old)).toEqual(before);
    expect(run.archiveNames()).toEqual([]);
  });

  it('refuses while no store is complete, and names the stages', async () => {
    await runMigration({ tier: run.tier, directory: run.old });
    await run.stage('llm-costs', 'live');
    const before = treeOf(run.old);
    await expect(run.cleanup()).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/llm-costs is in stage live.*scores has no stage yet/),
    });
    expect(treeOf(run.old)).toEqual(before);
    expect(run.archiveNames()).toEqual([]);
  });

  it('a stage of the same store from another directory counts for nothing', async () => {
    await runMigration({ tier: run.tier, directory: run.old });
    for (const store of stores) await run.stage(store, 'complete', `${run.old}-elsewhere`);
    await expect(run.cleanup()).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('a database of several stores goes only when all of them are complete', async () => {
    await runMigration({ tier: run.tier, directory: run.old });
    await run.complete();
    const shared = (await run.cleanup({ apply: false })).files.find((file) => file.stores.length > 1);
    expect(shared).toBeDefined();
    const [one, other] = shared!.stores as [string, string];
    await run.stage(other, 'ramp-down');
    const report = await run.cleanup();
    expect(report.stays).toContainEqual({
      file: shared!.file,
      why: 'stage',
      reason: `${other} is in stage ramp-down`,
    });
    expect(report.removals.flatMap(({ kept }) => kept)).toEqual([]);
    expect(existsSync(join(run.old, shared!.file))).toBe(true);
    expect(report.files.map(({ file }) => file)).toContain(COSTS);
    expect(existsSync(join(run.old, COSTS))).toBe(false);
    expect(report.stores).toContainEqual(expect.objectContaining({ store: one, stage: 'complete' }));
  });

  it('what no run has read stays: a file that came later, a table that no source takes', async () => {
    await runMigration({ tier: run.tier, directory: run.old });
    await run.complete();
    put(
      run.old,
      'data/top_picks/picks_2031-01-01.json',
      readFileSync(join(run.old, 'data/top_picks', run.picks())),
    );
    put(run.old, 'data/later/llm_costs.db', readFileSync(join(run.sample, COSTS)));
    withDatabase(run.old, RECOMMENDATIONS, (db) =>
      db.exec('create table extra (a); insert into extra values (1)'),
    );
    const { stays } = await run.cleanup();
    const why = Object.fromEntries(stays.map((each) => [each.file, `${each.why}: ${each.reason}`]));
    expect(why).toMatchObject({
      'data/top_picks/picks_2031-01-01.json':
        'not migrated: no run has read its pick_archive: migrate it first',
      'data/later/llm_costs.db': 'not migrated: no run has read its llm_requests: migrate it first',
      [RECOMMENDATIONS]: 'unclaimed: no source takes its table extra',
    });
    for (const { file } of stays) expect(existsSync(join(run.old, file)), file).toBe(true);
  });

  it('an empty table of nobody is no reason to stay, and a linked file is', async () => {
    withDatabase(run.old, RECOMMENDATIONS, (db) => db.exec('create table extra (a)'));
    const elsewhere = join(dirname(run.old), 'elsewhere.json');
    const linked = `data/top_picks/${run.picks()}`;
    renameSync(join(run.old, linked), elsewhere);
    symlinkSync(elsewhere, join(run.old, linked));
    await runMigration({ tier: run.tier, directory: run.old });
    await run.complete();
    const { stays } = await run.cleanup();
    expect(stays.map(({ file, why }) => `${file} ${why}`)).toEqual([
      'cache/broken.db unreadable',
      'data/notes of nobody.txt unclaimed',
      `${linked} in the way`,
    ]);
    expect(existsSync(elsewhere)).toBe(true);
  });
});

import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  COSTS,
  leaveJournal,
  left,
  RECOMMENDATIONS,
  treeOf,
  useCleanups,
} from '../../../test/support/cleanup.ts';
import { withDatabase } from '../../../test/support/hostile/kit.ts';
import { runMigration } from '../run.ts';

const run = useCleanups();

describe('an applied cleanup', () => {
  beforeEach(async () => {
    await runMigration({ tier: run.tier, directory: run.old });
    await run.complete();
  });

  it('removes every old file, and all of it can be restored byte for byte', async () => {
    const before = treeOf(run.old);
    const report = await run.cleanup({ actor: 'tester' });
    expect(report).toMatchObject({ ok: true, exit: 0, removals: [{ kept: [] }] });
    expect(Object.keys(treeOf(run.old)).sort()).toEqual(left);
    expect(report.removals[0]!.removed).toBe(Object.keys(before).length - left.length);
    const { rows } = await run.tier.query('select actor, action, subject, detail from audit_log');
    expect(rows).toMatchObject([
      {
        actor: 'tester',
        action: 'legacy.cleaned',
        subject: `legacy:${run.old}`,
        detail: { archive: report.removals[0]!.archive, files: report.files.length, kept: [] },
      },
    ]);
    expect(await run.cleanup()).toMatchObject({ exit: 0, files: [], removals: [] });
    await run.restored(report);
    expect(treeOf(run.old)).toEqual(before);
    const wal = new Sqlite(join(run.old, COSTS), { readonly: true });
    expect(wal.prepare("select count(*) from llm_requests where model = 'm'").pluck().get()).toBe(1);
    wal.close();
  });

  it('is restored without Stockroom too: gunzip and sha256sum', async () => {
    const before = run.claimed();
    const [removal] = (await run.cleanup()).removals;
    const copy = join(dirname(run.old), 'by hand');
    execFileSync('cp', ['-a', join(removal!.archive, 'files'), copy]);
    execFileSync('gunzip', ['-r', copy]);
    execFileSync('sha256sum', ['-c', '--quiet', join(removal!.archive, 'SHA256SUMS')], { cwd: copy });
    const hashes = (tree: Record<string, string>): string[] =>
      Object.entries(tree).map(([name, about]) => `${name} ${about.split(' ')[0]}`);
    expect(hashes(treeOf(copy))).toEqual(hashes(before));
  });

  it('holds no row of another: a file that changes between proof and removal stays, and the next run takes it', async () => {
    const metadata = Object.keys(run.claimed()).find((name) => name.endsWith('metadata.json'))!;
    const touched = new Set<string>();
    const report = await run.cleanup({
      onProgress: ({ phase, done }) => {
        if (phase !== 'remove' || done > 0 || touched.size > 0) return;
        touched.add(metadata);
        appendFileSync(join(run.old, metadata), '\n');
      },
    });
    expect(report).toMatchObject({ ok: false, exit: 4 });
    expect(report.removals[0]!.kept).toEqual([
      { file: metadata, reason: `${metadata} was changed since it was archived` },
    ]);
    expect(Object.keys(treeOf(run.old)).sort()).toEqual([...left, metadata].sort());
    const again = await run.cleanup();
    expect(again).toMatchObject({ exit: 0, files: [{ file: metadata }] });
    expect(Object.keys(treeOf(run.old)).sort()).toEqual(left);
  });

  it('stops with nothing removed when a file is written while it is archived', async () => {
    let isWritten = false;
    const running = run.cleanup({
      onProgress: ({ phase }) => {
        if (phase !== 'prove' || isWritten) return;
        isWritten = true;
        withDatabase(run.old, RECOMMENDATIONS, (db) => db.pragma('user_version = 77'));
      },
    });
    await expect(running).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`${RECOMMENDATIONS} was written`),
    });
    expect(Object.keys(run.claimed())).toContain(RECOMMENDATIONS);
    expect(run.archiveNames()).toEqual([]);
  });

  it('stops with nothing removed when the stage is another by then', async () => {
    const before = treeOf(run.old);
    const moved: Promise<unknown>[] = [];
    const running = run.cleanup({
      onProgress: ({ phase }) => {
        if (phase === 'prove' && moved.length === 0) moved.push(run.stage('scores', 'live'));
      },
    });
    await expect(running).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('scores is in stage live by now'),
    });
    expect(treeOf(run.old)).toEqual(before);
    // The archive that was proven is gone on with: what may go goes, the rest stays.
    const report = await run.cleanup();
    expect(report.removals[0]!.removed).toBeGreaterThan(0);
    expect(Object.keys(run.claimed())).toEqual(['data/global_scores/score_cache.json']);
  });

  it.each([
    ['in rollback mode', RECOMMENDATIONS],
    ['in WAL mode', COSTS],
  ])('refuses while a database %s is being written, and changes nothing', async (_, file) => {
    const before = treeOf(run.old);
    const writer = new Sqlite(join(run.old, file));
    // The writer itself must not end the -wal when it closes.
    const reader = new Sqlite(join(run.old, file), { readonly: true });
    reader.pragma('data_version');
    writer.exec('BEGIN IMMEDIATE');
    try {
      await expect(run.cleanup()).rejects.toMatchObject({
        code: 'SOURCE_LOCKED',
        message: expect.stringContaining(file),
      });
    } finally {
      writer.exec('ROLLBACK');
      writer.close();
      reader.close();
    }
    const { [`${COSTS}-shm`]: _was, ...others } = before;
    const { [`${COSTS}-shm`]: _is, ...now } = treeOf(run.old);
    expect(now).toEqual(others);
    expect(await run.cleanup()).toMatchObject({ exit: 0 });
    expect(Object.keys(treeOf(run.old)).sort()).toEqual(left);
  });

  it('a killed writer leaves a journal: it is archived as it stands, and never rolled back', async () => {
    leaveJournal(join(run.old, RECOMMENDATIONS));
    const before = treeOf(run.old);
    const report = await run.cleanup();
    expect(report.exit).toBe(0);
    expect(report.files.map(({ file }) => file)).toContain(`${RECOMMENDATIONS}-journal`);
    await run.restored(report);
    expect(treeOf(run.old)).toEqual(before);
  });

  it('refuses before anything is written when there is no room, or the archive would be in the directory', async () => {
    const before = treeOf(run.old);
    await expect(run.cleanup({ freeBytes: async () => 1_000_000 })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('not enough space'),
    });
    await expect(run.cleanup({ archives: join(run.old, 'archives') })).rejects.toMatchObject({
      code: 'USAGE',
    });
    expect(treeOf(run.old)).toEqual(before);
    expect(run.archiveNames()).toEqual([]);
  });

  it('an archive that the disk gives back otherwise removes nothing', async () => {
    const before = treeOf(run.old);
    let isBroken = false;
    const running = run.cleanup({
      onProgress: ({ phase }) => {
        if (phase !== 'prove' || isBroken) return;
        isBroken = true;
        const [name] = run.archiveNames();
        writeFileSync(join(run.archives, name!, 'files', `${RECOMMENDATIONS}.gz`), 'rotten');
      },
    });
    await expect(running).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
      message: expect.stringContaining(RECOMMENDATIONS),
    });
    expect(treeOf(run.old)).toEqual(before);
  });
});

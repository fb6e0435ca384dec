import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerCleanup } from '../../src/cli/commands/cleanup.ts';
import { createContext } from '../../src/cli/context.ts';
import { reportFailure } from '../../src/cli/failure.ts';
import { applyVariables } from '../../src/cli/flags.ts';
import { writeSample } from '../../src/legacy/sample/index.ts';
import type { CleanupReport } from '../../src/migration/cleanup/index.ts';
import { builtInSources, runMigration } from '../../src/migration/index.ts';
import { type DurableTier, migrate, openDurable } from '../../src/tiers/durable/index.ts';
import { COSTS, stand } from '../support/cleanup.ts';
import { type Called, testIo } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { LockHolder } from '../support/stages.ts';

let scratch: string;
let old: string;
let database: TestDatabase;
let tier: DurableTier;

async function call(...argv: string[]): Promise<Called> {
  const io = testIo({ DATABASE_URL: database.url, STOCKROOM_DATA_DIR: join(scratch, 'data') });
  const context = createContext(io);
  context.called = 'cleanup';
  context.json = argv.includes('--json');
  const program = new Command('stockroom').exitOverride().configureOutput({ outputError: () => undefined });
  program.hook('preAction', (_program, command) => applyVariables(command, io.env));
  registerCleanup(program, context);
  let exit: number;
  try {
    exit = await context.lifetime.run(async () => {
      await program.parseAsync(['cleanup', ...argv], { from: 'user' });
      return context.exit;
    });
  } catch (error) {
    exit = reportFailure(io, error, context);
  }
  return { exit, out: io.out(), err: io.err(), json: () => JSON.parse(io.out()) as Record<string, unknown> };
}

const complete = (stores: Iterable<string>): Promise<void> => stand(tier, old, stores);

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-cleanup-cli-'));
  old = join(scratch, 'old-app');
  await writeSample(old, { seed: 2 });
  database = await freshDatabase();
  tier = await openDurable({
    databaseUrl: database.url,
    databasePoolMax: 2,
    dataDir: scratch,
    schema: 'stockroom',
  });
  await migrate(tier);
  await runMigration({ tier, directory: old });
});
afterAll(async () => {
  await tier?.close();
  await database?.drop();
  rmSync(scratch, { recursive: true, force: true });
});

describe('stockroom cleanup', () => {
  it('says what it would do, refuses, does it, and restores it', async () => {
    const before = readdirSync(old, { recursive: true });
    const refused = await call(old, '--apply');
    expect(refused.exit).toBe(1);
    expect(refused.err).toContain('CONFLICT: nothing in ');
    expect(refused.err).toContain('llm-costs has no stage yet');

    await complete(['price-history', 'scores']);
    const told = await call(old);
    expect(told.exit).toBe(0);
    expect(told.out).toMatch(/^\d+ files \([\d.]+ KiB\) would be archived, proven and removed\.\n/);
    expect(told.out).toContain('Stay, because a store of theirs is not in stage complete');
    expect(told.out).toContain('price_history: 1 row');
    expect(told.out).toContain('With --apply it is done.');
    expect(readdirSync(old, { recursive: true })).toEqual(before);

    await complete(new Set(builtInSources.map(({ store }) => store)));
    const done = await call(old, '--apply', '--json');
    const report = done.json() as unknown as CleanupReport;
    expect(report).toMatchObject({ ok: true, exit: 0, stays: [], removals: [{ kept: [] }] });
    expect(done.err).toMatch(/^archive .*bytes/m);
    const { archive } = report.removals[0]!;
    expect(archive.startsWith(join(scratch, 'data', 'archive', 'legacy'))).toBe(true);

    const again = await call(old, '--apply');
    expect(again).toMatchObject({ exit: 0, out: expect.stringMatching(/^Nothing is left to remove\./) });

    const restored = await call(old, '--restore', archive);
    expect(restored.exit).toBe(0);
    expect(restored.out).toContain('restored to ');
    expect(readdirSync(old, { recursive: true })).toEqual(before);
  });

  it('ends with 3 when another program holds a database: the rest goes, and that one when it is free', async () => {
    await complete(new Set(builtInSources.map(({ store }) => store)));
    const holder = new LockHolder(join(old, COSTS));
    try {
      holder.hold();
      const done = await call(old, '--apply', '--json');
      expect(done.exit).toBe(3);
      const report = done.json() as unknown as CleanupReport;
      expect(report).toMatchObject({ ok: false, exit: 3, unread: [COSTS], removals: [{ kept: [] }] });
      expect(report.removals[0]!.removed).toBeGreaterThan(1);
      expect(existsSync(join(old, COSTS))).toBe(true);
      expect(await call(old, '--apply')).toMatchObject({
        exit: 3,
        out: expect.stringMatching(/^Nothing was removed: 1 file could not be read, and stays\./),
      });
    } finally {
      await holder.release();
    }
    const rest = await call(old, '--apply', '--json');
    expect(rest.exit).toBe(0);
    expect(rest.json()).toMatchObject({ files: [{ file: COSTS }], unread: [] });
    expect(existsSync(join(old, COSTS))).toBe(false);
    // Who opens a removed database by its name leaves an empty file: there is nothing in it to wait for.
    writeFileSync(join(old, COSTS), '');
    expect(await call(old, '--apply')).toMatchObject({
      exit: 0,
      out: expect.stringMatching(/^Nothing is left to remove\./),
    });
    rmSync(join(old, COSTS));
  });

  it('is called the wrong way', async () => {
    expect(await call(join(scratch, 'nowhere'))).toMatchObject({
      exit: 1,
      err: expect.stringContaining('DIRECTORY_NOT_FOUND'),
    });
    expect(await call(old, '--apply', '--restore', 'x')).toMatchObject({ exit: 2 });
    expect(await call(old, '--apply', '--archive', join(old, 'archive'))).toMatchObject({
      exit: 2,
      err: expect.stringContaining('USAGE: the archive would be in the directory'),
    });
    const missing = await call(old, '--restore', join(scratch, 'nothing'), '--json');
    expect(missing.exit).toBe(1);
    expect(missing.json()).toMatchObject({ ok: false, error: { code: 'ARCHIVE_INVALID' } });
    expect(existsSync(join(old, 'archive'))).toBe(false);
  });
});

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { writeSample } from '../../src/legacy/sample/index.ts';
import {
  cleanupDirectory,
  type CleanupOptions,
  type CleanupReport,
  restoreArchive,
} from '../../src/migration/cleanup/index.ts';
import { builtInSources } from '../../src/migration/sources/index.ts';
import { type DurableTier, migrate, openDurable } from '../../src/tiers/durable/index.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { put } from './hostile/kit.ts';

/** A database of the sample in WAL mode, whose last rows stand in the -wal alone. */
export const COSTS = 'cache/llm_costs.db';
export const RECOMMENDATIONS = 'cache/ai_recommendations.db';
export const stores = [...new Set(builtInSources.map(({ store }) => store))];
/** What no cleanup may touch. */
export const left = ['cache/broken.db', 'data/notes of nobody.txt'];

/** Every file with its bytes, rights and time of change, to a microsecond. */
export function treeOf(directory: string): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    const stat = statSync(join(directory, name), { bigint: true });
    if (!stat.isFile()) continue;
    const hash = createHash('sha256')
      .update(readFileSync(join(directory, name)))
      .digest('hex');
    tree[name] = [hash, stat.mode.toString(8), stat.mtimeNs / 1000n].join(' ');
  }
  return tree;
}

/** A writer in WAL mode that was killed: what it committed last stands in the -wal alone. */
function leaveWal(file: string, sql: string): void {
  const script = `const D = require('better-sqlite3'); const db = new D(${JSON.stringify(file)});
    db.pragma('journal_mode = WAL'); db.pragma('wal_autocheckpoint = 0'); db.exec(${JSON.stringify(sql)});
    process.kill(process.pid, 'SIGKILL')`;
  try {
    execFileSync(process.execPath, ['-e', script], { cwd: process.cwd(), stdio: 'ignore' });
  } catch {
    // Killed: that is how it ends.
  }
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
}

/** A writer in rollback mode that was killed while it wrote: its database is half changed, and the journal has what was there. */
export function leaveJournal(file: string): void {
  const script = `const D = require('better-sqlite3'); const db = new D(${JSON.stringify(file)});
    db.pragma('journal_mode = DELETE'); db.pragma('cache_size = 1'); db.pragma('cache_spill = 1');
    db.exec('BEGIN; CREATE TABLE IF NOT EXISTS filler (a); INSERT INTO filler SELECT randomblob(4000) FROM ai_recommendations');
    process.kill(process.pid, 'SIGKILL')`;
  try {
    execFileSync(process.execPath, ['-e', script], { cwd: process.cwd(), stdio: 'ignore' });
  } catch {
    // Killed: that is how it ends.
  }
  expect(statSync(`${file}-journal`).size).toBeGreaterThan(0);
}

/** Notes that a store of an old directory is in that stage, without the way there. */
export async function stand(
  tier: DurableTier,
  directory: string,
  given: Iterable<string>,
  stage = 'complete',
): Promise<void> {
  for (const store of given) {
    await tier.query(
      `insert into migration_stages (store, stage, state, epoch, directory) values ($1, $2, 'open', 1, $3)
       on conflict (store) do update set stage = excluded.stage, directory = excluded.directory`,
      [store, stage, directory],
    );
  }
}

/** For each test an old directory that is a sample with odd files, an empty database, and what a cleanup is asked of them. */
export class Cleanups {
  sample = '';
  old = '';
  archives = '';
  tier!: DurableTier;

  stage(store: string, name: string, directory = this.old): Promise<void> {
    return stand(this.tier, directory, [store], name);
  }

  complete(): Promise<void> {
    return stand(this.tier, this.old, stores);
  }

  cleanup(options: Partial<CleanupOptions> = {}): Promise<CleanupReport> {
    const { tier, old: directory, archives } = this;
    return cleanupDirectory({ tier, directory, archives, apply: true, ...options });
  }

  archiveNames(): string[] {
    return existsSync(this.archives) ? readdirSync(this.archives) : [];
  }

  async restored(report: CleanupReport): Promise<void> {
    for (const { archive } of report.removals) await restoreArchive({ directory: this.old, archive });
  }

  picks(): string {
    return readdirSync(join(this.sample, 'data/top_picks'))[0]!;
  }

  /** The files that a cleanup of all stores takes. */
  claimed(): Record<string, string> {
    return Object.fromEntries(Object.entries(treeOf(this.old)).filter(([name]) => !left.includes(name)));
  }
}

export function useCleanups(): Cleanups {
  const run = new Cleanups();
  let scratch: string;
  let database: TestDatabase;
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'stockroom-cleanup-'));
    run.sample = join(scratch, 'sample');
    await writeSample(run.sample, { scale: 1, seed: 3 });
    put(run.sample, 'data/notes of nobody.txt', 'nobody takes this');
    put(run.sample, 'cache/broken.db', 'no database');
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  beforeEach(async () => {
    const own = mkdtempSync(join(scratch, 'run-'));
    run.old = join(own, 'old');
    run.archives = join(own, 'archives');
    execFileSync('cp', ['-a', run.sample, run.old]);
    leaveWal(
      join(run.old, COSTS),
      "insert into llm_requests (model, tokens_input, tokens_output, cost_usd, created_at) values ('m', 1, 1, 0.5, '2026-01-02T03:04:05')",
    );
    database = await freshDatabase();
    run.tier = await openDurable({
      databaseUrl: database.url,
      databasePoolMax: 4,
      dataDir: own,
      schema: 'stockroom',
    });
    await migrate(run.tier);
  });
  afterEach(async () => {
    await run.tier.close();
    await database.drop();
  });
  return run;
}

import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/legacy/sample/random.ts';
import { writeSample } from '../../src/legacy/sample/index.ts';
import { type CleanupReport, restoreArchive } from '../../src/migration/cleanup/index.ts';
import { runMigration } from '../../src/migration/index.ts';
import { type DurableTier, migrate, openDurable } from '../../src/tiers/durable/index.ts';
import { stand, stores } from '../support/cleanup.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

const CHILD = fileURLToPath(new URL('cleanup-child.js', import.meta.url));
const DEADLINE_MS = 60_000;
const KILLS = process.env['STOCKROOM_TEST_LONG'] === '1' ? 40 : 6;
const WAL_DATABASE = 'cache/llm_costs.db';

let scratch: string;
let old: string;
let archives: string;
let database: TestDatabase;
let tier: DurableTier;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function treeOf(directory: string): Map<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(directory, name)).isFile());
  return new Map(files.map((name) => [name, sha256(readFileSync(join(directory, name)))]));
}

/** What archives that say they are whole hold, read without Stockroom. */
function archived(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const name of existsSync(archives) ? readdirSync(archives) : []) {
    const manifest = join(archives, name, 'manifest.json');
    if (!existsSync(manifest)) continue;
    const { files } = JSON.parse(readFileSync(manifest, 'utf8')) as { files: { path: string }[] };
    for (const { path } of files) {
      const bytes = gunzipSync(readFileSync(join(archives, name, 'files', `${path}.gz`)));
      found.set(path, (found.get(path) ?? new Set()).add(sha256(bytes)));
    }
  }
  return found;
}

/** @returns what it said, or null when it died */
function run(phase = '', nth = 0): Promise<{ told: Record<string, number>; report: CleanupReport } | null> {
  const argv = [CHILD, database.url, old, archives, phase, String(nth)];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, argv, { timeout: DEADLINE_MS, killSignal: 'SIGTERM' }, (error, out, err) => {
      if (error === null) resolve(JSON.parse(out) as { told: Record<string, number>; report: CleanupReport });
      else if (error.signal === 'SIGKILL') resolve(null);
      else reject(new Error(`${error.message}: ${err}`));
    });
  });
}

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-cleanup-killed-'));
  [old, archives] = [join(scratch, 'old'), join(scratch, 'archives')];
  await writeSample(old, { seed: 11 });
  const script = `const D = require('better-sqlite3'); const db = new D(${JSON.stringify(join(old, WAL_DATABASE))});
    db.pragma('journal_mode = WAL'); db.exec("update llm_requests set model = 'm' where id < 9");
    process.kill(process.pid, 'SIGKILL')`;
  expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })).toThrow();
  database = await freshDatabase();
  tier = await openDurable({
    databaseUrl: database.url,
    databasePoolMax: 2,
    dataDir: scratch,
    schema: 'stockroom',
  });
  await migrate(tier);
  await runMigration({ tier, directory: old });
  await stand(tier, old, stores);
});
afterAll(async () => {
  await tier?.close();
  await database?.drop();
  rmSync(scratch, { recursive: true, force: true });
});

describe('a cleanup that is killed', () => {
  it('loses nothing: every old file is in its place or in a proven archive', {
    timeout: 280_000,
  }, async () => {
    const whole = treeOf(old);
    expect(whole.has(`${WAL_DATABASE}-wal`)).toBe(true);
    const random = createRandom(5, 'kills');
    let killed = 0;
    let inRemoval = 0;
    for (let count = 0; count < KILLS; count++) {
      const phase = (['archive', 'prove', 'remove'] as const)[Math.min(Math.floor((3 * count) / KILLS), 2)]!;
      // While it removes, each run goes a little further than the one before.
      const nth = 1 + Math.floor(random.next() * (phase === 'remove' ? 12 : whole.size));
      if ((await run(phase, nth)) === null) killed++;
      const [there, kept] = [treeOf(old), archived()];
      for (const [path, hash] of whole) {
        // SQLite's index is made anew, and is another then.
        if (path.endsWith('-shm') && there.has(path)) continue;
        const isSafe = there.get(path) === hash || kept.get(path)?.has(hash) === true;
        expect(isSafe, `${path} after a kill in ${phase} ${nth}`).toBe(true);
      }
      if (there.size > 0 && there.size < whole.size) inRemoval++;
    }
    expect(killed).toBeGreaterThan(KILLS / 2);
    expect(inRemoval).toBeGreaterThan(0);
    const last = await run();
    expect(last?.report.exit).toBe(0);
    expect(treeOf(old).size).toBe(0);
    // One archive, however often it was begun: halves of killed runs are gone.
    const [archive, ...more] = readdirSync(archives);
    expect(more).toEqual([]);
    await restoreArchive({ directory: old, archive: join(archives, archive!) });
    expect(treeOf(old)).toEqual(whole);
    const { rows } = await tier.query("select from audit_log where action = 'legacy.cleaned'");
    expect(rows).toHaveLength(1);
  });
});

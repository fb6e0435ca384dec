import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/legacy/sample/random.ts';
import { writeAnalysesDatabase } from '../../src/legacy/sample/index.ts';
import type { Report } from '../../src/migration/index.ts';
import { Process, requireBuilt, type Environment } from '../e2e/process.ts';
import { freshDatabase } from '../support/database.ts';

const ROWS = 50_000;
/** 25 kills: so many in each of so many databases, so that every part of a run is hit and not only its end. */
const SERVER = { databases: 5, kills: 5 };
const EMBEDDED = { databases: 1, kills: process.env['STOCKROOM_TEST_LONG'] ? 25 : 4 };

describe('a run that is killed', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-kill-'));
  const old = join(scratch, 'old');

  beforeAll(async () => {
    requireBuilt();
    mkdirSync(join(old, 'cache'), { recursive: true });
    await writeAnalysesDatabase(join(old, 'cache', 'context.db'), { rows: ROWS, seed: 7 });
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  async function finish(env: Environment): Promise<{ report: Report; elapsedMs: number }> {
    const started = performance.now();
    const { exit, out, err } = await new Process(['migrate', 'run', old, '--json'], env, scratch).ended();
    expect(exit, err).toBe(0);
    return { report: JSON.parse(out) as Report, elapsedMs: performance.now() - started };
  }

  /** Starts a run and kills it after so long, however far it is by then. */
  async function kill(env: Environment, afterMs: number): Promise<boolean> {
    const run = new Process(['migrate', 'run', old, '--json'], env, scratch);
    const ended = run.ended();
    await Promise.race([delay(afterMs), ended]);
    run.child.kill('SIGKILL');
    return (await ended).exit === null;
  }

  /** Kills at random moments of a run's life, lets it finish, and compares with a run that nobody disturbed. */
  async function storm(
    env: Environment,
    kills: number,
    whole: { report: Report; elapsedMs: number },
    seed: number,
  ): Promise<number> {
    const random = createRandom(seed, 'kills');
    let killed = 0;
    for (let count = 0; count < kills; count++) {
      if (await kill(env, random.next() * whole.elapsedMs)) killed++;
    }
    const { report } = await finish(env);
    const ofRun = (one: Report) => one.sources.map(({ rows_per_second: _, ...source }) => source);
    expect(ofRun(report)).toEqual(ofRun(whole.report));
    expect(report.sources.find((source) => source.id === 'agent_analyses')).toMatchObject({
      read: ROWS,
      loaded: ROWS,
    });
    return killed;
  }

  it('on a server: nothing is lost and nothing comes twice', { timeout: 180_000 }, async () => {
    const reference = await freshDatabase();
    const whole = await finish({ DATABASE_URL: reference.url });
    await reference.drop();
    let killed = 0;
    for (let index = 0; index < SERVER.databases; index++) {
      const database = await freshDatabase();
      killed += await storm({ DATABASE_URL: database.url }, SERVER.kills, whole, 100 + index);
      expect(await counted(database.url)).toEqual({
        rows: ROWS,
        ids: ROWS,
        least: 1,
        most: ROWS,
        quarantined: 0,
        staging: 0,
      });
      await database.drop();
    }
    expect(killed).toBeGreaterThan((SERVER.databases * SERVER.kills) / 2);
  });

  it('in the embedded database: nothing is lost and nothing comes twice', { timeout: 300_000 }, async () => {
    const whole = await finish({ STOCKROOM_DATA_DIR: join(scratch, 'whole') });
    for (let index = 0; index < EMBEDDED.databases; index++) {
      const env = { STOCKROOM_DATA_DIR: join(scratch, `embedded-${index}`) };
      expect(await storm(env, EMBEDDED.kills, whole, 200 + index)).toBeGreaterThan(0);
    }
  });
});

async function counted(url: string): Promise<Record<string, number>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Record<string, number>>(
    `SELECT count(*)::int AS rows, count(DISTINCT (legacy_source, legacy_id))::int AS ids, min(legacy_id)::int AS least,
       max(legacy_id)::int AS most, (SELECT count(*)::int FROM stockroom.migration_quarantine) AS quarantined,
       (SELECT count(*)::int FROM pg_class WHERE relname = 'staging') AS staging
     FROM stockroom.agent_analyses`,
  );
  await client.end();
  return rows[0]!;
}

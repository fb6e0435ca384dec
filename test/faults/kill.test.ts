import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeAnalysesDatabase } from '../../src/legacy/sample/index.ts';
import { createRandom } from '../../src/legacy/sample/random.ts';
import type { Report } from '../../src/migration/index.ts';
import { type DurableTier, migrate, openDurable } from '../../src/tiers/durable/index.ts';
import { type Environment, Process, requireBuilt } from '../e2e/process.ts';
import { freshDatabase } from '../support/database.ts';
import { withDatabase } from '../support/hostile/kit.ts';

const FILE = 'cache/context.db';
const ROWS = 50_000;
/** Of so many rows each one has a text whose bytes must be kept, and one a time that sets it aside. */
const STRANGE = 500;
const ASIDE = ROWS / STRANGE;
/** 25 kills at random moments: so many in each of so many databases, so that every part of a run is hit. */
const SERVER = { databases: 5, kills: 5 };
const EMBEDDED = { databases: 1, kills: process.env['STOCKROOM_TEST_LONG'] === '1' ? 25 : 5 };

const POLL_MS = 5;

interface Whole {
  report: Report;
  state: unknown;
  elapsedMs: number;
}

describe('a run that is killed', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-kill-'));
  const old = join(scratch, 'old');
  let known: Whole | undefined;

  beforeAll(async () => {
    requireBuilt();
    mkdirSync(join(old, 'cache'), { recursive: true });
    await writeAnalysesDatabase(join(old, FILE), { rows: ROWS, seed: 7 });
    withDatabase(old, FILE, (db) => {
      db.exec(`UPDATE agent_analyses SET reasoning = 'a' || char(0) WHERE id % ${STRANGE} = 1`);
      db.exec(`UPDATE agent_analyses SET created_at = 'last tuesday' WHERE id % ${STRANGE} = 2`);
    });
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  const begin = (env: Environment): Process => new Process(['migrate', 'run', old, '--json'], env, scratch);

  async function finish(env: Environment): Promise<Whole> {
    const started = performance.now();
    const { exit, out, err } = await begin(env).ended();
    const elapsedMs = performance.now() - started;
    expect(exit, err).toBe(3);
    return { report: JSON.parse(out) as Report, state: await stateOf(env), elapsedMs };
  }

  /** Starts a run and kills it after so long, however far it is by then. */
  async function kill(env: Environment, afterMs: number): Promise<boolean> {
    const run = begin(env);
    const ended = run.ended();
    await Promise.race([delay(afterMs), ended]);
    run.child.kill('SIGKILL');
    return (await ended).exit === null;
  }

  /** Kills at random moments of a run's life, lets it finish, and compares with a run that nobody disturbed. */
  async function storm(env: Environment, kills: number, whole: Whole, seed: number): Promise<number> {
    const random = createRandom(seed, 'kills');
    let killed = 0;
    for (let count = 0; count < kills; count++) {
      // The first kill of a database comes early, the last ones anywhere up to the end of a whole run.
      const part = (count + random.next()) / kills;
      if (await kill(env, part * whole.elapsedMs)) killed++;
    }
    requireSame(await finish(env), whole);
    return killed;
  }

  /** A run that nobody disturbs, on a server. */
  async function undisturbed(): Promise<Whole> {
    if (known !== undefined) return known;
    const reference = await freshDatabase();
    known = await finish({ DATABASE_URL: reference.url });
    await reference.drop();
    return known;
  }

  it.each(Object.entries(moments))(
    'on a server, %s: nothing is lost and nothing comes twice',
    async (_, moment) => {
      const database = await freshDatabase();
      const env = { DATABASE_URL: database.url };
      await within(env, (tier) => migrate(tier));
      await killAt(database.url, moment, () => begin(env));
      requireSame(await finish(env), await undisturbed());
      await database.drop();
    },
  );

  it('on a server at any moment: nothing is lost and nothing comes twice', { timeout: 180_000 }, async () => {
    const whole = await undisturbed();
    expect(whole.state).toMatchObject({
      rows: ROWS - ASIDE,
      ids: ROWS - ASIDE,
      quarantined: ASIDE,
      originals: ASIDE,
    });
    let killed = 0;
    for (let index = 0; index < SERVER.databases; index++) {
      const database = await freshDatabase();
      killed += await storm({ DATABASE_URL: database.url }, SERVER.kills, whole, 100 + index);
      await database.drop();
    }
    // A run that has less to do than the whole one may end before its kill comes.
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

function requireSame({ report, state }: Whole, whole: Whole): void {
  const source = report.sources.find(({ id }) => id === 'agent_analyses');
  expect(source).toMatchObject({ read: ROWS, loaded: ROWS - ASIDE, quarantined: ASIDE, altered: ASIDE });
  const timeless = (one: Report) => one.sources.map((each) => ({ ...each, rows_per_second: 0 }));
  expect(timeless(report)).toEqual(timeless(whole.report));
  expect(state).toEqual(whole.state);
}

async function within<T>(env: Environment, work: (tier: DurableTier) => Promise<T>): Promise<T> {
  const tier = await openDurable({
    databaseUrl: env['DATABASE_URL'],
    databasePoolMax: 1,
    dataDir: env['STOCKROOM_DATA_DIR'] ?? '',
    schema: 'stockroom',
  });
  try {
    return await work(tier);
  } finally {
    await tier.close();
  }
}

/**
 * Where a run is to be stopped: it waits there for a lock that the test holds, which makes a moment of a microsecond as
 * long as the test needs. In the order of a run.
 */
const moments = {
  'in the first COPY, when all rows were sent': 'AFTER INSERT ON agent_analyses FOR EACH STATEMENT',
  'between the first COPY and its commit': 'BEFORE INSERT ON migration_chunks FOR EACH ROW',
  'in the middle of a COPY, while others commit':
    'BEFORE INSERT ON agent_analyses FOR EACH ROW WHEN (NEW.legacy_id = 25000)',
  'between proof and its note': 'BEFORE UPDATE ON migration_chunks FOR EACH ROW',
  'before the last commit': 'BEFORE UPDATE ON migration_runs FOR EACH ROW',
};

/** Starts a run, and kills it when it has come to a moment. */
async function killAt(url: string, moment: string, begin: () => Process): Promise<void> {
  const client = new Client({ connectionString: url, options: '-c search_path=stockroom' });
  await client.connect();
  try {
    await client.query(
      `CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
       CREATE TRIGGER hold_up ${moment} EXECUTE FUNCTION hold_up();
       SELECT pg_advisory_lock(1)`,
    );
    const run = begin();
    const ended = run.ended();
    const isThere = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND NOT granted`;
    while ((await client.query(isThere)).rowCount === 0) {
      if (run.child.exitCode !== null) throw new Error(`the run ended before it came there: ${run.err}`);
      await delay(POLL_MS);
    }
    run.child.kill('SIGKILL');
    await ended;
    await client.query('SELECT pg_advisory_unlock(1)');
    // Waits for what the run left in flight, which notices by now that nobody is there to hear of it.
    await client.query('DROP FUNCTION hold_up CASCADE');
  } finally {
    await client.end();
  }
}

/** What is in the database, asked in SQL: the same again means that the same was loaded, once, and nothing is left over. */
function stateOf(env: Environment): Promise<unknown> {
  return within(env, async (tier) => {
    const { rows } = await tier.query(
      `SELECT count(*)::int AS rows, count(DISTINCT (legacy_source, legacy_id))::int AS ids,
         md5(string_agg((to_jsonb(a) - 'id')::text || float8send(score)::text, ',' ORDER BY legacy_id)) AS content,
         (SELECT count(*)::int FROM migration_quarantine) AS quarantined,
         (SELECT md5(string_agg(key || bytes::text, ',' ORDER BY key)) FROM migration_quarantine) AS aside,
         (SELECT count(*)::int FROM migration_originals) AS originals,
         (SELECT md5(string_agg(key || bytes::text, ',' ORDER BY key)) FROM migration_originals) AS kept,
         (SELECT sum(rows)::int FROM migration_chunks) AS in_books,
         (SELECT count(*)::int FROM migration_chunks WHERE verified_at IS NULL) AS unproven,
         (SELECT array_agg(relname ORDER BY relname)::text FROM pg_class WHERE relkind = 'r' AND relnamespace NOT IN
           ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)) AS tables
       FROM agent_analyses a`,
    );
    return rows[0];
  });
}

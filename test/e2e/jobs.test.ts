import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/program.ts';
import type { JobState } from '../../src/jobs/index.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import type { DurableTier } from '../../src/tiers/durable/index.ts';
import { call, type TestIo, testIo } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { type Server, startRedis } from '../support/servers.ts';

const patience = { timeout: 25_000, interval: 200 };
const isLong = process.env['STOCKROOM_TEST_LONG'] === '1';

/** Two services behind one address share all state, and the jobs with it. */
describe('jobs of two services on one database', () => {
  let database: TestDatabase;
  let redis: Server;
  let durable: DurableTier;
  let env: Record<string, string>;
  const services: { io: TestIo; running: Promise<number>; url: string }[] = [];

  async function start(): Promise<void> {
    const io = testIo({ ...env, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'silent' });
    const running = run(['start'], io);
    const url = await vi.waitFor(() => {
      const found = /Stockroom serves at (\S+)/.exec(io.out())?.[1];
      expect([found, io.err()]).toEqual([expect.any(String), '']);
      return found!;
    }, patience);
    services.push({ io, running, url });
  }

  beforeAll(async () => {
    database = await freshDatabase();
    redis = await startRedis();
    // Only times that do not come while the test runs, but for one of each minute.
    const never = ['outcomes', 'retention', 'refresh'].map((job) => `${job}=0 0 1 1 *`).join('; ');
    env = {
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      STOCKROOM_SCHEDULES: `${never}; alerts=* * * * *`,
    };
    await start();
    await start();
    durable = await openServer({ url: database.url, schema: 'stockroom', poolMax: 1 });
  });
  afterAll(async () => {
    for (const { io } of services) io.events.emit('SIGTERM');
    await Promise.all(services.map(({ running }) => running));
    await durable?.close();
    await redis?.stop();
    await database?.drop();
  });

  async function list(url: string): Promise<Map<string, JobState>> {
    const { items } = (await (await fetch(`${url}/v1/jobs`)).json()) as { items: JobState[] };
    return new Map(items.map((item) => [item.name, item]));
  }

  /** Runs that ended well, by the counter of one of them: services in one process hear of the runs of both. */
  async function counted(job: string): Promise<number> {
    const text = await (await fetch(`${services[0]!.url}/metrics`)).text();
    const line = new RegExp(`^stockroom_job_runs_total\\{task="${job}",outcome="done"\\} (\\d+)$`, 'm');
    return Number(line.exec(text)?.[1] ?? 0);
  }

  /** The times of a job that have a run, and how many runs there are. */
  async function times(job: string): Promise<{ due: number; runs: number }> {
    const { rows } = await durable.query<{ due: bigint; runs: bigint }>(
      `select count(distinct data ->> 'due') as due, count(*) as runs from stockroom_jobs.job
       where name = $1 and state = 'completed'`,
      [job],
    );
    return { due: Number(rows[0]!.due), runs: Number(rows[0]!.runs) };
  }

  it('run once at their time, and both tell the same about it', async () => {
    await vi.waitFor(async () => expect((await times('alerts')).runs).toBeGreaterThan(0), patience);
    await vi.waitFor(async () => {
      const { due, runs } = await times('alerts');
      expect(runs).toBe(due);
      expect(await counted('alerts')).toBe(runs);
    }, patience);
    const [first, second] = await Promise.all(services.map(({ url }) => list(url)));
    expect(first!.get('alerts')).toMatchObject({
      cron: '* * * * *',
      time_zone: 'UTC',
      next_run_at: expect.stringMatching(/:00\.000Z$/) as unknown,
      last_run: { outcome: 'done', attempt: 1, did: { delivered: 0, failed: 0 }, error: null },
    });
    expect(second!.get('refresh')).toMatchObject({ state: 'idle', last_run: null });
  });

  it('run when an admin asks one of them, which leaves a row in the audit', async () => {
    const [{ url } = { url: '' }, other] = services;
    const answer = await fetch(`${url}/v1/jobs/refresh/run`, { method: 'POST' });
    expect(answer.status).toBe(202);
    const { id } = (await answer.json()) as { id: string };
    await vi.waitFor(async () => {
      expect((await list(other!.url)).get('refresh')).toMatchObject({
        last_run: { id, outcome: 'done', did: { corrected: 0 } },
      });
    }, patience);
    const { rows } = await durable.query(
      `select actor, action, detail ->> 'outcome' as outcome from audit_log`,
    );
    expect(rows).toEqual([{ actor: 'loopback', action: 'http:POST /v1/jobs/:name/run', outcome: 'done' }]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const success = /^stockroom_job_last_success_timestamp_seconds\{task="refresh"\} (\S+)$/m.exec(
      metrics,
    )?.[1];
    expect(Math.abs(Date.now() / 1_000 - Number(success))).toBeLessThan(120);
  });

  it('run and are listed by the command line', async () => {
    const ran = await call(['jobs', 'run', 'outcomes', '--json'], env);
    expect([ran.exit, ran.err]).toEqual([0, '']);
    expect(ran.json()).toMatchObject({
      ok: true,
      outcome: 'done',
      did: { recommendations: { evaluated: 0, pending: 0 }, picks_eod: { picks: 0 } },
    });
    const listed = await call(['jobs'], env);
    expect(listed.exit).toBe(0);
    expect(listed.out).toMatch(/^outcomes +0 0 1 1 \* UTC +idle .* done +\d+ ms$/m);
    expect(listed.out).toMatch(/^outcomes: .*recommendations not_due 0, pending 0, evaluated 0/m);
    const unknown = await call(['jobs', 'run', 'nothing', '--json'], env);
    expect([unknown.exit, unknown.json()]).toMatchObject([1, { ok: false, error: { code: 'NOT_FOUND' } }]);
  });

  it.runIf(isLong)('run once in each minute, for two of them', { timeout: 200_000 }, async () => {
    const before = await times('alerts');
    await vi.waitFor(async () => expect((await times('alerts')).due).toBeGreaterThanOrEqual(before.due + 2), {
      timeout: 180_000,
      interval: 500,
    });
    const { due, runs } = await times('alerts');
    expect(runs).toBe(due);
    expect(await counted('alerts')).toBe(runs);
  });
});

it('a time that is none stops the start', async () => {
  const { exit, err } = await call(['start'], { STOCKROOM_SCHEDULES: 'outcomes=61 * * * *', PORT: '0' });
  expect([exit, err]).toEqual([
    2,
    expect.stringMatching(/^stockroom: CONFIG_INVALID: STOCKROOM_SCHEDULES: .*\n$/),
  ]);
});

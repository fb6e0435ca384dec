import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { createJobs, type JobDefinition, type Jobs, type JobState } from '../../src/jobs/index.ts';
import { openStores } from '../../src/system/index.ts';
import { openEmbedded } from '../../src/tiers/durable/embedded/open-embedded.ts';
import { type DurableTier, migrate } from '../../src/tiers/durable/index.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import { freshDatabase } from '../support/database.ts';
import { createGate, gated, gatedSettings, marksOf, openGate, tick } from '../support/jobs-gated.ts';
import { startRedis } from '../support/servers.ts';
import { Process, requireBuilt } from './process.ts';

const CHILD = fileURLToPath(new URL('../support/jobs-child.js', import.meta.url));
const patience = { timeout: 50_000, interval: 100 };

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A process that runs jobs. */
class Worker {
  readonly child: ChildProcess;
  #out = '';

  constructor(place: string) {
    this.child = spawn(process.execPath, [CHILD, place, 'gated'], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.#out += text));
    closers.push(() => this.kill());
  }

  get pid(): number {
    return this.child.pid!;
  }

  said(line: string): number {
    return this.#out.split('\n').filter((one) => one === line).length;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

async function jobsOver(durable: DurableTier, own: Partial<Parameters<typeof createJobs>[0]>): Promise<Jobs> {
  const hot = createInProcessTier({ prefix: 'stockroom:' });
  const system = await openStores({ durable, hot });
  closers.push(() => system.close());
  const definitions: JobDefinition[] = [gated(), tick(() => undefined)];
  const jobs = createJobs({ system, hot, schedules: {}, definitions, settings: gatedSettings, ...own });
  closers.push(() => jobs.close());
  return jobs;
}

/** Two processes, of which one runs the job behind the closed gate. */
async function fleet(): Promise<{
  durable: DurableTier;
  jobs: Jobs;
  id: string;
  owner: Worker;
  other: Worker;
}> {
  const database = await freshDatabase();
  closers.push(() => database.drop());
  const durable = await openServer({ url: database.url, schema: 'stockroom', poolMax: 4 });
  closers.push(() => durable.close());
  await migrate(durable);
  await createGate(durable);
  const jobs = await jobsOver(durable, { runs: false });
  const workers = [new Worker(database.url), new Worker(database.url)];
  // Both look for runs: each has had one of the seconds.
  await vi.waitFor(() => {
    for (const worker of workers) expect(worker.said('tick')).toBeGreaterThan(0);
  }, patience);
  const { id } = await jobs.enqueue('gated', 'test');
  await vi.waitFor(
    () => expect(workers.map((worker) => String(worker.said('begun'))).sort()).toEqual(['0', '1']),
    patience,
  );
  const [owner, other] = workers[0]!.said('begun') === 1 ? workers : workers.toReversed();
  return { durable, jobs, id, owner: owner!, other: other! };
}

const stateOf = async (jobs: Jobs): Promise<JobState> =>
  (await jobs.list()).find(({ name }) => name === 'gated')!;

async function endsOf(durable: DurableTier, id: string): Promise<unknown[]> {
  const { rows } = await durable.query(
    `select state::text as state, retry_count as attempt, output -> 'did' as did from stockroom_jobs.job where id = $1`,
    [id],
  );
  return rows;
}

it('a run whose process is killed is begun again by another, long before its time is over', async () => {
  const { durable, jobs, id, owner, other } = await fleet();
  await owner.kill();
  await vi.waitFor(async () => expect(await marksOf(durable)).toContain(`begun:${other.pid}`), patience);
  expect(await stateOf(jobs)).toMatchObject({ state: 'running', last_run: { id, attempt: 2 } });
  await openGate(durable);
  await vi.waitFor(async () => expect(await stateOf(jobs)).toMatchObject({ state: 'idle' }), patience);
  expect(await endsOf(durable, id)).toEqual([{ state: 'completed', attempt: 1, did: { by: other.pid } }]);
  expect(await marksOf(durable)).toEqual([`begun:${owner.pid}`, `begun:${other.pid}`, `ended:${other.pid}`]);
});

it('a run whose process is suspended for long stays its own, and ends once', async () => {
  const { durable, jobs, id, owner, other } = await fleet();
  owner.child.kill('SIGSTOP');
  closers.push(() => owner.child.kill('SIGCONT'));
  const before = other.said('tick');
  // Its seconds are those of a clock that goes on: it has looked for runs to take over all the while.
  await vi.waitFor(() => expect(other.said('tick') - before).toBeGreaterThan(6), patience);
  expect(await stateOf(jobs)).toMatchObject({ state: 'running', last_run: { id, attempt: 1 } });
  await openGate(durable);
  owner.child.kill('SIGCONT');
  await vi.waitFor(async () => expect(await stateOf(jobs)).toMatchObject({ state: 'idle' }), patience);
  expect(await endsOf(durable, id)).toEqual([{ state: 'completed', attempt: 0, did: { by: owner.pid } }]);
  expect(await marksOf(durable)).toEqual([`begun:${owner.pid}`, `ended:${owner.pid}`]);
});

it('a run in the embedded database is begun again at once when its process was killed', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'stockroom-jobs-'));
  closers.push(() => rmSync(dataDir, { recursive: true }));
  const open = () => openEmbedded({ dataDir, schema: 'stockroom' });
  const first = await open();
  await migrate(first);
  await createGate(first);
  const asking = await jobsOver(first, { runs: false });
  const { id } = await asking.enqueue('gated', 'test');
  for (const close of closers.splice(1).reverse()) await close();
  await first.close();

  const owner = new Worker(dataDir);
  await vi.waitFor(() => expect(owner.said('begun')).toBe(1), patience);
  await owner.kill();
  const second = await open();
  closers.push(() => second.close());
  await openGate(second);
  // Whoever waited for a lock to be free would wait for ever.
  const jobs = await jobsOver(second, { settings: { ...gatedSettings, takeoverMs: 3_600_000 } });
  await vi.waitFor(
    async () => expect(await stateOf(jobs)).toMatchObject({ last_run: { id, outcome: 'done', attempt: 2 } }),
    patience,
  );
  expect(await marksOf(second)).toEqual([
    `begun:${owner.pid}`,
    `begun:${process.pid}`,
    `ended:${process.pid}`,
  ]);
});

it('the built service takes a run over with the settings that it has', { timeout: 120_000 }, async () => {
  requireBuilt();
  const database = await freshDatabase();
  closers.push(() => database.drop());
  const redis = await startRedis();
  closers.push(() => redis.stop());
  const directory = mkdtempSync(join(tmpdir(), 'stockroom-jobs-'));
  closers.push(() => rmSync(directory, { recursive: true }));
  const never = ['outcomes', 'retention', 'refresh', 'alerts'].map((job) => `${job}=0 0 1 1 *`).join('; ');
  const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, STOCKROOM_SCHEDULES: never };
  const serve = async (): Promise<{ service: Process; url: string }> => {
    const service = new Process(['start', '--port', '0'], env, directory);
    const gone = once(service.child, 'close');
    closers.push(async () => {
      service.child.kill('SIGKILL');
      await gone;
    });
    return { service, url: await service.until(({ out }) => /serves at (\S+)/.exec(out)?.[1]) };
  };
  const durable = await openServer({ url: database.url, schema: 'stockroom', poolMax: 2 });
  closers.push(() => durable.close());
  const owner = await serve();
  let other = owner;
  let id = '';
  // The job waits for a table while this is under way, in whichever process takes it.
  await durable.transaction(async (session) => {
    await session.query('lock table ai_recommendations in access exclusive mode');
    expect((await fetch(`${owner.url}/v1/jobs/outcomes/run`, { method: 'POST' })).status).toBe(202);
    await vi.waitFor(async () => {
      const state = await outcomesAt(owner.url);
      expect(state).toMatchObject({ state: 'running', last_run: { attempt: 1 } });
      id = state.last_run!.id;
    }, patience);
    other = await serve();
    const killedAt = performance.now();
    owner.service.child.kill('SIGKILL');
    await vi.waitFor(async () => {
      expect(await outcomesAt(other.url)).toMatchObject({ state: 'running', last_run: { id, attempt: 2 } });
    }, patience);
    process.stdout.write(
      `taken over ${Math.round(performance.now() - killedAt)} ms after its process was killed\n`,
    );
  });
  await vi.waitFor(async () => {
    expect(await outcomesAt(other.url)).toMatchObject({
      state: 'idle',
      last_run: {
        id,
        outcome: 'done',
        attempt: 2,
        process: expect.stringMatching(`:${other.service.child.pid}$`) as unknown,
      },
    });
  }, patience);
  expect(await endsOf(durable, id)).toMatchObject([{ state: 'completed', attempt: 1 }]);
});

async function outcomesAt(url: string): Promise<JobState> {
  const { items } = (await (await fetch(`${url}/v1/jobs`)).json()) as { items: JobState[] };
  return items.find(({ name }) => name === 'outcomes')!;
}

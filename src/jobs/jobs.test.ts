import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../test/support/stores.ts';
import { jobFailures } from '../core/job-diagnostics.ts';
import { openStores, type StoreSystem } from '../system/index.ts';
import type { JobDefinition } from './job.ts';
import { createJobs, type Jobs, type JobsOptions } from './jobs.ts';
import type { JobSettings } from './settings.ts';

/** Fast, and without patience for what is not to happen. */
const settings: Partial<JobSettings> = {
  pollMs: 100,
  maintenanceMs: 1_000,
  expiryMarginMs: 0,
  drainMs: 100,
  graceMs: 200,
};
const patience = { timeout: 20_000, interval: 50 };

function jobNamed(name: string, run: JobDefinition['run'], more: Partial<JobDefinition> = {}): JobDefinition {
  const time = { cron: '0 0 1 1 *', zone: 'UTC' };
  return { name, title: name, time, limitMs: 10_000, retries: 2, retryDelayMs: 0, run, ...more };
}

describe.each(storeKinds)('jobs on the %s tiers', (kind) => {
  let tiers: TestStores;
  let system: StoreSystem;
  const opened: Jobs[] = [];
  let failures: unknown[] = [];
  let deaf: () => void;

  beforeAll(async () => {
    tiers = await freshStores(kind);
    system = await openStores({ durable: tiers.durable, hot: tiers.hot });
  });
  afterAll(async () => {
    await system.close();
    await tiers.remove();
  });
  beforeEach(() => {
    failures = [];
    deaf = jobFailures.subscribe(({ error }) => void failures.push(error));
  });
  afterEach(async () => {
    for (const jobs of opened.splice(0)) await jobs.close();
    deaf();
    await tiers.durable.query('drop schema if exists stockroom_jobs cascade');
  });

  function open(definitions: JobDefinition[], more: Partial<JobsOptions> = {}): Jobs {
    const jobs = createJobs({ system, hot: tiers.hot, schedules: {}, settings, definitions, ...more });
    opened.push(jobs);
    return jobs;
  }

  it('run when they are asked for, once, and leave what they did', async () => {
    let runs = 0;
    const job = jobNamed('count', async () => {
      runs += 1;
      return { rows: 7 };
    });
    const [asked] = [open([job], { runs: false }), open([job])];
    expect(await asked.list()).toMatchObject([{ name: 'count', cron: '0 0 1 1 *', last_run: null }]);
    const { id } = await asked.enqueue('count', 'test');
    await vi.waitFor(async () => {
      const [state] = await asked.list();
      expect(state).toMatchObject({
        state: 'idle',
        last_run: { id, outcome: 'done', did: { rows: 7 }, attempt: 1 },
      });
      expect(Date.parse(state!.last_success_at!)).toBeGreaterThan(Date.now() - 60_000);
    }, patience);
    expect(runs).toBe(1);
    expect(failures).toEqual([]);
    await expect(asked.enqueue('other', 'test')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are tried again when they fail, as often as they may, with the reason', async () => {
    let runs = 0;
    const job = jobNamed('fail', async () => {
      runs += 1;
      throw Object.assign(new Error('no luck'), { code: 'EXAMPLE' });
    });
    const jobs = open([job]);
    await jobs.enqueue('fail', 'test');
    await vi.waitFor(async () => {
      expect(await jobs.list()).toMatchObject([
        {
          last_success_at: null,
          last_run: { outcome: 'failed', attempt: 3, error: { code: 'EXAMPLE', message: 'no luck' } },
        },
      ]);
    }, patience);
    expect(runs).toBe(3);
  });

  it('are ended when they take longer than they may', async () => {
    const job = jobNamed(
      'long',
      (_context, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve({ half: true }))),
      { limitMs: 500, retries: 0 },
    );
    const jobs = open([job]);
    const ran = await open([job], { runs: false }).runHere('long', 'test');
    expect(ran).toMatchObject({ outcome: 'failed', did: { half: true }, error: { code: 'UNAVAILABLE' } });
    expect(await jobs.list()).toMatchObject([{ last_run: { id: ran.id, outcome: 'failed' } }]);
  });

  it('run once at each of their times, however many processes see it come', async () => {
    await tiers.durable.query(
      'create table ticks (process int, run_at timestamptz default clock_timestamp())',
    );
    const tick = (process: number): JobDefinition =>
      jobNamed(
        'tick',
        async ({ system: { durable } }) => {
          await durable.query('insert into ticks (process) values ($1)', [process]);
          return {};
        },
        { time: { cron: '* * * * * *', zone: 'Asia/Kolkata' } },
      );
    const [first] = [1, 2, 3].map((process) => open([tick(process)]));
    const runs = async (): Promise<number> =>
      Number(
        (await tiers.durable.query<{ count: bigint }>('select count(*) as count from ticks')).rows[0]!.count,
      );
    await vi.waitFor(async () => expect(await runs()).toBeGreaterThanOrEqual(5), patience);
    for (const jobs of opened.splice(0)) await jobs.close();
    const { rows } = await tiers.durable.query<{ due: string; state: string }>(
      `select data ->> 'due' as due, state::text as state from stockroom_jobs.job where name = 'tick'`,
    );
    const done = rows.filter(({ state }) => state === 'completed');
    // Each run was for a time of its own, and each time had one row at the most.
    expect(new Set(rows.map(({ due }) => due)).size).toBe(rows.length);
    expect(await runs()).toBe(done.length);
    expect(first!.names).toEqual(['tick']);
    expect(failures).toEqual([]);
  });

  it('are handed back when their process stops, and begun again by another', async () => {
    const begun: string[] = [];
    const job = (process: string, ends: boolean): JobDefinition =>
      jobNamed('handed', async (_context, signal) => {
        begun.push(process);
        if (ends) return { by: process };
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        return {};
      });
    const first = open([job('first', false)]);
    await first.enqueue('handed', 'test');
    await vi.waitFor(() => expect(begun).toEqual(['first']), patience);
    await first.close();
    const second = open([job('second', true)]);
    await vi.waitFor(async () => {
      expect(await second.list()).toMatchObject([
        { last_run: { outcome: 'done', did: { by: 'second' }, attempt: 2 } },
      ]);
    }, patience);
    expect(begun).toEqual(['first', 'second']);
  });

  it('run one at a time; a run by hand waits for nobody and is refused while one is under way', async () => {
    let inside = 0;
    let most = 0;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const job = jobNamed('alone', async () => {
      most = Math.max(most, (inside += 1));
      await held;
      inside -= 1;
      return {};
    });
    const jobs = open([job]);
    await jobs.enqueue('alone', 'test');
    await vi.waitFor(() => expect(inside).toBe(1), patience);
    const second = await jobs.enqueue('alone', 'test');
    // Of those that wait there is one.
    expect(await jobs.enqueue('alone', 'test')).toEqual(second);
    await expect(open([job], { runs: false }).runHere('alone', 'test')).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await jobs.list()).toMatchObject([{ state: 'running', last_run: { outcome: 'running' } }]);
    release();
    await vi.waitFor(async () => {
      expect(await jobs.list()).toMatchObject([
        { state: 'idle', last_run: { id: second.id, outcome: 'done' } },
      ]);
    }, patience);
    expect(most).toBe(1);
  });
});

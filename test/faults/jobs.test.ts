import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { jobFailures } from '../../src/core/job-diagnostics.ts';
import { createJobs, type JobDefinition, type Jobs } from '../../src/jobs/index.ts';
import { outcomes } from '../../src/jobs/outcomes.ts';
import { openStores, type StoreSystem } from '../../src/system/index.ts';
import { type DurableTier, migrate } from '../../src/tiers/durable/index.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import { freshDatabase } from '../support/database.ts';
import { startLastingPostgres } from '../support/lasting-postgres.ts';

const CHILD = fileURLToPath(new URL('../support/jobs-child.js', import.meta.url));
const settings = { pollMs: 100, maintenanceMs: 1_000, drainMs: 500, graceMs: 500 };
const ONCE_A_YEAR = { cron: '0 0 1 1 *', zone: 'UTC' };
const patience = { timeout: 40_000, interval: 100 };

interface Opened {
  readonly durable: DurableTier;
  readonly system: StoreSystem;
  readonly jobs: (definitions: JobDefinition[]) => Jobs;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(url: string): Promise<Opened> {
  const durable = await openServer({ url, schema: 'stockroom', poolMax: 4 });
  closers.push(() => durable.close());
  await migrate(durable);
  const hot = createInProcessTier({ prefix: 'stockroom:' });
  const system = await openStores({ durable, hot });
  closers.push(() => system.close());
  const jobs = (definitions: JobDefinition[]): Jobs => {
    const opened = createJobs({ system, hot, schedules: {}, settings, definitions });
    closers.push(() => opened.close());
    return opened;
  };
  return { durable, system, jobs };
}

async function logDue({ system }: Opened, symbol: string): Promise<number | string> {
  const { recommendations, priceHistory } = system.stores;
  const candle = { time: '2026-11-16', open: 100, high: 106, low: 99, close: 104, volume: 1 };
  await priceHistory.put({ symbol, interval: '1d', candles: [candle] });
  const exits = { stop_loss_price: 95, target_price: 105 };
  const item = { symbol, recommendation: 'Buy', price: 100, score_blend: 60, exit_strategy: exits };
  const run = {
    universe: 'NIFTY50',
    mode: 'Intraday',
    generated_at: '2026-11-16T10:00:00+05:30',
    items: [item],
  };
  return (await recommendations.logRun(run)).items[0]!.id;
}

describe('a process that is killed in the middle of a job', () => {
  it('leaves it to another, which does the rest and nothing twice', async () => {
    const database = await freshDatabase();
    closers.push(() => database.drop());
    const opened = await open(database.url);
    const { system } = opened;
    const ids = [await logDue(opened, 'TCS'), await logDue(opened, 'INFY')];

    const child = spawn(process.execPath, [CHILD, database.url], { stdio: ['ignore', 'pipe', 'inherit'] });
    closers.push(async () => void child.kill('SIGKILL'));
    const gone = once(child, 'exit');
    await once(child.stdout, 'data');
    const first = await system.stores.recommendations.get(ids[0]!);
    expect(first).toMatchObject({ evaluated: true, exit_price: 105 });
    expect(await system.stores.recommendations.get(ids[1]!)).toMatchObject({ evaluated: false });
    child.kill('SIGKILL');
    await gone;

    const jobs = opened.jobs([{ ...outcomes, time: ONCE_A_YEAR }]);
    await vi.waitFor(async () => {
      expect(await jobs.list()).toMatchObject([
        {
          last_run: {
            outcome: 'done',
            attempt: 2,
            did: { recommendations: { evaluated: 1, pending: 0, not_due: 0 } },
          },
        },
      ]);
    }, patience);
    // What the killed one had committed is as it was.
    expect(await system.stores.recommendations.get(ids[0]!)).toEqual(first);
    expect(await system.stores.recommendations.get(ids[1]!)).toMatchObject({
      evaluated: true,
      exit_price: 105,
    });
  });
});

describe('PostgreSQL going away', () => {
  it('ends no process; the end of a run is noted, and the times go on, when it is back', async () => {
    const postgres = await startLastingPostgres();
    closers.push(() => postgres.remove());
    const { jobs: make } = await open(postgres.url);
    const failures: unknown[] = [];
    const deaf = jobFailures.subscribe(({ error }) => void failures.push(error));
    closers.push(async () => deaf());
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let [runs, ticks] = [0, 0];
    const more = { limitMs: 60_000, retries: 3, retryDelayMs: 0 };
    const heldJob: JobDefinition = {
      ...more,
      name: 'held',
      title: 'held',
      time: ONCE_A_YEAR,
      async run() {
        runs += 1;
        await held;
        return { done: true };
      },
    };
    const ticking: JobDefinition = {
      ...more,
      name: 'ticking',
      title: 'ticking',
      time: { cron: '* * * * * *', zone: 'UTC' },
      async run() {
        ticks += 1;
        return {};
      },
    };
    const jobs = make([heldJob, ticking]);
    await jobs.enqueue('held', 'test');
    await vi.waitFor(() => expect([runs, ticks > 0]).toEqual([1, true]), patience);

    await postgres.stop();
    release();
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(0), patience);
    await postgres.start();
    const before = ticks;
    await vi.waitFor(async () => {
      expect(ticks).toBeGreaterThan(before + 1);
      const state = (await jobs.list()).find(({ name }) => name === 'held');
      expect(state).toMatchObject({ state: 'idle', last_run: { outcome: 'done', did: { done: true } } });
    }, patience);
    expect(runs).toBe(1);
  });
});

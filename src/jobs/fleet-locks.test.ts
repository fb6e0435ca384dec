import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createGate, gated, gatedSettings, marksOf, openGate } from '../../test/support/jobs-gated.ts';
import { openStores, type StoreSystem } from '../system/index.ts';
import { type DurableTier, migrate, type Session } from '../tiers/durable/index.ts';
import { openServer } from '../tiers/durable/server/open-server.ts';
import { createInProcessTier } from '../tiers/hot/in-process/tier.ts';
import { FleetLocks } from './fleet-locks.ts';
import { createJobs, type Jobs } from './jobs.ts';
import { JobQueue } from './queue.ts';
import { jobDefaults } from './settings.ts';

const patience = { timeout: 20_000, interval: 50 };
const ours = { lockCheckMs: 50, lockLostMs: 500 };
const KEY = `hashtextextended('stockroom_jobs.run.gated', 0)`;

let database: TestDatabase;
let durable: DurableTier;
let system: StoreSystem;
const closers: (() => Promise<void>)[] = [];

const open = (poolMax: number): Promise<DurableTier> =>
  openServer({ url: database.url, schema: 'stockroom', poolMax });

beforeAll(async () => {
  database = await freshDatabase();
  durable = await open(6);
  await migrate(durable);
  system = await openStores({ durable, hot: createInProcessTier({ prefix: 'stockroom:' }) });
});
afterAll(async () => {
  await system.close();
  await durable.close();
  await database.drop();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Which connections hold locks of jobs. */
async function holders(): Promise<number[]> {
  const { rows } = await durable.query<{ pid: number }>(
    `select pid from pg_locks where locktype = 'advisory' and objsubid = 1 and granted
       and database = (select oid from pg_database where datname = current_database())`,
  );
  return rows.map(({ pid }) => pid);
}

/** Ends the connection that holds the lock, as a failover or an administrator does. */
async function cut(): Promise<void> {
  const pids = await holders();
  expect(pids).toHaveLength(1);
  await durable.query('select pg_terminate_backend($1)', [pids[0]!]);
}

/** Takes the lock as soon as its connection is cut, and keeps it while `meanwhile` goes on. */
async function usurp(meanwhile: (session: Session) => Promise<void>): Promise<void> {
  await durable.session(async (session) => {
    const waiting = session.query(`select pg_advisory_lock(${KEY})`);
    await vi.waitFor(async () => {
      expect((await durable.query('select from pg_locks where not granted')).count).toBe(1);
    }, patience);
    await cut();
    await waiting;
    await meanwhile(session);
    await session.query('select pg_advisory_unlock_all()');
  });
}

describe('the locks of a process', () => {
  const locksOf = (tier: DurableTier): FleetLocks => {
    const locks = new FleetLocks(tier, 'stockroom_jobs', ours);
    closers.push(() => locks.close());
    return locks;
  };

  it('are held by one at a time, and free again when they are released', async () => {
    const [one, other] = [locksOf(durable), locksOf(durable)];
    const lock = await one.take('gated');
    expect(lock?.lost.aborted).toBe(false);
    expect([await one.take('gated'), await other.take('gated')]).toEqual([undefined, undefined]);
    expect((await one.take('more'))?.job).toBe('more');
    await lock!.release();
    await expect(lock!.query('select 1')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect((await other.take('gated'))?.job).toBe('gated');
    expect(await one.take('gated')).toBeUndefined();
  });

  it('are given up when they are closed, and whoever held one is told', async () => {
    const [one, other] = [locksOf(durable), locksOf(durable)];
    const lock = await one.take('gated');
    await one.close();
    expect(lock!.lost.aborted).toBe(true);
    expect((await other.take('gated'))?.job).toBe('gated');
  });

  it('take one connection of the pool while there are any, and none otherwise', async () => {
    const tier = await open(2);
    closers.push(() => tier.close());
    const locks = locksOf(tier);
    const held = await Promise.all(['a', 'b', 'c'].map((job) => locks.take(job)));
    expect((await tier.query('select 1')).count).toBe(1);
    for (const lock of held) await lock!.release();
    await tier.session(() => tier.query('select 1'));
  });

  it('are taken anew when their connection is cut', async () => {
    const [one, other] = [locksOf(durable), locksOf(durable)];
    const lock = await one.take('gated');
    const backend = async () => (await lock!.query('select pg_backend_pid() as pid')).rows[0];
    const before = await backend();
    await cut();
    await vi.waitFor(async () => expect(await backend()).not.toEqual(before), patience);
    expect([lock!.lost.aborted, await other.take('gated')]).toEqual([false, undefined]);
  });

  it('are lost when another has them by then', async () => {
    const lock = await locksOf(durable).take('gated');
    await usurp(async () => {
      await vi.waitFor(() => expect(lock!.lost.aborted).toBe(true), patience);
      await expect(lock!.query('select 1')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    });
  });

  it('are refused where the pool has one connection: what runs would wait for itself', async () => {
    const tier = await open(1);
    closers.push(() => tier.close());
    await expect(locksOf(tier).take('gated')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/DATABASE_POOL_MAX/) as unknown,
    });
  });
});

describe('a run whose lock is cut', () => {
  let jobs: Jobs;

  beforeEach(async () => {
    await createGate(durable);
    const job = { ...gated(), retryDelayMs: 0 };
    const hot = createInProcessTier({ prefix: 'stockroom:' });
    jobs = createJobs({ system, hot, schedules: {}, definitions: [job], settings: gatedSettings });
    closers.push(async () => {
      await jobs.close();
      await durable.query('drop table gate, marks; drop schema stockroom_jobs cascade');
    });
    await jobs.enqueue('gated', 'test');
    await vi.waitFor(async () => expect(await marksOf(durable)).toEqual([`begun:${process.pid}`]), patience);
  });

  it('goes on when it has the lock again in time', async () => {
    const before = await holders();
    await cut();
    await vi.waitFor(async () => {
      const now = await holders();
      expect([now.length, now[0] === before[0]]).toEqual([1, false]);
    }, patience);
    await openGate(durable);
    await vi.waitFor(async () => {
      expect(await jobs.list()).toMatchObject([{ last_run: { outcome: 'done', attempt: 1 } }]);
    }, patience);
    expect(await marksOf(durable)).toEqual([`begun:${process.pid}`, `ended:${process.pid}`]);
  });

  it('is not noted by who had it before, once another has begun it anew', async () => {
    const queue = new JobQueue(durable, [gated()], { ...jobDefaults, ...gatedSettings }, false);
    closers.push(() => queue.close());
    await openGate(durable);
    await vi.waitFor(async () => expect(await jobs.list()).toMatchObject([{ state: 'idle' }]), patience);
    await jobs.close();
    const id = await queue.send('gated', {});
    const taken = (await queue.take('gated'))!;
    const attempt = (count: number) =>
      durable.query('update stockroom_jobs.job set retry_count = $2 where id = $1', [id!, count]);
    const state = async () =>
      (await durable.query('select state::text as state from stockroom_jobs.job where id = $1', [id!])).rows;
    await attempt(1);
    await queue.complete(taken, {});
    expect([await queue.fail(taken, {}), await state()]).toEqual([false, [{ state: 'active' }]]);
    await attempt(0);
    await queue.complete(taken, {});
    expect(await state()).toEqual([{ state: 'completed' }]);
    await taken.lock.release();
  });

  it('is told to end when another has the lock, and notes nothing while that is so', async () => {
    await usurp(async (session) => {
      await vi.waitFor(async () => expect(await marksOf(durable)).toContain(`told:${process.pid}`), patience);
      // Another begins it anew, and is done; then the lock is free, and the first tries again to note its end.
      await session.query(
        `update stockroom_jobs.job set retry_count = 1, state = 'completed', completed_on = now(), output = '{"did": {"by": 0}}'`,
      );
    });
    await openGate(durable);
    const next = await jobs.enqueue('gated', 'test');
    await vi.waitFor(async () => {
      expect(await jobs.list()).toMatchObject([
        { state: 'idle', last_run: { id: next.id, outcome: 'done' } },
      ]);
    }, patience);
    const { rows } = await durable.query(
      `select output -> 'did' as did, retry_count as attempt from stockroom_jobs.job order by started_on`,
    );
    expect(rows).toEqual([
      { did: { by: 0 }, attempt: 1 },
      { did: { by: process.pid }, attempt: 0 },
    ]);
  });
});

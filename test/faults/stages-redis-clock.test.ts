import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { followDirectory } from '../../src/migration/index.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { kill } from '../support/signals.ts';
import { authorityOf, bounded, FAULTY_STAGES, StageWorld } from '../support/stages.ts';

describe('Redis is gone while a store is', () => {
  let database: TestDatabase;
  let redis: Server;
  let world: StageWorld;
  beforeAll(async () => {
    database = await freshDatabase();
    redis = await startRedis();
    world = await StageWorld.open(database.url, { hot: redis.url });
  });
  afterAll(async () => {
    await world?.close();
    await redis?.stop();
    await database?.drop();
  });

  it.each(FAULTY_STAGES)('in %s: it is entered, and every write of the authority is taken', async (stage) => {
    await kill(redis);
    if (stage !== 'legacy') await world.move(stage);
    const authority = authorityOf(stage);
    for (let count = 0; count < 3; count++)
      expect(await world.write(authority)).toMatchObject({ code: 'ok' });
    if (stage !== 'legacy') {
      const other = await world.write(authority === 'old' ? 'new' : 'old');
      if (authority === 'old') expect(other).toMatchObject({ code: 'NOT_AUTHORITY' });
      else expect(other.message).toContain('takes no writes');
    }
    await world.agree();
    redis = await startRedis([], { port: redis.port });
    expect(await world.write(authority)).toMatchObject({ code: 'ok' });
    await world.agree();
    if (stage !== 'legacy') await world.oneAuthority(stage);
  });
});

/** The clock of this machine's processes of ours; PostgreSQL's own cannot be set here, nor the old application's: it says its times. */
describe('the clock is set back while a store is', () => {
  const BACK_MS = 3_600_000;
  let behindMs = 0;
  let database: TestDatabase;
  let world: StageWorld;
  beforeAll(async () => {
    database = await freshDatabase();
    world = await StageWorld.open(database.url);
  });
  let ticking: NodeJS.Timeout | undefined;
  afterEach(() => {
    clearInterval(ticking);
    vi.useRealTimers();
  });
  afterAll(async () => {
    await world?.close();
    await database?.drop();
  });

  /** From now on every process of ours is so much behind; timers go on. */
  function setBack(): void {
    const real = Date.now();
    // More each time than the time before.
    behindMs += BACK_MS;
    const sinceMs = performance.now();
    vi.useFakeTimers({ toFake: ['Date'] });
    const tick = (): void => void vi.setSystemTime(real - behindMs + (performance.now() - sinceMs));
    tick();
    ticking = setInterval(tick, 20);
  }

  it.each(FAULTY_STAGES)(
    'in %s: the order is that of the writes, and the next stage is reached',
    async (stage) => {
      const authority = authorityOf(stage);
      const write = (createdAt: string) =>
        authority === 'old' ? world.writeOld(createdAt) : world.writeNew();
      setBack();
      if (stage !== 'legacy') await bounded('the move', world.move(stage));
      expect(await write('2026-02-03 04:05:06')).toMatchObject({ code: 'ok' });
      expect(await write('2026-02-03 03:05:06')).toMatchObject({ code: 'ok' });
      expect(await write('2026-02-03 03:05:05')).toMatchObject({ code: 'ok' });
      await world.agree();
      if (stage !== 'legacy') await world.oneAuthority(stage);
    },
  );

  it('a second follower is refused as soon as with a clock that goes on', async () => {
    const second = followDirectory({ tier: world.tier, directory: world.old.path });
    const refused = expect(bounded('the second follower', second, 15_000)).rejects.toMatchObject({
      code: 'RUN_IN_PROGRESS',
    });
    // It waits for a killed one's connections to end, and the clock jumps meanwhile.
    await vi.waitFor(async () => {
      const { rows } = await world.tier.query<{ waits: boolean }>(
        "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory_lock%' AND state = 'idle') AS waits",
      );
      expect(rows[0]!.waits).toBe(true);
    });
    setBack();
    await refused;
  });
});

import { describe, expect, it } from 'vitest';
import { createHotState } from '../../src/tiers/state/index.ts';
import { withRedis } from '../support/redis-commands.ts';
import { startRedis } from '../support/servers.ts';
import { kill, pause, resume } from '../support/signals.ts';
import { eventually, FAMILY, faultWorld, NEVER, numbered, up } from './state-support.ts';

describe('Redis', () => {
  const world = faultWorld();

  it('is killed and comes back empty: every value is there', async () => {
    const [here, there] = [await world.handle(), await world.handle()];
    await here.putMany(FAMILY, numbered(50));
    await here.flush();
    await here.put(FAMILY, 'queued', 'still');
    await world.restartRedis();
    await up(here, there);
    for (const [key, value] of numbered(50)) expect(await there.get(FAMILY, key)).toBe(value);
    expect(await here.get(FAMILY, 'queued')).toBe('still');
    await here.flush();
    expect(await there.get(FAMILY, 'queued')).toBe('still');
  });

  it('is away: values are written through, read from PostgreSQL, and come back into it', async () => {
    const [here, there] = [await world.handle(), await world.handle()];
    await here.put(FAMILY, 'a', 'before', { lifeMs: 600_000 });
    await here.put(FAMILY, 'b', 'before');
    await here.flush();
    await kill(world.redis);
    await there.put(FAMILY, 'a', 'while it was away', { lifeMs: 600_000 });
    expect(await world.stored()).toEqual({ a: 'while it was away', b: 'before' });
    expect(await here.get(FAMILY, 'a')).toBe('while it was away');
    expect(await here.touch(FAMILY, 'a', 900_000)).toBe(true);
    expect(await here.delete(FAMILY, 'b')).toBe(true);
    expect(await there.delete(FAMILY, 'b')).toBe(false);
    expect(await there.get(FAMILY, 'b')).toBeUndefined();
    world.redis = await startRedis([], { port: world.redis.port });
    await up(here, there);
    for (const process of [here, there]) {
      await eventually(async () => {
        expect(await process.get(FAMILY, 'a')).toBe('while it was away');
        expect(await process.hot.states.read(`${process.hot.prefix}state:${FAMILY}:a`)).toMatchObject({
          believed: true,
          body: '"while it was away"',
        });
      });
      expect(await process.get(FAMILY, 'b')).toBeUndefined();
    }
  });

  it('is away while PostgreSQL has a version ahead of every clock: the put wins all the same', async () => {
    const [here, there] = [await world.handle(), await world.handle()];
    await world.durable.query(
      `insert into hot_state (family, key, value, version) values ($1, 'a', '"ahead"', $2)`,
      [FAMILY, (Date.now() + 3_600_000) * 1_000],
    );
    await kill(world.redis);
    await there.put(FAMILY, 'a', 'first');
    expect(await world.stored()).toEqual({ a: 'first' });
    world.redis = await startRedis([], { port: world.redis.port });
    await up(here, there);
    expect(await here.get(FAMILY, 'a')).toBe('first');
    // Who has seen a version is above it from then on.
    await here.put(FAMILY, 'a', 'second');
    await here.flush();
    expect(await world.stored()).toEqual({ a: 'second' });
    await eventually(async () => expect(await there.get(FAMILY, 'a')).toBe('second'));
  });

  it('cannot be reached by one process: what it holds there is dropped once it can', async () => {
    const { proxy, url } = await world.proxyTo(world.redis.url);
    const [cut, other] = [await world.handle(NEVER, { url }), await world.handle()];
    await cut.put(FAMILY, 'a', 'old');
    await cut.flush();
    proxy.refuse();
    await cut.put(FAMILY, 'a', 'new');
    expect(await cut.get(FAMILY, 'a')).toBe('new');
    expect(await world.stored()).toEqual({ a: 'new' });
    proxy.heal();
    await eventually(async () => expect(await other.get(FAMILY, 'a')).toBe('new'));
    await up(cut);
    expect(await cut.get(FAMILY, 'a')).toBe('new');
  });

  it('has an older value when its writer ended without reaching it: no touch makes that win', async () => {
    const { proxy, url } = await world.proxyTo(world.redis.url);
    const trusting = await world.handle();
    const cut = await world.mortal(url);
    await cut.put(FAMILY, 'a', 'old', { lifeMs: 300_000 });
    await cut.flush();
    proxy.refuse();
    await cut.put(FAMILY, 'a', 'new', { lifeMs: 300_000 });
    await cut.close();
    expect(await trusting.get(FAMILY, 'a')).toBe('old');
    // A touch of the old copy does not make it win.
    expect(await trusting.touch(FAMILY, 'a', 600_000)).toBe(true);
    await trusting.flush();
    expect(await world.stored()).toEqual({ a: 'new' });
    expect(await trusting.get(FAMILY, 'a')).toBe('new');
  });

  it('has an older value: whoever compares finds it out', async () => {
    const { proxy, url } = await world.proxyTo(world.redis.url);
    const comparing = await world.handle({ ...NEVER, trustMs: 0 });
    const trusting = await world.handle();
    const cut = await world.mortal(url);
    await cut.put(FAMILY, 'a', 'old');
    await cut.flush();
    proxy.refuse();
    await cut.put(FAMILY, 'a', 'new');
    await cut.close();
    expect(await trusting.get(FAMILY, 'a')).toBe('old');
    expect(await comparing.get(FAMILY, 'a')).toBe('new');
    expect(await trusting.get(FAMILY, 'a')).toBe('new');
  });

  it('is suspended: what it carries out late does not win', async () => {
    const [here, there] = [await world.handle(), await world.handle()];
    await here.put(FAMILY, 'a', 'first');
    await here.flush();
    pause(world.redis);
    // The first one is on its way when it times out; Redis has it in its socket.
    await here.put(FAMILY, 'a', 'second');
    await there.put(FAMILY, 'a', 'third');
    expect(await world.stored()).toEqual({ a: 'third' });
    resume(world.redis);
    await up(here, there);
    for (const process of [here, there]) {
      await eventually(async () => expect(await process.get(FAMILY, 'a')).toBe('third'));
      await process.flush();
    }
    expect(await world.stored()).toEqual({ a: 'third' });
  });

  it('evicts everything: every value is there', async () => {
    await world.redis.stop();
    world.redis = await startRedis(['--maxmemory', '3mb', '--maxmemory-policy', 'allkeys-lru']);
    const [here, there] = [await world.handle(), await world.handle()];
    const values = numbered(200);
    await here.putMany(FAMILY, values);
    await here.flush();
    // Others fill the memory, until nothing of ours is left.
    const ours = `${here.hot.prefix}state:*`;
    await withRedis(world.redis.port, async (send) => {
      const filler = 'x'.repeat(10_000);
      for (let count = 0; (await send<string[]>('KEYS', ours)).length > 0; count += 1) {
        const fill = Array.from({ length: 50 }, (_, at) => send('SET', `filler:${count}:${at}`, filler));
        await Promise.all(fill);
      }
    });
    const read = await Promise.all(values.map(([key]) => there.get(FAMILY, key)));
    expect(read).toEqual(values.map(([, value]) => value));
  });

  it('comes back from an old snapshot: PostgreSQL decides, and gets what it never had', async () => {
    const [here, there] = [await world.handle(), await world.handle()];
    const keys = ['old', 'new'].map((key) => `${here.hot.prefix}state:${FAMILY}:${key}`);
    await here.put(FAMILY, 'old', 1);
    await here.put(FAMILY, 'new', 1);
    await here.flush();
    const [old] = await withRedis(world.redis.port, (send) => send<string[]>('MGET', ...keys));
    await here.put(FAMILY, 'old', 2);
    await here.flush();
    // The process that put it was killed before it was flushed.
    const killed = createHotState({
      hot: here.hot,
      durable: world.durable,
      settings: NEVER,
    });
    await killed.put(FAMILY, 'new', 2);
    const [, newer] = await withRedis(world.redis.port, (send) => send<string[]>('MGET', ...keys));
    await world.restartRedis();
    await withRedis(world.redis.port, (send) => send('MSET', keys[0]!, old!, keys[1]!, newer!));
    await up(here, there);
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await there.get(FAMILY, 'old')).toBe(2);
      expect(await there.get(FAMILY, 'new')).toBe(2);
    }
    await there.flush();
    expect(await world.stored()).toEqual({ old: 2, new: 2 });
    await killed.close();
  });
});

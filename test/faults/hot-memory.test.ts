import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askRedis } from '../support/redis-commands.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { Fleet, startLoad } from './hot-support.ts';

const KEYS = 300;

describe('a Redis without memory', () => {
  let server: Server;
  let fleet: Fleet;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    await stop?.();
    await fleet?.close();
    await server?.stop();
  });

  const configure = (name: string, value: string): Promise<unknown> =>
    askRedis(server.port, 'CONFIG', 'SET', name, value);

  async function memoryUsed(): Promise<number> {
    return Number(/^used_memory:(\d+)/m.exec(await askRedis<string>(server.port, 'INFO', 'memory'))![1]);
  }

  async function evicted(): Promise<number> {
    return Number(/^evicted_keys:(\d+)/m.exec(await askRedis<string>(server.port, 'INFO', 'stats'))![1]);
  }

  async function underLoad(): Promise<void> {
    fleet = await Fleet.open({ redis: [server.url, server.url], keys: KEYS, padBytes: 2_000 });
    stop = startLoad(fleet);
    await delay(500);
  }

  async function allWell(): Promise<ReturnType<Fleet['verify']>> {
    await delay(1_000);
    await stop();
    await fleet.recovered(server.url);
    return fleet.verify();
  }

  it('refuses writes: reads go on, and nothing that was refused is believed', async () => {
    await underLoad();
    await configure('maxmemory-policy', 'noeviction');
    await configure('maxmemory', String((await memoryUsed()) + 20_000));
    await delay(1_500);
    await configure('maxmemory', String(1_000_000)); // Less than it has: everything is refused.
    await delay(1_500);
    await configure('maxmemory', '0');
    expect((await allWell()).refused).toBeGreaterThan(0);
  });

  it('evicts all the time: nothing but misses', async () => {
    await underLoad();
    const before = await evicted();
    await configure('maxmemory-policy', 'allkeys-lru');
    await configure('maxmemory-samples', '1');
    await configure('maxmemory', String((await memoryUsed()) - 300_000));
    await delay(2_500);
    const during = await evicted();
    await configure('maxmemory', '0');
    const figures = await allWell();
    expect(during - before).toBeGreaterThan(KEYS);
    expect(figures.acknowledged).toBeGreaterThan(0);
  });
});

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomFaults, startTcpProxy, type TcpProxy } from '../../src/testing/index.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { Fleet, LONG, startLoad } from './hot-support.ts';

const SEEDS = LONG ? Array.from({ length: 20 }, (_, seed) => seed) : [1];
const LASTS_MS = LONG ? 15_000 : 6_000;

describe('random faults of the network', () => {
  let server: Server;
  let proxies: TcpProxy[];
  let fleet: Fleet;

  beforeEach(async () => {
    server = await startRedis();
    const target = { host: '127.0.0.1', port: server.port };
    proxies = await Promise.all([startTcpProxy({ target }), startTcpProxy({ target })]);
  });
  afterEach(async () => {
    await fleet?.close();
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await server?.stop();
  });

  it.each(SEEDS)('seed %i: no wrong value, nobody waits too long, all recover', async (seed) => {
    const urls = [...proxies.map(({ port }) => `redis://127.0.0.1:${port}`), server.url];
    fleet = await Fleet.open({ redis: urls, keys: 60 });
    const stop = startLoad(fleet);
    const faults = proxies.map((proxy, at) =>
      randomFaults(proxy, { seed: seed * 2 + at, everyMs: [300, 3_500] }),
    );
    await delay(LASTS_MS);
    await Promise.all(faults.map((each) => each.stop()));
    await delay(1_500);
    await stop();
    const told = faults.map(({ log }) => log.map(({ atMs, fault }) => `${Math.round(atMs)}: ${fault}`));
    try {
      await fleet.recovered(server.url);
      fleet.verify();
    } catch (error) {
      throw new Error(`after ${JSON.stringify(told)}`, { cause: error });
    }
    expect(told.flat().length).toBeGreaterThan(0);
  });
});

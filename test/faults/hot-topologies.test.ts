import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RedisConfig } from '../../src/core/config.ts';
import { slotOf } from '../../src/tiers/hot/redis/slots.ts';
import { askRedis } from '../support/redis-commands.ts';
import {
  kill,
  type RedisCluster,
  type RedisSentinelSet,
  startRedisCluster,
  startRedisSentinel,
} from '../support/redis-topologies.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { onFreePort } from '../support/supervised.ts';
import { Fleet, leave, LONG, type Member, startLoad } from './hot-support.ts';

const NOT_MARKED = 'not the one with marks of the namespace';
const login = { username: undefined, password: undefined, tls: false };
let fleet: Fleet | undefined;
let stop: (() => Promise<void>) | undefined;

async function allWell(redis: RedisConfig): Promise<void> {
  await delay(1_500);
  await stop?.();
  await fleet!.recovered(redis);
  fleet!.verify();
}

async function end(): Promise<void> {
  await stop?.();
  await fleet?.close();
}

describe('a Cluster', () => {
  let cluster: RedisCluster;

  afterEach(async () => {
    await end();
    await cluster?.stop();
  });

  async function start(replicas: number, prefix?: string): Promise<RedisConfig> {
    // Otherwise all masters refuse everything while slots of one of them have no owner.
    cluster = await startRedisCluster({ replicas, args: ['--cluster-require-full-coverage', 'no'] });
    const redis: RedisConfig = { kind: 'cluster', nodes: cluster.endpoints, ...login };
    fleet = await Fleet.open({
      redis: [redis, redis],
      keys: 90,
      ...(prefix === undefined ? {} : { prefix }),
    });
    stop = startLoad(fleet);
    await delay(500);
    return redis;
  }

  /** Ports of the masters by slot. */
  async function owners(): Promise<(key: string) => number> {
    type Range = [from: number, to: number, [host: string, port: number]];
    const ranges = await askRedis<Range[]>(cluster.endpoints[0]!.port, 'CLUSTER', 'SLOTS');
    return (key) => ranges.find(([from, to]) => from <= slotOf(key) && slotOf(key) <= to)![2][1];
  }

  /** Together with a key whose master is gone, one whose master is there is read from there. */
  async function readBoth(isGone: (key: string) => boolean): Promise<void> {
    const stranger = await fleet!.join({ kind: 'cluster', nodes: cluster.endpoints, ...login }, 9);
    const gone = fleet!.keys.find(isGone)!;
    const there = fleet!.keys.find((key, at) => !isGone(key) && fleet!.writerOf(at).index === 0)!;
    await vi.waitFor(
      async () => {
        const [, read] = await fleet!.getMany(stranger, [gone, there]);
        expect(read!.version).toBeGreaterThan(0);
      },
      { timeout: 1_000, interval: 20 },
    );
    await leave(stranger);
  }

  it.each([NOT_MARKED, ...(LONG ? ['the one with marks of the namespace'] : [])])(
    'loses a master, %s, and a replica takes over',
    async (which) => {
      const redis = await start(1);
      const base = `${fleet!.prefix}c:${fleet!.name}:`;
      const ownerOf = await owners();
      const marked = new Set([ownerOf(`${base}:all`), ownerOf(`${base}:tags`)]);
      const masters = cluster.nodes.filter(({ role }) => role === 'master');
      const { server } = masters.find(({ server }) => marked.has(server.port) === (which !== NOT_MARKED))!;
      const killedAt = performance.now();
      await kill(server);
      if (which === NOT_MARKED) await readBoth((key) => ownerOf(base + key) === server.port);
      await cluster.settled();
      const settledAt = performance.now();
      await allWell(redis);
      const meanwhile = fleet!.history.calls.filter(
        ({ operation, start, end }) => operation === 'set' && start > killedAt + 600 && end < settledAt,
      );
      const others = meanwhile.filter(({ key }) => ownerOf(base + key) !== server.port);
      const acknowledged = others.filter((call) => call.acknowledged).length;
      if (which === NOT_MARKED) expect(acknowledged / others.length).toBeGreaterThan(0.9);
    },
  );

  it('moves a slot with all keys to another master and back, while they are used', async () => {
    const redis = await start(0, 'faults{one-slot}:');
    const slot = slotOf('faults{one-slot}:');
    const home = await cluster.ownerOf(slot);
    const away = cluster.nodes.find(({ server }) => server.port !== home)!.server.port;
    for (const port of [away, home]) await cluster.moveSlot(slot, port, { betweenKeys: () => delay(40) });
    await allWell(redis);
  });
});

describe('a Cluster that grows', () => {
  let cluster: RedisCluster;
  let newcomer: Server;

  afterEach(async () => {
    await end();
    await newcomer?.stop();
    await cluster?.stop();
  });

  /** A master without slots, which no list of slots names. */
  async function join(): Promise<string> {
    const settings = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
    newcomer = await onFreePort((bus) => startRedis([...settings, '--cluster-port', String(bus)]));
    const { port } = cluster.endpoints[0]!;
    const { 'cluster-port': bus = '' } = await askRedis<Record<string, string>>(
      port,
      'CONFIG',
      'GET',
      'cluster-port',
    );
    await askRedis(newcomer.port, 'CLUSTER', 'MEET', '127.0.0.1', String(port), bus);
    const state = (): Promise<string> => askRedis<string>(newcomer.port, 'CLUSTER', 'INFO');
    await expect.poll(state, { timeout: 20_000 }).toMatch(/cluster_state:ok[^]*cluster_known_nodes:4/);
    return askRedis(newcomer.port, 'CLUSTER', 'MYID');
  }

  it('has half of the keys of a slot on a server that no list of slots names yet', async () => {
    cluster = await startRedisCluster();
    const redis: RedisConfig = { kind: 'cluster', nodes: cluster.endpoints, ...login };
    const id = await join();
    const grown = await Fleet.open({ redis: [redis, redis], keys: 60, prefix: 'faults{new-home}:' });
    fleet = grown;
    await grown.readAll();
    const slot = String(slotOf('faults{new-home}:'));
    const homePort = await cluster.ownerOf(Number(slot));
    const home = cluster.nodes.find(({ server }) => server.port === homePort)!;
    await askRedis(newcomer.port, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', home.id);
    await askRedis(homePort, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', id);
    const keys = await askRedis<string[]>(homePort, 'CLUSTER', 'GETKEYSINSLOT', slot, '1000');
    const half = keys.filter((key, at) => at % 2 === 0 && !key.endsWith(':all'));
    await askRedis(homePort, 'MIGRATE', '127.0.0.1', String(newcomer.port), '', '0', '5000', 'KEYS', ...half);
    const [reader, writer] = grown.members as [Member, Member];
    // One write a key now and then: what nobody is told of stays.
    for (let at = 0; at < 2 * grown.keys.length; at += 1) {
      const key = grown.keys[at % grown.keys.length]!;
      // The first call to the newcomer also connects to it, which on a busy machine takes longer than a call may.
      await vi.waitFor(
        async () => expect(await grown.set(writer, key)).toMatchObject({ acknowledged: true }),
        {
          timeout: 10_000,
          interval: 25,
        },
      );
      await delay(25);
      await Promise.all(grown.keys.map((each) => grown.get(reader, each)));
    }
    const rest = await askRedis<string[]>(homePort, 'CLUSTER', 'GETKEYSINSLOT', slot, '1000');
    await askRedis(homePort, 'MIGRATE', '127.0.0.1', String(newcomer.port), '', '0', '5000', 'KEYS', ...rest);
    await askRedis(newcomer.port, 'CLUSTER', 'SETSLOT', slot, 'NODE', id);
    await askRedis(homePort, 'CLUSTER', 'SETSLOT', slot, 'NODE', id);
    stop = startLoad(grown);
    await allWell(redis);
  });
});

describe('Sentinels', () => {
  let set: RedisSentinelSet;

  afterEach(async () => {
    await end();
    await set?.stop();
  });

  async function start(): Promise<RedisConfig> {
    set = await startRedisSentinel();
    const sentinels = set.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
    const redis: RedisConfig = { kind: 'sentinel', sentinels, master: set.master, db: 0, ...login };
    fleet = await Fleet.open({ redis: [redis, redis], keys: 60 });
    stop = startLoad(fleet);
    await delay(500);
    return redis;
  }

  it('make a replica the master, and in the long run back, while they are used', async () => {
    const redis = await start();
    for (let count = 0; count < (LONG ? 4 : 1); count += 1) {
      const old = await set.masterPort();
      await set.failover();
      await delay(1_500);
      expect(await set.masterPort()).not.toBe(old);
      expect(await askRedis(old, 'ROLE')).toMatchObject({ 0: 'slave' });
    }
    await allWell(redis);
  });

  it('replace a killed master', async () => {
    const redis = await start();
    const old = await set.masterPort();
    await kill(set.data.find(({ port }) => port === old)!);
    await expect.poll(() => set.masterPort(), { timeout: 20_000 }).not.toBe(old);
    await allWell(redis);
    expect(await askRedis(await set.masterPort(), 'ROLE')).toMatchObject({ 0: 'master' });
  });
});

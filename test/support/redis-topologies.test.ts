import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { createClient, createCluster } from 'redis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { askRedis, ifAnswers } from './redis-commands.ts';
import {
  kill,
  pause,
  type RedisCluster,
  resume,
  startRedisCluster,
  startRedisSentinel,
  startRedisTls,
} from './redis-topologies.ts';
import { startRedis } from './servers.ts';

const cleanups: (() => unknown)[] = [];
const track = async <T extends { stop(): Promise<void> }>(start: Promise<T>): Promise<T> => {
  const started = await start;
  cleanups.push(() => started.stop());
  return started;
};

afterEach(async () => {
  // The clients, which came later, go first.
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function clusterClient(cluster: RedisCluster) {
  const client = createCluster({
    rootNodes: cluster.endpoints.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
  });
  client.on('error', () => undefined); // A node is killed in some of the tests.
  await client.connect();
  cleanups.push(() => client.destroy());
  return client;
}

const slotOf = (port: number, key: string): Promise<number> => askRedis(port, 'CLUSTER', 'KEYSLOT', key);
const keysInSlot = (port: number, slot: number): Promise<number> =>
  askRedis(port, 'CLUSTER', 'COUNTKEYSINSLOT', String(slot));

/** The ports of the masters, that of the slot's owner first. */
async function mastersFrom(cluster: RedisCluster, slot: number): Promise<[owner: number, other: number]> {
  const owner = await cluster.ownerOf(slot);
  const masters = cluster.nodes.filter(({ role }) => role === 'master').map(({ server }) => server.port);
  const other = masters.find((port) => port !== owner);
  if (other === undefined) throw new Error('the cluster has one master');
  return [owner, other];
}

describe('startRedisCluster', () => {
  it('starts three masters that share the slots, and stops them without a trace', async () => {
    const cluster = await track(startRedisCluster());
    expect(cluster.nodes.map(({ role }) => role)).toEqual(['master', 'master', 'master']);
    const ports = cluster.endpoints.map(({ port }) => port);
    expect(cluster.env.REDIS_CLUSTER_NODES).toBe(ports.map((port) => `127.0.0.1:${port}`).join(','));
    expect(await Promise.all([0, 8_000, 16_383].map((slot) => cluster.ownerOf(slot)))).toEqual(ports);
    const client = await clusterClient(cluster);
    const keys = Array.from({ length: 60 }, (_, index) => `key:${index}`);
    await Promise.all(keys.map((key) => client.set(key, `value of ${key}`)));
    const sizes = await Promise.all(ports.map((port) => askRedis<number>(port, 'DBSIZE')));
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(60);
    expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(
      keys.map((key) => `value of ${key}`),
    );
    await cluster.stop();
    expect(cluster.nodes.filter(({ server }) => existsSync(server.directory))).toEqual([]);
  });

  it('moves a slot while a client works with its keys, and loses none', async () => {
    const cluster = await track(startRedisCluster());
    const client = await clusterClient(cluster);
    const keys = Array.from({ length: 50 }, (_, index) => `{moving}:${index}`);
    const expected = new Map(keys.map((key) => [key, 'before']));
    await Promise.all(keys.map((key) => client.set(key, 'before')));
    const slot = await slotOf(cluster.endpoints[0]!.port, '{moving}');
    const [owner, other] = await mastersFrom(cluster, slot);
    const splits: [number, number][] = [];
    await cluster.moveSlot(slot, other, {
      betweenKeys: async () => {
        splits.push([await keysInSlot(owner, slot), await keysInSlot(other, slot)]);
        const round = splits.length;
        expected
          .set(`{moving}:new:${round}`, 'new')
          .set(keys[round]!, 'rewritten')
          .set(keys[49 - round]!, 'too');
        for (const [key, value] of expected) if (value !== 'before') await client.set(key, value);
        for (const [key, value] of expected) expect(await client.get(key)).toBe(value);
      },
    });
    expect(splits.filter(([left, moved]) => left > 0 && moved > 0).length).toBeGreaterThan(5);
    expect(await cluster.ownerOf(slot)).toBe(other);
    expect(await keysInSlot(owner, slot)).toBe(0);
    expect(await keysInSlot(other, slot)).toBe(expected.size);
    for (const [key, value] of expected) expect(await client.get(key)).toBe(value);
    await cluster.settled();
  });

  it('goes on with a slot whose move was broken off', async () => {
    const cluster = await track(startRedisCluster());
    const slot = await slotOf(cluster.endpoints[0]!.port, '{moving}');
    const [owner, other] = await mastersFrom(cluster, slot);
    const client = await clusterClient(cluster);
    for (let index = 0; index < 20; index += 1) await client.set(`{moving}:${index}`, 'kept');
    const betweenKeys = (): Promise<void> => Promise.reject(new Error('broken off'));
    await expect(cluster.moveSlot(slot, other, { betweenKeys })).rejects.toThrow('broken off');
    expect(await cluster.ownerOf(slot)).toBe(owner);
    expect(await keysInSlot(owner, slot)).toBeLessThan(20);
    await cluster.moveSlot(slot, other);
    expect(await cluster.ownerOf(slot)).toBe(other);
    expect(await keysInSlot(other, slot)).toBe(20);
  });

  it('has a replica take over from a killed master, and another from a suspended one', async () => {
    const cluster = await track(startRedisCluster({ replicas: 1 }));
    const slot = await slotOf(cluster.endpoints[0]!.port, 'key');
    const [owner, other] = await mastersFrom(cluster, slot);
    const nodeAt = (port: number) => cluster.nodes.find(({ server }) => server.port === port)!;
    const client = await clusterClient(cluster);
    await client.set('key', 'value');
    await vi.waitFor(async () => {
      const [, offset, [replica]] = await askRedis<[string, number, string[][]]>(owner, 'ROLE');
      expect(Number(replica?.[2])).toBe(offset);
    }, 10_000);
    await kill(nodeAt(owner).server);
    await cluster.settled();
    const successor = await cluster.ownerOf(slot);
    expect(nodeAt(successor).role).toBe('replica');
    expect(await (await clusterClient(cluster)).get('key')).toBe('value');

    const suspended = nodeAt(other).server;
    const theirs = cluster.nodes.findIndex(({ server }) => server === suspended) * 5_461 + 1;
    expect(await cluster.ownerOf(theirs)).toBe(other);
    pause(suspended);
    await cluster.settled();
    expect(await cluster.ownerOf(theirs)).not.toBe(other);
    resume(suspended);
    await cluster.settled();
    expect(await askRedis(other, 'ROLE')).toContain('slave');
  });
});

describe('startRedisSentinel', () => {
  it('changes the master when told to, twice', async () => {
    const set = await track(startRedisSentinel());
    const [first, second] = set.data.map(({ port }) => port);
    expect(set.env.REDIS_SENTINEL_MASTER).toBe('main');
    expect(set.env.REDIS_SENTINELS).toBe(set.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','));
    expect(await set.masterPort()).toBe(first);
    await askRedis(first!, 'SET', 'key', 'value');
    await set.failover();
    expect(await set.masterPort()).toBe(second);
    expect(await askRedis(second!, 'ROLE')).toContain('master');
    expect(await askRedis(second!, 'GET', 'key')).toBe('value');
    await set.failover();
    expect(await set.masterPort()).toBe(first);
    await set.stop();
    expect([...set.data, ...set.sentinels].filter(({ directory }) => existsSync(directory))).toEqual([]);
  });

  it('changes the master when it is killed', async () => {
    const set = await track(startRedisSentinel({ replicas: 2, master: 'other-name' }));
    const [first] = set.data;
    expect(await set.masterPort()).toBe(first!.port);
    await kill(first!);
    await vi.waitFor(async () => expect(await set.masterPort()).not.toBe(first!.port), 30_000);
    const port = await set.masterPort();
    await vi.waitFor(async () => expect(await askRedis(port, 'ROLE')).toContain('master'), 30_000);
  });
});

describe('startRedisTls', () => {
  it('answers those who trust its certificate, and nobody in plain text', async () => {
    const server = await track(startRedisTls());
    const connect = async (url: string, ca?: string): Promise<string> => {
      const tls = { tls: true as const, ...(ca === undefined ? {} : { ca }) };
      const client = createClient({ url, socket: { ...tls, reconnectStrategy: false } });
      client.on('error', () => undefined); // `connect` rejects as well.
      try {
        await client.connect();
        return await client.ping();
      } finally {
        if (client.isOpen) client.destroy();
      }
    };
    expect(server.url).toBe(`rediss://127.0.0.1:${server.port}`);
    expect(await connect(server.url, server.ca)).toBe('PONG');
    expect(await connect(`rediss://localhost:${server.port}`, server.ca)).toBe('PONG');
    await expect(connect(server.url)).rejects.toThrow(/self-signed certificate/);
    const plain = createConnection({ host: '127.0.0.1', port: server.port });
    plain.on('error', () => undefined); // The server may hang up before it read everything.
    plain.write('PING\r\n');
    let answer = '';
    plain.on('data', (data) => {
      answer += data.toString('latin1');
    });
    await vi.waitFor(() => expect(plain.destroyed).toBe(true), 10_000);
    expect(answer).not.toContain('PONG');
    await server.stop();
    expect(existsSync(server.caFile)).toBe(false);
  });
});

describe('kill, pause and resume', () => {
  it('kill one server and no other, and stop is content with that', async () => {
    const [one, two] = await Promise.all([track(startRedis()), track(startRedis())]);
    await kill(one);
    expect(existsSync(one.directory)).toBe(false);
    await expect(askRedis(one.port, 'PING')).rejects.toThrow(/ECONNREFUSED/);
    expect(await askRedis(two.port, 'PING')).toBe('PONG');
    await one.stop();
    await kill(one);
    expect(() => pause(one)).toThrow('the server has ended');
    expect(await askRedis(two.port, 'PING')).toBe('PONG');
    pause(two);
    await kill(two);
    expect(existsSync(two.directory)).toBe(false);
  });

  it('suspend a server and let it go on', async () => {
    const server = await track(startRedis());
    pause(server);
    expect(await ifAnswers(server.port, (send) => send('PING'))).toBeUndefined();
    resume(server);
    expect(await askRedis(server.port, 'PING')).toBe('PONG');
    pause(server);
    await server.stop();
    expect(existsSync(server.directory)).toBe(false);
  });
});

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { askRedis } from '../../../../test/support/redis-commands.ts';
import { pause, resume, startRedisCluster } from '../../../../test/support/redis-topologies.ts';
import { type Server, startRedis } from '../../../../test/support/servers.ts';
import { createInProcessTier } from '../in-process/tier.ts';
import { type HotTier, openHot } from '../index.ts';
import { figuresOf } from './figures.ts';

describe('the servers of a hot tier', () => {
  let server: Server;
  let replica: Server;
  let hot: HotTier;

  beforeAll(async () => {
    server = await startRedis(['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru']);
    replica = await startRedis(['--replicaof', `127.0.0.1 ${server.port}`]);
    hot = await openHot({ redis: server.url });
  });
  afterAll(async () => {
    await hot?.close();
    await replica?.stop();
    await server?.stop();
  });
  const only = async () => {
    const [found, ...more] = await hot.servers();
    expect([found!.location, more]).toEqual([`127.0.0.1:${server.port}`, []]);
    return found!.figures;
  };

  it('tell of their memory, their keys, their clients and their disk', async () => {
    await hot.sessions.put(`${hot.prefix}s`, { a: '1' }, 60_000);
    await hot.sessions.get(`${hot.prefix}s`, 'a');
    await hot.sessions.get(`${hot.prefix}none`, 'a');
    const figures = (await only())!;
    expect(figures).toMatchObject({
      role: 'master',
      keys: 1,
      memoryLimitBytes: 64 * 2 ** 20,
      evictedKeys: 0,
      snapshot: { ok: true },
      appendOnly: { enabled: false, ok: true },
    });
    expect(figures.version).toMatch(/^\d+\.\d+/);
    expect(figures.memoryUsedBytes).toBeGreaterThan(100_000);
    expect(figures.snapshot.savedAtSeconds).toBeGreaterThan(Date.now() / 1_000 - 600);
    expect(Math.min(figures.hits, figures.misses, figures.commands, figures.clients)).toBeGreaterThan(0);
    expect(figures.clientsMax).toBeGreaterThan(figures.clients);
  });

  it('tell of evictions, and of an append-only file', async () => {
    await askRedis(server.port, 'CONFIG', 'SET', 'maxmemory', '3mb');
    for (let n = 0; n < 50; n += 1) await askRedis(server.port, 'SET', `filler:${n}`, 'x'.repeat(100_000));
    expect((await only())!.evictedKeys).toBeGreaterThan(0);
    await askRedis(server.port, 'CONFIG', 'SET', 'maxmemory', '64mb');
    await askRedis(server.port, 'CONFIG', 'SET', 'appendonly', 'yes');
    await vi.waitFor(
      async () => expect((await only())!.appendOnly).toEqual({ enabled: true, ok: true }),
      10_000,
    );
  });

  it('tell of replicas, and how far they are behind', async () => {
    await vi.waitFor(async () => {
      const { replicas } = (await only())!;
      expect(replicas).toMatchObject([
        { name: `127.0.0.1:${replica.port}`, lagBytes: expect.any(Number) as number },
      ]);
      expect(replicas[0]!.lagSeconds).toBeLessThan(5);
    }, 30_000);
  });

  it('that are away have no figures', async () => {
    await replica.stop();
    await server.stop();
    await vi.waitFor(async () => expect(await only()).toBeUndefined(), 10_000);
  });
});

describe('the servers of a Cluster', () => {
  it('are told of one by one, also while one of them is away', async () => {
    const cluster = await startRedisCluster();
    const [first] = cluster.endpoints;
    const hot = await openHot({
      redis: { kind: 'cluster', nodes: [first!], username: undefined, password: undefined, tls: false },
    });
    try {
      const found = await hot.servers();
      expect(found.length).toBeGreaterThan(2);
      expect(found.map(({ figures }) => figures?.role)).toEqual(found.map(() => 'master'));
      const gone = cluster.nodes.find(({ server }) => found[0]!.location.endsWith(`:${server.port}`))!.server;
      pause(gone);
      try {
        await vi.waitFor(async () => {
          const later = await hot.servers();
          const away = later.filter(({ figures }) => figures === undefined);
          expect(away.map(({ location }) => location)).toEqual([found[0]!.location]);
          expect(later.length).toBe(found.length);
        }, 20_000);
      } finally {
        resume(gone);
      }
    } finally {
      await hot.close();
      await cluster.stop();
    }
  });
});

it('the process has no servers', async () => {
  expect(await createInProcessTier({ prefix: 'p:' }).servers()).toEqual([]);
});

it('what a server says is read as it is', () => {
  const info = [
    'redis_version:7.0.15',
    'valkey_version:8.1.0',
    'rdb_last_bgsave_status:err',
    'aof_enabled:1',
    'aof_last_write_status:ok',
    'aof_last_bgrewrite_status:err',
    'master_repl_offset:1000',
    'slave0:ip=10.0.0.2,port=6379,state=online,offset=400,lag=3',
    'slave1:ip=10.0.0.3,port=6379,state=wait_bgsave,offset=0,lag=0',
    'db0:keys=3,expires=1,avg_ttl=0',
    'db1:keys=4,expires=1,avg_ttl=0',
  ].join('\r\n');
  expect(figuresOf(info)).toMatchObject({
    version: '8.1.0',
    keys: 7,
    memoryLimitBytes: 0,
    snapshot: { ok: false },
    appendOnly: { enabled: true, ok: false },
    replicas: [
      { name: '10.0.0.2:6379', lagBytes: 600, lagSeconds: 3 },
      { name: '10.0.0.3:6379', lagBytes: undefined, lagSeconds: undefined },
    ],
  });
});

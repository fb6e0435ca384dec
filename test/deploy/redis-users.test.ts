import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RedisConfig } from '../../src/core/config.ts';
import { openHot } from '../../src/tiers/hot/index.ts';
import { hotSuite } from '../contract/hot/suite.ts';
import type { Server } from '../support/servers.ts';
import {
  formCluster,
  makeSecrets,
  type Secrets,
  startClusterProfile,
  startDeployedRedis,
  startSentinelProfile,
  textOf,
} from './stack.ts';

let secrets: Secrets;
let server: Server;
let admin: Awaited<ReturnType<typeof adminOf>>;

async function adminOf(port: number) {
  const password = secrets.read('redis_admin_password');
  const client = createClient({ url: `redis://admin:${password}@127.0.0.1:${port}` });
  await client.connect();
  return client;
}

beforeAll(async () => {
  secrets = makeSecrets();
  server = await startDeployedRedis(secrets);
  admin = await adminOf(server.port);
});
afterAll(async () => {
  await admin?.close();
  await server?.stop();
  secrets?.remove();
});

const login = () => ({ username: 'stockroom', password: secrets.read('redis_password'), tls: false });
const standalone = (): RedisConfig => ({
  kind: 'host',
  host: '127.0.0.1',
  port: server.port,
  db: 0,
  ...login(),
});

/** The commands that a user of deploy/redis.users may send. */
function grantsOf(user: string): string[] {
  const rule = new RegExp(`^user ${user} .*(?:\\n  .*)*`, 'm').exec(textOf('deploy/redis.users'))?.[0] ?? '';
  return [...rule.matchAll(/ \+([\w|-]+)/g)].map(([, command]) => command!);
}

// Everything that the hot tier does, as the user of the service.
hotSuite({
  name: 'Redis with deploy/redis.conf',
  open: () => openHot({ redis: standalone() }),
  evict: async (key) => void (await admin.del(key)),
  writeFromOutside: async (key, text) => void (await admin.set(key, text)),
});

describe('the users of deploy/redis.users', () => {
  it('let the service do what it does, and none of its rights is too many', async () => {
    const hot = await openHot({ redis: standalone(), settings: { invalidation: 'messages' } });
    expect([hot.state().state, hot.coherence.mode]).toEqual(['up', 'messages']);
    await hot.entries.write(`${hot.prefix}c:acl:key`, 'text', Date.now() + 60_000);
    await hot.close();
    const refused = await admin.sendCommand<Record<string, string>[]>(['ACL', 'LOG']);
    expect(refused).toEqual([]);
    const stats = await admin.info('commandstats');
    const used = new Set([...stats.matchAll(/^cmdstat_([a-z|-]+):/gm)].map(([, command]) => command));
    // `eval`: a server that was not told the script. Cluster. And kinds of values that others may have put at a key.
    const seldom = ['eval', 'asking', 'cluster|slots', 'llen', 'xlen', 'client|kill'];
    const idle = grantsOf('stockroom').filter((command) => !used.has(command) && !seldom.includes(command));
    expect(idle).toEqual([]);
  });

  it('keep everything else from everybody', async () => {
    const ask = async (url: string, ...command: string[]): Promise<unknown> => {
      const client = createClient({
        url: url.replace('@', `@127.0.0.1:${server.port}`),
        socket: { reconnectStrategy: false },
        disableClientInfo: true,
        maintNotifications: 'disabled',
      });
      client.on('error', () => undefined);
      try {
        await client.connect();
        return await client.sendCommand(command);
      } catch (error) {
        return String(error)
          .replace(/^\w*Error: /, '')
          .split(' ')[0];
      } finally {
        if (client.isOpen) client.destroy();
      }
    };
    const service = `redis://stockroom:${secrets.read('redis_password')}@`;
    expect(await ask('redis://@', 'PING')).toBe('NOAUTH');
    expect(await ask('redis://stockroom:wrong@', 'PING')).toBe('WRONGPASS');
    for (const command of [
      ['GET', 'other:key'],
      ['FLUSHALL'],
      ['KEYS', '*'],
      ['CONFIG', 'GET', 'dir'],
      ['ACL', 'LIST'],
      ['SUBSCRIBE', 'other'],
      ['SHUTDOWN'],
    ])
      expect([command, await ask(service, ...command)]).toEqual([command, 'NOPERM']);
    expect(await ask('redis://health:x@', 'PING')).toBe('PONG');
    expect(await ask('redis://health:x@', 'INFO')).toBe('NOPERM');
  });

  it('is the configuration that was meant', async () => {
    expect(
      await admin.configGet(['maxmemory', 'maxmemory-policy', 'appendfsync', 'stop-writes-on-bgsave-error']),
    ).toEqual({
      maxmemory: String(400 * 1024 * 1024),
      'maxmemory-policy': 'allkeys-lru',
      appendfsync: 'everysec',
      'stop-writes-on-bgsave-error': 'no',
    });
  });
});

describe('the profiles of compose.yaml', () => {
  async function useIt(redis: RedisConfig, topology: string, admins: readonly Server[]): Promise<void> {
    const hot = await openHot({ redis });
    try {
      await vi.waitFor(() => expect(hot.state().state).toBe('up'), { timeout: 20_000 });
      expect([hot.topology, hot.coherence.mode]).toEqual([topology, 'tracking']);
      const keys = Array.from({ length: 50 }, (_, index) => `${hot.prefix}session:${index}`);
      // The servers of a Cluster that was just made agree about it a moment later.
      await vi.waitFor(() => Promise.all(keys.map((key) => hot.sessions.put(key, { is: 'there' }, 60_000))), {
        timeout: 20_000,
      });
      const found = await Promise.all(keys.map((key) => hot.sessions.get(key, 'is')));
      expect(found).toEqual(keys.map(() => 'there'));
    } finally {
      await hot.close();
    }
    for (const { port } of admins) {
      const client = await adminOf(port);
      expect(await client.sendCommand(['ACL', 'LOG'])).toEqual([]);
      await client.close();
    }
  }

  it('cluster: redis-cluster.sh makes one of three masters, and says nothing new when it is run again', async () => {
    const profile = await startClusterProfile(secrets);
    try {
      expect(formCluster(secrets, profile)).toContain('All 16384 slots covered');
      expect(formCluster(secrets, profile).trim().split('\n')).toEqual(['OK', 'OK', 'OK']);
      const nodes = Object.values(profile.servers);
      const places = nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
      await useIt({ kind: 'cluster', nodes: places, ...login() }, 'cluster', nodes);
    } finally {
      await profile.stop();
    }
  });

  it('sentinel: the replica and the Sentinels log in, and the service finds the master', async () => {
    const profile = await startSentinelProfile(secrets);
    try {
      const sentinels = Object.entries(profile.servers).flatMap(([name, server]) =>
        name.startsWith('sentinel-') ? [server] : [],
      );
      const asked = await adminOf(sentinels[0]!.port);
      await vi.waitFor(
        async () => {
          const facts = await asked.sendCommand<Record<string, string>>(['SENTINEL', 'MASTER', 'main']);
          expect([facts['flags'], facts['num-slaves'], facts['num-other-sentinels']]).toEqual([
            'master',
            '1',
            '2',
          ]);
        },
        { timeout: 30_000, interval: 100 },
      );
      await asked.close();
      const places = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
      const redis: RedisConfig = { kind: 'sentinel', sentinels: places, master: 'main', db: 0, ...login() };
      await useIt(redis, 'sentinel', Object.values(profile.servers));
    } finally {
      await profile.stop();
    }
  });
});

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hotDefaults } from '../../src/tiers/hot/index.ts';
import {
  cacheDefaults,
  type CallOptions,
  createCache,
  type FactoryContext,
  type NamespaceOptions,
  openHot,
  type Policy,
  startCanary,
} from '../../src/tiers/tiered/index.ts';
import { startRedisCluster, startRedisSentinel, startRedisTls } from '../support/redis-topologies.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { ROOT } from '../support/source-files.ts';
import { compilerSays } from './compile.ts';
import {
  codeBlocks,
  defaultsOf,
  expectedOutput,
  linesOf,
  linksOf,
  namesOf,
  rowsUnder,
  shown,
} from './markdown.ts';

const PAGE = join(ROOT, 'docs/cache.md');
const text = readFileSync(PAGE, 'utf8');
const blocks = codeBlocks(text, 'ts');

/** Where the blocks import from, as package.json publishes it. */
const published: Readonly<Record<string, string>> = {
  'stockroom/cache': join(ROOT, 'src/tiers/tiered/index.ts'),
  'stockroom/testing': join(ROOT, 'src/testing/index.ts'),
};

/** The compiler holds these to the types; the tests hold the page to these. */
const callOptions: Record<keyof CallOptions, true> = {
  ttlMs: true,
  jitter: true,
  staleWhileRevalidateMs: true,
  staleIfErrorMs: true,
  softTimeoutMs: true,
  hardTimeoutMs: true,
  tags: true,
};
const contextFields: Record<keyof FactoryContext<unknown>, true> = {
  key: true,
  signal: true,
  stale: true,
  ttl: true,
  tags: true,
};
const beyondPolicy: Record<Exclude<keyof NamespaceOptions<unknown>, keyof Policy>, true> = {
  schema: true,
  codec: true,
};

const sorted = (names: Iterable<string>): string[] => [...names].sort();

describe('the tables of docs/cache.md', () => {
  it('have every option of a namespace with its default, and no other', () => {
    const rows = rowsUnder(text, 'Of a namespace');
    expect(sorted(namesOf(rows))).toEqual(
      sorted([...Object.keys(cacheDefaults), ...Object.keys(beyondPolicy)]),
    );
    const policy = rows.filter(([name]) => !Object.hasOwn(beyondPolicy, shown(name)));
    expect(defaultsOf(policy)).toEqual(linesOf(cacheDefaults));
  });

  it('have every option of a call, every field of the context, every setting of the hot tier', () => {
    expect(sorted(namesOf(rowsUnder(text, 'Of a call')))).toEqual(sorted(Object.keys(callOptions)));
    expect(sorted(namesOf(rowsUnder(text, 'What a factory is given')))).toEqual(
      sorted(Object.keys(contextFields)),
    );
    expect(defaultsOf(rowsUnder(text, 'Settings of the hot tier'))).toEqual(linesOf(hotDefaults));
  });

  it('are read as they are', () => {
    expect(rowsUnder('Of x\n\n| a | b |\n|---|---|\n| `n`, `m` | `1,000` |\n\nend', 'Of x')).toEqual([
      ['`n`, `m`', '`1,000`'],
    ]);
    expect(defaultsOf([['`n`', '`1,000`']])).toEqual(['n: 1000']);
    expect(() => rowsUnder(text, 'Of nothing that is there')).toThrow('no table');
  });
});

describe('the links of docs/cache.md', () => {
  it('lead somewhere, and every picture says what it shows', () => {
    const links = linksOf(text);
    expect(links.filter(({ target }) => target.endsWith('.svg')).length).toBe(6);
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title!.toLowerCase().replaceAll(' ', '-'),
    );
    const broken = links.filter(({ target }) =>
      target.startsWith('#') ? !headings.includes(target.slice(1)) : !existsSync(join(dirname(PAGE), target)),
    );
    expect(broken).toEqual([]);
    expect(links.filter(({ picture, label }) => picture && label.length < 20)).toEqual([]);
  });

  it('come from the README and from the page about the architecture', () => {
    expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain('(docs/cache.md)');
    expect(readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')).toContain('(cache.md)');
  });
});

describe('the code of docs/cache.md', () => {
  let folder: string;
  let server: Server;
  let files = 0;

  beforeAll(async () => {
    // Inside the repository, where the packages are found; a name with a dot, which no other tool looks into.
    folder = mkdtempSync(join(ROOT, 'test/docs/.blocks-'));
    server = await startRedis();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
    await server?.stop();
  });

  const fileOf = (code: string): string => {
    files += 1;
    const file = join(folder, `block-${files}.ts`);
    const resolved = code.replace(/'(stockroom\/\w+)'/g, (whole, name: string) =>
      published[name] === undefined ? whole : `'${relative(folder, published[name])}'`,
    );
    writeFileSync(file, resolved);
    return file;
  };

  /** @returns what it printed, a line each */
  const run = async (code: string): Promise<string[]> => {
    const printed: string[] = [];
    const log = vi
      .spyOn(console, 'log')
      .mockImplementation((...args) => void printed.push(args.map(shown).join(' ')));
    try {
      await import(fileOf(code));
    } finally {
      log.mockRestore();
    }
    return printed;
  };

  it('compiles', async () => {
    expect(blocks.length).toBeGreaterThan(6);
    const files = blocks.map((code) => fileOf(code));
    expect(await compilerSays(folder, files)).toBe('');
  }, 120_000);

  const local = blocks.filter((code) => !code.includes('.example'));

  it.each(local.map((code) => [code.split('\n').find((line) => line.includes('namespace')) ?? '', code]))(
    'prints what it says: %s',
    async (_, code) => {
      expect(expectedOutput(code).length).toBeGreaterThan(0);
      vi.stubEnv('REDIS_URL', undefined);
      expect(await run(code), 'in the process').toEqual(expectedOutput(code));
      vi.stubEnv('REDIS_URL', server.url);
      expect(await run(code), 'with Redis').toEqual(expectedOutput(code));
      const plain = createClient({ url: server.url });
      await plain.connect();
      await plain.flushAll();
      await plain.close();
    },
  );

  it('connects with a user and TLS', async () => {
    const tls = await startRedisTls(['--user', 'cache', 'on', '>secret', '~*', '&*', '+@all']);
    try {
      const code = blocks.find((block) => block.includes('rediss://'))!;
      const here = code
        .replace('redis.example:6380', `127.0.0.1:${tls.port}`)
        .replace('/etc/ssl/redis-ca.pem', tls.caFile);
      expect(await run(here)).toEqual(expectedOutput(code));
    } finally {
      await tls.stop();
    }
  });

  it('connects to a Cluster and through Sentinels', async () => {
    const [cluster, set] = await Promise.all([startRedisCluster(), startRedisSentinel()]);
    try {
      const code = blocks.find((block) => block.includes("kind: 'cluster'"))!;
      const endpoint = (port: number): string => `{ host: '127.0.0.1', port: ${port} }`;
      const here = code
        .replace("{ host: 'redis-1.example', port: 6379 }", endpoint(cluster.endpoints[0]!.port))
        .replace("{ host: 'sentinel-1.example', port: 26379 }", endpoint(set.sentinels[0]!.port));
      expect(here).not.toContain('.example');
      expect(await run(here)).toEqual(expectedOutput(code));
    } finally {
      await Promise.all([cluster.stop(), set.stop()]);
    }
  });
});

describe('the rights of docs/cache.md', () => {
  it('are enough, and none is too many', async () => {
    const [rule] = codeBlocks(text, 'acl');
    const [, name, ...rights] = rule!.trim().split(/\s+/);
    const server = await startRedis();
    const admin = createClient({ url: server.url });
    await admin.connect();
    try {
      await admin.sendCommand(['ACL', 'SETUSER', name!, 'resetkeys', 'resetchannels', ...rights]);
      await admin.sendCommand(['CONFIG', 'RESETSTAT']);
      await admin.sendCommand(['ACL', 'LOG', 'RESET']);
      for (const invalidation of ['auto', 'messages'] as const) {
        const hot = await openHot({
          redis: server.url.replace('://', '://cache:secret@'),
          settings: { invalidation },
        });
        expect([hot.state().state, hot.coherence.mode]).toEqual([
          'up',
          invalidation === 'auto' ? 'tracking' : 'messages',
        ]);
        await everything(hot);
        await hot.ping();
        const before = await connectionsOf(admin);
        await admin.sendCommand(['CLIENT', 'KILL', 'USER', 'cache']);
        await vi.waitFor(async () => {
          const now = await connectionsOf(admin);
          expect([now.length, now.some((id) => before.includes(id)), hot.state().state]).toEqual([
            1,
            false,
            'up',
          ]);
        });
        await hot.close();
      }
      expect(await admin.sendCommand(['ACL', 'LOG'])).toEqual([]);
      const stats = await admin.info('commandstats');
      const used = new Set([...stats.matchAll(/^cmdstat_([a-z|]+):/gm)].map(([, command]) => command));
      const granted = rights.filter((right) => /^\+\w/.test(right)).map((right) => right.slice(1));
      // `eval` is for a server that was not told the script.
      expect(granted.filter((command) => command !== 'eval' && !used.has(command))).toEqual([]);
    } finally {
      await admin.close();
      await server.stop();
    }
  });
});

async function connectionsOf(admin: {
  sendCommand: (command: string[]) => Promise<unknown>;
}): Promise<string[]> {
  const list = String(await admin.sendCommand(['CLIENT', 'LIST']));
  const ofUser = list.split('\n').filter((line) => line.includes(' user=cache '));
  return ofUser.map((line) => /^id=(\d+)/.exec(line)![1]!);
}

/** Every operation of the cache, so that every command of it is sent. */
async function everything(hot: Awaited<ReturnType<typeof openHot>>): Promise<void> {
  const caches = createCache(hot);
  const cache = caches.namespace<number>('all', {
    errorBackoffMs: 1,
    staleWhileRevalidateMs: 60_000,
    claimMs: 60,
  });
  const canary = startCanary(caches, hot, { everyMs: 20 });
  expect(await cache.set('a', 1, { tags: ['t'] })).toBe(true);
  expect(await cache.setMany({ b: 2, c: 3 })).toBe(true);
  await cache.getMany(['a', 'b', 'x', 'y']);
  await cache.getOrSetMany(['a', 'x', 'y'], ({ keys }) => new Map(keys.map((key) => [key, 1])));
  const slowly = (): Promise<number> => new Promise((resolve) => setTimeout(resolve, 100, 1));
  await cache.getOrSet('slow', slowly, { ttlMs: 1 });
  await cache.getOrSet('none', () => undefined as unknown as number);
  await expect(cache.getOrSet('bad', () => Promise.reject(new Error('bad')))).rejects.toThrow('bad');
  let refreshed = false;
  const again = (): number => {
    refreshed = true;
    return 2;
  };
  await vi.waitFor(async () => {
    await cache.getOrSet('slow', again, { ttlMs: 1 });
    expect(refreshed).toBe(true);
  });
  expect([await cache.delete('b'), await cache.deleteByTag('t'), await cache.clear()]).toEqual([
    true,
    true,
    true,
  ]);
  await canary.stop();
  await caches.close();
}

import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Server, startRedis } from '../support/servers.ts';
import { pause, resume } from '../support/signals.ts';
import { cacheStaleness } from '../../src/core/cache-diagnostics.ts';
import { startTcpProxy } from '../../src/testing/tcp-proxy.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import { Space } from '../../src/tiers/hot/in-process/space.ts';
import { type FeedListener, type HotTier, openHot } from '../../src/tiers/hot/index.ts';
import { type Canary, startCanary } from '../../src/tiers/tiered/canary.ts';
import { type CacheManager, createCache } from '../../src/tiers/tiered/manager.ts';

const EVERY_MS = 40;
const BOUND = { timeout: 30_000, interval: 10 };

let told: number[];
let deafen: () => void;
beforeEach(() => {
  told = [];
  deafen = cacheStaleness.subscribe(({ staleMs }) => told.push(staleMs));
});
afterEach(() => deafen());

/** Two processes, as far as Redis can tell: each with a cache and a canary. */
class Pair {
  readonly #parts: { hot: HotTier; cache: CacheManager; canary: Canary }[];

  constructor(...tiers: HotTier[]) {
    this.#parts = tiers.map((hot) => {
      const cache = createCache(hot);
      return { hot, cache, canary: startCanary(cache, hot, { everyMs: EVERY_MS }) };
    });
  }

  async close(): Promise<void> {
    for (const { hot, cache, canary } of this.#parts) {
      await canary.stop();
      await cache.close();
      await hot.close();
    }
  }
}

/** One that is given beats by another process alone. */
const neverWriting = (hot: HotTier): HotTier =>
  withFacets(hot, { leases: { acquire: async () => undefined } });

/** As a cache would be that does not clear what it held before a hole. */
const withoutGaps = (hot: HotTier): HotTier =>
  withFacets(hot, {
    coherence: {
      subscribe: (listener: FeedListener) =>
        hot.coherence.subscribe({ invalidated: (key) => listener.invalidated(key), gap: () => undefined }),
    },
  });

/** The tier with some methods in the place of its own. */
function withFacets(hot: HotTier, methods: Record<string, object>): HotTier {
  const replaced = new Map<unknown, unknown>(
    Object.entries(methods).map(([name, own]) => {
      const facet = hot[name as keyof HotTier] as object;
      const get = (_: object, method: string): unknown => {
        const value: unknown = Reflect.get(method in own ? own : facet, method);
        return typeof value === 'function' ? value.bind(facet) : value;
      };
      return [name, new Proxy(facet, { get })];
    }),
  );
  return new Proxy(hot, {
    get(target, name) {
      const value: unknown = replaced.get(name) ?? Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A process that writes when it is told to. */
function startBeats(hot: HotTier) {
  const cache = createCache(hot);
  const space = cache.namespace<{ sequence: number; writtenAtMs: number }>('canary');
  let sequence = 0;
  return {
    async beat() {
      sequence += 1;
      expect(await space.set('beat', { sequence, writtenAtMs: Date.now() })).toBe(true);
    },
    async close() {
      await cache.close();
      await hot.close();
    },
  };
}

describe('the canary on Redis', () => {
  let server: Server;
  let plain: ReturnType<typeof createClient>;
  beforeAll(async () => {
    server = await startRedis();
    plain = createClient({ url: server.url });
    await plain.connect();
  });
  afterAll(async () => {
    await plain?.close();
    await server?.stop();
  });

  const heartbeatMs = 400;
  const open = (): Promise<HotTier> =>
    openHot({ redis: server.url, settings: { heartbeatMs, timeoutMs: 200 } });

  it('finds no copy older than the heartbeat allows, however often the stream is cut', async () => {
    const pair = new Pair(await open(), await open());
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(20), BOUND);
    const written = new Set<string>();
    for (let cut = 0; cut < 10; cut += 1) {
      await plain.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
      const before = told.length;
      await vi.waitFor(() => expect(told.length).toBeGreaterThan(before + 5), BOUND);
      written.add((await plain.get('stockroom:c:canary:beat')) ?? '');
    }
    // It is written all the time: zeros because nothing changes would prove nothing.
    expect(written.size).toBeGreaterThan(5);
    expect(Math.max(...told)).toBeLessThanOrEqual(heartbeatMs + 100);
    await pair.close();
  });

  it('finds what a cache would serve that took no notice of a hole in the stream', async () => {
    const target = { host: '127.0.0.1', port: server.port };
    const cut = async (heedless: boolean): Promise<number[]> => {
      const proxy = await startTcpProxy({ target });
      const url = `redis://${proxy.host}:${proxy.port}`;
      const behind = await openHot({ redis: url, settings: { heartbeatMs: 200, timeoutMs: 100 } });
      const tier = heedless ? withoutGaps(behind) : behind;
      const writing = startBeats(await open());
      const cache = createCache(tier);
      const canary = startCanary(cache, neverWriting(tier), { everyMs: EVERY_MS });
      await writing.beat();
      await vi.waitFor(() => expect(told.length).toBeGreaterThan(2), BOUND);
      told.length = 0;
      proxy.refuse();
      await writing.beat();
      proxy.heal();
      await vi.waitFor(() => expect(told.length).toBeGreaterThan(10), BOUND);
      await canary.stop();
      await cache.close();
      await behind.close();
      await writing.close();
      await proxy.close();
      return told.splice(0);
    };
    expect(Math.max(...(await cut(false)))).toBe(0);
    expect(Math.min(...(await cut(true)))).toBeGreaterThan(0);
  });

  it('goes on whatever others write in its place', async () => {
    const hot = await open();
    const key = 'stockroom:c:canary:beat';
    let looks = 0;
    const watched = withFacets(hot, {
      entries: {
        read: (asked: string) => {
          if (asked === key) looks += 1;
          return hot.entries.read(asked);
        },
      },
    });
    const pair = new Pair(watched);
    for (const text of [
      '',
      'x',
      'tjson 1 zzzz m \n{"sequence":',
      'tjson 1 zzzz m \n{}',
      'tjson 1 zzzz m \nnull',
    ]) {
      // While somebody else has the turn it writes nothing over it.
      const lease = await vi.waitFor(async () => {
        const acquired = await hot.leases.acquire(`stockroom:canary:{${key}}`, 60_000);
        return acquired ?? Promise.reject(new Error('not yet'));
      }, BOUND);
      await hot.entries.write(key, text, Date.now() + 60_000);
      const from = looks;
      await vi.waitFor(() => expect(looks).toBeGreaterThan(from + 2), BOUND);
      await hot.leases.release(lease);
      const before = told.length;
      await vi.waitFor(() => expect(told.length).toBeGreaterThan(before + 2), BOUND);
    }
    expect(new Set(told)).toEqual(new Set([0]));
    await pair.close();
  });

  it('tells nothing while Redis is away, and goes on when it is back', async () => {
    const pair = new Pair(await open(), await open());
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(5), BOUND);
    pause(server);
    // One that was asked before may still come.
    await vi.waitFor(async () => {
      const before = told.length;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS * 10));
      expect(told.length).toBe(before);
    }, BOUND);
    resume(server);
    const before = told.length;
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(before + 5), BOUND);
    expect(Math.max(...told)).toBeLessThanOrEqual(heartbeatMs + 100);
    await pair.close();
  });
});

describe('the canary in the process', () => {
  const options = { maxEntries: 1_000, maxBytes: 1_000_000, clock: systemClock };

  it('finds copies that nobody is told to forget, and for how long they have been old', async () => {
    const space = new Space(options);
    const hearing = createInProcessTier({ prefix: 's:', space });
    const tier = createInProcessTier({ prefix: 's:', space });
    const deaf = withFacets(tier, { coherence: { subscribe: () => ({ close: () => undefined }) } });
    // It writes nothing, or it would have the newest itself.
    const pair = new Pair(hearing, neverWriting(deaf));
    await vi.waitFor(() => expect(Math.max(...told)).toBeGreaterThan(EVERY_MS * 5), BOUND);
    expect(told).toContain(0);
    await pair.close();
  });

  it('is silent once it is stopped', async () => {
    const pair = new Pair(createInProcessTier({ prefix: 's:' }));
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(2), BOUND);
    await pair.close();
    const before = told.length;
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS * 5));
    expect(told.length).toBe(before);
    expect(new Set(told)).toEqual(new Set([0]));
  });
});

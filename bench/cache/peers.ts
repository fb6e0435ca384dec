import type { EventEmitter } from 'node:events';
import { createKeyv as createKeyvRedis, createKeyvNonBlocking } from '@keyv/redis';
import { RedisMessageProvider } from '@qified/redis';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { createCache } from 'cache-manager';
import { Cacheable, createKeyv } from 'cacheable';
import { Redis } from 'ioredis';
import { type Contender, type RedisConnection, type Setup, TTL_MS } from './contender.ts';

const subscribed = ({ subscriptions }: RedisConnection): boolean => subscriptions > 0;

function bentocache(serialize: boolean): Contender['open'] {
  return async ({ url, l1Entries }: Setup) => {
    const memory = bentostore().useL1Layer(memoryDriver({ maxItems: l1Entries, serialize }));
    const connection = url === undefined ? undefined : new Redis(url);
    const failures = firstOf();
    connection?.on('error', failures.note);
    if (connection !== undefined) {
      memory.useL2Layer(redisDriver({ connection })).useBus(redisBusDriver({ connection }));
    }
    const bento = new BentoCache({
      default: 'bench',
      prefix: 'bento',
      ttl: TTL_MS,
      stores: { bench: memory },
    });
    const cache = bento.use('bench');
    return {
      get: (key) => cache.get({ key }),
      set: (key, value) => cache.set({ key, value }),
      getOrSet: (key, factory) => cache.getOrSet({ key, factory }),
      firstError: failures.first,
      close: () => bento.disconnectAll(),
    };
  };
}

interface CacheableChoice {
  readonly useClone?: boolean;
  readonly nonBlocking?: boolean;
}

function cacheable({ useClone = true, nonBlocking = false }: CacheableChoice): Contender['open'] {
  return async ({ url, l1Entries, agree }: Setup) => {
    const primary = createKeyv({ lruSize: l1Entries, useClone });
    const secondary = url === undefined ? undefined : await keyvRedis(url, nonBlocking);
    const failures = firstOf();
    const sync = url !== undefined && agree ? { qified: redisBus(url, failures.note) } : undefined;
    const cache = new Cacheable({
      ttl: TTL_MS,
      primary,
      nonBlocking,
      ...(secondary === undefined ? {} : { secondary }),
      ...(sync === undefined ? {} : { sync }),
    });
    cache.on('error', failures.note);
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getOrSet: (key, factory) => cache.getOrSet(key, factory),
      firstError: failures.first,
      close: () => cache.disconnect(),
    };
  };
}

function cacheManager(nonBlocking: boolean): Contender['open'] {
  return async ({ url, l1Entries }: Setup) => {
    const stores = [createKeyv({ lruSize: l1Entries })];
    if (url !== undefined) stores.push(await keyvRedis(url, nonBlocking));
    const cache = createCache({ ttl: TTL_MS, stores, nonBlocking });
    const failures = firstOf();
    for (const store of stores) store.on('error', failures.note);
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getOrSet: (key, factory) => cache.wrap(key, factory),
      firstError: failures.first,
      close: async () => {
        await cache.disconnect();
      },
    };
  };
}

/** Its clients have no listener for errors: without these a connection that breaks ends the process. */
function redisBus(url: string, note: (error: unknown) => void): RedisMessageProvider {
  const provider = new RedisMessageProvider({ uri: url });
  const { pub, sub } = provider as unknown as Record<'pub' | 'sub', EventEmitter>;
  pub.on('error', note);
  sub.on('error', note);
  return provider;
}

/** Connected: the one that does not block refuses whatever is asked before. */
async function keyvRedis(url: string, nonBlocking: boolean) {
  const keyv = nonBlocking ? createKeyvNonBlocking(url) : createKeyvRedis(url);
  await keyv.get('connects');
  return keyv;
}

function firstOf(): { note: (error: unknown) => void; first: () => unknown } {
  let first: unknown;
  return { note: (error) => (first ??= error), first: () => first };
}

export const peers: readonly Contender[] = [
  {
    name: 'bentocache',
    role: 'peer',
    note: 'as its guide sets up two tiers: memoryDriver (bounded by maxItems), redisDriver, redisBusDriver; it serializes what it keeps in the process by default',
    acknowledged: true,
    stream: subscribed,
    open: bentocache(true),
  },
  {
    name: 'bentocache, serialize: false',
    role: 'variant',
    note: 'keeps objects in the process: callers share one value that any of them may change; "extra care" with a second tier, says its guide',
    acknowledged: true,
    stream: subscribed,
    open: bentocache(false),
  },
  {
    name: 'cacheable',
    role: 'peer',
    note: 'CacheableMemory with lruSize and its default useClone, createKeyv of @keyv/redis; its bus (CacheableSync over @qified/redis) only in rows 11b, 12 and 13, since it makes writes slower; there with a listener for the errors of its connections, which end the process otherwise',
    acknowledged: true,
    stream: subscribed,
    open: cacheable({}),
  },
  {
    name: 'cacheable, useClone: false',
    role: 'variant',
    note: 'callers share one value that any of them may change',
    acknowledged: true,
    stream: subscribed,
    open: cacheable({ useClone: false }),
  },
  {
    name: 'cacheable, nonBlocking',
    role: 'variant',
    note: 'createKeyvNonBlocking and nonBlocking: true, as its guide recommends for @keyv/redis; a write does not wait for Redis',
    acknowledged: false,
    stream: subscribed,
    open: cacheable({ nonBlocking: true }),
  },
  {
    name: 'cache-manager',
    role: 'peer',
    note: 'stores: CacheableMemory with lruSize, then createKeyv of @keyv/redis; getOrSet is its wrap; its get does not keep in the process what it found in Redis; it has no bus',
    acknowledged: true,
    open: cacheManager(false),
  },
  {
    name: 'cache-manager, nonBlocking',
    role: 'variant',
    note: 'nonBlocking: true: a write does not wait for Redis, a read takes whichever tier answers first',
    acknowledged: false,
    open: cacheManager(true),
  },
];

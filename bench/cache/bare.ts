import { LRUCache } from 'lru-cache';
import { createClient, createCluster } from 'redis';
import { TTL_MS } from './contender.ts';
import type { Entry } from './measure.ts';
import { type Score, scoreOf } from './score.ts';

/** Without its timeout: a timer for each command halves what it can do. */
export const withoutTimeout = { commandOptions: { timeout: undefined } as object };

export async function connect(url: string, options: object = withoutTimeout) {
  const client = createClient({ url, ...options });
  client.on('error', () => undefined); // What was asked rejects as well.
  await client.connect();
  return client;
}

export async function connectCluster(urls: readonly string[]) {
  const cluster = createCluster({ rootNodes: urls.map((url) => ({ url })), ...withoutTimeout });
  cluster.on('error', () => undefined); // As above.
  await cluster.connect();
  return cluster;
}

const nothingToClose = async (): Promise<void> => undefined;

export function bareLru(keys: readonly string[], awaited: boolean): Entry {
  const cache = new LRUCache<string, Score>({ max: 10_000 });
  for (const [n, key] of keys.entries()) cache.set(key, scoreOf(n));
  const get = (n: number): Score | undefined => cache.get(keys[n % keys.length]!);
  return {
    name: awaited ? 'lru-cache get, in an async function' : 'lru-cache get',
    role: awaited ? 'reference' : 'limit',
    open: async () =>
      awaited
        ? { op: async (n) => get(n), close: nothingToClose }
        : { op: get, synchronous: true, close: nothingToClose },
  };
}

export interface BareSet {
  readonly url: string;
  readonly keys: readonly string[];
}

/** A text that is ready: the most that a client can do. */
export function bareSet({ url, keys }: BareSet): Entry[] {
  const text = JSON.stringify(scoreOf(1));
  const options = { expiration: { type: 'PX', value: TTL_MS } } as const;
  const entry = (
    name: string,
    role: Entry['role'],
    textOf: (n: number) => string,
    asItComes = false,
  ): Entry => ({
    name,
    role,
    open: async () => {
      const client = await connect(url, asItComes ? {} : withoutTimeout);
      return {
        op: (n) => client.set(keys[n % keys.length]!, textOf(n), options),
        close: () => client.close(),
      };
    },
  });
  return [
    entry('node-redis SET PX of a ready text', 'limit', () => text),
    entry('the same with JSON.stringify', 'reference', (n) => JSON.stringify(scoreOf(n % keys.length))),
    entry('the same, with its timeout (its default)', 'reference', () => text, true),
  ];
}

export function bareGet({ url, keys }: BareSet): Entry {
  return {
    name: 'node-redis GET and JSON.parse',
    role: 'limit',
    open: async () => {
      const client = await connect(url);
      const options = { expiration: { type: 'PX', value: TTL_MS } } as const;
      await Promise.all(keys.map((key, n) => client.set(key, JSON.stringify(scoreOf(n)), options)));
      return {
        op: async (n) => JSON.parse((await client.get(keys[n % keys.length]!))!) as Score,
        expected: (n) => scoreOf(n % keys.length),
        close: () => client.close(),
      };
    },
  };
}

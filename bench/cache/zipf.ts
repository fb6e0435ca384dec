import diagnosticsChannel from 'node:diagnostics_channel';
import { setTimeout as pause } from 'node:timers/promises';
import type { CacheActivity } from '../../src/core/cache-diagnostics.ts';
import { openOurs } from './ours.ts';
import { mulberry32 } from './random.ts';
import { scoreOf } from './score.ts';

export interface ZipfSettings {
  readonly keys: number;
  readonly requests: number;
  readonly seed: number;
}

export interface ZipfResult {
  readonly exponent: number;
  readonly l1Entries: number;
  /** Of all requests, from an empty cache on: answered by the process, by Redis, by the factory. */
  readonly l1: number;
  readonly l2: number;
  readonly made: number;
  /** Of the second half, where the process is full: the state that the theory is about. */
  readonly l1Full: number;
  /** It is full by then. */
  readonly settled: boolean;
  readonly lru: number;
  readonly ideal: number;
  readonly requestsPerSecond: number;
}

export const zipfSettings: ZipfSettings = { keys: 100_000, requests: 1_000_000, seed: 20_250_314 };
export const exponents = [0.99, 0.8] as const;
export const l1Sizes = [1_000, 10_000, 50_000] as const;
const IN_FLIGHT = 64;
/** The counts of a cache are told once a second. */
const TOLD_MS = 1_200;
/** Far more than all values take: the number of entries is the bound. */
const L1_BYTES = 2 ** 30;

/** How probable each key is, the most popular first: the k-th is asked for 1/k^exponent times as often as the first. */
export function zipf(keys: number, exponent: number): Float64Array {
  const weights = Float64Array.from({ length: keys }, (_, k) => (k + 1) ** -exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * The hit rate of LRU under independent requests, by Che's approximation: a key is there when it was asked for within the
 * characteristic time T, which is the one where the expected number of such keys is the size of the cache; so the sum of
 * 1 − e^(−p·T) is the size, and the hit rate is the sum of p · (1 − e^(−p·T)).
 *
 * H. Che, Y. Tung, Z. Wang: Hierarchical Web Caching Systems: Modeling, Design and Experimental Results. IEEE Journal on Selected
 * Areas in Communications 20(7), 2002, pages 1305 to 1314.
 */
export function lruHitRate(popularity: Float64Array, size: number): number {
  if (size >= popularity.length) return 1;
  const expected = (time: number): number => popularity.reduce((sum, p) => sum - Math.expm1(-p * time), 0);
  let [low, high] = [0, size];
  while (expected(high) < size) high *= 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (expected(middle) < size) low = middle;
    else high = middle;
  }
  return popularity.reduce((sum, p) => sum - p * Math.expm1(-p * high), 0);
}

/** The most that any cache of that size can hit: the most popular keys, kept for ever. */
export function idealHitRate(popularity: Float64Array, size: number): number {
  return popularity.subarray(0, size).reduce((sum, p) => sum + p, 0);
}

/** The same keys for the same seed. */
export function requestsOf(popularity: Float64Array, count: number, seed: number): Uint32Array {
  const upTo = new Float64Array(popularity.length);
  let sum = 0;
  for (const [key, p] of popularity.entries()) upTo[key] = sum += p;
  const random = mulberry32(seed);
  return Uint32Array.from({ length: count }, () => {
    const at = random() * sum;
    let [low, high] = [0, upTo.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle]! <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/** Replays the requests against our cache over an empty Redis, as a server does: some at the same time. */
export async function replay(
  url: string,
  exponent: number,
  l1Entries: number,
  settings: ZipfSettings,
): Promise<ZipfResult> {
  const popularity = zipf(settings.keys, exponent);
  const requests = requestsOf(popularity, settings.requests, settings.seed);
  const half = requests.length >> 1;
  const counts = { l1: 0, l2: 0, made: 0 };
  const onActivity = (message: unknown): void => {
    const told = (message as CacheActivity).counts;
    counts.l1 += told.l1Hits;
    counts.l2 += told.l2Hits;
    counts.made += told.misses;
  };
  diagnosticsChannel.subscribe('stockroom:cache:activity', onActivity);
  const cache = await openOurs({ url, l1Entries, agree: false }, { l1MaxBytes: L1_BYTES });
  try {
    let next = 0;
    const upTo = async (end: number): Promise<number> => {
      const started = performance.now();
      const caller = async (): Promise<void> => {
        while (next < end) {
          const key = requests[next++]!;
          await cache.getOrSet(`stock-${key}`, async () => scoreOf(key));
        }
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
      return performance.now() - started;
    };
    const firstMs = await upTo(half);
    await pause(TOLD_MS);
    const l1First = counts.l1;
    const secondMs = await upTo(requests.length);
    await pause(TOLD_MS);
    return {
      exponent,
      l1Entries,
      l1: counts.l1 / requests.length,
      l2: counts.l2 / requests.length,
      made: counts.made / requests.length,
      l1Full: (counts.l1 - l1First) / (requests.length - half),
      settled: new Set(requests.subarray(0, half)).size >= l1Entries,
      lru: lruHitRate(popularity, l1Entries),
      ideal: idealHitRate(popularity, l1Entries),
      requestsPerSecond: (requests.length / (firstMs + secondMs)) * 1000,
    };
  } finally {
    diagnosticsChannel.unsubscribe('stockroom:cache:activity', onActivity);
    await cache.close();
  }
}

import type { Clock } from '../../core/clock.ts';
import type { Calendar } from '../../market/index.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import type { CacheManager } from '../../tiers/tiered/index.ts';
import type { JsonValue } from '../../tiers/state/index.ts';
import type { CacheAnswer } from './entry.ts';
import type { CopyFigures } from './copies.ts';
import type { MarketChoice } from './names.ts';

export interface MarketCacheOptions {
  /** The tier that `cache` is over. */
  readonly hot: HotTier;
  /** Fresh entries are its namespace `market`. */
  readonly cache: CacheManager;
  /** Keeps the copies. */
  readonly durable: DurableTier;
  readonly calendar: Calendar;
  readonly clock?: Clock;
}

export interface SetOptions extends MarketChoice {
  /** How long it is fresh while the market is open, and at most until it closes: 60 s unless said. While it is closed: until it opens. */
  readonly ttl_seconds?: number | undefined;
  /** `invalidate` of one of them ends it. */
  readonly tags?: readonly string[] | undefined;
}

export interface GetOptions extends MarketChoice {
  /** Gives the copy while the market is open too. */
  readonly allow_stale?: boolean | undefined;
  /** What would have been answered at this time, from what is kept now. */
  readonly as_of?: Date | undefined;
}

export interface FetchOptions extends SetOptions {
  /** While the market is closed: asks for a value though there is a copy of the last trading day. */
  readonly fetch_when_closed?: boolean | undefined;
}

export interface Stored {
  readonly key: string;
  /** ISO 8601 in UTC. */
  readonly cached_at: string;
  readonly fresh_until: string;
  /** Whether Redis has it. False: it is away; the copy is kept all the same. */
  readonly acknowledged: boolean;
}

export interface Removed {
  /** How many copies there were. */
  readonly removed: number;
  /** Whether Redis dropped the fresh entries. False: it is away; this process believes none of them any more. */
  readonly acknowledged: boolean;
}

export interface MarketCacheStats extends CopyFigures {
  /** Of this process since its start. */
  readonly fresh_hits: number;
  readonly copies_given: number;
  readonly misses: number;
  readonly fetches: number;
  readonly fetch_failures: number;
  readonly copy_failures: number;
  readonly writes: number;
  readonly invalidations: number;
}

/** @returns the value, or a promise of it */
export type Fetcher = (about: { readonly key: string; readonly signal: AbortSignal }) => unknown;

/** A cache of JSON values that goes by the hours of a market. */
export interface MarketCache {
  /**
   * The fresh value; while the market is closed, the copy, at most 7 whole days old. @returns undefined when there is neither
   * @throws INVALID_INPUT for a key; the durable tier's errors when a copy would have to be looked for and PostgreSQL is away
   */
  get(key: string, options?: GetOptions): Promise<CacheAnswer | undefined>;
  /**
   * Keeps a value fresh in Redis, and as a copy in PostgreSQL. Resolves when PostgreSQL has it.
   * @throws INVALID_INPUT for what JSON in PostgreSQL cannot keep, or more than 1,000,000 characters of it; the durable tier's errors:
   *   the value is in Redis then, without a copy
   */
  set(key: string, value: JsonValue, options?: SetOptions): Promise<Stored>;
  /**
   * The fresh value; while the market is closed, the copy of the last trading day; else what `fetcher` gives, which is kept; and when that
   * fails, the copy, at most 7 whole days old. The fetcher runs once at a time for a key, in all processes.
   * @throws what the fetcher throws, when there is no copy
   */
  getOrFetch(key: string, fetcher: Fetcher, options?: FetchOptions): Promise<CacheAnswer>;
  /** Removes the value and its copies, in every process. */
  delete(key: string): Promise<Removed>;
  clear(): Promise<Removed>;
  /** Ends every value with the tag, or whose key begins so, in every process. */
  invalidate(what: { readonly tag: string } | { readonly prefix: string }): Promise<Removed>;
  stats(): Promise<MarketCacheStats>;
  /** Resolves when all copies are written. */
  close(): Promise<void>;
}

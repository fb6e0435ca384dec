import type { CacheCounts } from '../../core/cache-diagnostics.ts';
import type { Feed, HotTier } from '../hot/index.ts';
import type { Failure } from './failures.ts';
import type { Flight } from './flight.ts';
import type { Copy } from './l1.ts';
import type { Mark } from './marks.ts';
import type { Policy } from './policy.ts';

/** What a look into Redis found. */
export type Found =
  | { readonly kind: 'value'; readonly version: string; readonly copy: Copy }
  /** An entry stands there that is not to be given: its namespace or a tag was dropped, or it is of another form. */
  | { readonly kind: 'outdated'; readonly version: string }
  /** Somebody is making it. */
  | { readonly kind: 'claim' }
  | { readonly kind: 'none' }
  /** Redis is away, or what it has is not to be believed. */
  | { readonly kind: 'unreachable' };

/** What a factory gave, with what it said about it. */
export interface Made {
  /** Undefined: there is nothing to keep. */
  readonly value: unknown;
  readonly ttlMs: number | undefined;
  readonly tags: readonly string[];
  /** The version of the mark of all tags before the factory ran; undefined: not known. */
  readonly anyTag: string | undefined;
  /** The marks of the namespace and of the tags that were known before. Undefined: Redis was away. */
  readonly marks: readonly Mark[] | undefined;
}

/** One value to be made. */
export interface Making<T> {
  readonly key: string;
  readonly policy: Policy;
  /** Somebody was answered already, and a newer value is wanted. */
  readonly refresh: boolean;
  /** A copy that may be given when making fails. */
  readonly fallback: Copy | undefined;
  readonly firstLook: () => Promise<Found>;
  readonly make: (turn: Turn) => Promise<Made>;
  /** Ends the work when nobody waits any longer. Flights of one batch share it. */
  readonly abort: AbortController;
  /** It is known whether the value has to be made; may be called more than once. */
  readonly decided: () => void;
  /** For the compiler alone. */
  readonly type?: T;
}

export interface Turn {
  readonly key: string;
  readonly signal: AbortSignal;
  readonly stale: Copy | undefined;
  readonly reason: 'miss' | 'refresh';
}

export interface Fill {
  readonly key: string;
  readonly made: Made;
  readonly policy: Policy;
  /** The version that has to stand in Redis; undefined: the value is not written there. */
  readonly expected: string | undefined;
  /** When the factory began, of `performance.now()`. */
  readonly since: number;
  readonly overtaken: () => boolean;
}

/** What a flight needs of its namespace. */
export interface Ground<T> {
  readonly name: string;
  readonly hot: HotTier;
  readonly feed: Feed;
  readonly counts: CacheCounts;
  readonly fullKey: (key: string) => string;
  readonly leaseKey: (key: string) => string;
  lookup(key: string): Promise<Found>;
  store(fill: Fill): Promise<{ copy: Copy; stored: boolean }>;
  failed(key: string, failure: Failure, forMs: number): void;
  forget(key: string, flight: Flight<T>): void;
  /** Its callers were answered; who comes now starts another one. */
  answered(key: string, flight: Flight<T>): void;
}

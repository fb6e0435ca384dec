import diagnosticsChannel from 'node:diagnostics_channel';
import { channel } from './diagnostics.ts';

/** What one namespace of a two-tier cache did since the last message: one a second, and one when it is closed. */
export interface CacheActivity {
  readonly namespace: string;
  readonly counts: Readonly<CacheCounts>;
  /** Now. */
  readonly l1Entries: number;
  readonly l1Bytes: number;
}

export interface CacheCounts {
  /** Answered by the process. */
  l1Hits: number;
  /** Answered by Redis. */
  l2Hits: number;
  misses: number;
  /** Answered with a value whose time was over. */
  staleServed: number;
  factoryRuns: number;
  factoryFailures: number;
  /** Of all runs together. */
  factoryMs: number;
  /** Entries of the process dropped because somebody wrote. */
  invalidations: number;
  /** Values that were not stored, since somebody wrote while they were made. */
  fillsRefused: number;
  /** Calls that did without Redis, because it was away or too slow. */
  withoutRedis: number;
  /** Writes that Redis did not acknowledge: their keys are dropped from it before they are believed again. */
  writesRemembered: number;
  /** What stood in Redis and was not of the namespace's form or schema. */
  unreadable: number;
}

/** One run of a factory, from its start to its end: `start`, `asyncEnd` and `error` of a tracing channel. */
export interface CacheFactoryRun {
  readonly namespace: string;
  readonly keys: number;
  /** `refresh`: a value is there and somebody else was answered with it. */
  readonly reason: 'miss' | 'refresh';
  error?: unknown;
}

/** How long a value that was written over was still served: 0 when it was not. */
export interface CacheStaleness {
  readonly staleMs: number;
}

export const cacheActivity = channel<CacheActivity>('stockroom:cache:activity');
export const cacheStaleness = channel<CacheStaleness>('stockroom:cache:staleness');
export const cacheFactory = diagnosticsChannel.tracingChannel<CacheFactoryRun>('stockroom:cache:factory');

export function noCounts(): CacheCounts {
  return {
    l1Hits: 0,
    l2Hits: 0,
    misses: 0,
    staleServed: 0,
    factoryRuns: 0,
    factoryFailures: 0,
    factoryMs: 0,
    invalidations: 0,
    fillsRefused: 0,
    withoutRedis: 0,
    writesRemembered: 0,
    unreadable: 0,
  };
}

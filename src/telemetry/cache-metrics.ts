import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import {
  cacheActivity,
  type CacheCounts,
  cacheFactory,
  type CacheFactoryRun,
  cacheStaleness,
} from '../core/cache-diagnostics.ts';
import { DURATION_BUCKETS } from './buckets.ts';

/** Seconds; what was never stale is 0. */
const STALENESS_BUCKETS = [0, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30];

const outcomes = {
  l1_hit: 'l1Hits',
  l2_hit: 'l2Hits',
  miss: 'misses',
  stale: 'staleServed',
} as const satisfies Record<string, keyof CacheCounts>;

const counters = {
  factory_runs_total: ['factoryRuns', 'Runs of factories'],
  factory_failures_total: ['factoryFailures', 'Runs of factories that failed'],
  invalidations_total: ['invalidations', 'Entries of the process dropped because somebody wrote'],
  fills_refused_total: ['fillsRefused', 'Values not stored, since somebody wrote while they were made'],
  without_redis_total: ['withoutRedis', 'Calls that did without Redis, because it was away or too slow'],
  writes_remembered_total: ['writesRemembered', 'Writes that Redis did not acknowledge'],
  unreadable_total: ['unreadable', "Entries in Redis that were not of the namespace's form or schema"],
} as const satisfies Record<string, readonly [keyof CacheCounts, string]>;

/**
 * The figures of the two-tier cache, by namespace: namespaces are declared in code, so they are a short list.
 * @returns the way to stop listening
 */
export function cacheMetrics(registers: Registry[]): () => void {
  const labelNames = ['namespace'] as const;
  const requests = new Counter({
    name: 'stockroom_cache_requests_total',
    help: 'Requests to the cache, by what answered: the process, Redis, neither, or a value whose time was over',
    labelNames: ['namespace', 'outcome'] as const,
    registers,
  });
  const activities = Object.entries(counters).map(([name, [field, help]]) => {
    const counter = new Counter({ name: `stockroom_cache_${name}`, help, labelNames, registers });
    return { field, counter };
  });
  const seconds = new Counter({
    name: 'stockroom_cache_factory_seconds_total',
    help: 'Time that runs of factories took, all together',
    labelNames,
    registers,
  });
  const l1Entries = new Gauge({
    name: 'stockroom_cache_l1_entries',
    help: 'Entries held in the process',
    labelNames,
    registers,
  });
  const l1Bytes = new Gauge({
    name: 'stockroom_cache_l1_bytes',
    help: 'Estimated size of the entries held in the process',
    labelNames,
    registers,
  });
  const stopActivity = cacheActivity.subscribe(({ namespace, counts, ...l1 }) => {
    for (const [outcome, field] of Object.entries(outcomes))
      requests.inc({ namespace, outcome }, counts[field]);
    for (const { field, counter } of activities) counter.inc({ namespace }, counts[field]);
    seconds.inc({ namespace }, counts.factoryMs / 1_000);
    l1Entries.set({ namespace }, l1.l1Entries);
    l1Bytes.set({ namespace }, l1.l1Bytes);
  });
  const stops = [stopActivity, observeFactories(registers), observeStaleness(registers)];
  return () => stops.forEach((stop) => stop());
}

function observeFactories(registers: Registry[]): () => void {
  const duration = new Histogram({
    name: 'stockroom_cache_factory_duration_seconds',
    help: 'Time of one run of a factory, by why it ran: there was no value, or a newer one was wanted',
    labelNames: ['namespace', 'reason'] as const,
    buckets: DURATION_BUCKETS,
    registers,
  });
  const begun = new WeakMap<CacheFactoryRun, number>();
  const onStart = (message: unknown): void => {
    begun.set(message as CacheFactoryRun, performance.now());
  };
  const onEnd = (message: unknown): void => {
    const run = message as CacheFactoryRun;
    const since = begun.get(run);
    if (since === undefined) return;
    duration.observe({ namespace: run.namespace, reason: run.reason }, (performance.now() - since) / 1_000);
  };
  cacheFactory.start.subscribe(onStart);
  cacheFactory.asyncEnd.subscribe(onEnd);
  return () => {
    cacheFactory.start.unsubscribe(onStart);
    cacheFactory.asyncEnd.unsubscribe(onEnd);
  };
}

function observeStaleness(registers: Registry[]): () => void {
  const staleness = new Histogram({
    name: 'stockroom_cache_staleness_seconds',
    help: 'How long a probe still got a value that had been written over; 0 when it got the newest',
    buckets: STALENESS_BUCKETS,
    registers,
  });
  return cacheStaleness.subscribe(({ staleMs }) => staleness.observe(staleMs / 1_000));
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheActivity, cacheFactory, cacheStaleness, noCounts } from '../core/cache-diagnostics.ts';
import { hotBreaker, hotConnection, hotFailure } from '../core/hot-diagnostics.ts';
import { createLogger, logDiagnostics } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';

let metrics: Metrics;
beforeEach(() => {
  metrics = createMetrics('1.2.3');
});
afterEach(() => metrics.close());
const text = (): Promise<string> => metrics.registry.metrics();

describe('metrics of the cache', () => {
  const counts = {
    ...noCounts(),
    l1Hits: 3,
    l2Hits: 2,
    misses: 1,
    staleServed: 4,
    factoryRuns: 1,
    factoryMs: 250,
  };
  const activity = { namespace: 'prices', counts, l1Entries: 7, l1Bytes: 1_024 };

  it('add up what the namespaces tell', async () => {
    cacheActivity.publish(() => activity);
    cacheActivity.publish(() => ({ ...activity, l1Entries: 8, counts: { ...counts, unreadable: 5 } }));
    const found = await text();
    for (const line of [
      'requests_total{namespace="prices",outcome="l1_hit"} 6',
      'requests_total{namespace="prices",outcome="l2_hit"} 4',
      'requests_total{namespace="prices",outcome="miss"} 2',
      'requests_total{namespace="prices",outcome="stale"} 8',
      'factory_runs_total{namespace="prices"} 2',
      'factory_failures_total{namespace="prices"} 0',
      'factory_seconds_total{namespace="prices"} 0.5',
      'unreadable_total{namespace="prices"} 5',
      'l1_entries{namespace="prices"} 8',
      'l1_bytes{namespace="prices"} 1024',
    ]) {
      expect(found).toContain(`stockroom_cache_${line}\n`);
    }
  });

  it('measure factories, also those that fail, and how stale the probe found values', async () => {
    const run = { namespace: 'prices', keys: 1, reason: 'refresh' } as const;
    await cacheFactory.tracePromise(async () => undefined, { ...run });
    const failing = cacheFactory.tracePromise(async () => Promise.reject(new Error('no')), { ...run });
    await expect(failing).rejects.toThrow('no');
    for (const staleMs of [0, 0, 300]) cacheStaleness.publish(() => ({ staleMs }));
    const found = await text();
    expect(found).toContain(
      'stockroom_cache_factory_duration_seconds_count{namespace="prices",reason="refresh"} 2\n',
    );
    expect(found).toContain('stockroom_cache_staleness_seconds_bucket{le="0"} 2\n');
    expect(found).toContain('stockroom_cache_staleness_seconds_bucket{le="0.25"} 2\n');
    expect(found).toContain('stockroom_cache_staleness_seconds_bucket{le="0.5"} 3\n');
  });

  it('are told no more once they are closed', async () => {
    metrics.close();
    cacheActivity.publish(() => activity);
    cacheStaleness.publish(() => ({ staleMs: 1 }));
    hotFailure.publish(() => ({ location: 'a:1', code: 'HOT_TIMEOUT' }));
    expect(await text()).not.toMatch(/prices|HOT_TIMEOUT|staleness_seconds_count [^0]/);
  });
});

describe('metrics of the hot tier', () => {
  it('count failures, lost connections and opened breakers, and forget servers that have left', async () => {
    const location = '127.0.0.1:6379';
    hotFailure.publish(() => ({ location, code: 'HOT_TIMEOUT' }));
    hotConnection.publish(() => ({ location, up: false, reason: 'gone', invalidation: undefined }));
    hotConnection.publish(() => ({ location, up: true, reason: undefined, invalidation: 'tracking' }));
    hotBreaker.publish(() => ({ location, state: 'open' }));
    hotBreaker.publish(() => ({ location, state: 'half-open' }));
    metrics.hot.observeNodes([
      { location: 'old:1', connected: true, breaker: 'closed' },
      { location, connected: false, breaker: 'half-open' },
    ]);
    metrics.hot.observeNodes([{ location, connected: true, breaker: 'open' }]);
    const found = await text();
    for (const line of [
      'failures_total{code="HOT_TIMEOUT"} 1',
      `disconnects_total{location="${location}"} 1`,
      `breaker_opened_total{location="${location}"} 1`,
      `breaker_state{location="${location}"} 2`,
      `connected{location="${location}"} 1`,
    ]) {
      expect(found).toContain(`stockroom_hot_${line}\n`);
    }
    expect(found).not.toContain('old:1');
  });
});

it('the log tells how connections to Redis come and go, and no single call', () => {
  const lines: { level: number; msg: string; reason?: string }[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) };
  const silence = logDiagnostics(createLogger({ level: 'info', stream }));
  const location = '127.0.0.1:6379';
  hotConnection.publish(() => ({ location, up: true, reason: undefined, invalidation: 'tracking' }));
  hotConnection.publish(() => ({ location, up: false, reason: 'reset', invalidation: undefined }));
  hotBreaker.publish(() => ({ location, state: 'open' }));
  hotBreaker.publish(() => ({ location, state: 'half-open' }));
  hotBreaker.publish(() => ({ location, state: 'closed' }));
  hotFailure.publish(() => ({ location, code: 'HOT_TIMEOUT' }));
  silence();
  hotBreaker.publish(() => ({ location, state: 'open' }));
  expect(lines.map(({ level }) => level)).toEqual([30, 40, 40, 30, 30]);
  expect(lines.map(({ msg }) => msg)).toEqual([
    'connected to Redis',
    'the connection to Redis was lost',
    'Redis does not answer in time: calls do without it',
    'Redis is tried again',
    'Redis answers in time again',
  ]);
  expect(lines[1]).toMatchObject({ reason: 'reset', location });
});

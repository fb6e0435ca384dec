import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { durableQuery, migrationWarning } from '../core/diagnostics.ts';
import { DURATION_BUCKETS } from './buckets.ts';
import { cacheMetrics } from './cache-metrics.ts';
import { type HotMetrics, hotMetrics } from './hot-metrics.ts';
import { type PostgresMetrics, postgresMetrics } from './postgres-metrics.ts';
import { type RedisMetrics, redisMetrics } from './redis-metrics.ts';
import { type StageMetrics, stageMetrics } from './stage-metrics.ts';

/**
 * The figures of one process. Labels hold names out of fixed lists alone (a route's template, a source, a code), never a
 * symbol, a key or an id: each value of a label is a series that lives as long as the process.
 */
export interface Metrics {
  readonly registry: Registry;
  readonly httpDuration: Histogram<'method' | 'route' | 'status'>;
  readonly tierUp: Gauge<'tier'>;
  readonly tierLatency: Gauge<'tier'>;
  readonly migrationRows: Gauge<'source' | 'outcome'>;
  readonly hot: Pick<HotMetrics, 'observeNodes'>;
  readonly stages: StageMetrics;
  /** The servers themselves. */
  readonly redis: RedisMetrics;
  readonly postgres: PostgresMetrics;
  /** Stops listening to the diagnostics channels. */
  close(): void;
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  new Gauge({
    name: 'stockroom_build_info',
    help: 'Always 1; the version is the label',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  const durableDuration = new Histogram({
    name: 'stockroom_durable_query_duration_seconds',
    help: 'Time that PostgreSQL took for one statement',
    labelNames: ['outcome'],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const warnings = new Counter({
    name: 'stockroom_migration_warnings_total',
    help: 'Warnings of migrations run by this process',
    labelNames: ['code', 'source'],
    registers,
  });
  const hot = hotMetrics(registers);
  const stops = [
    () => hot.close(),
    cacheMetrics(registers),
    durableQuery.subscribe(({ durationMs, errorCode }) => {
      durableDuration.observe({ outcome: errorCode === undefined ? 'ok' : 'failed' }, durationMs / 1_000);
    }),
    migrationWarning.subscribe(({ code, source }) => warnings.inc({ code, source })),
  ];
  return {
    registry,
    hot,
    stages: stageMetrics(registers),
    redis: redisMetrics(registers),
    postgres: postgresMetrics(registers),
    ...serviceMetrics(registers),
    close: () => stops.forEach((stop) => stop()),
  };
}

function serviceMetrics(registers: Registry[]) {
  return {
    httpDuration: new Histogram({
      name: 'stockroom_http_request_duration_seconds',
      help: 'Time from the request to the end of the answer',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: DURATION_BUCKETS,
      registers,
    }),
    tierUp: new Gauge({
      name: 'stockroom_tier_up',
      help: '1 when the tier answered the last scrape, else 0',
      labelNames: ['tier'] as const,
      registers,
    }),
    tierLatency: new Gauge({
      name: 'stockroom_tier_latency_seconds',
      help: 'Round trip to the tier at the last scrape',
      labelNames: ['tier'] as const,
      registers,
    }),
    migrationRows: new Gauge({
      name: 'stockroom_migration_rows',
      help: 'Rows of each source in the last migration, by what became of them',
      labelNames: ['source', 'outcome'] as const,
      registers,
    }),
  };
}

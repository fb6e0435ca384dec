import type { Clock } from './core/clock.ts';
import { type Config, loadConfig } from './core/config.ts';
import { messageOf } from './core/errors.ts';
import { performanceOf } from './stores/recommendations/performance/performance.ts';
import type { Performance, PerformanceQuery } from './stores/recommendations/performance/schema.ts';
import {
  computeOutcomes,
  evaluateDue,
  openStores,
  type OpenStoresOptions,
  type SavedWhole,
  saveRun,
  type Stores,
} from './system/index.ts';
import { migrate, openDurable } from './tiers/durable/index.ts';
import { type HotTier, openHot } from './tiers/hot/index.ts';
import type { CacheManager } from './tiers/tiered/index.ts';

export { type ErrorCode, StockroomError } from './core/errors.ts';
export { llmCostsMiddleware } from './stores/llm-costs/clients/ai-sdk.ts';
export { trackOpenAi } from './stores/llm-costs/clients/openai.ts';
export { csvProvider } from './stores/price-history/providers/csv.ts';
export type { PriceProvider } from './stores/price-history/providers/port.ts';
export { yahooProvider } from './stores/price-history/providers/yahoo.ts';

export interface DurableHealth {
  readonly kind: 'server' | 'embedded';
  readonly latencyMs: number;
  readonly version: string;
}

export interface HotHealth {
  /** Answers are given also while it is down, only later. */
  readonly state: 'up' | 'down';
  readonly kind: 'redis' | 'in-process';
  readonly topology: 'standalone' | 'cluster' | 'sentinel' | 'in-process';
  readonly location: string;
  /** Absent while it is down. */
  readonly latencyMs: number | undefined;
  /** Why it is down. */
  readonly reason: string | undefined;
}

/** A function of everything, for somebody who has everything open. */
type Bound<F> = F extends (system: never, ...args: infer A) => infer R ? (...args: A) => R : never;

export interface Stockroom {
  readonly stores: Stores;
  /** Saves a top-picks run with its recommendations and its picks: all of it, or nothing. */
  saveRun(
    payload: Parameters<typeof saveRun>[1],
    options?: Parameters<typeof saveRun>[2],
  ): Promise<SavedWhole>;
  /** Computes the outcomes of picks from the price history. */
  computeOutcomes: Bound<typeof computeOutcomes>;
  /** Evaluates the recommendations whose horizon is over from the price history. */
  evaluateDue: Bound<typeof evaluateDue>;
  /** How the evaluated recommendations did, each figure with its n. */
  performance(query: PerformanceQuery): Promise<Performance>;
  /** Namespaces of one's own on the Redis that the environment names: see docs/cache.md. */
  readonly cache: CacheManager;
  /** The tiers with their latency; rejects with DATABASE_UNREACHABLE when PostgreSQL does not answer. */
  health(): Promise<{ readonly durable: DurableHealth; readonly hot: HotHealth }>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Where settings come from, as in the table of configuration; `process.env` by default. */
  env?: Readonly<Record<string, string | undefined>>;
  /** What time it is; absent: the system's, and PostgreSQL's where all processes have to agree. */
  clock?: Clock;
  /** Where prices come from, by the name of their source: see src/stores/price-history/README.md. */
  providers?: OpenStoresOptions['providers'];
}

/**
 * Opens the tiers that the environment names, brings the schema up to date, and gives the stores over them. A Redis that is away
 * does not keep it from opening: it is connected as soon as it is there.
 *
 * @throws StockroomError CONFIG_INVALID, DATABASE_UNREACHABLE, DATABASE_TOO_OLD, EMBEDDED_IN_USE, SCHEMA_TOO_NEW,
 *   SCHEMA_CHANGED
 */
export async function openStockroom({
  env = process.env,
  clock,
  providers,
}: OpenOptions = {}): Promise<Stockroom> {
  const config = loadConfig(env);
  const durable = await openDurable(config);
  try {
    await migrate(durable);
    const hot = await openHot({ redis: config.redis, keyPrefix: config.keyPrefix });
    const system = await openStores({ durable, hot, clock, alerts: alertsOf(config), providers }).catch(
      async (error: unknown) => {
        await hot.close();
        throw error;
      },
    );
    return {
      cache: system.cache,
      stores: system.stores,
      saveRun: (payload, options) => saveRun(system, payload, options),
      computeOutcomes: (...args) => computeOutcomes(system, ...args),
      evaluateDue: (...args) => evaluateDue(system, ...args),
      performance: (query) => performanceOf(durable, query),
      async health() {
        const [ofDurable, ofHot] = await Promise.all([durable.ping(), healthOf(hot)]);
        return { durable: { kind: durable.kind, ...ofDurable }, hot: ofHot };
      },
      async close() {
        try {
          await system.close();
          await hot.close();
        } finally {
          await durable.close();
        }
      },
    };
  } catch (error) {
    await durable.close();
    throw error;
  }
}

function alertsOf({ alertWebhook }: Config): OpenStoresOptions['alerts'] {
  return alertWebhook === undefined ? undefined : { webhookUrl: alertWebhook };
}

async function healthOf(hot: HotTier): Promise<HotHealth> {
  const { kind, topology, location } = hot;
  const about = { kind, topology, location };
  try {
    const { latencyMs } = await hot.ping();
    return { ...about, state: 'up', latencyMs, reason: undefined };
  } catch (error) {
    return { ...about, state: 'down', latencyMs: undefined, reason: messageOf(error) };
  }
}

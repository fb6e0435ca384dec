import { type Clock, systemClock } from './core/clock.ts';
import { loadConfig } from './core/config.ts';
import { createLlmCosts, type LlmCosts } from './stores/llm-costs/store.ts';
import { createRecommendations, type Recommendations } from './stores/recommendations/store.ts';
import { createTopPicks, type TopPicks } from './stores/top-picks/store.ts';
import { migrate, openDurable } from './tiers/durable/index.ts';

export { type ErrorCode, StockroomError } from './core/errors.ts';

export interface Stockroom {
  readonly stores: {
    readonly llmCosts: LlmCosts;
    readonly recommendations: Recommendations;
    readonly topPicks: TopPicks;
  };
  /** The tiers with their latency; rejects with DATABASE_UNREACHABLE when PostgreSQL does not answer. */
  health(): Promise<{ durable: { kind: 'server' | 'embedded'; latencyMs: number; version: string } }>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Where settings come from, as in the table of configuration; `process.env` by default. */
  env?: Readonly<Record<string, string | undefined>>;
  clock?: Clock;
}

/**
 * Opens the tiers that the environment names, brings the schema up to date, and gives the stores over them.
 *
 * @throws StockroomError CONFIG_INVALID, DATABASE_UNREACHABLE, DATABASE_TOO_OLD, EMBEDDED_IN_USE, SCHEMA_TOO_NEW,
 *   SCHEMA_CHANGED
 */
export async function openStockroom({
  env = process.env,
  clock = systemClock,
}: OpenOptions = {}): Promise<Stockroom> {
  const durable = await openDurable(loadConfig(env));
  try {
    await migrate(durable);
  } catch (error) {
    await durable.close();
    throw error;
  }
  return {
    stores: {
      llmCosts: createLlmCosts({ durable, clock }),
      recommendations: createRecommendations({ durable }),
      topPicks: createTopPicks({ durable }),
    },
    async health() {
      return { durable: { kind: durable.kind, ...(await durable.ping()) } };
    },
    close: () => durable.close(),
  };
}

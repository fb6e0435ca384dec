import type { Clock } from '../core/clock.ts';
import { loadCalendar, type ReloadingCalendar } from '../market/index.ts';
import { type AgentMemory, createAgentMemory } from '../stores/agent-memory/store.ts';
import { type Context, createContext } from '../stores/context/store.ts';
import { createLlmCosts, type LlmCosts, type LlmCostsOptions } from '../stores/llm-costs/store.ts';
import { createMarketCache, type MarketCache } from '../stores/market-cache/index.ts';
import { createPickLog, type PickLog } from '../stores/pick-log/store.ts';
import {
  createPriceHistory,
  type PriceHistory,
  type PriceHistoryOptions,
} from '../stores/price-history/store.ts';
import { createRecommendations, type Recommendations } from '../stores/recommendations/store.ts';
import { createScores, type Scores } from '../stores/scores/store.ts';
import { createSupportResistance, type SupportResistance } from '../stores/support-resistance/store.ts';
import { createTopPicks, type TopPicks } from '../stores/top-picks/store.ts';
import type { DurableTier } from '../tiers/durable/index.ts';
import type { HotTier } from '../tiers/hot/index.ts';
import { createHotState, type HotState } from '../tiers/state/index.ts';
import { type CacheManager, createCache } from '../tiers/tiered/index.ts';
import { createViews, type Views } from '../tiers/views/index.ts';

export interface Stores {
  readonly llmCosts: LlmCosts;
  readonly recommendations: Recommendations;
  readonly topPicks: TopPicks;
  readonly context: Context;
  readonly pickLog: PickLog;
  readonly supportResistance: SupportResistance;
  readonly priceHistory: PriceHistory;
  readonly scores: Scores;
  readonly marketCache: MarketCache;
  readonly agentMemory: AgentMemory;
}

export interface OpenStoresOptions {
  /** With an up-to-date schema. Both tiers stay open when the stores are closed. */
  readonly durable: DurableTier;
  readonly hot: HotTier;
  readonly clock?: Clock | undefined;
  /** Where budget alerts go. */
  readonly alerts?: LlmCostsOptions['alerts'];
  /** Where prices come from, by the name of their source. None: what was put is all there is. */
  readonly providers?: PriceHistoryOptions['providers'];
}

/** The ten stores over both tiers, with what they share. */
export interface StoreSystem {
  readonly stores: Stores;
  readonly durable: DurableTier;
  readonly views: Views;
  readonly state: HotState;
  readonly cache: CacheManager;
  readonly calendar: ReloadingCalendar;
  /** Everything that was acknowledged is in PostgreSQL when it resolves. @throws what could not be written */
  close(): Promise<void>;
}

/** @throws as the durable tier does: the calendar's overrides are read first */
export async function openStores(options: OpenStoresOptions): Promise<StoreSystem> {
  const { durable, hot, alerts, providers } = options;
  const clock = options.clock === undefined ? {} : { clock: options.clock };
  const calendar = await loadCalendar(durable);
  const views = createViews({ hot, durable, ...clock });
  const state = createHotState({ hot, durable, ...clock });
  const cache = createCache(hot);
  const shared = { durable, hot, views, calendar, ...clock };
  const priceHistory = createPriceHistory({ ...shared, ...(providers === undefined ? {} : { providers }) });
  const stores: Stores = {
    llmCosts: createLlmCosts({ ...shared, alerts }),
    recommendations: createRecommendations(shared),
    topPicks: createTopPicks(shared),
    context: createContext(shared),
    pickLog: createPickLog(shared),
    supportResistance: createSupportResistance({ ...shared, candles: dailyCandlesOf(priceHistory) }),
    priceHistory,
    scores: createScores(shared),
    marketCache: createMarketCache({ ...shared, cache }),
    agentMemory: createAgentMemory({ ...shared, state }),
  };
  // Stores first: what they still write goes through the views and the state.
  const closers = [
    ...Object.values(stores).map((store: { close?: () => Promise<void> | void }) => () => store.close?.()),
    () => state.close(),
    () => views.close(),
    () => cache.close(),
    () => calendar.close(),
  ];
  return { stores, durable, views, state, cache, calendar, close: () => closeAll(closers) };
}

/** The daily candles of the price history, for the stores that ask for them. */
export function dailyCandlesOf(priceHistory: PriceHistory): PriceHistory['dailyCandles'] {
  return (symbol, fromDate, toDate) => priceHistory.dailyCandles(symbol, fromDate, toDate);
}

/** Each in turn, whatever the others do. @throws the first failure */
async function closeAll(closers: readonly (() => Promise<void> | void | undefined)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, 'Several stores could not be closed');
}

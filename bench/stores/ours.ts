import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as System from '../../src/system/index.ts';
import type { Stores } from '../../src/system/index.ts';
import type * as Durable from '../../src/tiers/durable/index.ts';
import type { DurableTier } from '../../src/tiers/durable/index.ts';
import type * as Hot from '../../src/tiers/hot/index.ts';
import * as samples from './samples.js';

// The built Stockroom, as it is published, and not what Vite makes of its sources.
const require = createRequire(import.meta.url);
const built = (path: string): unknown =>
  require(fileURLToPath(new URL(`../../dist/${path}`, import.meta.url)));
const { openStores } = built('system/index.js') as typeof System;
const { migrate, openDurable } = built('tiers/durable/index.js') as typeof Durable;
const { openHot } = built('tiers/hot/index.js') as typeof Hot;

/** The default of DATABASE_POOL_MAX. */
export const POOL_MAX = 10;
export const SCHEMA = 'stockroom';

export interface Ours {
  readonly stores: Stores;
  readonly durable: DurableTier;
  /** When the preloaded data was made. */
  readonly baseMs: number;
  /** Of the preloaded recommendations, in the order in which they were logged. */
  readonly recommendationIds: (bigint | number | string)[];
  close(): Promise<void>;
}

/** The ten stores over a fresh database and Redis, with every setting as it is by default. */
export async function openOurs(databaseUrl: string, redis: string, baseMs: number): Promise<Ours> {
  const config = { databaseUrl, databasePoolMax: POOL_MAX, dataDir: '.', schema: SCHEMA };
  const durable = await openDurable(config);
  await migrate(durable);
  const hot = await openHot({ redis });
  const system = await openStores({ durable, hot });
  return {
    stores: system.stores,
    durable,
    baseMs,
    recommendationIds: [],
    async close() {
      await system.close();
      await hot.close();
      await durable.close();
    },
  };
}

const IN_FLIGHT = 20;
const BATCH = 1_000;

/** The same data as the old files have. */
export async function preload({ stores, durable, baseMs, recommendationIds }: Ours): Promise<void> {
  const at = new Date(baseMs).toISOString();
  for (let from = 0; from < samples.LLM_REQUESTS; from += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, index) => llmInput(from + index, baseMs));
    await stores.llmCosts.logMany(batch);
  }
  for (let n = 0; n < samples.RUNS; n++) {
    const { items } = await stores.recommendations.logRun(samples.topPicks(n));
    recommendationIds.push(...items.map(({ id }) => id));
    const generated_at = new Date(baseMs + n).toISOString();
    await stores.topPicks.save(samples.topPicks(n), { generated_at });
  }
  await stores.scores.put(Array.from({ length: samples.SYMBOLS }, (_, n) => samples.score(n, baseMs)));
  await each(samples.ANALYSES, (n) => stores.context.analyses.log(samples.analysis(n)));
  await each(samples.MEMORIES, (n) => putMemory(stores, n));
  await each(samples.PICKS, (n) => stores.pickLog.log(samples.pick(n)));
  await each(samples.SYMBOLS, (n) => {
    const names = { symbol: samples.symbolOf(n), scope: samples.LEVELS_SCOPE, method: 'floor' } as const;
    return stores.supportResistance.put({ ...names, ...samples.levels(n), computed_at: at });
  });
  await each(samples.PRICED_SYMBOLS, (n) =>
    stores.priceHistory.put({ symbol: samples.symbolOf(n), interval: '1d', ...samples.year(n, baseMs) }),
  );
  await each(samples.CACHED_KEYS, (n) => {
    const { key, value } = samples.cached(n);
    return stores.marketCache.set(key, value, { ttl_seconds: 3_600 });
  });
  await each(samples.SESSIONS, (n) => {
    const { session, key, value } = samples.session(n);
    return stores.agentMemory.sessions.put(session, key, value);
  });
  // As autovacuum would have done by the time somebody asks.
  await durable.query('ANALYZE');
}

async function each(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += IN_FLIGHT) {
    const batch = Array.from({ length: Math.min(IN_FLIGHT, count - from) }, (_, index) => work(from + index));
    await Promise.all(batch);
  }
}

export function putMemory({ context }: Stores, n: number): Promise<unknown> {
  const { type, key, value } = samples.memory(n);
  return context.memory.put(type, key, { value, ttl_seconds: samples.MEMORY_SECONDS });
}

/** What a caller tells of a call: the price is ours to know. */
export function llmCall(n: number) {
  const { model, tokens_input, tokens_output } = samples.llmRequest(n);
  return { model, tokens_input, tokens_output };
}

const llmInput = (n: number, baseMs: number) => ({
  ...llmCall(n),
  created_at: samples.llmTime(n, baseMs).toISOString(),
});

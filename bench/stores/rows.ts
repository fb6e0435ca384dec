import { llmCall, type Ours, putMemory } from './ours.ts';
import * as samples from './samples.js';

/** One line of a table: an operation of ours beside what the old application did for the same. */
export interface Row {
  /** Also of the old operation: see old-operations.js. */
  readonly id: string;
  readonly title: string;
  readonly kind: 'append' | 'hot';
  /** The n-th call. What a read gives is compared with the answer of the old side once. */
  readonly op: (ours: Ours, n: number) => Promise<unknown>;
  /** Where acknowledged rows have to be afterwards: each call adds so many of them. */
  readonly table?: { readonly name: string; readonly rows: number };
}

const appendRows: Row[] = [
  {
    id: 'llm',
    title: 'log an LLM request',
    kind: 'append',
    op: ({ stores }, n) => stores.llmCosts.log(llmCall(n)),
    table: { name: 'llm_requests', rows: 1 },
  },
  {
    id: 'recommendations',
    title: 'log a run of 10 recommendations',
    kind: 'append',
    op: ({ stores }, n) => stores.recommendations.logRun(samples.topPicks(n)),
    table: { name: 'ai_recommendations', rows: 10 },
  },
  {
    id: 'top-picks',
    title: 'save a top-picks run',
    kind: 'append',
    op: ({ stores }, n) => stores.topPicks.save(samples.topPicks(n)),
    table: { name: 'top_picks_runs', rows: 1 },
  },
  {
    id: 'analysis',
    title: 'log a context analysis',
    kind: 'append',
    op: ({ stores }, n) => stores.context.analyses.log(samples.analysis(n)),
    table: { name: 'agent_analyses', rows: 1 },
  },
  {
    id: 'memory',
    title: 'put a context memory',
    kind: 'append',
    op: ({ stores }, n) => putMemory(stores, n),
  },
  {
    id: 'pick',
    title: 'log a pick with 4 contributions',
    kind: 'append',
    op: ({ stores }, n) => stores.pickLog.log(samples.pick(n)),
    table: { name: 'pick_events', rows: 1 },
  },
];

const storeReads: Row[] = [
  {
    id: 'spend',
    title: "today's LLM spend",
    kind: 'hot',
    op: async ({ stores }) => Number((await stores.llmCosts.spend()).total_requests),
  },
  {
    id: 'latest',
    title: 'latest top picks',
    kind: 'hot',
    op: async ({ stores }, n) =>
      (
        await stores.topPicks.latest({
          universe: samples.universeOf(n),
          mode: samples.modeOf(n),
          as_of: undefined,
        })
      ).items,
  },
  {
    id: 'recommendation',
    title: 'a recommendation',
    kind: 'hot',
    async op({ stores, recommendationIds }, n) {
      const id = recommendationIds[n % recommendationIds.length]!;
      const { symbol, entry_price, features } = await stores.recommendations.get(id);
      return [symbol, entry_price, (features as { reasoning: string }).reasoning];
    },
  },
  {
    id: 'memory-get',
    title: 'a context memory',
    kind: 'hot',
    op({ stores }, n) {
      const { type, key } = samples.memory(n);
      return stores.context.memory.get(type, key);
    },
  },
  {
    id: 'levels',
    title: 'support and resistance levels',
    kind: 'hot',
    async op({ stores }, n) {
      const names = { symbol: samples.symbolOf(n), scope: samples.LEVELS_SCOPE, method: 'floor' } as const;
      const { p, r1, r2, r3, s1, s2, s3 } = await stores.supportResistance.get(names);
      return [p, r1, r2, r3, s1, s2, s3];
    },
  },
];

const cacheReads: Row[] = [
  {
    id: 'score',
    title: 'a score of 500',
    kind: 'hot',
    op: async ({ stores }, n) => (await stores.scores.get(samples.symbolOf(n))).blend_score,
  },
  {
    id: 'scores',
    title: 'the top 20 of 500 scores',
    kind: 'hot',
    op: async ({ stores }) => (await stores.scores.top({ n: 20 })).items.map(({ symbol }) => symbol),
  },
  {
    id: 'price',
    title: 'a year of daily candles',
    kind: 'hot',
    async op({ stores, baseMs }, n) {
      const { from, to } = yearOf(baseMs);
      const symbol = samples.symbolOf(n % samples.PRICED_SYMBOLS);
      const { candles } = await stores.priceHistory.get({ symbol, interval: '1d', from, to });
      return [candles.length, candles.at(-1)?.close];
    },
  },
  {
    id: 'market',
    title: 'a market cache entry',
    kind: 'hot',
    op: async ({ stores }, n) => (await stores.marketCache.get(samples.cached(n).key))?.value,
  },
  {
    id: 'session',
    title: 'get of a session',
    kind: 'hot',
    op({ stores }, n) {
      const { session, key } = samples.session(n);
      return stores.agentMemory.sessions.get(session, key);
    },
  },
  {
    id: 'session-put',
    title: 'put into a session',
    kind: 'hot',
    async op({ stores }, n) {
      const { session, key, value } = samples.session(n);
      await stores.agentMemory.sessions.put(session, key, value);
    },
  },
];

/** In the order of the report. */
export const rows: readonly Row[] = [...appendRows, ...storeReads, ...cacheReads];

let year: { readonly from: string; readonly to: string } | undefined;

function yearOf(baseMs: number): { readonly from: string; readonly to: string } {
  return (year ??= samples.year(0, baseMs));
}

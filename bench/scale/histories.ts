import { decisions } from '../../test/plans/fills/decisions.ts';
import { type Fill, FREQUENT, MIDDLING, RARE } from '../../test/plans/fills/fill.ts';
import { others } from '../../test/plans/fills/others.ts';
import * as samples from '../stores/samples.js';
import { performanceOf, type Subject } from './open.ts';

type Call = (subject: Subject, n: number) => Promise<unknown>;

/** A history, how it is filled, and what is timed at each size. */
export interface History {
  readonly id: string;
  readonly title: string;
  readonly fill: Fill;
  /** Rows of one call of `append`. */
  readonly rowsACall?: number;
  /** How many rows a day it is taken to get: with it, reads of some days look at the same number of rows at every size. */
  readonly perDay: number;
  /** The largest size that means anything. */
  readonly most?: number;
  /** Of each row of the table what people count, when it is not the row: candles. */
  readonly unit?: { readonly name: string; readonly perRow: number };
  readonly append?: Call;
  readonly reads: Readonly<Record<string, Call>>;
  /** The store whose history `archive` removes. */
  readonly archive?: string;
  /** The store whose keys in Redis are built anew. */
  readonly rebuild?: string;
}

const DAY_MS = 86_400_000;
const ago = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString();
const symbols = [FREQUENT, MIDDLING, RARE] as const;
const symbolOf = (n: number): string => symbols[n % symbols.length]!;
const limit = 50;

const llm: History = {
  id: 'llm_requests',
  title: 'LLM requests',
  fill: others.llmRequests,
  perDay: 20_000,
  append: ({ stores }, n) =>
    stores.llmCosts.log({ model: 'gpt-4', tokens_input: 500 + (n % 1_500), tokens_output: 100 + (n % 400) }),
  reads: {
    'spend of a day': ({ stores }) => stores.llmCosts.spend(),
    'usage of 1 day': ({ stores }) => stores.llmCosts.usage({ days: 1 }),
    'usage of 30 days': ({ stores }) => stores.llmCosts.usage({ days: 30 }),
  },
  archive: 'llm-costs',
  rebuild: 'llm-costs',
};

const recommendations: History = {
  id: 'ai_recommendations',
  title: 'recommendations',
  fill: decisions.recommendations,
  rowsACall: 10,
  perDay: 2_000,
  append: ({ stores }, n) => stores.recommendations.logRun(samples.topPicks(n)),
  reads: {
    'newest 50': ({ stores }) => stores.recommendations.list({ limit }),
    'newest 50 of a symbol': ({ stores }, n) => stores.recommendations.list({ symbol: symbolOf(n), limit }),
    'open, oldest 50': ({ stores }) => stores.recommendations.unevaluated({ limit }),
    'one by id': ({ stores }, n) => stores.recommendations.get(BigInt(1 + (n % 10_000))),
    'performance of 30 days': ({ durable }) => performanceOf(durable, { from: ago(30) }),
  },
  archive: 'recommendations',
  rebuild: 'recommendations',
};

const topPicks: History = {
  id: 'top_picks_runs',
  title: 'top-picks runs',
  fill: decisions.topPicks,
  perDay: 300,
  // With ten picks each these are ten million picks, of nine years.
  most: 1_000_000,
  append: ({ stores }, n) => stores.topPicks.save(samples.topPicks(n)),
  reads: {
    'latest, from Redis': ({ stores }) => stores.topPicks.latest({ universe: 'nifty50', mode: 'Intraday' }),
    'latest as of 7 days ago': ({ stores }) =>
      stores.topPicks.latest({ universe: 'nifty50', mode: 'Intraday', as_of: ago(7) }),
    'one by run id': ({ stores }, n) => stores.topPicks.run(`run-${1 + (n % 10_000)}`),
    'newest 50 of a universe': ({ stores }) => stores.topPicks.runs({ universe: 'midcap', limit }),
  },
  archive: 'top-picks',
  rebuild: 'top-picks',
};

const analyses: History = {
  id: 'agent_analyses',
  title: 'agent analyses',
  fill: decisions.analyses,
  perDay: 20_000,
  append: ({ stores }, n) => stores.context.analyses.log(samples.analysis(n)),
  reads: {
    'latest, as of now': ({ stores }) =>
      stores.context.analyses.latest({ symbol: FREQUENT, agent_type: 'technical', as_of: ago(0) }),
    'newest 50 of a symbol, 30 days': ({ stores }, n) =>
      stores.context.analyses.history({ symbol: symbolOf(n), days: 30, limit }),
  },
  archive: 'context',
  rebuild: 'context',
};

const picks: History = {
  id: 'pick_events',
  title: 'picks (with 3 contributions, and an outcome)',
  fill: decisions.picks,
  perDay: 1_000,
  append: ({ stores }, n) => stores.pickLog.log(samples.pick(n)),
  reads: {
    'newest 50': ({ stores }) => stores.pickLog.list({ limit }),
    'newest 50 of a symbol': ({ stores }, n) => stores.pickLog.list({ symbol: symbolOf(n), limit }),
    'newest 50 without an outcome': ({ stores }) => stores.pickLog.list({ with_outcomes: false, limit }),
  },
  archive: 'pick-log',
};

const prices: History = {
  id: 'price_candles',
  title: 'daily candles (250 a row)',
  fill: others.priceCandles,
  perDay: 40,
  most: 40_000,
  unit: { name: 'candles', perRow: 250 },
  append: ({ stores }, n) =>
    stores.priceHistory.put({ symbol: `NEW${n % 2_000}`, interval: '1d', ...samples.year(n, Date.now()) }),
  reads: {
    'a year of a symbol': ({ stores }, n) =>
      stores.priceHistory.get({
        symbol: `STOCK${String(1 + (n % 40)).padStart(4, '0')}`,
        interval: '1d',
        from: '2026-01-01',
        to: '2026-11-01',
      }),
    statistics: ({ stores }) => stores.priceHistory.stats(),
  },
  rebuild: 'price-history',
};

const memoryAnalyses: History = {
  id: 'memory_analyses',
  title: 'analyses in agent memory',
  fill: decisions.memoryAnalyses,
  perDay: 20_000,
  append: ({ stores }, n) =>
    stores.agentMemory.analyses.add({ symbol: symbolOf(n), agent_type: 'technical', result: { n } }),
  reads: {
    'newest 50 of a symbol': ({ stores }, n) =>
      stores.agentMemory.analyses.list({ symbol: symbolOf(n), limit: String(limit) }),
    statistics: ({ stores }) => stores.agentMemory.statistics(),
  },
  archive: 'agent-memory',
};

const levels: History = {
  id: 'support_resistance_levels',
  title: 'support and resistance levels',
  fill: others.levels,
  perDay: 8_000,
  append: ({ stores }, n) =>
    stores.supportResistance.put({ symbol: `NEW${n % 2_000}`, scope: 'D', ...samples.levels(n) }),
  reads: {
    'newest put by a caller': ({ stores }) =>
      stores.supportResistance.get({ symbol: FREQUENT, scope: 'Y', method: 'floor', as_of: ago(0) }),
  },
  rebuild: 'support-resistance',
};

const audit: History = {
  id: 'audit_log',
  title: 'audit log',
  fill: others.auditLog,
  perDay: 1_000,
  append: ({ durable }, n) =>
    durable.query('insert into audit_log (actor, action, subject, detail) values ($1, $2, $3, $4::jsonb)', [
      'ops',
      'http:DELETE /v1/hot/keys/:key',
      `/v1/hot/keys/${n}`,
      '{"outcome": "done"}',
    ]),
  reads: {
    'newest 50 of a subject': ({ durable }, n) =>
      durable.query('select * from audit_log where subject = $1 order by at desc limit 50', [
        `/v1/hot/keys/${1 + (n % 10_000)}`,
      ]),
  },
};

const scores: History = {
  id: 'hot_state',
  title: 'scores (hot_state)',
  fill: others.scores,
  perDay: 1_000_000,
  most: 1_000_000,
  append: ({ stores }, n) => stores.scores.put([{ ...samples.score(n, Date.now()), symbol: `NEW${n}` }]),
  reads: {
    'one, from Redis': ({ stores }, n) =>
      stores.scores.get(`STOCK${String(1 + (n % 1_000)).padStart(7, '0')}`),
    'top 20': ({ stores }) => stores.scores.top({ n: 20 }),
  },
  rebuild: 'scores',
};

/** Those that grow fastest first. */
export const histories: readonly History[] = [
  llm,
  recommendations,
  analyses,
  picks,
  prices,
  topPicks,
  memoryAnalyses,
  levels,
  audit,
  scores,
];

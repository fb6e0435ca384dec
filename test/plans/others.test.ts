import { encodeCursor } from '../../src/core/page.ts';
import { budgetsQuery } from '../../src/stores/llm-costs/budget-schema.ts';
import { requestsQuery } from '../../src/stores/llm-costs/schema.ts';
import { type Case, describePlans } from './check.ts';
import { decisions } from './fills/decisions.ts';
import { FREQUENT, RARE, symbolOf } from './fills/fill.ts';
import { others } from './fills/others.ts';
import { DAYS, daysAgo, ROWS } from './world.ts';

const deep = encodeCursor([daysAgo(365).replace('Z', '000Z'), BigInt(ROWS / 2)]);

const requests = (name: string, query: Record<string, string>): Case => ({
  name: `requests ${name}`,
  ask: ({ stores }) => stores.llmCosts.requests(requestsQuery.parse(query)),
});

describePlans(
  'LLM costs',
  [others.llmRequests],
  [
    { name: 'spend of today', ask: ({ stores }) => stores.llmCosts.spend() },
    {
      name: 'spend of a day as of a time',
      ask: ({ stores }) => stores.llmCosts.spend({ as_of: daysAgo(100) }),
    },
    { name: 'usage of a week', ask: ({ stores }) => stores.llmCosts.usage({ days: 7 }), share: 8 / DAYS },
    { name: 'usage of a month', ask: ({ stores }) => stores.llmCosts.usage({ days: 30 }), share: 31 / DAYS },
    { name: 'a budget', ask: ({ stores }) => stores.llmCosts.budget({ daily_usd: '10' }) },
    {
      name: 'budgets',
      async ask({ stores }) {
        await stores.llmCosts.putBudget({ scope: 'user:user-7', daily_usd: '5', monthly_usd: '100' }, 'test');
        await stores.llmCosts.budgets();
      },
    },
    {
      name: 'budgets as of a time',
      ask: ({ stores }) => stores.llmCosts.budgets(budgetsQuery.parse({ as_of: daysAgo(100) })),
      share: 32 / DAYS,
    },
    requests('all', {}),
    requests('a page far behind', { cursor: deep }),
    requests('without a price', { priced: 'false' }),
    requests('without a price, a page far behind', { priced: 'false', cursor: deep }),
    requests('with a price', { priced: 'true' }),
    requests('from and to', { from: daysAgo(400), to: daysAgo(390) }),
    requests('as of a year ago', { as_of: daysAgo(365) }),
  ],
);

describePlans(
  'levels and prices',
  [others.levels, others.priceChunks],
  [
    {
      name: 'levels',
      ask: ({ stores }) => stores.supportResistance.get({ symbol: FREQUENT, scope: 'D', method: 'floor' }),
    },
    {
      name: 'levels as of a year ago',
      ask: ({ stores }) =>
        stores.supportResistance.get({ symbol: FREQUENT, scope: 'D', method: 'floor', as_of: daysAgo(365) }),
    },
    {
      name: 'a price against its levels',
      ask: ({ stores }) =>
        stores.supportResistance.score({ symbol: FREQUENT, scope: 'W', method: 'floor', price: 100 }),
    },
    {
      name: 'candles of a day',
      ask: ({ stores }) =>
        stores.priceHistory.get({
          symbol: symbolOf(7),
          interval: '5m',
          from: '2026-11-20T04:00:00Z',
          to: '2026-11-20T09:00:00Z',
        }),
    },
    { name: 'what is covered', ask: ({ stores }) => stores.priceHistory.coverage(symbolOf(7), '5m') },
  ],
);

describePlans(
  'scores and short-lived state',
  [others.hotState],
  [
    { name: 'a score', ask: ({ stores }) => stores.scores.get(symbolOf(7)) },
    { name: 'a score as of now', ask: ({ stores }) => stores.scores.get(symbolOf(7), { as_of: daysAgo(0) }) },
    { name: 'the best scores', ask: ({ stores }) => stores.scores.top({ n: 20 }) },
    {
      name: 'the best of some symbols',
      ask: ({ stores }) => stores.scores.top({ symbols: [symbolOf(7), symbolOf(8)], n: 2 }),
    },
    { name: 'the time of the newest score', ask: ({ stores }) => stores.scores.newestAt() },
    { name: 'a copy of the general cache', ask: ({ stores }) => stores.marketCache.get('key-7') },
    { name: 'an agent’s answer', ask: ({ stores }) => stores.agentMemory.cache.get('key-7') },
    { name: 'a session', ask: ({ stores }) => stores.agentMemory.sessions.get('user-1', 'state') },
    { name: 'sessions', ask: ({ stores }) => stores.agentMemory.sessions.list({ limit: 100 }) },
    { name: 'working memory', ask: ({ stores }) => stores.agentMemory.working.list({ limit: 100 }) },
  ],
);

describePlans(
  'scores alone',
  [others.scores],
  [
    { name: 'the best', byValue: true, ask: ({ stores }) => stores.scores.top({ n: 20 }) },
    {
      name: 'the best as of now',
      byValue: true,
      ask: ({ stores }) => stores.scores.top({ n: 20, as_of: daysAgo(0) }),
    },
    {
      name: 'the best to act on, of high confidence',
      byValue: true,
      ask: ({ stores }) => stores.scores.top({ n: 100, min_confidence: 'high', actionable: true }),
    },
  ],
);

const analyses = (name: string, query: Record<string, string>): Case => ({
  name: `analyses ${name}`,
  ask: ({ stores }) => stores.agentMemory.analyses.list({ symbol: FREQUENT, ...query }),
});
const quarantined = (name: string, source: string | undefined, after?: number): Case => ({
  name: `quarantine ${name}`,
  byValue: source !== undefined,
  ask: ({ history }) =>
    history.quarantine({
      source,
      limit: 100,
      cursor: after === undefined ? undefined : [daysAgo(365), BigInt(after)],
    }),
});

describePlans(
  'agent memory and the books of the migration',
  [decisions.memoryAnalyses, others.quarantine],
  [
    analyses('of a frequent symbol', {}),
    analyses('of a rare symbol', { symbol: RARE }),
    analyses('of a symbol and agent', { agent_type: 'technical' }),
    analyses('from and to', { from: daysAgo(400), to: daysAgo(390) }),
    analyses('a page far behind', { cursor: deep }),
    analyses('of a symbol and agent, a page far behind', { agent_type: 'technical', cursor: deep }),
    quarantined('all', undefined),
    quarantined('a page far behind', undefined, ROWS / 2),
    quarantined('of a source', 'llm_requests'),
    quarantined('of a rare source', 'pick_events'),
    quarantined('of a rare source, a page far behind', 'pick_events', Math.round(ROWS * 0.995)),
    quarantined('of a source without rows', 'rl_policies'),
  ],
);

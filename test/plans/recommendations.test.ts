import { decisions } from './fills/decisions.ts';
import { FREQUENT, MIDDLING, RARE } from './fills/fill.ts';
import { type Case, describePlans } from './check.ts';
import { performanceOf } from '../../src/stores/recommendations/performance/performance.ts';
import { listQuery, unevaluatedQuery } from '../../src/stores/recommendations/schema.ts';
import { encodeCursor } from '../../src/core/page.ts';
import { DAYS, daysAgo, ROWS } from './world.ts';

/** Where a page begins that is far from the newest. */
const deep = encodeCursor([daysAgo(365).replace('Z', '000Z'), BigInt(ROWS / 2)]);

/** The part of them that is not evaluated yet: see the fill. */
const OPEN = 0.03;

const list = (name: string, query: Record<string, string>, share?: number): Case => ({
  name: `list ${name}`,
  ask: ({ stores }) => stores.recommendations.list(listQuery.parse(query)),
  ...(share === undefined ? {} : { share }),
});
const open = (name: string, query: Record<string, string>): Case => ({
  name: `unevaluated ${name}`,
  ask: ({ stores }) => stores.recommendations.unevaluated(unevaluatedQuery.parse(query)),
});

describePlans(
  'recommendations',
  [decisions.recommendations],
  [
    list('all', {}),
    list('a page far behind', { cursor: deep }),
    list('the longest page', { limit: '500' }),
    list('of a frequent symbol', { symbol: FREQUENT }),
    list('of a middling symbol', { symbol: MIDDLING }),
    list('of a rare symbol', { symbol: RARE }),
    list('of a frequent symbol, a page far behind', { symbol: FREQUENT, cursor: deep }),
    list('of a middling symbol, a page far behind', { symbol: MIDDLING, cursor: deep }),
    list('of a symbol that nobody knows', { symbol: 'NOBODY' }),
    list('of a symbol and mode', { symbol: FREQUENT, mode: 'swing' }),
    list('of a mode', { mode: 'Positional' }),
    list('of a universe', { universe: 'midcap' }),
    list('of a source', { source: 'SCALPING' }),
    list('of a run', { run_id: `run-${ROWS / 20}` }),
    list('of a confidence', { confidence: 'Low' }),
    list('from a score on', { min_score: '90' }),
    // The newest are open still, and are passed over.
    list('evaluated', { evaluated: 'true' }, OPEN),
    list('open', { evaluated: 'false' }),
    list('open, of a rare symbol', { evaluated: 'false', symbol: RARE }, OPEN),
    list('from and to', { from: daysAgo(400), to: daysAgo(390) }),
    list('of a symbol, from and to', { symbol: FREQUENT, from: daysAgo(400), to: daysAgo(390) }),
    list('as of a year ago', { as_of: daysAgo(365) }),
    list('evaluated as of a year ago', { evaluated: 'true', as_of: daysAgo(365) }),
    open('all', {}),
    open('of a mode', { mode: 'Scalping' }),
    open('before a time', { before: daysAgo(3) }),
    open('a page on', { cursor: deep }),
    { name: 'one by id', ask: ({ stores }) => stores.recommendations.get(BigInt(ROWS / 2)) },
    { name: 'of a run', ask: ({ stores }) => stores.recommendations.byRun(`run-${ROWS / 20}`) },
    {
      name: 'what falls due',
      ask: ({ stores }) =>
        stores.recommendations.evaluateDue({
          candles: () => Promise.resolve([]),
          signal: AbortSignal.timeout(1),
          pageSize: 50,
        }),
    },
    {
      name: 'performance of a month',
      ask: ({ durable }) => performanceOf(durable, { from: daysAgo(60), to: daysAgo(30) }),
      share: 31 / DAYS,
    },
    {
      name: 'performance of the last week',
      ask: ({ durable }) => performanceOf(durable, { from: daysAgo(7) }),
      share: 8 / DAYS,
    },
    {
      name: 'performance of a middling symbol',
      ask: ({ durable }) => performanceOf(durable, { symbol: MIDDLING }),
    },
    {
      name: 'performance of a mode in a month',
      ask: ({ durable }) => performanceOf(durable, { mode: 'Swing', from: daysAgo(60), to: daysAgo(30) }),
      share: 31 / DAYS,
    },
  ],
);

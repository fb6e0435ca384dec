import { encodeCursor } from '../../src/core/page.ts';
import { picksQuery } from '../../src/stores/pick-log/schema.ts';
import { type Case, describePlans } from './check.ts';
import { decisions } from './fills/decisions.ts';
import { FREQUENT, MIDDLING, RARE } from './fills/fill.ts';
import { others } from './fills/others.ts';
import { daysAgo, ROWS } from './world.ts';

const deep = encodeCursor([daysAgo(365).replace('Z', '000Z'), BigInt(ROWS / 2)]);

const list = (name: string, query: Record<string, string>): Case => ({
  name: `list ${name}`,
  ask: ({ stores }) => stores.pickLog.list(picksQuery.parse(query)),
});
const day = daysAgo(200).slice(0, 10);

describePlans(
  'picks and policies',
  [decisions.picks, others.auditLog, others.policies],
  [
    list('all', {}),
    list('a page far behind', { cursor: deep }),
    list('the longest page', { limit: '500' }),
    list('of a frequent symbol', { symbol: FREQUENT }),
    list('of a middling symbol', { symbol: MIDDLING }),
    list('of a rare symbol', { symbol: RARE }),
    list('of a frequent symbol, a page far behind', { symbol: FREQUENT, cursor: deep }),
    list('of a symbol and mode', { symbol: FREQUENT, mode: 'Swing' }),
    list('of a symbol, from and to', { symbol: FREQUENT, from: daysAgo(400), to: daysAgo(390) }),
    list('of a mode', { mode: 'Positional' }),
    list('of a universe', { universe: 'midcap' }),
    list('of a universe and mode', { universe: 'midcap', mode: 'Swing' }),
    list('of a source', { source: 'UI' }),
    list('of a direction', { direction: 'SHORT' }),
    list('of a trade date', { trade_date: day }),
    // Two indexes together: all entries of the symbol in one of them, which are few pages.
    { ...list('of a symbol and trade date', { symbol: FREQUENT, trade_date: day }), share: 0.1 },
    list('from and to', { from: daysAgo(400), to: daysAgo(390) }),
    // The picks of the last days have none yet, and are passed over.
    { ...list('with outcomes', { with_outcomes: 'true' }), share: 0.05 },
    list('without outcomes', { with_outcomes: 'false' }),
    list('as of a year ago', { as_of: daysAgo(365) }),
    list('with outcomes as of a year ago', { with_outcomes: 'true', as_of: daysAgo(365) }),
    {
      name: 'one by UUID',
      async ask({ stores }) {
        const { items } = await stores.pickLog.list(picksQuery.parse({ limit: '1' }));
        await stores.pickLog.get(items[0]!.pick_uuid);
      },
    },
    {
      name: 'outcomes of a day',
      ask: ({ stores }) =>
        stores.pickLog.computeOutcomes({
          from: day,
          to: day,
          horizon: 'EOD',
          candles: () => Promise.resolve([]),
        }),
    },
    { name: 'policies', ask: ({ stores }) => stores.pickLog.policies.list({ limit: 50 }) },
    {
      name: 'policies of a status',
      ask: ({ stores }) => stores.pickLog.policies.list({ limit: 50, status: 'ACTIVE' }),
    },
    { name: 'a policy', ask: ({ stores }) => stores.pickLog.policies.get('policy-500') },
    { name: 'the active policy', ask: ({ stores }) => stores.pickLog.policies.active() },
    {
      name: 'the policy that was active a year ago',
      ask: ({ stores }) => stores.pickLog.policies.active({ as_of: daysAgo(365) }),
    },
  ],
);

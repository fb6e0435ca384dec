import { encodeCursor } from '../../src/core/page.ts';
import { runsQuery } from '../../src/stores/top-picks/schema.ts';
import { type Case, describePlans } from './check.ts';
import { decisions } from './fills/decisions.ts';
import { daysAgo, ROWS } from './world.ts';

const deep = encodeCursor([daysAgo(365).replace('Z', '000Z'), BigInt(ROWS / 2)]);

const runs = (name: string, query: Record<string, string>): Case => ({
  name: `runs ${name}`,
  ask: ({ stores }) => stores.topPicks.runs(runsQuery.parse(query)),
});
const nifty = { universe: 'nifty50', mode: 'Intraday' };

/** The 10,000 newest ids: of 100,000 rows so many that reading all of them is the best plan. */
const ranking: Case = {
  name: 'the ranking of run ids in Redis',
  share: 20_000 / ROWS,
  ask: ({ views, recorder }) =>
    views.all.find(({ view }) => view.pattern === 'picks:runs')!.view.build(recorder.durable, 'all'),
};

describePlans(
  'top picks',
  [decisions.shortRuns],
  [
    { name: 'latest', ask: ({ stores }) => stores.topPicks.latest(nifty) },
    {
      name: 'latest as of a year ago',
      ask: ({ stores }) => stores.topPicks.latest({ ...nifty, as_of: daysAgo(365) }),
    },
    { name: 'one by run id', ask: ({ stores }) => stores.topPicks.run(`run-${ROWS / 2}`) },
    {
      name: 'one by run id, as of now',
      ask: ({ stores }) => stores.topPicks.run(`run-${ROWS / 2}`, { as_of: daysAgo(0) }),
    },
    runs('all', {}),
    runs('a page far behind', { cursor: deep }),
    runs('of a universe', { universe: 'MIDCAP' }),
    runs('of a universe, a page far behind', { universe: 'MIDCAP', cursor: deep }),
    runs('of a mode', { mode: 'Positional' }),
    runs('of a universe and mode', nifty),
    {
      ...runs('of a universe and mode that nobody knows', { universe: 'NOBODY', mode: 'Swing' }),
      byValue: true,
    },
    runs('of a trigger', { trigger: 'preopen' }),
    runs('from and to', { from: daysAgo(400), to: daysAgo(390) }),
    runs('of a universe, from and to', { universe: 'MIDCAP', from: daysAgo(400), to: daysAgo(390) }),
    runs('as of a year ago', { as_of: daysAgo(365) }),
    {
      name: 'what subscribers are told',
      async ask({ stores }) {
        const subscription = await stores.topPicks.subscribe(() => undefined);
        await subscription.close();
      },
    },
    ...(ROWS > 100_000 ? [ranking] : []),
  ],
);

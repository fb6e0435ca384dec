import { encodeCursor } from '../../src/core/page.ts';
import { historyQuery, learningsQuery } from '../../src/stores/context/schema.ts';
import { type Case, describePlans } from './check.ts';
import { decisions } from './fills/decisions.ts';
import { FREQUENT, MIDDLING, RARE } from './fills/fill.ts';
import { others } from './fills/others.ts';
import { daysAgo, ROWS } from './world.ts';

const deep = encodeCursor([daysAgo(365).replace('Z', '000Z'), BigInt(ROWS / 2)]);

const history = (name: string, query: Record<string, string>): Case => ({
  name: `analyses ${name}`,
  ask: ({ stores }) => stores.context.analyses.history(historyQuery.parse(query)),
});
const learnings = (name: string, query: Record<string, string>): Case => ({
  name: `learnings ${name}`,
  ask: ({ stores }) => stores.context.learnings.list(learningsQuery.parse(query)),
});
const technical = { symbol: FREQUENT, agent_type: 'technical' };
const user = 'user-1000';

describePlans(
  'context',
  [decisions.analyses, others.learnings, others.contextMemory, others.preferences],
  [
    history('of a frequent symbol', { symbol: FREQUENT, days: '365' }),
    history('of a middling symbol', { symbol: MIDDLING, days: '365' }),
    history('of a rare symbol', { symbol: RARE, days: '365' }),
    history('of a symbol and agent', { ...technical, days: '365' }),
    history('a page far behind', { symbol: FREQUENT, days: '700', cursor: deep }),
    history('as of a year ago', { symbol: FREQUENT, days: '30', as_of: daysAgo(365) }),
    { name: 'latest', ask: ({ stores }) => stores.context.analyses.latest(technical) },
    {
      name: 'latest as of a year ago',
      ask: ({ stores }) => stores.context.analyses.latest({ ...technical, as_of: daysAgo(365) }),
    },
    learnings('all', {}),
    learnings('of an agent', { agent_type: 'technical' }),
    learnings('a page far behind', { cursor: deep }),
    learnings('of an agent, a page far behind', { agent_type: 'risk', cursor: deep }),
    {
      name: 'the latest learning of an agent, for Redis',
      ask: ({ views, recorder }) =>
        views.all
          .find(({ view }) => view.pattern.startsWith('context:learning:'))!
          .view.build(recorder.durable, 'technical'),
    },
    {
      name: 'a memory',
      async ask({ stores }) {
        const { items } = await stores.context.memory.keys('market_context', { limit: 1 });
        await stores.context.memory.get('market_context', items[0]!.key);
      },
    },
    {
      name: 'the keys of a type',
      ask: ({ stores }) => stores.context.memory.keys('market_context', { limit: 500 }),
    },
    {
      name: 'the keys of a type, a page far behind',
      ask: ({ stores }) =>
        stores.context.memory.keys('market_context', {
          limit: 100,
          cursor: Buffer.from(`key-${String(ROWS / 2).padStart(9, '0')}`).toString('base64url'),
        }),
    },
    { name: 'the preferences of a user', ask: ({ stores }) => stores.context.preferences.all(user) },
    { name: 'a preference', ask: ({ stores }) => stores.context.preferences.get(user, 'pref-1') },
    {
      name: 'what agents remember of a user',
      ask: ({ stores }) => stores.agentMemory.preferences.all(user),
    },
  ],
);

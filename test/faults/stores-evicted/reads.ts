import { codeOf } from '../../../src/core/errors.ts';
import { historyQuery, learningsQuery } from '../../../src/stores/context/schema.ts';
import { picksQuery } from '../../../src/stores/pick-log/schema.ts';
import { listQuery, unevaluatedQuery } from '../../../src/stores/recommendations/schema.ts';
import { runsQuery } from '../../../src/stores/top-picks/schema.ts';
import type { StoreSystem } from '../../../src/system/stores.ts';
import type { ProjectionContent } from '../../../src/tiers/hot/index.ts';
import { agents, type Choice, dayOf, modes, nameOf, symbols, type Told, universes } from './writes.ts';

type Read = (system: StoreSystem, choice: Choice, told: Told) => Promise<unknown>;

/** In place of an id that nobody was told yet. */
const NOBODY = 'nobody';

export const reads = {
  spend: ({ stores }, choice) => stores.llmCosts.spend({ date: dayOf(choice) }),
  recommendation: ({ stores }, { which, what }, told) =>
    stores.recommendations.get(nameOf([...told.recommendations, 999_999], which * 7 + what)),
  recommendations: ({ stores }, { which }) =>
    stores.recommendations.list(listQuery.parse({ symbol: nameOf(symbols, which) })),
  byRun: ({ stores }, { what }, told) => stores.recommendations.byRun(nameOf([...told.runs, NOBODY], what)),
  unevaluated: ({ stores }) => stores.recommendations.unevaluated(unevaluatedQuery.parse({})),
  latestRun: ({ stores }, { which }) =>
    stores.topPicks.latest({ universe: nameOf(universes, which), mode: nameOf(modes, which) }),
  run: ({ stores }, { what }, told) => stores.topPicks.run(nameOf([...told.runs, NOBODY], what)),
  runs: ({ stores }) => stores.topPicks.runs(runsQuery.parse({})),
  latestAnalysis: ({ stores }, { which, what }) =>
    stores.context.analyses.latest({ symbol: nameOf(symbols, which), agent_type: nameOf(agents, what) }),
  analyses: ({ stores }, { which }) =>
    stores.context.analyses.history(historyQuery.parse({ symbol: nameOf(symbols, which), days: '3660' })),
  memory: ({ stores }, { which, what }) =>
    stores.context.memory.get(nameOf(agents, which), nameOf(symbols, what)),
  memoryKeys: ({ stores }, { which }) => stores.context.memory.keys(nameOf(agents, which), { limit: 10 }),
  preference: ({ stores }, { which, what }) =>
    stores.context.preferences.get(nameOf(agents, which), nameOf(symbols, what)),
  preferences: ({ stores }, { which }) => stores.context.preferences.all(nameOf(agents, which)),
  learnings: ({ stores }) => stores.context.learnings.list(learningsQuery.parse({})),
  picks: ({ stores }) => stores.pickLog.list(picksQuery.parse({})),
  pick: ({ stores }, { what }, told) => stores.pickLog.get(nameOf([...told.picks, NOBODY], what)),
  /** A key that scripts read, whichever store it is of: for many of them nothing else does. */
  key: readKey,
} satisfies Record<string, Read>;

async function readKey(system: StoreSystem, { which, what }: Choice): Promise<unknown> {
  const bound = nameOf(system.views.all, which * 10 + what);
  const ids = await bound.view.recent(system.durable);
  // In no order: PostgreSQL gives them as it comes.
  const read = await Promise.all(
    ids.map(async (id) => [bound.view.key(id), sorted(await bound.read(id))] as const),
  );
  return { pattern: bound.view.pattern, keys: Object.fromEntries(read) };
}

/** Redis gives members in an order of its own, and keeps what was emptied as what is there and has none. */
export function sorted(content: ProjectionContent | undefined): unknown {
  if (content?.kind !== 'set' && content?.kind !== 'ranking') return content;
  if (content.members.length === 0) return undefined;
  return { kind: content.kind, members: content.members.map((member) => JSON.stringify(member)).sort() };
}

/** The answer, or the code of its refusal. */
export async function read(
  system: StoreSystem,
  name: keyof typeof reads,
  choice: Choice,
  told: Told,
): Promise<unknown> {
  try {
    return await reads[name](system, choice, told);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'NOT_FOUND') throw error;
    return code;
  }
}

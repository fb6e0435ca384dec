import type { AgentGroup, LoggedPick, Pick, RunHead, Universe } from './answers.ts';

type Fields = Record<string, unknown>;
const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** A pick out of a payload, whichever version of the engine wrote it. */
export function pickOf(given: unknown): Pick {
  const pick = fieldsOf(given);
  const exit = fieldsOf(pick['exit_strategy']);
  return {
    rank: numberOf(pick['rank']),
    symbol: textOf(pick['symbol']) ?? '–',
    recommendation: textOf(pick['recommendation']),
    confidence: textOf(pick['confidence']),
    score: numberOf(pick['blend_score']) ?? numberOf(pick['score_blend']),
    price: numberOf(pick['entry_price']) ?? numberOf(pick['price']),
    target: numberOf(exit['target_price']) ?? numberOf(pick['target_price']),
    stop: numberOf(exit['stop_loss_price']) ?? numberOf(pick['stop_loss_price']),
    reward: numberOf(pick['risk_reward_ratio']),
    reasoning: textOf(pick['reasoning']),
    signals: listOf(pick['key_signals']).map(signalOf),
    agents: agentsOf(pick),
  };
}

function signalOf(given: unknown): string {
  if (typeof given === 'string') return given;
  const { type, agent, direction } = fieldsOf(given);
  const words = [type, direction, agent].filter((word): word is string => typeof word === 'string');
  return words.length === 0 ? JSON.stringify(given) : words.join(', ').replaceAll('_', ' ').toLowerCase();
}

/** `scores` holds a figure an agent; newer engines write a list of `agents`. */
function agentsOf(pick: Fields): Pick['agents'] {
  const scores = Object.entries(fieldsOf(pick['scores'])).map(([name, score]) => ({ name, score }));
  const agents = listOf(pick['agents']).map((given) => {
    const { agent, score } = fieldsOf(given);
    return { name: textOf(agent) ?? '', score };
  });
  return [...scores, ...agents].flatMap(({ name, score }) =>
    typeof score === 'number' && name !== '' ? [{ name, score }] : [],
  );
}

/** The picks of a run's payload: under `picks` or `items`, or the payload itself. */
export function picksIn(payload: unknown): Pick[] {
  if (Array.isArray(payload)) return payload.map(pickOf);
  const { picks, items } = fieldsOf(payload);
  return listOf(picks ?? items).map(pickOf);
}

/** The names of all agents that said something, in the order of the alphabet. */
export const agentNames = (picks: readonly Pick[]): string[] =>
  [...new Set(picks.flatMap(({ agents }) => agents.map(({ name }) => name)))].sort();

/** The newest run of each universe and mode, by universe and then mode. */
export function latestRuns(universes: readonly Universe[]): Map<string, Map<string, RunHead>> {
  const known = new Map<string, Map<string, RunHead>>();
  for (const { universe, mode, latest } of universes) {
    if (latest !== null)
      known.set(universe, (known.get(universe) ?? new Map<string, RunHead>()).set(mode, latest));
  }
  return known;
}

export interface Contribution {
  agent: string;
  picks: number;
  meanScore: number | null;
  group: AgentGroup | undefined;
}

/** What each agent said about the picks given, beside how the picks that it spoke about did. */
export function contributionsOf(picks: readonly LoggedPick[], groups: readonly AgentGroup[]): Contribution[] {
  const scores = new Map<string, { picks: number; sum: number; n: number }>();
  for (const { agent_name: agent, score } of picks.flatMap(({ contributions }) => contributions)) {
    const known = scores.get(agent) ?? { picks: 0, sum: 0, n: 0 };
    known.picks += 1;
    if (score !== null) {
      known.sum += score;
      known.n += 1;
    }
    scores.set(agent, known);
  }
  return [...scores].map(([agent, { picks: count, sum, n }]) => ({
    agent,
    picks: count,
    meanScore: n === 0 ? null : sum / n,
    group: groups.find(({ key }) => key === agent),
  }));
}

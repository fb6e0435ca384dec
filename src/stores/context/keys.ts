import { keyPart, partOf } from '../../tiers/hot/index.ts';
import type { BoundView, View, Views } from '../../tiers/views/index.ts';
import { analysisFields, latestAnalysis } from './analysis-rows.ts';
import { learningFields, latestLearning } from './learning-rows.ts';
import { memoryRow } from './memory-rows.ts';
import type { Time } from './time.ts';

const store = 'context';
const DAY_MS = 86_400_000;
const PREFERENCE_LIFE_MS = 3_600_000;
/** Rows that `hot rebuild` looks at, of each kind. */
const RECENT_MAX = 1_000;

export interface AnalysisId {
  readonly symbol: string;
  readonly agent_type: string;
}
export interface MemoryId {
  readonly type: string;
  readonly key: string;
}
export interface PreferenceId {
  readonly user_id: string;
  readonly pref_key: string;
}

export interface ContextViews {
  readonly analysis: BoundView<AnalysisId>;
  readonly memory: BoundView<MemoryId>;
  readonly preference: BoundView<PreferenceId>;
  readonly learning: BoundView<string>;
}

export function addViews(views: Views, time: Time): ContextViews {
  return {
    analysis: views.add(analysis),
    memory: views.add(memory(time)),
    preference: views.add(preference),
    learning: views.add(learning),
  };
}

/** The two parts behind a literal beginning. */
function twoParts(beginning: string, key: string): [string, string] | undefined {
  if (!key.startsWith(beginning)) return undefined;
  const parts = key.slice(beginning.length).split(':');
  return parts.length === 2 ? [partOf(parts[0]!), partOf(parts[1]!)] : undefined;
}

const analysis: View<AnalysisId> = {
  store,
  pattern: 'context:analysis:{symbol}:{agent_type}',
  lifeMs: DAY_MS,
  key: ({ symbol, agent_type }) => `context:analysis:${keyPart(symbol)}:${keyPart(agent_type)}`,
  idOf(key) {
    const parts = twoParts('context:analysis:', key);
    return parts && { symbol: parts[0], agent_type: parts[1] };
  },
  async build(source, id) {
    const found = await latestAnalysis(source, id);
    return found && { content: { kind: 'hash', fields: analysisFields(found) } };
  },
  async recent(source) {
    const { rows } = await source.query<AnalysisId>(
      `select distinct symbol, agent_type from
         (select symbol, agent_type from agent_analyses order by id desc limit $1) newest`,
      [RECENT_MAX],
    );
    return rows;
  },
};

function memory(time: Time): View<MemoryId> {
  return {
    store,
    pattern: 'context:memory:{type}:{key}',
    key: ({ type, key }) => `context:memory:${keyPart(type)}:${keyPart(key)}`,
    idOf(key) {
      const parts = twoParts('context:memory:', key);
      return parts && { type: parts[0], key: parts[1] };
    },
    async build(source, id) {
      const row = await memoryRow(source, id, time.now());
      if (row === undefined || !row.alive) return undefined;
      const expiresAtMs = row.expires_at === null ? undefined : Date.parse(row.expires_at);
      return {
        content: { kind: 'text', text: JSON.stringify(row.value) },
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      };
    },
    async recent(source) {
      const { rows } = await source.query<MemoryId>(
        `select distinct context_type as type, key from
           (select context_type, key from context_memory order by id desc limit $1) newest`,
        [RECENT_MAX],
      );
      return rows;
    },
  };
}

const preference: View<PreferenceId> = {
  store,
  pattern: 'context:user:{user_id}:{key}',
  lifeMs: PREFERENCE_LIFE_MS,
  key: ({ user_id, pref_key }) => `context:user:${keyPart(user_id)}:${keyPart(pref_key)}`,
  idOf(key) {
    const parts = twoParts('context:user:', key);
    return parts && { user_id: parts[0], pref_key: parts[1] };
  },
  async build(source, { user_id, pref_key }) {
    const { rows } = await source.query<{ pref_value: unknown }>(
      'select pref_value from user_preferences where user_id = $1 and pref_key = $2',
      [user_id, pref_key],
    );
    return rows[0] && { content: { kind: 'text', text: JSON.stringify(rows[0].pref_value) } };
  },
  async recent(source) {
    const { rows } = await source.query<PreferenceId>(
      'select user_id, pref_key from user_preferences order by id desc limit $1',
      [RECENT_MAX],
    );
    return rows;
  },
};

const learning: View<string> = {
  store,
  pattern: 'context:learning:{agent_type}',
  lifeMs: DAY_MS,
  key: (agentType) => `context:learning:${keyPart(agentType)}`,
  idOf(key) {
    const part = /^context:learning:([^:]*)$/.exec(key)?.[1];
    return part === undefined ? undefined : partOf(part);
  },
  async build(source, agentType) {
    const found = await latestLearning(source, agentType);
    return found && { content: { kind: 'hash', fields: learningFields(found) } };
  },
  async recent(source) {
    const { rows } = await source.query<{ agent_type: string }>(
      `select distinct agent_type from
         (select agent_type from agent_learnings order by id desc limit $1) newest`,
      [RECENT_MAX],
    );
    return rows.map((row) => row.agent_type);
  },
};

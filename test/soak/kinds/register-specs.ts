import { hotDefaults } from '../../../src/tiers/hot/index.ts';
import { hotStateDefaults } from '../../../src/tiers/state/settings.ts';
import { viewDefaults } from '../../../src/tiers/views/settings.ts';
import type { RegisterSpec } from './registers.ts';

/** Two looks of one process at the cluster, and the way there. */
const OUTAGE_MS = 4_000;
/**
 * A key that follows from rows is corrected after the commit. Where that fails, since Redis or the process is away, it is dropped
 * by whoever sweeps next: `intentMs` and `sweepMs`, once Redis is back.
 */
export const VIEW_BOUND_MS = viewDefaults.intentMs + viewDefaults.sweepMs + OUTAGE_MS;
/** A put of the last `lagMs` is unseen after a failover of Redis until it is flushed: longer where PostgreSQL is busy. */
const STATE_BOUND_MS = hotStateDefaults.lagMs * 4;
/** PostgreSQL is asked. */
const NONE_MS = 0;

const FILLER = 'what an agent thought about it. '.repeat(8);

/** A value that shows when half of one and half of another were read. */
const valueOf = (version: number): object => ({ version, text: FILLER, mirror: -version });

function versionOfValue(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { version, mirror, text } = value as Record<string, unknown>;
  const isWhole = typeof version === 'number' && mirror === -version && text === FILLER;
  return isWhole ? version : undefined;
}

const versionOfBody = (body: Record<string, unknown>): number | undefined => versionOfValue(body['value']);

const levels: RegisterSpec = {
  name: 'levels',
  boundMs: VIEW_BOUND_MS,
  put: (key, version) => {
    const [p, r1, r2, r3] = [version, version + 1, version + 2, version + 3];
    const [s1, s2, s3] = [version - 1, version - 2, version - 3];
    const body = { p, r1, r2, r3, s1, s2, s3, computed_at: new Date().toISOString() };
    return { method: 'PUT', path: `/v1/levels/${key}?scope=Y`, body };
  },
  get: (key) => ({ method: 'GET', path: `/v1/levels/${key}?scope=Y` }),
  versionOf: ({ p, r3, s3 }) => {
    const version = Number(p);
    return r3 === version + 3 && s3 === version - 3 ? version : undefined;
  },
  sql: `select distinct on (symbol) symbol as key, p as version from support_resistance_levels
        order by symbol, computed_at desc, id desc`,
};

const scores: RegisterSpec = {
  name: 'scores',
  boundMs: VIEW_BOUND_MS,
  put: (symbol, version) => {
    const agents = [{ agent: 'technical', score: version }];
    const score = { symbol, blend_score: version, agents, analyzed_at: new Date().toISOString() };
    return { method: 'PUT', path: '/v1/scores', body: { scores: [score] } };
  },
  get: (key) => ({ method: 'GET', path: `/v1/scores/${key}` }),
  versionOf: ({ blend_score: version, agents }) => {
    const [agent] = agents as { score: number }[];
    return typeof version === 'number' && agent?.score === version ? version : undefined;
  },
  sql: "select key, value->>'blend_score' as version from hot_state where family = 'scores' and not deleted",
};

/** A session that has closed for good. */
const DAY = '2024-03-15';
const candles: RegisterSpec = {
  name: 'candles',
  boundMs: VIEW_BOUND_MS,
  put: (key, version) => {
    const candle = { time: DAY, open: version, high: version + 1, low: version - 0.5, close: version };
    const body = { candles: [{ ...candle, volume: version * 10 }] };
    return { method: 'PUT', path: `/v1/prices/${key}?interval=1d`, body };
  },
  get: (key) => ({ method: 'GET', path: `/v1/prices/${key}?interval=1d&from=2024-03-14&to=2024-03-16` }),
  versionOf: (body) => {
    const found = body['candles'] as { close: number; volume: number | null }[];
    if (found.length === 0) return 0;
    const [{ close, volume }] = found as [{ close: number; volume: number | null }];
    return found.length === 1 && volume === close * 10 ? close : undefined;
  },
  sql: "select symbol as key, candles->0->>4 as version from price_candles where interval = '1d'",
};

const memory: RegisterSpec = {
  name: 'context memory',
  boundMs: NONE_MS,
  put: (key, version) => ({
    method: 'PUT',
    path: `/v1/context/memory/soak/${key}`,
    body: { value: valueOf(version), ttl_seconds: 86_400 },
  }),
  get: (key) => ({ method: 'GET', path: `/v1/context/memory/soak/${key}` }),
  versionOf: versionOfBody,
  sql: "select key, value->>'version' as version from context_memory where context_type = 'soak'",
};

const sessions: RegisterSpec = {
  name: 'session values',
  boundMs: STATE_BOUND_MS,
  put: (key, version, writer) => ({
    method: 'PUT',
    path: `/v1/memory/sessions/soak-${writer}/${key}`,
    body: { value: valueOf(version) },
  }),
  get: (key, writer) => ({ method: 'GET', path: `/v1/memory/sessions/soak-${writer}/${key}` }),
  versionOf: versionOfBody,
  sql: `select split_part(key, '/', 3) as key, value->>'version' as version from hot_state
        where family = 'session-value' and not deleted`,
};

const agentCache: RegisterSpec = {
  name: 'agent cache',
  boundMs: STATE_BOUND_MS,
  put: (key, version) => ({
    method: 'PUT',
    path: `/v1/memory/cache/${key}`,
    body: { value: valueOf(version), ttl_seconds: 86_400 },
  }),
  get: (key) => ({ method: 'GET', path: `/v1/memory/cache/${key}` }),
  versionOf: versionOfBody,
  sql: "select key, value->>'version' as version from hot_state where family = 'agent-cache' and not deleted",
};

const marketCache: RegisterSpec = {
  name: 'cache entries',
  boundMs: hotDefaults.heartbeatMs,
  put: (key, version) => ({
    method: 'PUT',
    path: `/v1/cache/${key}`,
    body: { value: valueOf(version), ttl_seconds: 3_600, region: 'Global' },
  }),
  // A market that closes meanwhile ends the life of a value: its copy is as good an answer.
  get: (key) => ({ method: 'GET', path: `/v1/cache/${key}?region=Global&allow_stale=true` }),
  versionOf: versionOfBody,
  isAcknowledged: ({ acknowledged }) => acknowledged === true,
  sql: "select key, value->'value'->>'version' as version from hot_state where family = 'market-cache' and not deleted",
};

export const registerSpecs: readonly RegisterSpec[] = [
  levels,
  scores,
  candles,
  memory,
  sessions,
  agentCache,
  marketCache,
];

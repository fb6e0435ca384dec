import type { OperationCase } from './http-operations.ts';

const levelsOf = { p: 100, r1: 101, r2: 102, r3: 103, s1: 99, s2: 98, s3: 97 };
const candle = { time: '2026-11-20T00:00:00Z', open: 1, high: 2, low: 1, close: 2, volume: 10 };
const nul = '%00';

/** What is replaced, forgotten or looked up. */
export const stateCases: Readonly<Record<string, OperationCase>> = {
  'POST /v1/context/analyses': {
    url: '/v1/context/analyses',
    body: { symbol: 'TCS', agent_type: 'technical', score: 70 },
    status: 201,
    bad: { body: { symbol: 'TCS', agent_type: 7, score: 70 }, field: 'agent_type' },
  },
  'GET /v1/context/analyses': {
    url: '/v1/context/analyses?symbol=TCS',
    bad: { url: '/v1/context/analyses?symbol=TCS&days=x', field: 'days' },
  },
  'GET /v1/context/analyses/latest': {
    url: '/v1/context/analyses/latest?symbol=TCS&agent_type=technical',
    bad: { url: '/v1/context/analyses/latest?symbol=TCS', field: 'agent_type' },
  },
  'PUT /v1/context/memory/{type}/{key}': {
    url: '/v1/context/memory/plan/today',
    body: { value: { a: 1 } },
    bad: { body: { value: 1, ttl_seconds: -1 }, field: 'ttl_seconds' },
  },
  'GET /v1/context/memory/{type}/{key}': {
    url: '/v1/context/memory/plan/today',
    bad: { url: `/v1/context/memory/plan/${nul}`, field: 'key' },
  },
  'GET /v1/context/memory/{type}': {
    url: '/v1/context/memory/plan',
    bad: { url: '/v1/context/memory/plan?limit=0', field: 'limit' },
  },
  'DELETE /v1/context/memory/{type}/{key}': {
    url: '/v1/context/memory/plan/today',
    status: 204,
    bad: { url: `/v1/context/memory/plan/${nul}`, field: 'key' },
  },
  'PUT /v1/context/preferences/{user_id}': {
    url: '/v1/context/preferences/ada',
    body: { preferences: { risk: 'low' } },
    bad: { body: { preferences: [] }, field: 'preferences' },
  },
  'GET /v1/context/preferences/{user_id}': {
    url: '/v1/context/preferences/ada',
    bad: { url: `/v1/context/preferences/${nul}`, field: 'user_id' },
  },
  'PUT /v1/context/preferences/{user_id}/{key}': {
    url: '/v1/context/preferences/ada/risk',
    body: { value: 'high' },
    bad: { body: { value: 'x', more: 1 }, field: 'more' },
  },
  'GET /v1/context/preferences/{user_id}/{key}': {
    url: '/v1/context/preferences/ada/risk',
    bad: { url: `/v1/context/preferences/ada/${nul}`, field: 'key' },
  },
  'POST /v1/context/learnings': {
    url: '/v1/context/learnings',
    body: { agent_type: 'technical', pattern: 'gap up', correct: true },
    bad: { body: { agent_type: 'technical', pattern: 'gap up', correct: 'yes' }, field: 'correct' },
  },
  'GET /v1/context/learnings': {
    url: '/v1/context/learnings',
    bad: { url: '/v1/context/learnings?limit=1000', field: 'limit' },
  },

  'PUT /v1/levels/{symbol}': {
    url: '/v1/levels/TCS?scope=D',
    body: levelsOf,
    bad: { body: { ...levelsOf, p: 'x' }, field: 'p' },
  },
  'GET /v1/levels/{symbol}': {
    url: '/v1/levels/TCS?scope=D',
    bad: { url: '/v1/levels/TCS?scope=H', field: 'scope' },
  },
  'GET /v1/levels/{symbol}/score': {
    url: '/v1/levels/TCS/score?price=100',
    bad: { url: '/v1/levels/TCS/score?price=x', field: 'price' },
  },
  'PUT /v1/prices/{symbol}': {
    url: '/v1/prices/TCS?interval=1d',
    body: { candles: [candle] },
    bad: { body: { candles: [{ ...candle, open: 'x' }] }, field: 'candles.0.open' },
  },
  'GET /v1/prices/{symbol}': {
    url: '/v1/prices/TCS?interval=1d&from=2026-11-19&to=2026-11-21',
    bad: { url: '/v1/prices/TCS?interval=never', field: 'interval' },
  },
  'GET /v1/prices/stats': { url: '/v1/prices/stats', bad: null },
  'DELETE /v1/prices/{symbol}': {
    url: '/v1/prices/TCS?interval=1d',
    bad: { url: '/v1/prices/TCS?older_than_hours=x', field: 'older_than_hours' },
  },
  'PUT /v1/scores': {
    url: '/v1/scores',
    body: { scores: [{ symbol: 'TCS', blend_score: 80 }] },
    bad: { body: { scores: [{ symbol: 'TCS', blend_score: 80 }], ttl_hours: -1 }, field: 'ttl_hours' },
  },
  'GET /v1/scores/{symbol}': {
    url: '/v1/scores/TCS',
    bad: { url: '/v1/scores/TCS?as_of=x', field: 'as_of' },
  },
  'GET /v1/scores/top': { url: '/v1/scores/top?n=3', bad: { url: '/v1/scores/top?n=x', field: 'n' } },
  'DELETE /v1/scores': { url: '/v1/scores', bad: null },

  'PUT /v1/cache/{key}': {
    url: '/v1/cache/quote',
    body: { value: 1, tags: ['quotes'] },
    bad: { body: { value: 1, exchange: 'MOON' }, field: 'exchange' },
  },
  'GET /v1/cache/{key}': {
    url: '/v1/cache/quote',
    bad: { url: '/v1/cache/quote?allow_stale=maybe', field: 'allow_stale' },
  },
  'GET /v1/cache/stats': { url: '/v1/cache/stats', bad: null },
  'POST /v1/cache/invalidate': {
    url: '/v1/cache/invalidate',
    body: { tag: 'quotes' },
    bad: { body: { tag: 7 }, field: 'tag' },
  },
  'DELETE /v1/cache/{key}': { url: '/v1/cache/quote', bad: { url: `/v1/cache/${nul}`, field: 'key' } },
  'DELETE /v1/cache': { url: '/v1/cache', bad: null },
  'GET /v1/market/{exchange}/session': {
    url: '/v1/market/XNSE/session',
    bad: { url: '/v1/market/MOON/session', field: 'exchange' },
  },

  'PUT /v1/memory/sessions/{session}/{key}': {
    url: '/v1/memory/sessions/s1/k',
    body: { value: [1] },
    bad: { body: { value: 1, sliding: 'x' }, field: 'sliding' },
  },
  'GET /v1/memory/sessions/{session}/{key}': {
    url: '/v1/memory/sessions/s1/k',
    bad: { url: `/v1/memory/sessions/s1/${nul}`, field: 'key' },
  },
  'GET /v1/memory/sessions': {
    url: '/v1/memory/sessions',
    bad: { url: '/v1/memory/sessions?limit=x', field: 'limit' },
  },
  'GET /v1/memory/sessions/{session}': {
    url: '/v1/memory/sessions/s1',
    bad: { url: '/v1/memory/sessions/s1?limit=x', field: 'limit' },
  },
  'DELETE /v1/memory/sessions/{session}/{key}': {
    url: '/v1/memory/sessions/s1/k',
    bad: { url: `/v1/memory/sessions/s1/${nul}`, field: 'key' },
  },
  'DELETE /v1/memory/sessions/{session}': {
    url: '/v1/memory/sessions/s1',
    bad: { url: `/v1/memory/sessions/${nul}`, field: 'session' },
  },
  'PUT /v1/memory/cache/{key}': {
    url: '/v1/memory/cache/answer',
    body: { value: 'x' },
    bad: { body: { value: 1, ttl_seconds: 0 }, field: 'ttl_seconds' },
  },
  'GET /v1/memory/cache/{key}': {
    url: '/v1/memory/cache/answer',
    bad: { url: `/v1/memory/cache/${nul}`, field: 'key' },
  },
  'DELETE /v1/memory/cache/{key}': {
    url: '/v1/memory/cache/answer',
    bad: { url: `/v1/memory/cache/${nul}`, field: 'key' },
  },
  'PUT /v1/memory/working/{type}': {
    url: '/v1/memory/working/market',
    body: { value: { trend: 'up' } },
    bad: { body: { value: 1, ttl_seconds: 'x' }, field: 'ttl_seconds' },
  },
  'GET /v1/memory/working/{type}': {
    url: '/v1/memory/working/market',
    bad: { url: `/v1/memory/working/${nul}`, field: 'type' },
  },
  'GET /v1/memory/working': {
    url: '/v1/memory/working',
    bad: { url: '/v1/memory/working?limit=x', field: 'limit' },
  },
  'GET /v1/memory/stats': { url: '/v1/memory/stats', bad: null },

  'GET /v1/hot/info': { url: '/v1/hot/info', bad: null },
  'GET /v1/hot/keys': {
    url: '/v1/hot/keys?prefix=picks:',
    bad: { url: '/v1/hot/keys?cursor=x', field: 'cursor' },
  },
  'GET /v1/hot/keys/{key}': {
    url: '/v1/hot/keys/picks:runs',
    bad: { url: `/v1/hot/keys/${nul}`, field: 'key' },
  },
  'DELETE /v1/hot/keys/{key}': {
    url: '/v1/hot/keys/picks:runs',
    bad: { url: `/v1/hot/keys/${nul}`, field: 'key' },
  },
  // Its answer has no end: events.test.ts reads it.
  'GET /v1/events': { url: '/v1/events', status: 0, bad: { url: '/v1/events?kinds=x', field: 'kinds' } },
  'GET /v1/stages': { url: '/v1/stages', bad: null },
  'GET /v1/stages/{store}/route': {
    url: '/v1/stages/scores/route?key=TCS',
    bad: { url: '/v1/stages/scores/route', field: 'key' },
  },
  // A move needs a migration that was proven: the tests of the stages make them.
  'PUT /v1/stages/{store}': {
    url: '/v1/stages/scores',
    body: {},
    status: 0,
    bad: { body: { stage: 'elsewhere' }, field: 'stage' },
  },
};

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, routesOver, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import type { App } from '../../http/app.ts';
import { routeScores } from '../../http/routes/scores.ts';
import type { ScoreInput } from './schema.ts';
import { createScores, type Scores } from './store.ts';

const HOUR_MS = 3_600_000;
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();
const make = (symbol: string, blend_score: number, more: Partial<ScoreInput> = {}): ScoreInput => ({
  symbol,
  blend_score,
  ...more,
});

describe.each(storeKinds)('scores over HTTP on the %s tiers', (kind) => {
  let stores: TestStores;
  let scores: Scores;
  let app: App;
  beforeAll(async () => {
    stores = await freshStores(kind);
    scores = createScores(stores);
    app = await routesOver((to) => routeScores(to, scores));
  });
  afterAll(async () => {
    await app.close();
    await stores.remove();
  });
  afterEach(async () => {
    await stores.durable.query(`delete from hot_state where family = 'scores'`);
    await stores.flush();
  });

  it('gives what the migration may have loaded', async () => {
    for (const [index, value] of ['{"blend_score": 1e400}', '"no JSON"', '5', '[]', null].entries()) {
      await stores.durable.query(
        `insert into hot_state (family, key, value, created_at, expires_at) values ('scores', $1, $2, $3, $4)`,
        [`S${index}`, value, ago(0), ago(-HOUR_MS)],
      );
      const answer = await app.inject(`/v1/scores/S${index}`);
      expect(answer.json()).toMatchObject({ symbol: `S${index}`, blend_score: null });
    }
    expect((await app.inject('/v1/scores/top')).json()).toEqual({ items: [], next_cursor: null });
  });

  const put = async (payload: unknown) =>
    app.inject({
      method: 'PUT',
      url: '/v1/scores',
      headers: { 'content-type': 'application/json' },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });

  it('stores a list, gives one, the best, and clears', async () => {
    const answer = await put({
      scores: [make('TCS', 70, { confidence: 'High', is_actionable: true }), make('ITC', 60)],
    });
    expect(answer.json()).toEqual({ stored: 2, older: [], expired: [] });
    expect((await app.inject('/v1/scores/tcs')).json()).toMatchObject({ symbol: 'TCS', blend_score: 70 });
    const top = await app.inject('/v1/scores/top?symbols=itc,tcs&n=5&min_confidence=HIGH&actionable=true');
    expect(top.json()).toMatchObject({
      items: [{ symbol: 'TCS', rank: 1, global_rank: 1, confidence: 'High' }],
      next_cursor: null,
    });
    expect((await app.inject({ method: 'DELETE', url: '/v1/scores' })).json()).toEqual({ removed: 2 });
    expect((await app.inject('/v1/scores/TCS')).statusCode).toBe(404);
  });

  it("stores the old file's object", async () => {
    const [one, two] = [ago(HOUR_MS), ago(2 * HOUR_MS)];
    const answer = await put({
      timestamp: one,
      ttl_hours: 6,
      scores: {
        TCS: { symbol: 'TCS', blend_score: 1, analyzed_at: two },
        ITC: { blend_score: 2 },
      },
    });
    expect(answer.json()).toEqual({ stored: 2, older: [], expired: [] });
    expect(await scores.get('ITC')).toMatchObject({ timestamp: one.replace('Z', '000Z') });
    expect(await scores.get('TCS')).toMatchObject({ timestamp: two.replace('Z', '000Z') });
  });

  it.each([
    [{}, 'scores'],
    [{ scores: 5 }, 'scores'],
    [{ scores: null }, 'scores'],
    [{ scores: [5] }, 'scores.0'],
    [{ scores: [{ symbol: 'A' }] }, 'scores.0.blend_score'],
    [{ scores: { A: { blend_score: '7' } } }, 'scores.A.blend_score'],
    [{ scores: { A: { symbol: 'B', blend_score: 7 } } }, 'scores.A.symbol'],
    [{ scores: [{ symbol: '', blend_score: 1 }] }, 'scores.0.symbol'],
    [{ scores: [{ symbol: 'a\0', blend_score: 1 }] }, 'scores.0.symbol'],
    [{ scores: [{ symbol: 'A', blend_score: 1, analyzed_at: 'yesterday' }] }, 'scores.0.analyzed_at'],
    [{ scores: [{ symbol: 'A', blend_score: 1, confidence: 5 }] }, 'scores.0.confidence'],
    [{ scores: [{ symbol: 'A', blend_score: 1, is_actionable: 'yes' }] }, 'scores.0.is_actionable'],
    [{ scores: [], ttl_hours: 7 }, 'ttl_hours'],
    [{ scores: [], ttl: 7 }, 'ttl'],
    ['{"scores": [{"symbol": "A", "blend_score": 1e999}]}', 'scores.0.blend_score'],
    [String.raw`{"scores": [{"symbol": "\ud800", "blend_score": 1}]}`, 'scores.0.symbol'],
    [
      String.raw`{"scores": [{"symbol": "A", "blend_score": 1, "agents": [{"x": "\u0000"}]}]}`,
      'scores[0].agents[0].x',
    ],
    [
      String.raw`{"scores": [{"symbol": "A", "blend_score": 1, "reasoning": "\ud800"}]}`,
      'scores[0].reasoning',
    ],
    ['{"scores": [{"symbol": "A", "blend_score": 1, "x": 1e999}]}', 'scores[0].x'],
    ['[]', ''],
    ['{', ''],
  ])('refuses %j naming %s', async (payload: unknown, field) => {
    const answer = await put(payload);
    expect(answer.json()).toMatchObject({ code: 'INVALID_INPUT', status: 400 });
    expect(answer.json<{ detail: string }>().detail).toContain(field);
    expect((await scores.top()).items).toEqual([]);
  });

  it.each([
    ['top?n=0', 'n'],
    ['top?n=501', 'n'],
    ['top?symbols=A,,B', 'symbols'],
    ['top?symbols=', 'symbols'],
    ['top?symbols=A%00', 'symbols'],
    ['top?min_confidence=certain', 'min_confidence'],
    ['top?actionable=1', 'actionable'],
    ['top?as_of=now', 'as_of'],
    ['top?order=asc', 'order'],
    ['%00', 'symbol'],
    ['A'.repeat(201), 'symbol'],
    ['A?as_of=2026-13-01', 'as_of'],
  ])('refuses GET /v1/scores/%s', async (path, field) => {
    const answer = await app.inject(`/v1/scores/${path}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'INVALID_INPUT', errors: [{ field }] });
  });
});

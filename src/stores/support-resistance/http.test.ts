import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshStores, routesOver, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import type { App } from '../../http/app.ts';
import { routeLevels } from '../../http/routes/levels.ts';
import { createCalendar } from '../../market/index.ts';
import { createSupportResistance } from './store.ts';

const figures = { p: 100, r1: 110, r2: 120, r3: 130, s1: 90, s2: 80, s3: 70 };

describe.each(storeKinds)('levels over HTTP on the %s tiers', (kind) => {
  let stores: TestStores;
  let app: App;
  beforeAll(async () => {
    stores = await freshStores(kind);
    const levels = createSupportResistance({
      ...stores,
      calendar: createCalendar(),
      candles: async (symbol, _from, to) =>
        symbol === 'TCS' ? [{ date: to, open: 1, high: 110, low: 90, close: 100, volume: 1 }] : [],
    });
    app = await routesOver((to) => routeLevels(to, levels));
  });
  afterAll(async () => {
    await app.close();
    await stores.remove();
  });
  beforeEach(async () => {
    await stores.durable.query('delete from support_resistance_levels');
    await stores.flush();
  });

  const put = (url: string, payload: unknown) =>
    app.inject({
      method: 'PUT',
      url: `/v1/levels/${url}`,
      headers: { 'content-type': 'application/json' },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });

  it('computes on a miss, and scores a price', async () => {
    const answer = await app.inject('/v1/levels/tcs?scope=w&method=Woodie&price=100.5');
    expect(answer.json()).toMatchObject({
      symbol: 'TCS',
      timeframe_scope: 'W',
      method: 'woodie',
      p: 100,
      r1: 110,
      sessions: 1,
      stale: false,
      price: 100.5,
      score: 55,
    });
    const plain = await app.inject('/v1/levels/TCS');
    expect(plain.json()).toMatchObject({ timeframe_scope: 'D', method: 'floor' });
    expect(plain.json()).not.toHaveProperty('score');
  });

  it('keeps what is put', async () => {
    const answer = await put('l%26tfh?scope=Y', { ...figures, sessions: 252, last_session: '2026-11-20' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ ...figures, symbol: 'L&TFH', timeframe_scope: 'Y', sessions: 252 });
    expect((await app.inject('/v1/levels/L%26TFH?scope=Y')).json()).toEqual(answer.json());
    expect((await app.inject('/v1/levels/L%26TFH?scope=M')).statusCode).toBe(404);
  });

  it('scores a price without levels in the middle', async () => {
    expect((await app.inject('/v1/levels/NONE?price=5')).json()).toMatchObject({ code: 'NOT_FOUND' });
    expect((await app.inject('/v1/levels/NONE/score?price=5')).json()).toMatchObject({
      score: 50,
      levels: null,
    });
    expect((await app.inject('/v1/levels/TCS/score?price=-5')).json()).toMatchObject({ score: 95 });
  });

  it.each([
    ['TCS?scope=Q', 'scope'],
    ['TCS?scope=', 'scope'],
    ['TCS?scope=Y&scope=M', 'scope'],
    ['TCS?method=demark', 'method'],
    ['TCS?price=1e5', 'price'],
    ['TCS?price=NaN', 'price'],
    ['TCS?as_of=yesterday', 'as_of'],
    ['TCS?timeframe=Y', 'timeframe'],
    ['%00', 'symbol'],
    ['TCS/score', 'price'],
  ])('refuses GET /v1/levels/%s', async (path, field) => {
    const answer = await app.inject(`/v1/levels/${path}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'INVALID_INPUT', errors: [{ field }] });
  });

  it('refuses a time that no calendar reaches', async () => {
    const answer = await app.inject('/v1/levels/TCS?as_of=9999-01-01');
    expect(answer.json()).toMatchObject({ code: 'INVALID_INPUT', status: 400 });
  });

  const { s3: _s3, ...incomplete } = figures;
  it.each([
    ['TCS', figures, 'scope'],
    ['TCS?scope=D', incomplete, 's3'],
    ['TCS?scope=D', { ...figures, p: '100' }, 'p'],
    ['TCS?scope=D', { ...figures, p: null }, 'p'],
    ['TCS?scope=D', { ...figures, extra: 1 }, 'extra'],
    ['TCS?scope=D', { ...figures, computed_at: '2026-11-20T10:00' }, 'computed_at'],
    ['TCS?scope=D', { ...figures, computed_at: '9999-01-01' }, 'computed_at'],
    ['TCS?scope=D', { ...figures, sessions: 1.5 }, 'sessions'],
    ['TCS?scope=D', { ...figures, sessions: 1e12 }, 'sessions'],
    ['TCS?scope=D', { ...figures, last_session: '2026-02-30' }, 'last_session'],
    ['TCS?scope=D', JSON.stringify(figures).replace('100', '1e999'), 'p'],
    ['TCS?scope=D', [], ''],
    ['%00?scope=D', figures, 'symbol'],
  ])('refuses PUT /v1/levels/%s %j', async (url, payload: unknown, field) => {
    const answer = await put(url, payload);
    expect(answer.json()).toMatchObject({ code: 'INVALID_INPUT', status: 400 });
    expect(answer.json<{ detail: string }>().detail).toContain(field);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, routesOver, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import type { App } from '../../http/app.ts';
import { routeRecommendations } from '../../http/routes/recommendations.ts';
import { createRecommendations } from './store.ts';

const run = {
  as_of: '2026-11-24T09:30:00',
  universe: 'nifty50',
  mode: 'Scalping',
  run_id: 'r1',
  items: [
    {
      symbol: 'TCS',
      recommendation: 'Buy',
      price: 100,
      score_blend: 62.5,
      confidence: 'High',
      is_actionable: true,
    },
    { symbol: 'M&M', recommendation: 'Sell', price: null, score_blend: 40, confidence: 'Low' },
  ],
};
const exit = { symbol: 'TCS', exit_price: 101, exit_time: '2026-11-24T05:00:00Z', exit_reason: 'TARGET_HIT' };
const outcome = {
  exit_price: 99,
  exit_time: '2026-11-24T06:00:00+00:00',
  exit_reason: 'MANUAL',
  pnl_pct: 1.5,
};

describe.each(storeKinds)('the routes of recommendations on the %s tiers', (kind) => {
  let stores: TestStores;
  let app: App;
  beforeAll(async () => {
    stores = await freshStores(kind);
    app = await routesOver((routes) => {
      const store = createRecommendations(stores);
      const candles = (): Promise<never[]> => Promise.resolve([]);
      routeRecommendations(routes, store, (options) => store.evaluateDue({ ...options, candles }));
    });
  });
  afterAll(async () => {
    await app.close();
    await stores.remove();
  });

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) {
    const answer = await app.inject({
      method,
      url: `/v1/recommendations${path}`,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: answer.statusCode, body: answer.json() };
  }

  it('log, exit, evaluate and read', async () => {
    const logged = await ask('POST', '', run);
    expect(logged).toMatchObject({ status: 201, body: { run_id: 'r1', logged: 2, repeated: 0, dropped: 0 } });
    const [first, second] = logged.body.items;
    expect(first).toMatchObject({
      generated_at: '2026-11-24T04:00:00.000000Z',
      entry_price: 100,
      run_id: 'r1',
    });
    expect(await ask('POST', '', run)).toMatchObject({ status: 200, body: { logged: 0, repeated: 2 } });
    expect(await ask('POST', '', { ...run, mode: 'Swing' })).toMatchObject({
      status: 409,
      body: { code: 'IDEMPOTENCY_CONFLICT' },
    });

    expect(await ask('POST', '/scalping-exits', exit)).toMatchObject({
      status: 200,
      body: { matched: 1, items: [{ symbol: 'TCS', result: 'matched', id: first.id, pnl_pct: 1 }] },
    });
    expect(await ask('POST', '/scalping-exits', [exit])).toMatchObject({ body: { matched: 0, repeated: 1 } });
    expect(await ask('POST', '/scalping-exits', { exits: [exit] })).toMatchObject({ body: { repeated: 1 } });

    expect(await ask('POST', `/${second.id}/evaluation`, outcome)).toMatchObject({
      status: 200,
      body: { evaluated: true, pnl_pct: 1.5, exit_time: '2026-11-24T06:00:00.000000Z' },
    });
    expect(await ask('POST', `/${second.id}/evaluation`, outcome)).toMatchObject({ status: 200 });
    expect(await ask('POST', `/${second.id}/evaluation`, { ...outcome, exit_price: 1 })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT' },
    });
    expect(await ask('GET', `/${second.id}`)).toMatchObject({ status: 200, body: { exit_reason: 'MANUAL' } });
    const as_of = '2026-11-24T05:00:00Z';
    expect(await ask('GET', `/${second.id}?as_of=${as_of}`)).toMatchObject({ body: { evaluated: false } });
    expect(await ask('GET', '/999')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await ask('POST', '/999/evaluation', outcome)).toMatchObject({ status: 404 });
  });

  it.each([
    ['run_id=r1', 2],
    ['run_id=r2', 0],
    ['confidence=high', 1],
    ['min_score=40', 2],
    ['min_score=40.5', 1],
    ['symbol=m%26m&evaluated=true', 1],
  ])('list by %s', async (query, count) => {
    expect((await ask('GET', `?${query}`)).body.items).toHaveLength(count);
  });

  it('the same Idempotency-Key with another payload is refused', async () => {
    const { run_id: _, ...unnamed } = run;
    const key = { 'idempotency-key': 'k1' };
    const first = await ask('POST', '', unnamed, key);
    expect(await ask('POST', '', unnamed, key)).toEqual({
      status: 200,
      body: { ...first.body, logged: 0, repeated: 2 },
    });
    expect(await ask('POST', '', { ...unnamed, run_id: 'r9' }, key)).toMatchObject({ status: 409 });
  });

  it.each([
    ['', { ...run, items: undefined }, 'items'],
    ['', { ...run, mode: 1 }, 'mode'],
    ['', { ...run, items: [{ ...run.items[0], symbol: 'A\0B' }] }, 'items.0.symbol'],
    ['', { ...run, items: [{ ...run.items[0], price: 'much' }] }, 'items.0.price'],
    ['', { ...run, items: [{ ...run.items[0], rank: 2 ** 70 }] }, 'items.0.rank'],
    [
      '',
      { ...run, run_id: 'new', items: [{ ...run.items[0], scores: { a: '\ud800' } }] },
      'items.0.scores.a',
    ],
    [
      '',
      '{"mode": "Swing", "items": [{"symbol": "A", "recommendation": "Buy", "price": 1e999}]}',
      'items.0.price',
    ],
    ['', { ...run, universe: 'x'.repeat(201) }, 'universe'],
    ['', [], ''],
    ['/scalping-exits', { ...exit, exit_price: 0 }, 'exit_price'],
    ['/scalping-exits', [exit, { ...exit, exit_time: 'soon' }], '1.exit_time'],
    ['/scalping-exits', { exits: [{ ...exit, symbol: '' }] }, 'exits.0.symbol'],
    ['/scalping-exits', { ...exit, colour: 'red' }, 'colour'],
    ['/scalping-exits', [], ''],
    ['/scalping-exits', 'null', ''],
    ['/scalping-exits', { ...exit, labels: { a: '\0' } }, 'labels'],
    ['/1/evaluation', { ...outcome, labels: { a: '\ud800' } }, 'labels'],
    ['/1/evaluation', { ...outcome, exit_reason: undefined }, 'exit_reason'],
    ['/1/evaluation', { ...outcome, exit_price: -1 }, 'exit_price'],
    ['/x/evaluation', outcome, 'id'],
  ])('POST %s refuses %j', async (path, body, field) => {
    const answer = await ask('POST', path, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
    expect(answer.body.detail).toContain(field);
  });

  it.each(['/x', '/1?as_of=soon', '?min_score=high', '?run_id=', '?limit=501'])(
    'GET %s is refused',
    async (path) => {
      expect(await ask('GET', path)).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
    },
  );

  it('a header that is too long is refused', async () => {
    const answer = await ask('POST', '', run, { 'idempotency-key': 'k'.repeat(300) });
    expect(answer).toMatchObject({ status: 400 });
  });
});

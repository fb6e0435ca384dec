import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../../src/http/app.ts';
import { routeRecommendations } from '../../src/http/routes/recommendations.ts';
import { evaluateDue, openStores, type StoreSystem } from '../../src/system/index.ts';
import { freshStores, routesOver, storeKinds, type TestStores } from '../support/stores.ts';

const URL = '/v1/recommendations/evaluate-due';
const body = (symbol: string) => ({
  universe: 'NIFTY50',
  mode: 'Intraday',
  generated_at: '2026-11-16T10:00:00+05:30',
  items: [
    {
      symbol,
      recommendation: 'Buy',
      price: 100,
      score_blend: 60,
      exit_strategy: { stop_loss_price: 95, target_price: 105 },
    },
  ],
});

describe.each(storeKinds)('recommendations that are due, over HTTP, on the %s tiers', (kind) => {
  let tiers: TestStores;
  let system: StoreSystem;
  let app: App;

  beforeAll(async () => {
    tiers = await freshStores(kind);
    const clock = () => new Date('2026-11-18T12:00:00Z');
    system = await openStores({ durable: tiers.durable, hot: tiers.hot, clock });
    app = await routesOver((routes) =>
      routeRecommendations(routes, system.stores.recommendations, (options) => evaluateDue(system, options)),
    );
  });
  afterAll(async () => {
    await app.close();
    await system.close();
    await tiers.remove();
  });

  const ask = (payload: object, accept = 'application/json') =>
    app.inject({ method: 'POST', url: URL, payload, headers: { accept } });

  it('are evaluated from the price history, once; what has no candles is named', async () => {
    const { recommendations, priceHistory } = system.stores;
    const candle = { time: '2026-11-16', open: 100, high: 106, low: 99, close: 104, volume: 1 };
    await priceHistory.put({ symbol: 'TCS', interval: '1d', candles: [candle] });
    const { items } = await recommendations.logRun(body('TCS'));
    await recommendations.logRun(body('INFY'));

    const first = await ask({});
    expect(first.statusCode).toBe(200);
    expect(first.json()).toMatchObject({
      reviewed: 2,
      evaluated: 1,
      pending: 1,
      not_due: 0,
      complete: true,
      pending_items: [{ symbol: 'INFY', reason: 'NO_CANDLES', detail: '2026-11-16' }],
    });
    expect(await recommendations.get(items[0]!.id)).toMatchObject({
      evaluated: true,
      exit_reason: 'TARGET',
      exit_price: 105,
      pnl_pct: 5,
    });

    const again = await ask({ exchange: 'XNSE' }, 'application/x-ndjson');
    const lines = again.body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { reviewed: 1, evaluated: 0, pending: 1, not_due: 0 },
      { reviewed: 1, evaluated: 0, complete: true, pending_items: [{ symbol: 'INFY' }] },
    ]);
  });

  it.each([
    [{ exchange: 'XLON' }, 'exchange'],
    [{ benchmark: '' }, 'benchmark'],
    [{ candles: [] }, 'candles'],
  ])('is refused with %j, naming the field', async (payload, field) => {
    const answer = await ask(payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain(field);
  });
});

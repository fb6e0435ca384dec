import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { unevaluatedQuery } from './schema.ts';
import { createRecommendations, type Recommendations } from './store.ts';

const run = {
  generated_at: '2026-11-24T14:30:00.123456',
  universe: 'nifty50',
  mode: 'Swing',
  run_id: 'r1',
  picks: [
    { symbol: 'TCS', recommendation: 'Strong Sell', price: 500 },
    { symbol: 'INFY', recommendation: 'Buy', price: 10 },
    { symbol: 'WIPRO', recommendation: 'Buy', price: 10 },
  ],
};

describe.each(storeKinds)('evaluations on the %s tiers', (kind) => {
  let stores: TestStores;
  let recommendations: Recommendations;
  let now: Date;

  beforeAll(async () => {
    stores = await freshStores(kind);
    recommendations = createRecommendations({ ...stores, clock: () => now });
  });
  afterAll(() => stores.remove());
  beforeEach(async () => {
    now = new Date('2026-11-24T10:00:00.000Z');
    await stores.durable.query('truncate ai_recommendations');
    await stores.flush();
  });

  /** One Scalping recommendation, by default of 24 November, 09:30 in India. */
  async function scalp(symbol: string, generated_at = '2026-11-24T09:30:00', price: number | null = 100) {
    const items = [{ symbol, recommendation: 'Buy', price }];
    const { items: logged } = await recommendations.logRun({ mode: 'Scalping', generated_at, items });
    return Number(logged[0]!.id);
  }
  const given = { exit_price: 650, exit_time: '2026-11-25T10:00:00Z', exit_reason: 'MANUAL' };

  it('take the return from the direction, and keep what is said', async () => {
    const { items } = await recommendations.logRun(run);
    const done = await recommendations.evaluate(items[0]!.id, {
      ...given,
      max_drawdown_pct: -2,
      alpha_vs_benchmark: 0.1,
      labels: { by: 'hand' },
    });
    expect(done).toMatchObject({
      evaluated: true,
      evaluated_at: '2026-11-24T10:00:00.000000Z',
      exit_time: '2026-11-25T10:00:00.000000Z',
      pnl_pct: -30,
      max_drawdown_pct: -2,
      alpha_vs_benchmark: 0.1,
      labels: { by: 'hand' },
    });
    expect(await recommendations.get(items[0]!.id)).toEqual(done);
  });

  it('again change nothing; another one is refused', async () => {
    const { items } = await recommendations.logRun(run);
    const id = items[2]!.id;
    const first = await recommendations.evaluate(id, { ...given, labels: { a: 1, b: 2 } });
    now = new Date('2026-11-25T00:00:00Z');
    expect(await recommendations.evaluate(id, { ...given, labels: { b: 2, a: 1 } })).toEqual(first);
    expect(await recommendations.evaluate(id, given)).toEqual(first);
    for (const other of [{ exit_price: 651 }, { pnl_pct: 1 }, { labels: { a: 1 } }, { exit_reason: 'X' }]) {
      await expect(recommendations.evaluate(id, { ...given, ...other })).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining(Object.keys(other)[0]!),
      });
    }
    expect(await recommendations.get(id)).toEqual(first);
  });

  it('of one by several with different values is won by one', async () => {
    const { items } = await recommendations.logRun(run);
    const tries = [1, 2, 3, 4].map((exit_price) =>
      recommendations.evaluate(items[0]!.id, { ...given, exit_price }),
    );
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each(['9223372036854775807', '9223372036854775808', '123456', '-1', 'x'])(
    'of %s finds nothing',
    async (id) => {
      await expect(recommendations.evaluate(id, given)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(recommendations.get(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    },
  );

  it('as of a time, one is what was known', async () => {
    const { items } = await recommendations.logRun(run);
    const id = items[0]!.id;
    await recommendations.evaluate(id, { exit_price: 1, exit_time: '2026-11-24', exit_reason: 'X' });
    const as_of = '2026-11-24T09:30:00.000000Z';
    expect(await recommendations.get(id, { as_of })).toEqual(items[0]);
    const earlier = recommendations.get(id, { as_of: '2026-11-24T09:00:00.123455Z' });
    await expect(earlier).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('those without an evaluation come oldest first, page by page', async () => {
    const ids: number[] = [];
    for (const day of ['20', '19', '18']) ids.unshift(await scalp('TCS', `2026-11-${day}T09:30:00`));
    await recommendations.logRun(run);
    await recommendations.evaluate(ids[0]!, { exit_price: 1, exit_time: '2026-11-24', exit_reason: 'X' });
    const query = { mode: 'scalping', before: '2026-11-20T00:00:00Z', limit: '1' };
    const page = await recommendations.unevaluated(unevaluatedQuery.parse({ mode: 'scalping', limit: '1' }));
    expect(page.items.map(({ id }) => id)).toEqual([ids[1]]);
    const cursor = page.next_cursor!;
    const next = await recommendations.unevaluated(unevaluatedQuery.parse({ mode: 'scalping', cursor }));
    expect([next.items.map(({ id }) => id), next.next_cursor]).toEqual([[ids[2]], null]);
    const bounded = await recommendations.unevaluated(unevaluatedQuery.parse(query));
    expect([bounded.items.map(({ id }) => id), bounded.next_cursor]).toEqual([[ids[1]], null]);
  });
});

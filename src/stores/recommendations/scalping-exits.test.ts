import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { createRecommendations, type Recommendations } from './store.ts';

const NOW = '2026-11-24T10:00:00.000Z';

describe.each(storeKinds)('scalping exits on the %s tiers', (kind) => {
  let stores: TestStores;
  let recommendations: Recommendations;

  beforeAll(async () => {
    stores = await freshStores(kind);
    recommendations = createRecommendations({ ...stores, clock: () => new Date(NOW) });
  });
  afterAll(() => stores.remove());
  beforeEach(async () => {
    await stores.durable.query('truncate ai_recommendations');
    await stores.flush();
  });

  /** One Scalping recommendation, by default of 24 November, 09:30 in India. */
  async function scalp(symbol: string, generated_at = '2026-11-24T09:30:00', price: number | null = 100) {
    const items = [{ symbol, recommendation: 'Buy', price }];
    const { items: logged } = await recommendations.logRun({ mode: 'Scalping', generated_at, items });
    return Number(logged[0]!.id);
  }
  const outcome = { exit_price: 101, exit_time: '2026-11-24T04:30:00Z', exit_reason: 'TARGET_HIT' };
  const exit = (symbol: string, over: Record<string, unknown> = {}) => ({
    symbol,
    ...outcome,
    ...over,
  });

  it('mark the oldest open row of the symbol and the day in India', async () => {
    const late = await scalp('TCS', '2026-11-24T11:00:00');
    const early = await scalp('TCS', '2026-11-24T09:30:00');
    const before = await scalp('TCS', '2026-11-23T09:30:00');
    await scalp('INFY');
    // 00:10 in India, which is the day before in UTC.
    const entry_time = '2026-11-23T18:40:00Z';
    const first = await recommendations.applyScalpingExits([exit('tcs', { entry_time })]);
    expect(first).toEqual({
      items: [{ symbol: 'TCS', result: 'matched', id: early, reason: null, pnl_pct: 1 }],
      matched: 1,
      repeated: 0,
      unmatched: 0,
    });
    expect(await recommendations.get(early)).toMatchObject({
      evaluated: true,
      evaluated_at: '2026-11-24T10:00:00.000000Z',
      exit_price: 101,
      exit_time: '2026-11-24T04:30:00.000000Z',
      exit_reason: 'TARGET_HIT',
      pnl_pct: 1,
      labels: { entry_time: '2026-11-23T18:40:00.000000Z' },
    });
    const anyDay = await recommendations.applyScalpingExits([exit('TCS', { exit_price: 102 })]);
    expect(anyDay.items[0]).toMatchObject({ result: 'matched', id: before });
    const sameDay = exit('TCS', { exit_price: 103, entry_time: '2026-11-24T12:00:00', return_pct: 0.4 });
    expect((await recommendations.applyScalpingExits([sameDay])).items[0]).toMatchObject({
      id: late,
      pnl_pct: 0.4,
    });
    const none = await recommendations.applyScalpingExits([{ ...sameDay, exit_price: 104 }]);
    expect(none).toMatchObject({ matched: 0, unmatched: 1, items: [{ id: null }] });
    expect(none.items[0]!.reason).toBe('No open Scalping recommendation of TCS of 2026-11-24 (India)');
  });

  it('mark nothing more when they come again, also at the same time', async () => {
    const ids = [await scalp('TCS'), await scalp('TCS'), await scalp('TCS')];
    const results = await Promise.all(
      [1, 2, 3, 4].map(() => recommendations.applyScalpingExits([exit('TCS')])),
    );
    expect(results.map(({ items }) => items[0]!.result).sort()).toEqual([
      'matched',
      'repeated',
      'repeated',
      'repeated',
    ]);
    expect(new Set(results.map(({ items }) => items[0]!.id))).toEqual(new Set([ids[0]]));
    const twice = await recommendations.applyScalpingExits([
      exit('TCS', { exit_price: 105 }),
      exit('TCS', { exit_price: 105 }),
    ]);
    expect(twice).toMatchObject({ matched: 1, repeated: 1 });
  });

  it('of a row that came later are applied when they are sent again', async () => {
    expect(await recommendations.applyScalpingExits([exit('TCS')])).toMatchObject({ unmatched: 1 });
    const id = await scalp('TCS');
    expect((await recommendations.applyScalpingExits([exit('TCS')])).items[0]).toMatchObject({
      result: 'matched',
      id,
    });
  });

  it('that come together mark different rows', async () => {
    const ids = await Promise.all([1, 2, 3, 4, 5, 6].map(() => scalp('TCS')));
    const results = await Promise.all(
      ids.map((_, index) =>
        recommendations.applyScalpingExits([exit('TCS', { exit_price: 101 + index }), exit('INFY')]),
      ),
    );
    const marked = results.map(({ items }) => items[0]!.id);
    expect(new Set(marked)).toEqual(new Set(ids));
  });

  it('know an exit that the old application had applied', async () => {
    const old = await scalp('TCS');
    const open = await scalp('TCS');
    await stores.durable.query(
      `update ai_recommendations set evaluated = true, exit_price = 101, exit_time = '2026-11-24T04:30:00Z',
         exit_reason = 'TARGET_HIT', pnl_pct = 0.4 where id = $1`,
      [old],
    );
    const entry_time = '2026-11-24T09:31:00';
    const again = await recommendations.applyScalpingExits([exit('TCS', { entry_time })]);
    expect(again.items[0]).toMatchObject({ result: 'repeated', id: old, pnl_pct: 0.4 });
    expect(await recommendations.get(open)).toMatchObject({ evaluated: false });
  });

  it('of a row without an entry price take their own; without any there is no return', async () => {
    const [first, second] = [await scalp('TCS', undefined, null), await scalp('TCS', undefined, null)];
    const { items } = await recommendations.applyScalpingExits([
      exit('TCS', { entry_price: 50 }),
      exit('TCS', { exit_price: 200 }),
    ]);
    expect(items).toMatchObject([
      { id: first, pnl_pct: 102 },
      { id: second, pnl_pct: null },
    ]);
  });
});

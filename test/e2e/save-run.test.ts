import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openStores, saveRun, type StoreSystem } from '../../src/system/index.ts';
import { freshStores, storeKinds, type TestStores } from '../support/stores.ts';

const item = (symbol: string, rank: number, more: object = {}) => ({
  symbol,
  rank,
  recommendation: 'Strong Buy',
  confidence: 'High',
  price: 100 + rank,
  score_blend: 70 - rank,
  scores: { technical: 60, risk: 40 },
  exit_strategy: { stop_loss_price: 95, target_price: 120 },
  ...more,
});

const payload = (items: readonly object[]) => ({
  universe: 'NIFTY50',
  mode: 'swing',
  generated_at: '2026-11-20T15:00:00.123456',
  items: [...items],
});

describe.each(storeKinds)('a run saved as a whole on the %s tiers', (kind) => {
  let tiers: TestStores;
  let system: StoreSystem;

  beforeAll(async () => {
    tiers = await freshStores(kind);
    system = await openStores({ durable: tiers.durable, hot: tiers.hot });
  });
  afterAll(async () => {
    await system.close();
    await tiers.remove();
  });

  async function rows(table: string): Promise<number> {
    return (await tiers.durable.query(`select from ${table}`)).rows.length;
  }

  it('is a run, its recommendations and its picks, once', async () => {
    const { topPicks, recommendations, pickLog } = system.stores;
    const told: string[] = [];
    const subscription = await topPicks.subscribe((run) => void told.push(run.run_id));
    const given = payload([item('TCS', 1), item('m&m', 2, { recommendation: 'Sell', price: null })]);
    const saved = await saveRun(system, given, { idempotencyKey: 'one' });
    expect(saved).toMatchObject({
      universe: 'nifty50',
      mode: 'Swing',
      recommendations: 2,
      picks: 1,
      repeated: false,
    });
    // India's 15:00, as the engine meant it.
    expect(saved.generated_at).toBe('2026-11-20T09:30:00.123456Z');
    expect(saved.skipped).toMatchObject([{ index: 1 }]);
    const { items } = await recommendations.list({ limit: 10 });
    expect(
      items.map(({ symbol, direction, generated_at: at, run_id: run }) => [symbol, direction, at, run]),
    ).toEqual(
      expect.arrayContaining([
        ['TCS', 'LONG', saved.generated_at, saved.run_id],
        ['M&M', 'SHORT', saved.generated_at, saved.run_id],
      ]),
    );
    const picks = await pickLog.list({ limit: 10 });
    expect(picks.items).toMatchObject([{ symbol: 'TCS', signal_price: 101 }]);
    expect(picks.items[0]!.contributions).toHaveLength(2);
    expect((await topPicks.latest({ universe: 'nifty50', mode: 'Swing' })).items).toHaveLength(2);

    expect(await saveRun(system, given, { idempotencyKey: 'one' })).toMatchObject({
      repeated: true,
      run_id: saved.run_id,
    });
    expect(await Promise.all(['top_picks_runs', 'ai_recommendations', 'pick_events'].map(rows))).toEqual([
      1, 2, 1,
    ]);
    await vi.waitFor(() => expect(new Set(told)).toEqual(new Set([saved.run_id])), 5_000);
    await subscription.close();
  });

  it('is nothing at all when a part of it cannot be saved', async () => {
    const before = await Promise.all(['top_picks_runs', 'ai_recommendations', 'pick_events'].map(rows));
    const wrong = payload([item('TCS', 1), { symbol: '', price: 1 }]);
    await expect(saveRun(system, wrong)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await Promise.all(['top_picks_runs', 'ai_recommendations', 'pick_events'].map(rows))).toEqual(
      before,
    );
  });
});

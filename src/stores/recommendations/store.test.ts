import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { listQuery } from './schema.ts';
import { createRecommendations, type Recommendations } from './store.ts';

const evaluation = {
  exit_price: 2159.49356,
  exit_time: '2026-11-17T04:11:28.408900Z',
  exit_reason: 'TARGET_HIT',
  pnl_pct: 0.4,
  max_drawdown_pct: -0.1,
  alpha_vs_benchmark: 0.2,
  labels: { hit: true },
};

/** symbol, mode, universe, source, time, evaluated, evaluated at */
const rows = [
  ['M&M', 'Scalping', 'NIFTY50', 'scheduler', '2026-11-17T04:00:00Z', true, '2026-11-22T20:28:32.719148Z'],
  ['TCS', 'Scalping', 'NIFTY50', 'scheduler', '2026-11-17T04:00:00Z', false, null],
  ['TCS', 'Swing', 'BANKNIFTY', 'manual', '2026-11-18T04:00:00.000001Z', true, '2026-11-19T00:00:00Z'],
  // Evaluated, and nobody knows when.
  ['NIFTY 50', 'Swing', 'INDEX', 'manual', '2026-11-19T04:00:00Z', true, null],
  // As no writer of the old application would store it.
  ['tcs', 'BTST', 'custom', 'import', '2026-11-20T04:00:00Z', false, null],
] as const;

describe.each(storeKinds)('recommendations on the %s tier', (kind) => {
  let tier: TestStores;
  let recommendations: Recommendations;
  const list = (query: Record<string, string> = {}) => recommendations.list(listQuery.parse(query));
  const ids = async (query: Record<string, string>) => (await list(query)).items.map((item) => item.id);

  beforeAll(async () => {
    tier = await freshStores(kind);
    for (const row of rows) {
      const { labels, ...outcome } = evaluation;
      const values = row[5] ? [...Object.values(outcome), JSON.stringify(labels)] : Array(7).fill(null);
      await tier.durable.query(
        `insert into ai_recommendations (symbol, mode, universe, source, generated_at, evaluated, evaluated_at,
           exit_price, exit_time, exit_reason, pnl_pct, max_drawdown_pct, alpha_vs_benchmark, labels,
           recommendation, direction, entry_price, score_blend, rank_in_run, features, legacy_source, legacy_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
           'Strong Buy', 'LONG', 2150.89, 'NaN', 2, '{"a": [1]}', 'cache/ai_recommendations.db', 9007199254740993 + $15)`,
        [...row, ...values, BigInt(rows.indexOf(row))],
      );
    }
    recommendations = createRecommendations(tier);
  });
  afterAll(() => tier.remove());

  it('gives whole rows, newest first', async () => {
    const { items, next_cursor } = await list();
    expect(items.map((item) => item.id)).toEqual([5, 4, 3, 2, 1]);
    expect(next_cursor).toBeNull();
    expect(items[4]).toEqual({
      id: 1,
      symbol: 'M&M',
      mode: 'Scalping',
      universe: 'NIFTY50',
      source: 'scheduler',
      recommendation: 'Strong Buy',
      direction: 'LONG',
      generated_at: '2026-11-17T04:00:00.000000Z',
      entry_price: 2150.89,
      stop_loss_price: null,
      target_price: null,
      score_blend: null,
      confidence: null,
      risk_profile: null,
      run_id: null,
      rank_in_run: 2,
      policy_version: null,
      features: { a: [1] },
      evaluated: true,
      evaluated_at: '2026-11-22T20:28:32.719148Z',
      ...evaluation,
      legacy_source: 'cache/ai_recommendations.db',
      legacy_id: '9007199254740993',
    });
  });

  it.each([
    [{ symbol: 'M&M' }, [1]],
    [{ symbol: 'nifty 50' }, [4]],
    [{ symbol: 'tcs' }, [5, 3, 2]],
    [{ symbol: 'TCS' }, [3, 2]],
    [{ mode: 'SCALPING' }, [2, 1]],
    [{ mode: 'BTST' }, [5]],
    [{ universe: 'banknifty' }, [3]],
    [{ source: 'manual', mode: 'swing' }, [4, 3]],
    [{ evaluated: 'true' }, [4, 3, 1]],
    [{ evaluated: 'false' }, [5, 2]],
    [{ from: '2026-11-18T04:00:00.000001Z', to: '2026-11-20T04:00:00Z' }, [4, 3]],
  ])('filters by %j', async (query: Record<string, string>, expected) => {
    expect(await ids(query)).toEqual(expected);
  });

  it('pages hold every row once, also where times are equal', async () => {
    const first = await list({ limit: '4' });
    expect(first.items.map((item) => item.id)).toEqual([5, 4, 3, 2]);
    const second = await list({ limit: '4', cursor: first.next_cursor ?? 'none' });
    expect(second.items.map((item) => item.id)).toEqual([1]);
    expect(second.next_cursor).toBeNull();
  });

  it('as of a time shows neither later rows nor later evaluations', async () => {
    const { items } = await list({ as_of: '2026-11-19T12:00:00Z' });
    expect(items.map((item) => [item.id, item.evaluated])).toEqual([
      // Nobody can say that it was evaluated by then.
      [4, false],
      [3, true],
      [2, false],
      [1, false],
    ]);
    expect(items[1]).toMatchObject(evaluation);
    const unknown = Object.fromEntries(Object.keys(evaluation).map((name) => [name, null]));
    expect(items[3]).toMatchObject({ ...unknown, evaluated_at: null, entry_price: 2150.89 });
  });

  it('as of a time, the filter goes by what was known then', async () => {
    const as_of = '2026-11-19T12:00:00Z';
    expect(await ids({ as_of, evaluated: 'true' })).toEqual([3]);
    expect(await ids({ as_of, evaluated: 'false' })).toEqual([4, 2, 1]);
    expect(await ids({ as_of: '2026-11-22T20:28:32.719148Z', evaluated: 'true' })).toEqual([3, 1]);
    expect(await ids({ as_of: '2026-11-22T20:28:32.719147Z', evaluated: 'true' })).toEqual([3]);
  });
});

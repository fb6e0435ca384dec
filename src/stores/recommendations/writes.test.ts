import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import type { TopPicksPayload } from './schema.ts';
import { createRecommendations, type Recommendations } from './store.ts';

const NOW = '2026-11-24T10:00:00.000Z';

const picks = [
  {
    rank: 1,
    symbol: 'tcs',
    score_blend: 80.5,
    blend_score: 1,
    recommendation: 'Strong Sell',
    confidence: 'High',
    price: 702.93,
    entry_price: 700,
    reasoning: 'momentum ↑',
    scores: { technical: 65 },
    exit_strategy: { stop_loss_price: 720, target_price: 660.5 },
    risk_reward_ratio: Number.NaN,
  },
  {
    symbol: 'M&M',
    score_blend: null,
    blend_score: 60,
    recommendation: 'Buy',
    price: Number.NaN,
    entry_price: 5,
  },
  { symbol: 'INFY', blend_score: 60, recommendation: 'Buy', price: 10, entry_price: 0, exit_strategy: null },
  { symbol: 'WIPRO', recommendation: 'Buy', price: 10 },
];

const payload = (run_id: string, over: Record<string, unknown> = {}): TopPicksPayload => ({
  generated_at: '2026-11-24T14:30:00.123456',
  universe: 'nifty50',
  mode: 'SWING',
  run_id,
  picks,
  next_refresh: '2026-11-24T15:30:00Z',
  metadata: { analysis_time_seconds: 3.2, policy_version: '1.0' },
  ...over,
});

describe.each(storeKinds)('writing recommendations on the %s tiers', (kind) => {
  let stores: TestStores;
  let recommendations: Recommendations;
  let now = new Date(NOW);

  beforeAll(async () => {
    stores = await freshStores(kind);
    recommendations = createRecommendations({ ...stores, clock: () => now });
  });
  afterAll(() => stores.remove());
  beforeEach(async () => {
    now = new Date(NOW);
    await stores.durable.query('truncate ai_recommendations');
    await stores.flush();
  });

  const content = (key: string) => stores.hot.projections.read(`stockroom:${key}`);
  async function members(key: string): Promise<string[]> {
    const found = await content(key);
    if (found?.kind === 'set') return found.members.toSorted();
    return found?.kind === 'ranking' ? found.members.map(({ id }) => id).toSorted() : [];
  }
  const count = async () => {
    const { rows } = await stores.durable.query<{ n: bigint }>(
      'select count(*) as n from ai_recommendations',
    );
    return Number(rows[0]!.n);
  };
  const outcome = { exit_price: 101, exit_time: '2026-11-24T04:30:00Z', exit_reason: 'TARGET_HIT' };

  describe('a run', () => {
    it('is logged by the old rules, with the true time', async () => {
      const logged = await recommendations.logRun(payload('r1'));
      expect(logged).toMatchObject({ run_id: 'r1', logged: 4, repeated: 0, dropped: 0 });
      expect(logged.items[0]).toMatchObject({
        symbol: 'TCS',
        mode: 'Swing',
        universe: 'NIFTY50',
        source: 'top_picks',
        recommendation: 'Strong Sell',
        direction: 'SHORT',
        generated_at: '2026-11-24T09:00:00.123456Z',
        entry_price: 702.93,
        stop_loss_price: 720,
        target_price: 660.5,
        score_blend: 80.5,
        confidence: 'High',
        rank_in_run: 1,
        policy_version: '1.0',
        evaluated: false,
        features: {
          scores: { technical: 65 },
          agent_consensus: null,
          key_signals: null,
          exit_strategy: { stop_loss_price: 720, target_price: 660.5 },
          reasoning: 'momentum ↑',
          horizon: null,
          risk_reward_ratio: null,
          color_scheme: null,
          recommendation_note: null,
          metadata: { elapsed_seconds: 3.2 },
        },
      });
      expect(
        logged.items.map((item) => [item.direction, item.entry_price, item.score_blend, item.rank_in_run]),
      ).toEqual([
        ['SHORT', 702.93, 80.5, 1],
        ['LONG', null, null, 2],
        ['LONG', 10, 60, 3],
        ['LONG', 10, 0, 4],
      ]);
      expect(await recommendations.byRun('r1')).toEqual(logged.items);
    });

    it('of Scalping takes the entry price first', async () => {
      const { items } = await recommendations.logRun(payload('r1', { mode: 'scalping' }));
      expect(items.map((item) => item.entry_price)).toEqual([700, 5, 10, 10]);
    });

    it('takes times with a zone as they are, archive files, and what the options say', async () => {
      const zoned = await recommendations.logRun(payload('r1', { generated_at: '2026-11-24T09:00:00Z' }));
      expect(zoned.items[0]!.generated_at).toBe('2026-11-24T09:00:00.000000Z');
      const { picks: items, generated_at: as_of, ...rest } = payload('r2', { universe: null });
      const archived = await recommendations.logRun({ ...rest, items, as_of, elapsed_seconds: 7 });
      expect(archived.items[0]).toMatchObject({
        generated_at: '2026-11-24T09:00:00.123456Z',
        universe: 'UNKNOWN',
        features: { metadata: { elapsed_seconds: 7 } },
      });
      const options = { run_id: 'r3', source: 'backfill', generated_at: '2026-11-24' };
      const said = await recommendations.logRun(payload('r1'), options);
      expect(said.items[0]).toMatchObject({
        run_id: 'r3',
        source: 'backfill',
        generated_at: '2026-11-23T18:30:00.000000Z',
      });
    });

    it('has 50 picks at most', async () => {
      const many = Array.from({ length: 53 }, (_, index) => ({ symbol: `S${index}`, recommendation: 'Buy' }));
      const logged = await recommendations.logRun(payload('r1', { picks: many }));
      expect([logged.logged, logged.dropped, await count()]).toEqual([50, 3, 50]);
    });

    it('is logged once, also by several at once and with another key', async () => {
      const all = await Promise.all([1, 2, 3, 4].map(() => recommendations.logRun(payload('r1'))));
      expect(all.map(({ logged }) => logged).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 4]);
      const again = await recommendations.logRun(payload('r1'), { idempotencyKey: 'k1' });
      expect(again).toMatchObject({ logged: 0, repeated: 4, items: all[0]!.items });
      expect(await count()).toBe(4);
    });

    it.each([{ mode: 'Options' }, { picks: picks.slice(0, 2) }, { picks: [...picks, picks[3]] }])(
      'with other content is a conflict: %j',
      async (other: Record<string, unknown>) => {
        await recommendations.logRun(payload('r1'));
        await expect(recommendations.logRun(payload('r1', other))).rejects.toMatchObject({
          code: 'IDEMPOTENCY_CONFLICT',
        });
        expect(await count()).toBe(4);
      },
    );

    it('without an id is known by its key, and gets an id', async () => {
      const { run_id: _, generated_at: __, ...unnamed } = payload('none');
      const first = await recommendations.logRun(unnamed, { idempotencyKey: 'k1' });
      expect(first).toMatchObject({ run_id: 'nifty50:Swing:2026-11-24T10:00:00.000000', logged: 4 });
      now = new Date('2026-11-24T11:00:00Z');
      const again = await recommendations.logRun(unnamed, { idempotencyKey: 'k1' });
      expect(again).toEqual({ ...first, logged: 0, repeated: 4 });
      await expect(recommendations.logRun(payload('r2'), { idempotencyKey: 'k1' })).rejects.toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
      });
      await recommendations.logRun(unnamed);
      await recommendations.logRun(unnamed);
      expect(await count()).toBe(12);
    });

    it('joins a transaction of the caller, with all or nothing', async () => {
      const inside = async (fail: boolean) => {
        const changes = stores.views.changes();
        const logged = await stores.durable.transaction(async (session) => {
          const done = await recommendations.logRunIn(session, changes, payload('r1'));
          changes.note(session);
          if (fail) throw new Error('something else failed');
          return done;
        });
        await changes.apply();
        return logged;
      };
      await expect(inside(true)).rejects.toThrow('something else failed');
      expect([await count(), await members('rec:run:r1')]).toEqual([0, []]);
      const { items } = await inside(false);
      expect(await members('rec:run:r1')).toEqual(items.map(({ id }) => String(id)));
    });

    it.each([
      ['payload.items', { picks: undefined }],
      ['payload.mode', { mode: undefined }],
      ['payload.picks.0.symbol', { picks: [{ ...picks[0], symbol: 'A\0' }] }],
      ['payload.picks.0.recommendation', { picks: [{ ...picks[0], recommendation: '\ud800' }] }],
      ['payload.picks.0.price', { picks: [{ ...picks[0], price: '12' }] }],
      ['payload.generated_at', { generated_at: 'yesterday' }],
      ['items.0.reasoning', { picks: [{ ...picks[0], reasoning: 'a\0b' }] }],
    ])('is refused for %s', async (field: string, over: Record<string, unknown>) => {
      const refusal = recommendations.logRun(payload('r1', over));
      await expect(refusal).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      await expect(refusal).rejects.toThrow(field);
      expect(await count()).toBe(0);
    });
  });

  describe('keys', () => {
    it('hold what was logged, and move with the evaluation', async () => {
      const { items } = await recommendations.logRun(payload('run:1'));
      const ids = items.map(({ id }) => String(id)).toSorted();
      expect(await members('rec:run:run%3a1')).toEqual(ids);
      expect(await members('rec:symbol:TCS:Swing')).toEqual([ids[0]]);
      expect(await content(`rec:${ids[0]}`)).toMatchObject({
        kind: 'hash',
        fields: {
          id: ids[0],
          symbol: 'TCS',
          entry_price: '702.93',
          evaluated: 'false',
          generated_at: '2026-11-24T09:00:00.123456Z',
        },
      });
      // Nothing stood there, so it was built.
      expect(await members('rec:unevaluated')).toEqual(ids);
      await recommendations.evaluate(ids[0]!, outcome);
      expect(await members('rec:unevaluated')).toEqual(ids.slice(1));
      expect(await content(`rec:${ids[0]}`)).toMatchObject({
        fields: { evaluated: 'true', exit_price: '101', exit_reason: 'TARGET_HIT' },
      });
      const second = await recommendations.logRun(payload('r2'));
      expect(await members('rec:symbol:TCS:Swing')).toEqual(
        [ids[0]!, String(second.items[0]!.id)].toSorted(),
      );
      expect(await members('rec:unevaluated')).toHaveLength(7);
    });

    it('are built again where Redis lost them, and say what PostgreSQL says', async () => {
      const { items } = await recommendations.logRun(payload('r1'));
      for (const item of items) {
        expect(await recommendations.get(item.id)).toEqual(item);
        await stores.flush();
        expect(await recommendations.get(item.id)).toEqual(item);
      }
      expect(await content('rec:unevaluated')).toBeUndefined();
      await stores.flush();
      await recommendations.evaluate(items[1]!.id, outcome);
      expect(await recommendations.get(items[1]!.id)).toMatchObject({ evaluated: true, exit_price: 101 });
    });

    it.runIf(kind === 'server')('have the types and lives that scripts expect', async () => {
      const { items } = await recommendations.logRun(payload('r1'));
      const id = items[0]!.id;
      expect(await stores.ask('HGET', `stockroom:rec:${id}`, 'recommendation')).toBe('Strong Sell');
      expect(await stores.ask('ZSCORE', 'stockroom:rec:symbol:TCS:Swing', String(id))).toBe(
        Date.parse('2026-11-24T09:00:00.123Z'),
      );
      expect(await stores.ask('ZCARD', 'stockroom:rec:unevaluated')).toBe(4);
      expect(await stores.ask('SISMEMBER', 'stockroom:rec:run:r1', String(id))).toBe(1);
    });
  });
});

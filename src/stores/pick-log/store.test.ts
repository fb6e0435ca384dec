import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { createCalendar } from '../../market/index.ts';
import { exitInput, outcomeInput } from './outcome-schema.ts';
import { pickInput, picksQuery } from './schema.ts';
import { createPickLog, type PickLog, picksOfRun } from './store.ts';

/** A Friday with a session from 03:45 to 10:00 UTC; the market is closed on the 24th of November 2026. */
const DAY = '2026-11-20';
const NOW = '2026-12-31T00:00:00.000Z';
const given = (more: Record<string, unknown> = {}) =>
  pickInput.parse({
    symbol: 'TCS',
    mode: 'swing',
    signal_ts: `${DAY}T05:00:00Z`,
    entry_price: 100,
    recommended_target: 110,
    recommended_stop: 95,
    ...more,
  });

describe.each(storeKinds)('the pick log on the %s tiers', (kind) => {
  let stores: TestStores;
  let log: PickLog;
  let now = NOW;
  const count = async (table: string) => {
    const { rows } = await stores.durable.query<{ n: bigint }>(`select count(*) as n from ${table}`);
    return Number(rows[0]!.n);
  };
  const list = (query: Record<string, string> = {}) => log.list(picksQuery.parse(query));

  beforeAll(async () => {
    stores = await freshStores(kind);
    log = createPickLog({
      durable: stores.durable,
      calendar: createCalendar(),
      clock: () => new Date(now),
    });
  });
  beforeEach(async () => {
    now = NOW;
    await stores.durable.query('truncate pick_events, pick_agent_contributions, pick_outcomes');
  });
  afterAll(async () => {
    await log.close();
    await stores.remove();
  });

  it('logs a pick with what the agents said, and gives it back', async () => {
    const contributions = [
      { agent_name: 'technical', score: 71.5, confidence: 'High', metadata: { w: 0.3 } },
      { agent_name: 'risk', score: null, confidence: null, metadata: null },
    ];
    const logged = await log.log(
      given({
        symbol: 'm&m',
        recommendation: 'Strong Sell',
        universe: 'NIFTY50',
        extra_context: { rank: 1 },
        signal_ts: '2026-11-20T20:00:00Z',
        contributions,
      }),
    );
    expect(logged).toMatchObject({ repeated: false, direction: 'SHORT', trade_date: '2026-11-21' });
    expect(logged.pick_uuid).toMatch(/^[0-9a-f]{32}$/);
    const pick = await log.get(logged.pick_uuid);
    expect(pick).toMatchObject({
      symbol: 'M&M',
      mode: 'Swing',
      source: 'API',
      universe: 'nifty50',
      signal_price: 100,
      recommended_entry: 100,
      signal_ts: '2026-11-20T20:00:00.000000Z',
      extra_context: { rank: 1 },
      contributions,
      outcomes: [],
      legacy_source: null,
    });
    await stores.flush();
    expect((await list()).items).toEqual([pick]);
    await expect(log.get('f'.repeat(32))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('the same key or UUID is the same pick, and another pick under it is refused', async () => {
    const contributions = [{ agent_name: 'risk', score: 1 }];
    const pick_uuid = 'A'.repeat(32);
    const first = await log.log(given({ contributions }), { idempotencyKey: 'k' });
    expect(await log.log(given({ contributions }), { idempotencyKey: 'k' })).toEqual({
      ...first,
      repeated: true,
    });
    await expect(log.log(given(), { idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    const own = await log.log(given({ pick_uuid }));
    expect(own.pick_uuid).toBe('a'.repeat(32));
    expect(await log.log(given({ pick_uuid }), { idempotencyKey: 'other' })).toEqual({
      ...own,
      repeated: true,
    });
    await expect(log.log(given({ pick_uuid, price: 5 }), { idempotencyKey: 'o2' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect([await count('pick_events'), await count('pick_agent_contributions')]).toEqual([2, 1]);
  });

  it('callers at once log one pick once', async () => {
    const pick = given({ pick_uuid: 'b'.repeat(32), contributions: [{ agent_name: 'risk', score: 1 }] });
    const results = await Promise.all([
      ...Array.from({ length: 8 }, (_, index) => log.log(pick, { idempotencyKey: `key-${index % 4}` })),
      ...Array.from({ length: 4 }, () => log.logMany([pick])),
    ]);
    const logged = results.flat();
    expect(new Set(logged.map(({ id }) => id)).size).toBe(1);
    expect(logged.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect([await count('pick_events'), await count('pick_agent_contributions')]).toEqual([1, 1]);
  });

  it('many picks are logged together or not at all', async () => {
    const many = [given(), given({ symbol: 'INFY' })];
    const first = await log.logMany(many, { idempotencyKey: 'run' });
    expect(await log.logMany(many, { idempotencyKey: 'run' })).toEqual(
      first.map((each) => ({ ...each, repeated: true })),
    );
    const other = { idempotencyKey: 'run' };
    const refused = { code: 'IDEMPOTENCY_CONFLICT' };
    await expect(log.logMany([many[0]!], other)).rejects.toMatchObject(refused);
    await expect(log.logMany([...many, given({ symbol: 'SBIN' })], other)).rejects.toMatchObject(refused);
    await expect(log.logMany([many[1]!, many[0]!], other)).rejects.toMatchObject(refused);
    await expect(log.logMany([given({ symbol: 'NEW' }), given({ price: 3 })], other)).rejects.toMatchObject(
      refused,
    );
    expect(await count('pick_events')).toBe(2);
    const failed = stores.durable.transaction(async (session) => {
      await log.logIn(session, [given({ contributions: [{ agent_name: 'a' }] })]);
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    expect([await count('pick_events'), await count('pick_agent_contributions')]).toEqual([2, 0]);
  });

  it('lists by filters, newest first, page by page', async () => {
    const rows = [
      given({ universe: 'nifty50', signal_ts: '2026-11-18T05:00:00Z' }),
      given({ symbol: 'INFY', mode: 'Intraday', signal_ts: '2026-11-19T05:00:00Z', direction: 'SHORT' }),
      given({ symbol: 'INFY', source: 'TOP_PICKS' }),
      given({ symbol: 'SBIN' }),
    ];
    const [a, b, c, d] = (await log.logMany(rows)).map(({ pick_uuid }) => pick_uuid);
    const ids = async (query: Record<string, string>) =>
      (await list(query)).items.map(({ pick_uuid }) => pick_uuid);
    expect(await ids({})).toEqual([d, c, b, a]);
    expect(await ids({ symbol: 'infy' })).toEqual([c, b]);
    expect(await ids({ mode: 'INTRADAY' })).toEqual([b]);
    expect(await ids({ universe: 'NIFTY50' })).toEqual([a]);
    expect(await ids({ source: 'top_picks' })).toEqual([c]);
    expect(await ids({ direction: 'short' })).toEqual([b]);
    expect(await ids({ from: '2026-11-19T05:00:00Z', to: '2026-11-20T05:00:00Z' })).toEqual([b]);
    expect(await ids({ trade_date: '2026-11-18' })).toEqual([a]);
    expect(await ids({ as_of: '2026-11-19T05:00:00Z' })).toEqual([b, a]);
    await log.putOutcome(c!, 'EOD', outcomeInput.parse({ price_close: 101 }));
    expect(await ids({ with_outcomes: 'true' })).toEqual([c]);
    expect(await ids({ with_outcomes: 'false' })).toEqual([d, b, a]);
    const first = await list({ limit: '3' });
    const second = await list({ limit: '3', cursor: first.next_cursor! });
    expect([...first.items, ...second.items].map(({ pick_uuid }) => pick_uuid)).toEqual([d, c, b, a]);
    expect(second.next_cursor).toBeNull();
  });

  it('an outcome is put, replaced, and hidden from before it was known', async () => {
    const { pick_uuid } = await log.log(given());
    now = '2026-11-21T00:00:00.000Z';
    const put = (outcome: Record<string, unknown>, horizon = 'EOD') =>
      log.putOutcome(pick_uuid, horizon, outcomeInput.parse(outcome));
    const prices = { price_close: 104, price_high: 112, price_low: 96, benchmark_ret_pct: 1 };
    const first = await put(prices);
    expect(first).toMatchObject({
      horizon_end_ts: '2026-11-20T10:00:00.000000Z',
      ret_close_pct: 4,
      ret_vs_benchmark_pct: 3,
      hit_target: true,
      hit_stop: false,
      outcome_label: 'WIN',
      known_at: '2026-11-21T00:00:00.000000Z',
    });
    expect(first.max_runup_pct).toBeCloseTo(12, 9);
    expect(first.max_drawdown_pct).toBeCloseTo(-4, 9);
    expect(first.capture_ratio).toBeCloseTo(1 / 3, 9);
    now = '2026-11-22T00:00:00.000Z';
    expect(await put(prices)).toEqual(first);
    const before = await log.get(pick_uuid, { as_of: '2026-11-20T23:59:59Z' });
    expect(before.outcomes).toEqual([]);
    expect((await log.get(pick_uuid, { as_of: '2026-11-21T00:00:00Z' })).outcomes).toEqual([first]);
    expect(await put({ ret_close_pct: -1 })).toMatchObject({
      outcome_label: 'LOSS',
      price_close: null,
      known_at: '2026-11-22T00:00:00.000000Z',
    });
    expect(await count('pick_outcomes')).toBe(1);
    await expect(put({ ret_close_pct: 1, outcome_label: 'LOSS' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('outcome_label') as string,
    });
    await expect(put({ ret_close_pct: 1 }, 'CUSTOM')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    const nobody = log.putOutcome('c'.repeat(32), 'EOD', outcomeInput.parse(prices));
    await expect(nobody).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('exits close their nearest picks, each once', async () => {
    const scalp = (minute: string, price: number) =>
      given({ mode: 'Scalping', signal_ts: `${DAY}T05:${minute}:00Z`, entry_price: price });
    const [early, late] = await log.logMany([scalp('00', 100), scalp('10', 100)]);
    const exit = (entry: string, more: Record<string, unknown> = {}) =>
      exitInput.parse({
        symbol: 'tcs',
        entry_time: `${DAY}T05:${entry}:00Z`,
        entry_price: 100,
        exit_time: `${DAY}T05:30:00Z`,
        exit_price: 100.4,
        exit_reason: 'TARGET_HIT',
        ...more,
      });
    const exits = [
      exit('04'),
      exit('01'),
      exit('01'),
      exit('05', { exit_price: 101 }),
      exit('00', { symbol: 'SBIN' }),
    ];
    const first = await log.applyScalpingExits(exits);
    expect(first.items.map(({ result, pick_uuid, distance }) => [result, pick_uuid, distance])).toEqual([
      ['unmatched', null, null],
      ['matched', early!.pick_uuid, 1],
      ['repeated', early!.pick_uuid, null],
      ['matched', late!.pick_uuid, 5],
      ['unmatched', null, null],
    ]);
    const again = await log.applyScalpingExits(exits);
    expect(again).toMatchObject({ matched: 0, repeated: 3, unmatched: 2 });
    const { outcomes } = await log.get(early!.pick_uuid);
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({
      evaluation_horizon: 'SCALPING',
      horizon_end_ts: `${DAY}T05:30:00.000000Z`,
      price_close: 100.4,
      hit_target: true,
      hit_stop: false,
      outcome_label: 'BREAKEVEN',
      notes: { exit_reason: 'TARGET_HIT', capture_ratio: null },
    });
    expect(outcomes[0]!.ret_close_pct).toBeCloseTo(0.4, 9);
  });

  it('an exit takes neither a pick of another day nor one that came after it, and callers at once share nothing', async () => {
    const scalp = (signal_ts: string) => given({ mode: 'Scalping', signal_ts });
    await log.logMany([scalp('2026-11-19T05:00:00Z'), scalp(`${DAY}T09:00:00Z`), scalp(`${DAY}T04:00:00Z`)]);
    const exit = (id: string) =>
      exitInput.parse({ exit_id: id, symbol: 'TCS', exit_time: `${DAY}T05:00:00Z`, exit_price: 99 });
    const results = await Promise.all(['a', 'b', 'c', 'a'].map((id) => log.applyScalpingExits([exit(id)])));
    const items = results.flatMap((result) => result.items);
    expect(items.filter(({ result }) => result === 'matched')).toHaveLength(1);
    expect(await count('pick_outcomes')).toBe(1);
  });

  it('takes the picks of a whole payload', () => {
    const { picks, skipped } = picksOfRun(
      {
        universe: 'NIFTY50',
        mode: 'scalping',
        as_of: '2026-11-20T10:30:00.5',
        items: [
          {
            rank: 1,
            symbol: 'tcs',
            recommendation: 'Strong Sell',
            price: 10,
            entry_price: 11,
            blend_score: 40.9,
            score_blend: 60.7,
            exit_strategy: { target_price: 9, stop_loss_price: 12 },
            scores: { risk: 20.4, news: null },
            risk_reward_ratio: 1.5,
          },
          { symbol: 'NOPRICE' },
          7,
        ],
      },
      { runId: 'r' },
    );
    expect(picks).toMatchObject([
      {
        symbol: 'TCS',
        mode: 'Scalping',
        universe: 'nifty50',
        source: 'TOP_PICKS',
        signal_ts: '2026-11-20T05:00:00.500000Z',
        signal_price: 11,
        recommended_target: 9,
        recommended_stop: 12,
        blend_score: 40.9,
        extra_context: { rank: 1, rr: 1.5, run_id: 'r' },
        contributions: [
          { agent_name: 'risk', score: 20.4 },
          { agent_name: 'news', score: null },
        ],
      },
    ]);
    expect(skipped.map(({ index }) => index)).toEqual([1, 2]);
  });
});

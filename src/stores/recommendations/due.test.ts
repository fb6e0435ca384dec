import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import type { DailyCandles, DueOptions, SessionCalendar } from './due-report.ts';
import { createRecommendations, type Recommendations } from './store.ts';

/** Monday to Friday, 09:15 to 15:30 in India. */
const calendar: SessionCalendar = {
  sessionsBetween(exchange, from, to) {
    expect(exchange).toBe('XNSE');
    const days: string[] = [];
    for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000) {
      const day = new Date(at).getUTCDay();
      if (day !== 0 && day !== 6) days.push(new Date(at).toISOString().slice(0, 10));
    }
    return days.map((date) => ({
      date,
      opensAt: `${date}T03:45:00.000Z`,
      closesAt: `${date}T10:00:00.000Z`,
    }));
  },
};

/** Every session the same: 100, up to 104, down to 98, 102. */
const flat: DailyCandles = async (_symbol, from, to) =>
  (await calendar.sessionsBetween('XNSE', from, to)).map(({ date }) => ({
    date,
    open: 100,
    high: 104,
    low: 98,
    close: 102,
    volume: 1,
  }));

describe.each(storeKinds)('batch evaluation on the %s tiers', (kind) => {
  let stores: TestStores;
  let recommendations: Recommendations;
  beforeAll(async () => {
    stores = await freshStores(kind);
    recommendations = createRecommendations({ ...stores, calendar });
  });
  afterAll(() => stores.remove());
  beforeEach(async () => {
    await stores.durable.query('truncate ai_recommendations');
    await stores.flush();
  });

  /** Monday 16 November 2026, 09:00 in India. */
  async function log(mode: string, over: Record<string, unknown> = {}, generated_at = '2026-11-16T09:00:00') {
    const item = { symbol: 'TCS', recommendation: 'Buy', price: 100, ...over };
    const { items } = await recommendations.logRun({ mode, generated_at, items: [item] });
    return items[0]!.id;
  }
  const due = (over: Partial<DueOptions> = {}) =>
    recommendations.evaluateDue({ candles: flat, now: new Date('2026-11-20T10:00:00Z'), ...over });

  it('ends each mode at its own horizon, and Scalping not at all', async () => {
    const modes = ['Intraday', 'Options', 'Futures', 'Swing', 'Scalping'];
    const ids = new Map<string, number | string>();
    for (const mode of modes) ids.set(mode, await log(mode));
    const before = await due({ now: new Date('2026-11-16T09:59:59.999Z') });
    expect(before).toMatchObject({ reviewed: 4, evaluated: 0, notDue: 4, pending: 0, complete: true });
    expect(await due({ now: new Date('2026-11-16T10:00:00Z') })).toMatchObject({ evaluated: 1, notDue: 3 });
    expect(await due({ now: new Date('2026-11-20T09:00:00Z') })).toMatchObject({ evaluated: 2, notDue: 1 });
    expect(await due()).toMatchObject({ reviewed: 1, evaluated: 1 });
    expect(await due()).toMatchObject({ reviewed: 0, evaluated: 0, pending: 0 });
    const exits = await Promise.all(
      modes.map(async (mode) => (await recommendations.get(ids.get(mode)!)).exit_time?.slice(0, 16)),
    );
    expect(exits).toEqual([
      '2026-11-16T10:00',
      '2026-11-18T10:00',
      '2026-11-18T10:00',
      '2026-11-20T10:00',
      undefined,
    ]);
  });

  it('writes the exit, its figures and how it came to them, and keeps the labels that were there', async () => {
    const id = await log('Options', { exit_strategy: { stop_loss_price: 90, target_price: 103 } });
    await stores.durable.query('update ai_recommendations set labels = $2 where id = $1', [id, '{"a": 1}']);
    const benchmark: DailyCandles = async (symbol, from, to) => {
      const candles = await flat(symbol, from, to);
      return symbol === 'NIFTY 50'
        ? candles.map((candle) => ({ ...candle, open: 200, close: 202 }))
        : candles;
    };
    await due({ candles: benchmark, benchmark: 'NIFTY 50' });
    expect(await recommendations.get(id)).toMatchObject({
      evaluated: true,
      evaluated_at: '2026-11-20T10:00:00.000000Z',
      exit_price: 103,
      exit_time: '2026-11-16T10:00:00.000000Z',
      exit_reason: 'TARGET',
      pnl_pct: 3,
      max_drawdown_pct: -2,
      alpha_vs_benchmark: 2,
      labels: {
        a: 1,
        horizon: '3D',
        mfe_pct: 3,
        mae_pct: -2,
        sessions: 1,
        first_session: '2026-11-16',
        exit_session: '2026-11-16',
        hit_target: true,
        hit_stop: false,
        benchmark: 'NIFTY 50',
        benchmark_ret_pct: 1,
      },
    });
  });

  it('guesses nothing: what cannot be said is pending, and done once it can be', async () => {
    await log('Swing', { symbol: 'GONE' });
    await log('Swing', { symbol: 'FAILS' });
    await log('Swing', { symbol: 'FREE', price: null });
    const good = await log('Swing');
    const candles: DailyCandles = async (symbol, from, to) => {
      if (symbol === 'FAILS') throw new Error('the provider is away');
      const all = await flat(symbol, from, to);
      return symbol === 'GONE' ? all.filter(({ date }) => date !== '2026-11-18') : all;
    };
    const report = await due({ candles });
    expect(report).toMatchObject({ reviewed: 4, evaluated: 1, pending: 3, complete: true });
    const reasons = report.pendingRows.map(({ symbol, reason, detail }) => [symbol, reason, detail]);
    expect(reasons.toSorted(([a], [b]) => (a! < b! ? -1 : 1))).toEqual([
      ['FAILS', 'CANDLES_FAILED', 'the provider is away'],
      ['FREE', 'NO_ENTRY_PRICE', null],
      ['GONE', 'NO_CANDLES', '2026-11-18'],
    ]);
    expect(await recommendations.get(good)).toMatchObject({ exit_reason: 'HORIZON', pnl_pct: 2 });
    expect(await due()).toMatchObject({ reviewed: 3, evaluated: 2, pending: 1 });
    await log('Swing');
    const bare: DailyCandles = (symbol, from, to) =>
      symbol === 'N' ? Promise.resolve([]) : flat(symbol, from, to);
    const without = await due({ candles: bare, benchmark: 'N' });
    expect(without.pendingRows.map(({ reason }) => reason)).toContain('NO_BENCHMARK_CANDLES');
    const short = { sessionsBetween: () => [] };
    expect((await due({ sessions: short })).pendingRows.map(({ reason }) => reason)).toContain('NO_SESSIONS');
  });

  it('goes page by page, stops on the signal and goes on from there', async () => {
    for (let index = 0; index < 5; index += 1) await log('Intraday', { symbol: `S${index}` });
    const stop = new AbortController();
    const seen: number[] = [];
    const stopped = await due({
      pageSize: 2,
      signal: stop.signal,
      onProgress({ reviewed, evaluated }) {
        seen.push(reviewed, evaluated);
        if (reviewed === 4) stop.abort();
      },
    });
    expect([seen, stopped.complete, stopped.evaluated]).toEqual([[2, 2, 4, 4], false, 4]);
    expect(await due({ pageSize: 2 })).toMatchObject({ reviewed: 1, evaluated: 1, complete: true });
  });

  it('two at once do each once, and the keys follow', async () => {
    const ids: (number | string)[] = [];
    for (let index = 0; index < 8; index += 1) ids.push(await log('Intraday', { symbol: `S${index}` }));
    const open = await log('Swing', {}, '2026-11-20T09:00:00');
    await stores.hot.projections.read('stockroom:rec:unevaluated');
    const reports = await Promise.all([due({ pageSize: 3 }), due({ pageSize: 3 })]);
    expect(reports.reduce((sum, { evaluated }) => sum + evaluated, 0)).toBe(8);
    expect(await stores.hot.projections.read('stockroom:rec:unevaluated')).toMatchObject({
      members: [{ id: String(open) }],
    });
    expect(await recommendations.get(ids[0]!)).toMatchObject({ evaluated: true, exit_price: 102 });
  });

  it('asks for the candles of a symbol once a page', async () => {
    for (const day of ['16', '17', '18']) await log('Intraday', {}, `2026-11-${day}T10:00:00`);
    const asked: string[][] = [];
    await due({
      candles(...request) {
        asked.push(request);
        return flat(...request);
      },
    });
    expect(asked).toEqual([['TCS', '2026-11-16', '2026-11-18']]);
  });

  it('needs a calendar', async () => {
    const without = createRecommendations({ durable: stores.durable, views: stores.views });
    await expect(without.evaluateDue({ candles: flat })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { createCalendar } from '../../market/index.ts';
import { computeInput, outcomeInput, type OutcomesReport } from './outcome-schema.ts';
import { pickInput } from './schema.ts';
import { createPickLog, type DailyCandle, type PickLog } from './store.ts';

/** Friday; the next sessions are those of the 23rd, the 25th, 26th and 27th: the market is closed on the 24th. */
const days = ['2026-11-20', '2026-11-23', '2026-11-25', '2026-11-26', '2026-11-27'];

const candle = (date: string, open: number, high: number, low: number, close: number): DailyCandle => ({
  date,
  open,
  high,
  low,
  close,
  volume: 1,
});

const market: Record<string, DailyCandle[]> = {
  TCS: days.map((date, day) => candle(date, 100 + day, 103 + day, 98 + day, 102 + day)),
  SBIN: [candle(days[0]!, 50, 51, 49, 49)],
  NIFTY: days.map((date, day) => candle(date, 1_000, 1_000, 1_000, 1_010 + 10 * day)),
};

describe.each(storeKinds)('outcomes from candles on the %s tiers', (kind) => {
  let stores: TestStores;
  let log: PickLog;
  let now = '';
  let reads: string[] = [];
  const candles = async (symbol: string, from: string, to: string) => {
    reads.push(`${symbol} ${from} ${to}`);
    if (symbol === 'BROKEN') throw new Error('the provider is away');
    return (market[symbol] ?? []).filter(({ date }) => date >= from && date <= to);
  };
  const pick = (symbol: string, more: Record<string, unknown> = {}) =>
    log.log(
      pickInput.parse({ symbol, mode: 'Swing', price: 100, signal_ts: '2026-11-20T05:00:00Z', ...more }),
    );
  const compute = (
    more: Record<string, unknown> = {},
    hooks: { onProgress?: (report: OutcomesReport) => void; signal?: AbortSignal } = {},
  ) =>
    log.computeOutcomes({
      ...computeInput.parse({ from: '2026-11-01', to: '2026-11-30', horizon: 'EOD', ...more }),
      candles,
      ...hooks,
    });
  const outcomesOf = async (uuid: string) => (await log.get(uuid)).outcomes;

  beforeAll(async () => {
    stores = await freshStores(kind);
    log = createPickLog({
      durable: stores.durable,
      calendar: createCalendar(),
      clock: () => new Date(now),
    });
  });
  beforeEach(async () => {
    now = '2026-12-31T00:00:00.000Z';
    reads = [];
    await stores.durable.query('truncate pick_events, pick_agent_contributions, pick_outcomes');
  });
  afterAll(async () => {
    await log.close();
    await stores.remove();
  });

  it('the end of the day is the close of the session of the signal, or of the next one', async () => {
    const open = await pick('TCS', { recommended_target: 103, recommended_stop: 97 });
    const short = await pick('TCS', { direction: 'SHORT' });
    // After the close, and so on the Monday.
    const closed = await pick('TCS', { signal_ts: '2026-11-20T10:00:00Z' });
    expect(await compute({ benchmark: 'nifty' })).toMatchObject({
      picks: 3,
      done: 3,
      computed: 3,
      existing: 0,
      pending: 0,
      complete: true,
    });
    expect(await outcomesOf(open.pick_uuid)).toMatchObject([
      {
        evaluation_horizon: 'EOD',
        horizon_end_ts: '2026-11-20T10:00:00.000000Z',
        price_close: 102,
        price_high: 103,
        price_low: 98,
        ret_close_pct: 2,
        max_runup_pct: 3,
        max_drawdown_pct: -2,
        hit_target: true,
        hit_stop: false,
        outcome_label: 'WIN',
        benchmark_symbol: 'NIFTY',
        known_at: '2026-12-31T00:00:00.000000Z',
      },
    ]);
    const [outcome] = await outcomesOf(open.pick_uuid);
    expect(outcome!.benchmark_ret_pct).toBeCloseTo(1, 9);
    expect(outcome!.ret_vs_benchmark_pct).toBeCloseTo(1, 9);
    expect(outcome!.capture_ratio).toBeCloseTo(2 / 3, 9);
    expect(await outcomesOf(short.pick_uuid)).toMatchObject([
      { ret_close_pct: -2, max_runup_pct: 2, max_drawdown_pct: -3, hit_target: null, outcome_label: 'LOSS' },
    ]);
    expect(await outcomesOf(closed.pick_uuid)).toMatchObject([
      { horizon_end_ts: '2026-11-23T10:00:00.000000Z', ret_close_pct: 3 },
    ]);
  });

  it('days are whole sessions after the signal, holidays left out', async () => {
    const { pick_uuid } = await pick('TCS');
    expect(await compute({ horizon: '3d' })).toMatchObject({ computed: 1 });
    expect(reads).toEqual(['TCS 2026-11-23 2026-11-26']);
    expect(await outcomesOf(pick_uuid)).toMatchObject([
      {
        evaluation_horizon: '3D',
        horizon_end_ts: '2026-11-26T10:00:00.000000Z',
        price_close: 105,
        price_high: 106,
        price_low: 99,
      },
    ]);
  });

  it('what is there is not computed again, and what cannot be computed yet waits', async () => {
    now = '2026-11-23T09:59:59.000Z';
    const first = await pick('TCS');
    const put = await pick('TCS');
    await log.putOutcome(put.pick_uuid, 'EOD', outcomeInput.parse({ ret_close_pct: 7 }));
    await pick('TCS', { signal_ts: '2026-11-23T05:00:00Z' });
    await pick('UNKNOWN');
    await pick('BROKEN');
    const report = await compute();
    expect(report).toMatchObject({
      picks: 5,
      computed: 1,
      existing: 1,
      pending: 3,
      pending_reasons: { horizon_open: 1, no_candles: 2, no_benchmark: 0, no_price: 0, no_session: 0 },
      failures: [{ symbol: 'BROKEN', reason: 'the provider is away' }],
    });
    const before = await outcomesOf(first.pick_uuid);
    now = '2026-11-23T10:00:00.000Z';
    market['TCS']![0] = candle(days[0]!, 1, 1, 1, 1);
    try {
      expect(await compute()).toMatchObject({ computed: 1, existing: 2, pending: 2 });
    } finally {
      market['TCS']![0] = candle(days[0]!, 100, 103, 98, 102);
    }
    expect(await outcomesOf(first.pick_uuid)).toEqual(before);
    expect(await outcomesOf(put.pick_uuid)).toMatchObject([{ ret_close_pct: 7 }]);
  });

  it('a hole in the candles, or in those of the benchmark, makes a pick wait', async () => {
    await pick('SBIN', { price: 50 });
    expect(await compute({ horizon: '1D' })).toMatchObject({
      computed: 0,
      pending_reasons: { no_candles: 1 },
    });
    expect(await compute({ benchmark: 'NONE' })).toMatchObject({ pending_reasons: { no_benchmark: 1 } });
    expect(await compute({ mode: 'intraday' })).toMatchObject({ picks: 0, complete: true });
    expect(await compute()).toMatchObject({ computed: 1 });
  });

  it('commits page by page, goes on after it was ended, and two at once compute everything once', async () => {
    const many = Array.from({ length: 700 }, () =>
      pickInput.parse({ symbol: 'TCS', mode: 'Swing', price: 100, signal_ts: '2026-11-20T05:00:00Z' }),
    );
    for (const part of [many.slice(0, 400), many.slice(400)]) await log.logMany(part);
    const ended = new AbortController();
    const progress: OutcomesReport[] = [];
    const first = await compute(
      {},
      {
        signal: ended.signal,
        onProgress: (report) => {
          progress.push(report);
          ended.abort();
        },
      },
    );
    expect(first).toMatchObject({ picks: 700, done: 500, computed: 500, complete: false });
    expect(progress).toHaveLength(1);
    const [a, b] = await Promise.all([compute(), compute()]);
    expect(a.computed + b.computed).toBe(200);
    expect([a.existing + a.computed, b.existing + b.computed]).toEqual([700, 700]);
    const { rows } = await stores.durable.query<{ n: bigint }>('select count(*) as n from pick_outcomes');
    expect(Number(rows[0]!.n)).toBe(700);
  });
});

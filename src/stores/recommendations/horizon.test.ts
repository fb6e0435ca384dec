import { describe, expect, it } from 'vitest';
import { benchmarkReturn, type Candle, type Exit, exitOf, type Position, windowOf } from './horizon.ts';

/** Sessions of XNSE, 09:15 to 15:30 in India; the 25th is a holiday here, the 28th and 29th a weekend. */
const sessions = ['23', '24', '26', '27', '30'].map((day) => ({
  date: `2026-11-${day}`,
  opensAt: new Date(`2026-11-${day}T09:15:00+05:30`),
  closesAt: `2026-11-${day}T15:30:00+05:30`,
}));
const days = (mode: string, at: string) => windowOf(mode, at, sessions)?.map(({ date }) => date.slice(-2));

const candle = (date: string, open: number, high: number, low: number, close: number): Candle => ({
  date: `2026-11-${date}`,
  open,
  high,
  low,
  close,
  volume: 1,
});
const byDay = (...candles: Candle[]) => new Map(candles.map((one) => [one.date, one]));

const long: Position = {
  direction: 'LONG',
  entry_price: 100,
  stop_loss_price: 95,
  target_price: 110,
  generated_at: '2026-11-23T03:00:00.000000Z',
};
const short: Position = { ...long, direction: 'SHORT', stop_loss_price: 105, target_price: 90 };
const window = sessions.slice(0, 3);
/** 23 November, the first day. */
const first = { exit_time: '2026-11-23T10:00:00.000Z', sessions: 1 };

describe('the sessions in which a recommendation is watched', () => {
  it.each([
    // 09:00, 10:00 and 16:00 in India.
    ['Intraday', '2026-11-23T03:30:00Z', ['23']],
    ['Intraday', '2026-11-23T04:30:00Z', ['23']],
    ['Intraday', '2026-11-23T10:00:00Z', ['24']],
    ['Intraday', '2026-11-24T10:30:00Z', ['26']],
    ['Futures', '2026-11-23T03:45:00Z', ['23', '24', '26']],
    ['Options', '2026-11-23T04:30:00Z', ['24', '26', '27']],
    ['Swing', '2026-11-23T03:30:00Z', ['23', '24', '26', '27', '30']],
    ['Swing', '2026-11-23T04:30:00Z', undefined],
  ])('%s from %s: %j', (mode, at, expected) => {
    expect(days(mode, at)).toEqual(expected);
  });
});

describe('how it ended', () => {
  const quiet = candle('24', 101, 104, 99, 102);
  const last = candle('26', 102, 103, 98, 101);
  const cases: [string, Position, Candle, Partial<Exit>][] = [
    [
      'stop',
      long,
      candle('23', 100, 101, 94, 96),
      { ...first, exit_reason: 'STOP', exit_price: 95, pnl_pct: -5 },
    ],
    [
      'target',
      long,
      candle('23', 100, 111, 97, 105),
      { ...first, exit_reason: 'TARGET', exit_price: 110, mfe_pct: 10, mae_pct: -3 },
    ],
    [
      'both in one candle: the stop',
      long,
      candle('23', 100, 111, 95, 105),
      { exit_reason: 'STOP', exit_price: 95, mfe_pct: 0, mae_pct: -5 },
    ],
    [
      'an open below the stop',
      long,
      candle('23', 92, 99, 90, 98),
      {
        exit_reason: 'STOP',
        exit_price: 92,
        pnl_pct: -8,
        atOpen: true,
        exit_time: '2026-11-23T03:45:00.000Z',
      },
    ],
    [
      'an open above the target',
      long,
      candle('23', 112, 115, 94, 98),
      { exit_reason: 'TARGET', exit_price: 112, pnl_pct: 12, mae_pct: 0 },
    ],
    [
      'the horizon',
      long,
      candle('23', 100, 106, 97, 100),
      {
        exit_reason: 'HORIZON',
        exit_price: 101,
        pnl_pct: 1,
        mfe_pct: 6,
        mae_pct: -3,
        sessions: 3,
        exit_time: '2026-11-26T10:00:00.000Z',
      },
    ],
    [
      'a short stop',
      short,
      candle('23', 100, 106, 99, 104),
      { exit_reason: 'STOP', exit_price: 105, pnl_pct: -5 },
    ],
    [
      'a short target',
      short,
      candle('23', 100, 103, 89, 91),
      { exit_reason: 'TARGET', exit_price: 90, pnl_pct: 10, mfe_pct: 10, mae_pct: -3 },
    ],
    [
      'a short open above the stop',
      short,
      candle('23', 107, 108, 85, 90),
      { exit_reason: 'STOP', exit_price: 107, pnl_pct: -7 },
    ],
    [
      'a short horizon',
      short,
      candle('23', 100, 101, 95, 100),
      { exit_reason: 'HORIZON', pnl_pct: -1, mfe_pct: 5, mae_pct: -4 },
    ],
    [
      'levels on the wrong side',
      { ...short, stop_loss_price: 95, target_price: 110 },
      candle('23', 100, 101, 95, 100),
      { exit_reason: 'HORIZON', ignored: ['stop', 'target'] },
    ],
    [
      'no levels',
      { ...long, stop_loss_price: null, target_price: null },
      candle('23', 100, 200, 50, 100),
      { exit_reason: 'HORIZON', mfe_pct: 100, mae_pct: -50, ignored: [] },
    ],
    // 10:00 in India: the open was before it.
    [
      'an open before it',
      { ...long, generated_at: '2026-11-23T04:30:00.000000Z' },
      candle('23', 90, 101, 94, 99),
      { exit_reason: 'STOP', exit_price: 95, atOpen: false, mae_pct: -5 },
    ],
  ];
  it.each(cases)('%s', (_, position, day, expected) => {
    const exit = exitOf(position, window, byDay(day, quiet, last));
    const near = (value: unknown): unknown => (typeof value === 'number' ? expect.closeTo(value, 9) : value);
    const rounded = Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, near(value)]));
    expect(exit).toMatchObject(rounded);
  });

  it('is not said where a candle before the exit is missing or has a hole', () => {
    const day = candle('23', 100, 101, 99, 100);
    expect(exitOf(long, window, byDay(day, last))).toEqual({ missing: '2026-11-24' });
    expect(exitOf(long, window, byDay(day, { ...quiet, low: Number.NaN }, last))).toEqual({
      missing: '2026-11-24',
    });
    // After the exit nobody needs one.
    expect(exitOf(long, window, byDay(candle('23', 100, 101, 90, 100)))).toMatchObject({
      exit_reason: 'STOP',
    });
  });

  it('beside the benchmark over the same sessions', () => {
    const benchmark = byDay(
      candle('23', 200, 210, 190, 205),
      candle('24', 206, 0.1, 0.1, 208),
      candle('26', 208, 1, 1, 202),
    );
    const held = exitOf(long, window, byDay(candle('23', 100, 101, 99, 100), quiet, last)) as Exit;
    expect(benchmarkReturn(window, held, benchmark)).toBeCloseTo(1, 9);
    const gap = exitOf(
      long,
      window,
      byDay(candle('23', 100, 101, 99, 100), candle('24', 90, 91, 89, 90)),
    ) as Exit;
    expect(benchmarkReturn(window, gap, benchmark)).toBeCloseTo(3, 9);
    expect(benchmarkReturn(window, held, new Map())).toBeUndefined();
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dailySeries, figuresOf, maxDrawdown, sharpe, sortino, type Trade } from './figures.ts';
import {
  correlation,
  median,
  rankCorrelation,
  ranks,
  standardDeviation,
  wilsonInterval,
} from './statistics.ts';

function trade(returnPct: number, more: Partial<Trade> = {}): Trade {
  const none = { score: null, confidence: null, alphaPct: null, mfePct: null, maePct: null };
  return { day: '2026-01-05', long: true, returnPct, ...none, ...more };
}

describe('statistics', () => {
  it('the Wilson interval: R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3', () => {
    const published: [number, number, number, number][] = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ];
    for (const [successes, trials, low, high] of published) {
      const interval = wilsonInterval(successes, trials)!;
      expect(interval.low).toBeCloseTo(low, 4);
      expect(interval.high).toBeCloseTo(high, 4);
    }
    expect(wilsonInterval(0, 0)).toBeNull();
  });

  it("Anscombe's first data set: F. J. Anscombe, American Statistician 27 (1973), r = 0.816", () => {
    const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
    const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
    expect(correlation(x, y)).toBeCloseTo(0.816, 3);
    expect(standardDeviation(x)! ** 2).toBeCloseTo(11, 12);
  });

  it('the rank correlation without ties is 1 − 6 Σd² ∕ n(n² − 1), and ties share their rank', () => {
    // IQ and hours of television, a worked example in common use: Σd² = 194, n = 10, ρ = −29/165.
    const iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
    const hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
    expect(rankCorrelation(iq, hours)).toBeCloseTo(-29 / 165, 12);
    expect(ranks([20, 10, 20, 30])).toEqual([2.5, 1, 2.5, 4]);
    expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBeNull();
  });

  it('the median is the middle one, or the mean of two', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, null]);
  });
});

describe('figures of the daily series', () => {
  it('Sharpe, by hand: returns 1, 2, 3 have the mean 2 and the deviation 1', () => {
    expect(sharpe([1, 2, 3])).toBeCloseTo(2 * Math.sqrt(252), 12);
    expect([sharpe([1]), sharpe([1, 1])]).toEqual([null, null]);
  });

  it('Sortino, by hand: −3, 0, 4, 3 have the mean 1 and the downside √(9 ∕ 4) = 1.5', () => {
    expect(sortino([-3, 0, 4, 3])).toBeCloseTo((1 / 1.5) * Math.sqrt(252), 12);
    expect(sortino([1, 2])).toBeNull();
  });

  it('the drawdown, by hand: 100 → 110 → 88 → 96.8 → 87.12 falls 20.8 % from 110', () => {
    expect(maxDrawdown([10, -20, 10, -10])).toBeCloseTo(20.8, 10);
    expect(maxDrawdown([-5])).toBeCloseTo(5, 12);
    expect(maxDrawdown([1, 2, 3])).toBe(0);
  });

  it('a day is the mean of what ended on it', () => {
    const trades = [trade(3, { day: '2026-01-06' }), trade(1), trade(-2), trade(4)];
    expect(dailySeries(trades)).toEqual([
      { day: '2026-01-05', returnPct: 1, n: 3 },
      { day: '2026-01-06', returnPct: 3, n: 1 },
    ]);
  });
});

describe('figures of trades', () => {
  it('by hand: 4, 2, −1, −2 and 0', () => {
    const figures = figuresOf([4, 2, -1, -2, 0].map((returnPct) => trade(returnPct)));
    expect(figures).toMatchObject({
      n: 5,
      hit_rate: { value: 0.4, n: 5 },
      average_return_pct: { value: 0.6, n: 5 },
      median_return_pct: { value: 0, n: 5 },
      profit_factor: { value: 2, n: 5 },
      payoff: { value: 2, n: 5 },
      sharpe: { value: null, n: 1 },
      alpha_pct: { value: null, n: 0 },
    });
  });

  it('the Brier score, by hand: 0.7 and a hit, 0.4 and a miss, a short at 20 and a hit', () => {
    const trades = [
      trade(1, { score: 70, confidence: 'High' }),
      trade(-1, { score: 40, confidence: 'low' }),
      trade(2, { score: 20, long: false, confidence: 'high' }),
      trade(5),
    ];
    const { calibration } = figuresOf(trades);
    expect(calibration.brier.value).toBeCloseTo((0.09 + 0.16 + 0.04) / 3, 12);
    expect(calibration.brier.n).toBe(3);
    expect(calibration.reliability).toMatchObject([
      { confidence: null, n: 1, hit_rate: 1, forecast: { value: null, n: 0 } },
      { confidence: 'high', n: 2, hit_rate: 1, forecast: { value: 0.75, n: 2 } },
      { confidence: 'low', n: 1, hit_rate: 0, forecast: { value: 0.4, n: 1 } },
    ]);
  });

  it('the rank IC is of the move of the price: a short that gained foretold its fall', () => {
    const day = (name: string, signs: number[]): Trade[] =>
      [80, 60, 40, 20].map((score, at) => {
        const move = signs[at]!;
        const long = score > 50;
        return trade(long ? move : -move, { day: name, score, long });
      });
    const { rank_ic: one } = figuresOf(day('2026-01-05', [4, 3, 2, 1]));
    expect(one).toMatchObject({ value: 1, n: 1, t: null, names: 4 });
    const { rank_ic: two } = figuresOf([
      ...day('2026-01-05', [4, 3, 2, 1]),
      ...day('2026-01-06', [1, 2, 3, 4]),
    ]);
    expect(two).toMatchObject({ value: 0, n: 2, t: 0 });
    expect(figuresOf([trade(1, { score: 60 }), trade(2, { score: 70 })]).rank_ic).toMatchObject({
      value: null,
      n: 0,
    });
  });

  it('of nothing say nothing, and never NaN', () => {
    const unfit = (value: unknown): unknown[] => {
      if (typeof value === 'number') return Number.isFinite(value) ? [] : [value];
      return typeof value === 'object' && value !== null ? Object.values(value).flatMap(unfit) : [];
    };
    expect(figuresOf([])).toMatchObject({
      n: 0,
      hit_rate: { value: null, interval_95: null },
      sharpe: { value: null },
    });
    const anyTrade = fc.record({
      day: fc.constantFrom('2026-01-05', '2026-01-06', '2026-01-07'),
      long: fc.boolean(),
      returnPct: fc.double({ min: -100, max: 1_000, noNaN: true }),
      score: fc.option(fc.double({ min: 0, max: 100, noNaN: true })),
      confidence: fc.option(fc.constantFrom('Low', 'high')),
      alphaPct: fc.option(fc.double({ min: -100, max: 100, noNaN: true })),
      mfePct: fc.constant(null),
      maePct: fc.constant(null),
    });
    // A gain over a loss that a double can hardly tell from none.
    expect(figuresOf([trade(1), trade(-5e-324)])).toMatchObject({ profit_factor: { value: null, n: 2 } });
    fc.assert(
      fc.property(fc.array(anyTrade, { maxLength: 30 }), (trades) => {
        expect(unfit(figuresOf(trades))).toEqual([]);
        const { hit_rate: hit, max_drawdown_pct: drawdown } = figuresOf(trades);
        if (hit.value === null) return;
        expect(hit.interval_95!.low).toBeLessThanOrEqual(hit.value + 1e-12);
        expect(hit.interval_95!.high).toBeGreaterThanOrEqual(hit.value - 1e-12);
        expect(drawdown.value).toBeGreaterThanOrEqual(0);
        expect(drawdown.value).toBeLessThanOrEqual(100);
      }),
    );
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelsOf, type LevelFigures, type Method, methods, scoreOf } from './formulas.ts';

/** To the decimals that the source prints. */
function expectFigures(
  method: Method,
  prices: Parameters<typeof levelsOf>[1],
  expected: Partial<LevelFigures>,
): void {
  const found = levelsOf(method, prices);
  for (const [name, value] of Object.entries(expected)) {
    expect(found[name as keyof LevelFigures], `${method} ${name}`).toBeCloseTo(value, 2);
  }
}

describe('levels', () => {
  /**
   * Source: the calculator at https://www.niftytrader.in/pivot-calculator, as it was stored with its figures for one day of NIFTY. Its
   * highest price, lowest and close follow from those: 2p - r1, 2p - s1 and 3p - h - l of its classic figures.
   */
  const nifty = { high: 22_800, low: 22_156, close: 22_750 };

  it("are niftytrader.in's classic pivots", () => {
    expectFigures('floor', nifty, {
      p: 22_568.67,
      r1: 22_981.33,
      r2: 23_212.67,
      r3: 23_625.33,
      s1: 22_337.33,
      s2: 21_924.67,
      s3: 21_693.33,
    });
  });

  it("are niftytrader.in's Camarilla pivots", () => {
    expectFigures('camarilla', nifty, {
      r1: 22_809.03,
      r2: 22_868.07,
      r3: 22_927.1,
      r4: 23_104.2,
      s1: 22_690.97,
      s2: 22_631.93,
      s3: 22_572.9,
      s4: 22_395.8,
    });
  });

  it("are niftytrader.in's Woodie pivots", () => {
    expectFigures('woodie', nifty, { p: 22_614, r1: 23_072, r2: 23_258, s1: 22_428, s2: 21_970 });
    // r3 = h + 2(p - l), r4 = r3 + range, s3 = l - 2(h - p), s4 = s3 - range: http://www.forex-tsd.com/214214-post118.html, by hand.
    expectFigures('woodie', nifty, { r3: 23_716, r4: 24_360, s3: 21_784, s4: 21_140 });
  });

  it("are niftytrader.in's Fibonacci pivots", () => {
    expectFigures('fibonacci', nifty, {
      p: 22_568.67,
      r1: 22_814.67,
      r3: 23_212.67,
      s1: 22_322.66,
      s3: 21_924.67,
    });
    // It takes 0.6182 where the usual ratio is 0.618; by hand: 22568.666… ± 0.618 × 644 = ± 397.992.
    expectFigures('fibonacci', nifty, { r2: 22_966.66, s2: 22_170.67 });
  });

  it("are MarketTechnicals.jl's floor pivots", () => {
    // Source: the first test/levels.jl of JuliaQuant/MarketTechnicals.jl, "verified by various website calculators". Its third levels
    // follow another definition, and are left out; highest, lowest and close follow from its figures as above.
    expectFigures(
      'floor',
      { high: 93.54, low: 91.79, close: 93 },
      { p: 92.776_67, r1: 93.763_33, r2: 94.526_67, s1: 92.013_33, s2: 91.026_67 },
    );
  });

  it('are in order for every session, whatever the method', () => {
    const price = fc.double({ min: 1, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(price, price, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, where) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const close = low + (high - low) * where;
        for (const method of methods) {
          const {
            p,
            r1,
            r2,
            r3,
            r4 = Infinity,
            s1,
            s2,
            s3,
            s4 = -Infinity,
          } = levelsOf(method, { high, low, close });
          const around = method === 'camarilla' ? [] : [p];
          const ordered = [s4, s3, s2, s1, ...around, r1, r2, r3, r4];
          const slack = 1e-9 * high;
          for (const [index, level] of ordered.slice(1).entries()) {
            expect(level, `${method} ${index}`).toBeGreaterThanOrEqual(ordered[index]! - slack);
          }
        }
      }),
    );
  });
});

describe('the score of a price', () => {
  const levels = { p: 100, r1: 110, r2: 120, r3: 130, s1: 90, s2: 80, s3: 70 };
  it.each([
    [131, 10],
    [130, 10],
    [129.99, 25],
    [120, 25],
    [110, 40],
    [100, 55],
    [99, 70],
    [90, 70],
    [80, 85],
    [79.99, 95],
    [0, 95],
  ])('%d is %d', (price, score) => {
    expect(scoreOf(price, levels)).toBe(score);
  });
  it('is 50 without levels', () => {
    expect(scoreOf(100, undefined)).toBe(50);
    expect(scoreOf(100, { p: null, r1: null, r2: null, r3: null, s1: null, s2: null })).toBe(50);
  });
  it('passes over a level that is unknown', () => {
    expect(scoreOf(125, { ...levels, r2: null })).toBe(40);
  });
});

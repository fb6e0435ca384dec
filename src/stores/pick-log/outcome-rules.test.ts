import { describe, expect, it } from 'vitest';
import { captureRatio, labelOf, measure } from './outcome-rules.ts';
import { distanceOf } from './scalping-exits.ts';

describe('the rules of outcomes', () => {
  it('names a return', () => {
    expect([0.5, 0.500001, -0.5, -0.500001, 0].map(labelOf)).toEqual([
      'BREAKEVEN',
      'WIN',
      'BREAKEVEN',
      'LOSS',
      'BREAKEVEN',
    ]);
  });

  it('measures a long pick', () => {
    const position = { direction: 'LONG', price: 200, target: 210, stop: 190 };
    expect(measure(position, { close: 204, high: 210, low: 191 })).toEqual({
      ret_close_pct: 2,
      max_runup_pct: 5,
      max_drawdown_pct: -4.5,
      hit_target: true,
      hit_stop: false,
    });
  });

  it('measures a short pick the other way round', () => {
    const position = { direction: 'SHORT', price: 200, target: 190, stop: 206 };
    expect(measure(position, { close: 196, high: 206, low: 194 })).toEqual({
      ret_close_pct: 2,
      max_runup_pct: 3,
      max_drawdown_pct: -3,
      hit_target: false,
      hit_stop: true,
    });
  });

  it('tells nothing of what it does not know', () => {
    // A target above the price of a short pick would always have been hit.
    const position = { direction: 'SHORT', price: 200, target: 210, stop: null };
    expect(measure(position, { close: null, high: 201, low: 199 })).toEqual({
      ret_close_pct: null,
      max_runup_pct: 0.5,
      max_drawdown_pct: -0.5,
      hit_target: null,
      hit_stop: null,
    });
  });

  it('the capture ratio is the part of the run-up, 0 to 1', () => {
    expect(captureRatio(1, 4)).toBe(0.25);
    expect(captureRatio(5, 4)).toBe(1);
    expect(captureRatio(-1, 4)).toBe(0);
    expect(captureRatio(-1, 0)).toBeNull();
    expect(captureRatio(-1, -2)).toBeNull();
  });

  it('an exit is as far from a pick as minutes and prices say, each up to its cap', () => {
    const pick = { signal_ts: '2026-11-20T04:00:00.000000Z', signal_price: 100 };
    const at = (entry_time: string | null, entry_price: number | null) =>
      distanceOf({ entry_time, entry_price }, pick);
    expect(at('2026-11-20T04:03:00Z', 102)).toBeCloseTo(3 + 10, 9);
    expect(at('2026-11-20T03:50:00Z', 100)).toBe(10);
    expect(at('2026-11-20T09:00:00Z', 300)).toBe(120 + 200);
    expect(at(null, null)).toBe(120 + 200);
  });
});

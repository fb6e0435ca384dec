import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  apart,
  bands,
  labelled,
  linear,
  moved,
  niceStep,
  roundSpan,
  ticks,
} from '../../console/src/charts/scale.ts';

const finite = fc.double({ min: -1e9, max: 1e9, noNaN: true, noDefaultInfinity: true });

describe('scales of charts', () => {
  it('map ends to ends, and a span of nothing to the middle', () => {
    const scale = linear(0, 10, 100, 0);
    expect([scale(0), scale(5), scale(10)]).toEqual([100, 50, 0]);
    expect(linear(3, 3, 0, 10)(3)).toBe(5);
  });

  it('have round ticks within their span', () => {
    expect(ticks(0, 1.3)).toEqual([0, 0.5, 1]);
    expect(ticks(-0.2, 0.2, 4)).toEqual([-0.2, -0.1, 0, 0.1, 0.2]);
    expect(ticks(0, Number.NaN)).toEqual([]);
    expect(niceStep(0, 4)).toBe(1);
  });

  it('hold every value that they were made for', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 50 }), (values) => {
        const [low, high] = roundSpan(values);
        const slack = 1e-6 * Math.max(1, high - low);
        for (const value of values) {
          expect(value).toBeGreaterThanOrEqual(low - slack);
          expect(value).toBeLessThanOrEqual(high + slack);
        }
        expect(low).toBeLessThanOrEqual(0);
        expect(high).toBeGreaterThan(low);
        expect(ticks(low, high).length).toBeLessThan(12);
      }),
    );
  });

  it('give bars equal places that do not overlap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 100, max: 1_500 }), (count, width) => {
        const places = bands(count, 50, width);
        expect(places).toHaveLength(count);
        for (const [index, { x, width: own }] of places.entries()) {
          const next = places[index + 1];
          if (next !== undefined && width / count > 1) expect(x + own).toBeLessThanOrEqual(next.x + 1e-9);
        }
      }),
    );
  });

  it('name the last bar, and no more than have room', () => {
    expect(labelled(5, 500, 50)).toEqual([0, 1, 2, 3, 4]);
    expect(labelled(10, 200, 50)).toEqual([0, 3, 6, 9]);
    expect(labelled(0, 200, 50)).toEqual([]);
  });

  it('move names apart without leaving the chart', () => {
    expect(apart([10, 12, 50], 16, 100)).toEqual([10, 26, 50]);
    expect(apart([90, 95, 99], 16, 100)).toEqual([68, 84, 100]);
    expect(apart([], 16, 100)).toEqual([]);
  });

  it('are read by keys', () => {
    expect(moved('ArrowLeft', undefined, 5)).toBe(4);
    expect(moved('ArrowLeft', 0, 5)).toBe(0);
    expect(moved('ArrowRight', 4, 5)).toBe(4);
    expect([moved('Home', 3, 5), moved('End', 3, 5), moved('PageUp', 3, 5)]).toEqual([0, 4, 0]);
    expect([moved('Tab', 3, 5), moved('Home', undefined, 0)]).toEqual([undefined, undefined]);
  });
});

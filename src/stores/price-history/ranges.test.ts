import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCalendar } from '../../market/calendar.ts';
import { endOf, findInterval, intervalOf } from './intervals.ts';
import { chunkOver, chunksOf, Market } from './market.ts';
import { clipped, merged, type Range, without } from './ranges.ts';
import { type Covered, joined } from './series.ts';

const range = fc
  .tuple(fc.nat(30), fc.integer({ min: 1, max: 10 }))
  .map(([from, length]) => ({ from, to: from + length }));

/** The whole numbers in ranges. */
function points(ranges: readonly Range[]): number[] {
  const all = ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, index) => from + index));
  return [...new Set(all)].sort((a, b) => a - b);
}

describe('ranges', () => {
  it('are sets of points, whatever is done with them', () => {
    fc.assert(
      fc.property(fc.array(range), range, (ranges, whole) => {
        expect(points(merged(ranges))).toEqual(points(ranges));
        const inside = new Set(points(ranges));
        expect(points(without(whole, ranges))).toEqual(points([whole]).filter((point) => !inside.has(point)));
        expect(points(clipped(ranges, whole))).toEqual(points([whole]).filter((point) => inside.has(point)));
        const apart = merged(ranges);
        for (const [index, { from }] of apart.entries()) {
          if (index > 0) expect(from).toBeGreaterThan(apart[index - 1]!.to);
        }
      }),
    );
  });

  it('of coverage never overlap, say of a point what was said last, and are never younger than that', () => {
    const part = fc.record({ range, expiresAt: fc.constantFrom(null, 50) });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        let covered: Covered[] = [];
        const model = new Map<number, { expiresAt: number | null; fetchedAt: number }>();
        for (const [fetchedAt, { range: added, expiresAt }] of parts.entries()) {
          covered = joined(covered, [{ ...added, fetchedAt, expiresAt }]);
          for (const point of points([added])) model.set(point, { expiresAt, fetchedAt });
        }
        const flat = covered.flatMap((one) => points([one]).map((point) => [point, one] as const));
        expect(flat.map(([point]) => point)).toEqual([...model.keys()].sort((a, b) => a - b));
        for (const [point, { expiresAt, fetchedAt }] of flat) {
          expect(expiresAt).toBe(model.get(point)!.expiresAt);
          expect(fetchedAt).toBeLessThanOrEqual(model.get(point)!.fetchedAt);
        }
      }),
    );
  });
});

describe('intervals', () => {
  it.each([
    ['day', '1d'],
    ['1D', '1d'],
    ['60minute', '1h'],
    ['minute', '1m'],
    ['5minute', '5m'],
    ['15m', '15m'],
    ['120m', '2h'],
    ['week', '1wk'],
    ['1M', '1mo'],
    ['3mo', '3mo'],
  ])('%s is %s', (text, name) => {
    expect(intervalOf(text).name).toBe(name);
    // A name names itself.
    expect(intervalOf(name).name).toBe(name);
  });

  it.each(['', '0m', '1', 'fortnight', '1000m', '-1d', '1.5h', '1x', '1d '])('%j is none', (text) => {
    expect(findInterval(text)).toBeUndefined();
  });

  it('live as long as before while their session is open', () => {
    const hours = (name: string) => intervalOf(name).lifeMs / 3_600_000;
    const names = ['1m', '3m', '5m', 'minute', '15m', '30m', '1h', '60minute', '1d', 'day', '2h', '1wk'];
    expect(names.map(hours)).toEqual([1, 1, 1, 1, 2, 4, 8, 8, 24, 24, 1, 1]);
  });

  it('of months end a month later', () => {
    expect(endOf(intervalOf('1mo'), Date.UTC(2026, 1, 1))).toBe(Date.UTC(2026, 2, 1));
    expect(endOf(intervalOf('5m'), 0)).toBe(300_000);
  });
});

describe('the days of an exchange', () => {
  const india = new Market({ calendar: createCalendar() });
  const newYork = new Market({ calendar: createCalendar(), exchangeOf: () => 'XNYS' });
  const at = (time: string): number => Date.parse(time);
  const iso = (ms: number): string => new Date(ms).toISOString();

  it('begin at its midnight, and are as long as its clocks say', () => {
    expect(india.dayOf('TCS', at('2026-11-19T18:30:00Z'))).toBe('2026-11-20');
    expect(india.dayOf('TCS', at('2026-11-19T18:29:59Z'))).toBe('2026-11-19');
    // Clocks are set forward on 8 March and back on 1 November.
    expect(iso(newYork.dayStart('IBM', '2026-03-08'))).toBe('2026-03-08T05:00:00.000Z');
    expect(iso(newYork.dayEnd('IBM', '2026-03-08'))).toBe('2026-03-09T04:00:00.000Z');
    expect(iso(newYork.dayEnd('IBM', '2026-11-01'))).toBe('2026-11-02T05:00:00.000Z');
  });

  it('are closed once their session has been over for half an hour', async () => {
    const closed = async (time: string) => iso(await india.closedUntil('TCS', at(time)));
    // Friday: before the opening, at the close, after it; then Saturday.
    expect(await closed('2026-11-20T02:00:00Z')).toBe('2026-11-19T18:30:00.000Z');
    expect(await closed('2026-11-20T10:29:59Z')).toBe('2026-11-19T18:30:00.000Z');
    expect(await closed('2026-11-20T10:30:00Z')).toBe('2026-11-22T18:30:00.000Z');
    expect(await closed('2026-11-21T12:00:00Z')).toBe('2026-11-22T18:30:00.000Z');
  });

  it('lie in a range when their session opens in it', async () => {
    const dates = { from: at('2026-11-18T00:00:00Z'), to: at('2026-11-20T00:00:00Z') };
    const days = async (market: Market) => {
      const found = await market.daysOf('X', dates);
      return [market.dayOf('X', found!.from), market.dayOf('X', found!.to - 1)];
    };
    expect(await days(india)).toEqual(['2026-11-18', '2026-11-19']);
    expect(await days(newYork)).toEqual(['2026-11-18', '2026-11-19']);
  });

  it('are weekdays where no calendar goes', async () => {
    const week = { from: at('1950-01-01T00:00:00Z'), to: at('1950-01-08T00:00:00Z') };
    expect((await india.sessions('TCS', week)).map(({ date }) => date)).toHaveLength(5);
    const edge = { from: at('1989-12-25T00:00:00Z'), to: at('1990-01-10T00:00:00Z') };
    const dates = (await india.sessions('TCS', edge)).map(({ date }) => date);
    expect(dates).toEqual([...new Set(dates)].sort());
    expect(dates).toContain('1989-12-29');
    expect(dates).toContain('1990-01-09');
  });

  it('stand in chunks without a hole', () => {
    const chunks = (interval: string, from: string, to: string) =>
      chunksOf(india, 'TCS', intervalOf(interval), { from: at(from), to: at(to) });
    expect(chunks('1d', '2025-12-31T18:29:59Z', '2026-12-31T18:30:00Z')).toEqual(['2025', '2026']);
    expect(chunks('15m', '2026-11-30T00:00:00Z', '2027-01-01T00:00:01Z')).toEqual([
      '2026-11',
      '2026-12',
      '2027-01',
    ]);
    expect(chunks('1m', '2024-02-28T23:59:59Z', '2024-03-01T00:00:00Z')).toEqual([
      '2024-02-28',
      '2024-02-29',
    ]);
    expect(iso(chunkOver('2026'))).toBe('2027-01-03T00:00:00.000Z');
    expect(iso(chunkOver('2026-12'))).toBe('2027-01-03T00:00:00.000Z');
    expect(iso(chunkOver('2026-11-20'))).toBe('2026-11-23T00:00:00.000Z');
  });
});

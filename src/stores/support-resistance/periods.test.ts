import { describe, expect, it } from 'vitest';
import { createCalendar } from '../../market/index.ts';
import { expiryOf } from './keys.ts';
import { isStale, periodAt, type Scope } from './periods.ts';

const iso = (ms: number) => new Date(ms).toISOString();

describe('a period', () => {
  it.each([
    // 00:00 in India is 18:30 in UTC of the day before.
    ['D', '2026-11-22T20:28:36Z', '2026-11-22T18:30:00.000Z', '2026-11-23T18:30:00.000Z'],
    ['D', '2026-11-22T18:29:59.999Z', '2026-11-21T18:30:00.000Z', '2026-11-22T18:30:00.000Z'],
    ['W', '2026-11-22T18:29:59.999Z', '2026-11-15T18:30:00.000Z', '2026-11-22T18:30:00.000Z'],
    ['W', '2026-11-22T18:30:00Z', '2026-11-22T18:30:00.000Z', '2026-11-29T18:30:00.000Z'],
    // An ISO week goes over the turn of the year.
    ['W', '2026-12-31T20:00:00Z', '2026-12-27T18:30:00.000Z', '2027-01-03T18:30:00.000Z'],
    ['M', '2026-01-31T18:30:00Z', '2026-01-31T18:30:00.000Z', '2026-02-28T18:30:00.000Z'],
    ['Y', '2026-12-31T18:29:59Z', '2025-12-31T18:30:00.000Z', '2026-12-31T18:30:00.000Z'],
    ['Y', '2026-12-31T18:30:00Z', '2026-12-31T18:30:00.000Z', '2027-12-31T18:30:00.000Z'],
  ] as const)('%s at %s', (scope: Scope, at, start, end) => {
    const { startMs, endMs } = periodAt(scope, Date.parse(at));
    expect([iso(startMs), iso(endMs)]).toEqual([start, end]);
  });

  it('makes levels stale once it is over', () => {
    const computed = Date.parse('2026-12-31T10:00:00Z');
    const later = Date.parse('2026-12-31T19:00:00Z');
    expect((['D', 'W', 'M', 'Y'] as const).map((scope) => isStale(scope, computed, later))).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});

describe('the life of a key', () => {
  const calendar = createCalendar();
  it.each([
    // Open: 2026-11-20, a Friday, at 10:00 in India.
    ['D', '2026-11-20T04:30:00Z', '2026-11-20T05:30:00.000Z'],
    ['W', '2026-11-20T04:30:00Z', '2026-11-20T06:30:00.000Z'],
    ['M', '2026-11-20T04:30:00Z', '2026-11-20T07:30:00.000Z'],
    ['Y', '2026-11-20T04:30:00Z', '2026-11-20T08:30:00.000Z'],
    // Closed at 20:00: till the period ends, or so long after the next session opens (Monday at 09:15).
    ['D', '2026-11-20T14:30:00Z', '2026-11-20T18:30:00.000Z'],
    ['W', '2026-11-20T14:30:00Z', '2026-11-22T18:30:00.000Z'],
    ['M', '2026-11-20T14:30:00Z', '2026-11-23T06:45:00.000Z'],
    ['Y', '2026-11-20T14:30:00Z', '2026-11-23T07:45:00.000Z'],
  ] as const)('of %s, written at %s, ends at %s', (scope, at, end) => {
    expect(iso(expiryOf(scope, 'XNSE', calendar, new Date(at)))).toBe(end);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exactMicros,
  formatMicros,
  isZone,
  localToUtc,
  MICROS_PER_MINUTE,
  offsetAt,
  parseDate,
  parseTime,
} from './time.ts';

const two = (value: number): string => String(value).padStart(2, '0');

/** A moment of the years 0001 to 9999 as the text that Date writes, to the second: the oracle of everything below. */
const anySecond = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => ({
    text: date.toISOString().slice(0, 19),
    seconds: BigInt(Math.floor(date.getTime() / 1000)),
  }));
/** From 1971 to 2100: every offset of a zone is then a multiple of 15 minutes. */
const modernSecond = fc.integer({ min: 31_536_000, max: 4_102_444_800 });

describe('parseTime', () => {
  it.each([
    ['2026-01-09 10:00:00', 0, null],
    ['2026-01-09T10:00:00', 0, null],
    ['2026-01-09 10:00', 0, null],
    ['2026-01-09T10:00:00Z', 0, 0],
    ['2026-01-09T10:00:00z', 0, 0],
    ['2026-01-09 10:00:00 Z', 0, 0],
    ['2026-01-09T10:00:00.5', 500_000, null],
    ['2026-01-09T10:00:00,25Z', 250_000, 0],
    ['2026-01-09 10:00:00.000001', 1, null],
    ['2026-01-09T10:00:00+05:30', 0, 330],
    ['2026-01-09T10:00:00.123456+0530', 123_456, 330],
    ['2026-01-09T10:00:00-08', 0, -480],
    ['2026-01-09T10:00:00+05:53:28', 0, 353 + 28 / 60],
  ])('%s', (text, micros, offset) => {
    expect(parseTime(text)).toEqual({
      localMicros: Date.UTC(2026, 0, 9, 10) * 1000 + micros,
      fraction: micros,
      offsetMinutes: offset,
      zulu: /z$/i.test(text),
      inexact: false,
    });
  });

  it('takes a bare date as its midnight', () => {
    expect(parseTime('2026-01-09')?.localMicros).toBe(Date.UTC(2026, 0, 9) * 1000);
  });

  it('is exact to the microsecond from the year 1 to 9999', () => {
    const fraction = fc.integer({ min: 0, max: 999_999 });
    fc.assert(
      fc.property(anySecond, fraction, fc.constantFrom('T', ' '), ({ text, seconds }, micros, separator) => {
        const written = text.replace('T', separator);
        expect(BigInt(parseTime(written)!.localMicros)).toBe(seconds * 1_000_000n);
        const parsed = parseTime(`${written}.${String(micros).padStart(6, '0')}`)!;
        const exact = seconds * 1_000_000n + BigInt(micros);
        expect(parsed.inexact).toBe(false);
        expect(BigInt(exactMicros(parsed.localMicros, parsed.fraction))).toBe(exact);
      }),
      { numRuns: 2000 },
    );
  });

  it('says when digits beyond the microsecond are dropped', () => {
    expect(parseTime('2026-01-09T10:00:00.1234567Z')).toMatchObject({ inexact: true });
    expect(parseTime('2026-01-09T10:00:00.123456000Z')).toMatchObject({ inexact: false });
    expect(parseTime('2026-01-09T10:00:00.1234567Z')!.localMicros % 1_000_000).toBe(123_456);
  });

  it.each([
    '',
    'yesterday',
    '2026-02-30 10:00:00',
    '2026-13-01 10:00:00',
    '2026-00-01 10:00:00',
    '2026-01-00',
    '0000-01-01 00:00:00',
    '2026-01-09 24:00:00',
    '2026-01-09 10:60:00',
    '2026-01-09 10:00:60',
    '2026-01-09 1:00:00',
    '2026-1-9',
    '20260109T100000Z',
    '2026-01-09T10:00:00+17:00',
    '2026-01-09T10:00:00+05:99',
    '2026-01-09T10:00:00+05:30:61',
    '2026-01-09T10:00:00 IST',
    '2026-01-09T10:00:00.',
    '2026-01-09_10:00:00',
    '2026-01-09 10:00:0x',
    '2026-01-09\n',
    ' 2026-01-09',
    '1767952800',
    '٢٠٢٦-٠١-٠٩',
    '12026-01-09',
  ])('%j is no time', (text) => {
    expect(parseTime(text)).toBeNull();
  });

  it('knows every day that there is and no other', () => {
    const day = fc.tuple(
      fc.integer({ min: 0, max: 9999 }),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 32 }),
    );
    fc.assert(
      fc.property(day, ([year, month, date]) => {
        const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(date)}`;
        const oracle = new Date(`${text}T00:00:00Z`);
        const exists = year > 0 && !Number.isNaN(oracle.getTime()) && oracle.toISOString().startsWith(text);
        expect(parseDate(text)).toBe(exists ? oracle.getTime() / 86_400_000 : null);
      }),
      { numRuns: 3000 },
    );
    expect(
      ['1900-02-29', '2000-02-29', '2024-02-29', '2100-02-29'].map((text) => parseDate(text) !== null),
    ).toEqual([false, true, true, false]);
  });
});

it('formatMicros writes what parseTime reads', () => {
  const micros = fc.integer({ min: -62_135_596_800_000_000 / 8, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(micros, (value) => {
      const text = formatMicros(value);
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      expect(parseTime(text)).toMatchObject({ localMicros: value, offsetMinutes: 0 });
    }),
  );
});

/** What a clock in the zone shows, as seconds since 1970 of the same figures in UTC. By the runtime's own formatter. */
function shown(seconds: number, zone: string): number {
  const text = new Date(seconds * 1000).toLocaleString('sv-SE', { timeZone: zone });
  return Date.parse(`${text.replace(' ', 'T')}Z`) / 1000;
}

/** Every instant at which clocks in the zone show `local`, in order: offsets are tried, 15 minutes apart. */
function instantsOf(local: number, zone: string): number[] {
  const found: number[] = [];
  for (let offset = 15 * 3600; offset >= -13 * 3600; offset -= 900) {
    if (shown(local - offset, zone) === local) found.push(local - offset);
  }
  return found;
}

const zones = [
  'UTC',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'America/New_York',
  'America/St_Johns',
  'Europe/London',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
];

describe('localToUtc', () => {
  it('is the first instant at which clocks show that time', () => {
    fc.assert(
      fc.property(
        modernSecond,
        fc.constantFrom(...zones),
        fc.nat({ max: 999_999 }),
        (local, zone, micros) => {
          const [first] = instantsOf(local, zone);
          if (first === undefined) return;
          expect(localToUtc(local * 1_000_000 + micros, zone)).toBe(first * 1_000_000 + micros);
        },
      ),
      { numRuns: 300 },
    );
  });

  // Times at a change of clocks, where random ones never fall.
  it.each([
    ['America/New_York', '2026-11-01T01:30:00', '2026-11-01T05:30:00Z'],
    ['America/New_York', '2026-11-01T00:59:59', '2026-11-01T04:59:59Z'],
    ['America/New_York', '2026-11-01T02:00:00', '2026-11-01T07:00:00Z'],
    ['America/New_York', '2026-03-08T01:59:59', '2026-03-08T06:59:59Z'],
    ['America/New_York', '2026-03-08T03:00:00', '2026-03-08T07:00:00Z'],
    ['Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T00:30:00Z'],
    ['Europe/Berlin', '2026-03-29T03:00:00', '2026-03-29T01:00:00Z'],
    ['Europe/London', '2026-10-25T01:30:00', '2026-10-25T00:30:00Z'],
    ['Australia/Lord_Howe', '2026-04-05T01:45:00', '2026-04-04T14:45:00Z'],
    ['Pacific/Apia', '2011-12-31T00:30:00', '2011-12-30T10:30:00Z'],
    ['Asia/Kolkata', '2026-01-09T10:00:00', '2026-01-09T04:30:00Z'],
  ])('%s %s', (zone, local, utc) => {
    expect(instantsOf(Date.parse(`${local}Z`) / 1000, zone)[0]).toBe(Date.parse(utc) / 1000);
    expect(localToUtc(Date.parse(`${local}Z`) * 1000, zone)).toBe(Date.parse(utc) * 1000);
  });

  it.each([
    ['America/New_York', '2026-03-08T02:30:00', '2026-03-08T07:30:00Z'],
    ['America/St_Johns', '2026-03-08T02:15:00', '2026-03-08T05:45:00Z'],
    ['Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T01:30:00Z'],
    ['Europe/London', '2026-03-29T01:30:00', '2026-03-29T01:30:00Z'],
    ['Australia/Lord_Howe', '2026-10-04T02:15:00', '2026-10-03T15:45:00Z'],
    ['Pacific/Apia', '2011-12-30T12:00:00', '2011-12-30T22:00:00Z'],
  ])('%s %s, which no clock shows, is read as if the clocks had not been changed', (zone, local, utc) => {
    expect(instantsOf(Date.parse(`${local}Z`) / 1000, zone)).toEqual([]);
    expect(localToUtc(Date.parse(`${local}Z`) * 1000, zone)).toBe(Date.parse(utc) * 1000);
  });

  it('keeps the microsecond where an offset has seconds', () => {
    const local = Date.UTC(1880, 0, 1) * 1000 + 7;
    const utc = localToUtc(local, 'Asia/Kolkata');
    expect(Number.isInteger(utc)).toBe(true);
    expect(shown((utc - 7) / 1_000_000, 'Asia/Kolkata') * 1_000_000 + 7).toBe(local);
  });
});

describe('offsetAt', () => {
  it('is what the runtime says, on both sides of every quarter of an hour', () => {
    fc.assert(
      fc.property(modernSecond, fc.constantFrom(...zones), (seconds, zone) => {
        const quarter = Math.floor(seconds / 900) * 900;
        for (const at of [quarter - 1, quarter, seconds]) {
          expect(offsetAt(at * 1_000_000, zone)).toBe((shown(at, zone) - at) / 60);
        }
      }),
      { numRuns: 200 },
    );
    expect(offsetAt(0, 'Asia/Kolkata') * MICROS_PER_MINUTE).toBe(19_800_000_000);
  });

  it('still answers when its memory was filled and cleared', () => {
    for (let day = 0; day < 11_000; day++) offsetAt(day * 86_400_000_000, 'Asia/Kolkata');
    expect(offsetAt(0, 'Asia/Kolkata')).toBe(330);
  });
});

it('isZone', () => {
  expect(['Asia/Kolkata', 'UTC', 'Mars/Olympus', ''].map(isZone)).toEqual([true, true, false, false]);
});

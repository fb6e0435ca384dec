import { assert, date, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cursorInput, flagInput, limitInput, textInput, timeInput, titleCase } from './inputs.ts';
import { parseIsoDate, parseIsoTime } from './iso-time.ts';
import { jsonDouble, jsonInteger } from './json-number.ts';
import { decodeCursor, encodeCursor, pageOf } from './page.ts';

describe('parseIsoTime', () => {
  it.each([
    ['2026-11-22T02:59:24.408900Z', '2026-11-22T02:59:24.408900Z'],
    ['2026-11-22', '2026-11-22T00:00:00.000000Z'],
    ['2026-11-22T08:29:24+05:30', '2026-11-22T02:59:24.000000Z'],
    // As a query string has it when nobody encoded the plus.
    ['2026-11-22T08:29:24 05:30', '2026-11-22T02:59:24.000000Z'],
    ['2026-11-22 08:29:24.5+0530', '2026-11-22T02:59:24.500000Z'],
    ['2026-11-22T02:59z', '2026-11-22T02:59:00.000000Z'],
    ['2026-11-22T02:59:24.123456789Z', '2026-11-22T02:59:24.123456Z'],
    ['2024-02-29T23:59:59.999999-00:01', '2024-03-01T00:00:59.999999Z'],
  ])('reads %s', (text, expected) => {
    expect(parseIsoTime(text)).toBe(expected);
  });

  it.each([
    'yesterday',
    '',
    '2026-11-22T02:59:24',
    '2026-02-30',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T02:60:00Z',
    '2026-11-22T02:59:24+24:00',
    '0000-01-01',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '1790000000',
    ' 2026-11-22',
  ])('refuses %j', (text) => {
    expect(parseIsoTime(text)).toBeUndefined();
  });

  it('keeps every millisecond of every time, and is its own canonical form', () => {
    assert(
      property(
        date({ min: new Date('0002-01-01'), max: new Date('9998-12-31'), noInvalidDate: true }),
        (at) => {
          const time = parseIsoTime(at.toISOString());
          expect(time).toBe(`${at.toISOString().slice(0, -1)}000Z`);
          expect(parseIsoTime(time ?? '')).toBe(time);
        },
      ),
    );
  });
});

it('parseIsoDate takes days of the calendar alone', () => {
  expect(parseIsoDate('2024-02-29')).toBe('2024-02-29');
  expect(['2023-02-29', '2026-1-1', '0000-01-01', '2026-01-01T00:00:00Z'].map(parseIsoDate)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

describe('inputs', () => {
  it('say what was expected', () => {
    expect(limitInput.safeParse('501').error?.issues[0]?.message).toBe('a whole number from 1 to 500');
    expect(flagInput.safeParse('yes').error?.issues[0]?.message).toBe('true or false');
    expect(cursorInput.safeParse('x').error?.issues[0]?.message).toBe('the next_cursor of the page before');
  });

  it.each(['0', '501', '-1', '1.5', '1e2', '0x10', '', ' 5', '٣'])('limit refuses %j', (text) => {
    expect(limitInput.safeParse(text).success).toBe(false);
  });

  it('limit takes its bounds and has a default', () => {
    expect(['1', '500', undefined].map((text) => limitInput.parse(text))).toEqual([1, 500, 100]);
  });

  it('refuses a list where one value is meant', () => {
    expect(timeInput.safeParse(['2026-11-22', '2026-11-23']).success).toBe(false);
  });

  it('text keeps the symbols that there are, and refuses what no row can hold', () => {
    for (const symbol of ['M&M', 'BAJAJ-AUTO', 'NIFTY 50', '^NSEI', 'EURUSD=X', 'л']) {
      expect(textInput.parse(symbol)).toBe(symbol);
    }
    expect(['', '  ', 'a\0b', 'x'.repeat(201)].map((text) => textInput.safeParse(text).success)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it('titleCase is that of the old application', () => {
    expect(['SCALPING', 'scalping', 'long term', 'x2y'].map(titleCase)).toEqual([
      'Scalping',
      'Scalping',
      'Long Term',
      'X2Y',
    ]);
  });
});

describe('cursors', () => {
  it('lead back to the place they were made of', () => {
    const position = ['2026-11-22T02:59:24.408900Z', 9_007_199_254_740_993n] as const;
    expect(decodeCursor(encodeCursor(position))).toEqual(position);
  });

  it.each([
    ['no base64', '*'],
    ['no JSON', Buffer.from('[').toString('base64url')],
    ['another shape', Buffer.from('{"a":1}').toString('base64url')],
    ['no time', Buffer.from('["now","1"]').toString('base64url')],
    ['no bigint', Buffer.from('["2026-11-22T00:00:00.000000Z","9999999999999999999"]').toString('base64url')],
    ['far too long', 'A'.repeat(10_000)],
  ])('are refused: %s', (_, cursor) => {
    expect(decodeCursor(cursor)).toBeUndefined();
  });

  it('are given only where a next page is', () => {
    const position = (id: bigint) => ['2026-11-22T00:00:00.000000Z', id] as const;
    const page = (rows: bigint[]) => pageOf(rows, 2, position, String);
    expect(page([3n, 2n])).toEqual({ items: ['3', '2'], next_cursor: null });
    expect(page([])).toEqual({ items: [], next_cursor: null });
    expect(page([3n, 2n, 1n])).toEqual({ items: ['3', '2'], next_cursor: encodeCursor(position(2n)) });
  });
});

it('numbers that a double cannot hold are given as digits', () => {
  const safe = BigInt(Number.MAX_SAFE_INTEGER);
  expect([jsonInteger(safe), jsonInteger(safe + 1n), jsonInteger(-safe - 1n), jsonInteger('12')]).toEqual([
    9_007_199_254_740_991,
    '9007199254740992',
    '-9007199254740992',
    12,
  ]);
  expect([Number.NaN, -Infinity, -0.5, null].map(jsonDouble)).toEqual([null, null, -0.5, null]);
});

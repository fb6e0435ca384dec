import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactNumber } from '../../../test/support/decimals.ts';
import type { RawValue } from '../source.ts';
import * as coerce from './coerce.ts';
import { originalBytes } from './original.ts';

const { RejectedValue, toBoolean, toDays, toDecimal, toFloat, toInteger, toKey, toMicros, toText } = coerce;

type Coerce<T> = (value: RawValue, alter: coerce.Alter) => T;

/** What a value becomes, and why its bytes are kept. */
function taken<T>(convert: Coerce<T>, value: RawValue): [T, ...string[]] {
  const reasons: string[] = [];
  return [convert(value, (reason) => reasons.push(reason)), ...reasons];
}

/** Why a value is refused. */
function refused(convert: Coerce<unknown>, value: RawValue): string {
  try {
    convert(value, () => undefined);
  } catch (error) {
    if (error instanceof RejectedValue) return error.reason;
    throw error;
  }
  throw new Error(`${coerce.describe(value)} was taken`);
}

const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const invalid = Uint8Array.of(0x61, 0xff, 0x00, 0xc3);
const micros: Coerce<number | null> = (value, alter) => toMicros(value, 'UTC', null, alter);
const all: [string, Coerce<unknown>][] = Object.entries({
  toText,
  toKey,
  toFloat,
  toInteger,
  toDecimal,
  toBoolean,
  toDays,
  micros,
});

it.each(all)('%s leaves NULL alone', (_, convert) => {
  expect(taken(convert, null)).toEqual([null]);
});

it.each(all)('%s either takes a value or refuses it with a reason, and fails on none', (_, convert) => {
  const value: fc.Arbitrary<RawValue> = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 12 }),
    fc.string({ unit: fc.constantFrom(...'0123456789.-+eE :TZ'.split('')) }),
  );
  fc.assert(
    fc.property(value, (given) => {
      try {
        taken(convert, given);
      } catch (error) {
        expect(error).toBeInstanceOf(RejectedValue);
        expect((error as coerce.RejectedValue).detail).not.toContain('\u0000');
      }
    }),
    { numRuns: 1000 },
  );
});

describe('text', () => {
  it.each<[RawValue, string, ...string[]]>([
    ['', ''],
    ['half \ufffd', 'half \ufffd'],
    ['a\u0000b', 'a\ufffdb', 'NUL_IN_TEXT'],
    ['a\ud83d', 'a\ufffd', 'LONE_SURROGATE'],
    [utf8('₹'), '₹', 'BLOB_IN_TEXT'],
    [invalid, 'a\ufffd\ufffd\ufffd', 'INVALID_UTF8'],
    [utf8('\ufeffa'), '\ufeffa', 'BLOB_IN_TEXT'],
    [9_223_372_036_854_775_807n, '9223372036854775807', 'NUMBER_IN_TEXT'],
    [0.1, '0.1', 'NUMBER_IN_TEXT'],
    [Number.NEGATIVE_INFINITY, '-Infinity', 'NUMBER_IN_TEXT'],
  ])('%s', (value, ...expected) => {
    expect(taken(toText, value)).toEqual(expected);
  });

  it('is what it was, character for character, when its bytes are not kept', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const [text, ...reasons] = taken(toText, value);
        expect(reasons).toEqual(value.includes('\u0000') ? ['NUL_IN_TEXT'] : []);
        if (reasons.length === 0) expect(text).toBe(value);
        expect(text).not.toContain('\u0000');
      }),
    );
  });

  it('identifies: a key is taken as it is or refused', () => {
    expect(taken(toKey, 'user:1*{x}')).toEqual(['user:1*{x}']);
    expect(taken(toKey, 42n)).toEqual(['42', 'NUMBER_IN_TEXT']);
    for (const value of [utf8('a'), 'a\u0000b', 'a\ud83d']) expect(refused(toKey, value)).toBe('BAD_KEY');
  });
});

describe('a double', () => {
  it('keeps its bits', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const [number, ...reasons] = taken(toFloat, value);
        expect(Object.is(number, value)).toBe(true);
        expect(reasons).toEqual([]);
      }),
    );
  });

  it('of a whole number is exact, or its digits are kept', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const [number, ...reasons] = taken(toFloat, value);
        expect(number).toBe(Number(value));
        expect(reasons).toEqual(BigInt(Number(value)) === value ? [] : ['PRECISION']);
      }),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '1e999'])(
    'refuses %s',
    (value) => {
      expect(refused(toFloat, value)).toBe('NOT_FINITE');
    },
  );
});

describe('numbers written as text', () => {
  it.each(['12', '-12.5', '+1', '.5', '5.', '1e-7', '1E+2', '007'])(
    '%s is one, and its text is kept',
    (text) => {
      expect(taken(toFloat, text)).toEqual([Number(text), 'TEXT_IN_NUMBER']);
      expect(taken(toDecimal, text)).toEqual([text, 'TEXT_IN_NUMBER']);
    },
  );

  it.each(['12x', ' 12', '12 ', '1,5', '0x10', '1_000', 'NaN', 'inf', '-', '.', '1e', '१२', '12\u0000'])(
    '%j is none',
    (text) => {
      for (const convert of [toFloat, toDecimal, toInteger])
        expect(refused(convert, text)).toBe('NOT_A_NUMBER');
    },
  );

  it('may be long, but not longer than NUMERIC can hold', () => {
    expect(taken(toDecimal, '9'.repeat(1000))).toEqual(['9'.repeat(1000), 'TEXT_IN_NUMBER']);
    expect(refused(toDecimal, '9'.repeat(140_000))).toBe('OUT_OF_RANGE');
    expect(refused(toDecimal, `0.${'9'.repeat(20_000)}`)).toBe('OUT_OF_RANGE');
  });

  it.each(all.filter(([name]) => name !== 'toText' && name !== 'toKey'))(
    '%s: an empty text means NULL, a BLOB is refused',
    (_, convert) => {
      expect(taken(convert, '')).toEqual([null, 'EMPTY_TO_NULL']);
      expect(refused(convert, utf8('1'))).toMatch(/^NOT_A/);
    },
  );
});

describe('a whole number', () => {
  it.each<[RawValue, bigint, ...string[]]>([
    [2n ** 63n - 1n, 2n ** 63n - 1n],
    [-(2n ** 63n), -(2n ** 63n)],
    [5, 5n],
    [1e18, 10n ** 18n],
    [-0, 0n, 'NEGATIVE_ZERO'],
    ['+5', 5n, 'TEXT_IN_NUMBER'],
    ['-9223372036854775808', -(2n ** 63n), 'TEXT_IN_NUMBER'],
  ])('%s', (value, ...expected) => {
    expect(taken(toInteger, value)).toEqual(expected);
  });

  it('refuses what is not whole or does not fit', () => {
    expect(
      [1.5, Number.NaN, Number.POSITIVE_INFINITY, '1.5', '1e3'].map((value) => refused(toInteger, value)),
    ).toEqual(Array.from({ length: 5 }, () => 'NOT_INTEGER'));
    for (const value of [2 ** 63, -(2 ** 64), 1e300, '9223372036854775808'])
      expect(refused(toInteger, value)).toBe('OUT_OF_RANGE');
  });
});

describe('an exact decimal', () => {
  it('of a double is its shortest text, which reads back as the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const [decimal, ...reasons] = taken(toDecimal, value);
        expect(reasons).toEqual(Object.is(value, -0) ? ['NEGATIVE_ZERO'] : []);
        expect(Number(decimal)).toBe(value === 0 ? 0 : value);
        // No shorter decimal reads back as the same double.
        const digits = exactNumber(decimal!).replace(/e.*|-/g, '').length;
        if (digits > 1) expect(Number(value.toPrecision(digits - 1))).not.toBe(value);
      }),
    );
    expect(taken(toDecimal, 0.1 + 0.2)).toEqual(['0.30000000000000004']);
    expect(taken(toDecimal, 2n ** 63n - 1n)).toEqual(['9223372036854775807']);
    expect(refused(toDecimal, Number.POSITIVE_INFINITY)).toBe('NOT_FINITE');
  });
});

describe('a boolean', () => {
  it.each<[RawValue, boolean, ...string[]]>([
    [0n, false],
    [1n, true],
    [1, true],
    [-0, false, 'NEGATIVE_ZERO'],
    ['1', true, 'TEXT_IN_NUMBER'],
    ['0', false, 'TEXT_IN_NUMBER'],
  ])('%s', (value, ...expected) => {
    expect(taken(toBoolean, value)).toEqual(expected);
  });

  it.each([2n, -1n, 0.5, 'true', 'yes', '01'])('%s is none', (value) => {
    expect(refused(toBoolean, value)).toBe('NOT_A_BOOLEAN');
  });
});

describe('a time', () => {
  const at = (text: string): number => Date.parse(text) * 1000;
  const read = (text: RawValue, zone: string, forced: string | null): unknown[] =>
    taken((value, alter) => toMicros(value, zone, forced, alter), text);

  it('without an offset was written in the zone of its column', () => {
    expect(read('2026-01-09 10:00:00', 'UTC', null)).toEqual([at('2026-01-09T10:00:00Z')]);
    expect(read('2026-01-09 10:00:00', 'Asia/Kolkata', null)).toEqual([at('2026-01-09T04:30:00Z')]);
    expect(read('2026-01-09T10:00:00-05:00', 'Asia/Kolkata', null)).toEqual([at('2026-01-09T15:00:00Z')]);
  });

  it('is corrected only where somebody said that it lies, and then counted', () => {
    expect(read('2026-01-09T10:00:00Z', 'UTC', 'Asia/Kolkata')).toEqual([
      at('2026-01-09T04:30:00Z'),
      'TIMEZONE_APPLIED',
    ]);
    expect(read('2026-01-09 10:00:00', 'UTC', 'Asia/Kolkata')).toEqual([
      at('2026-01-09T04:30:00Z'),
      'TIMEZONE_APPLIED',
    ]);
    // An offset that is stated is not a claim that somebody glued on.
    expect(read('2026-01-09T10:00:00+01:00', 'UTC', 'Asia/Kolkata')).toEqual([at('2026-01-09T09:00:00Z')]);
    expect(read('2026-01-09 10:00:00', 'Asia/Kolkata', 'Asia/Kolkata')).toEqual([at('2026-01-09T04:30:00Z')]);
  });

  it('with more digits than a microsecond keeps its text', () => {
    expect(read('2026-01-09T10:00:00.1234567Z', 'UTC', null)).toEqual([
      at('2026-01-09T10:00:00.123Z') + 456,
      'PRECISION',
    ]);
  });

  it.each<RawValue>([1_767_952_800n, 1.5, 'last tuesday', '2026-02-30', utf8('2026-01-09')])(
    '%s is none',
    (value) => {
      expect(refused(micros, value)).toBe('NOT_A_TIME');
    },
  );
});

it('a day is days since 1970, and no time of day', () => {
  expect(taken(toDays, '2026-01-09')).toEqual([20_462]);
  for (const value of ['2026-01-09 00:00:00', '20260109', 20_462n])
    expect(refused(toDays, value)).toBe('NOT_A_DATE');
});

it('the original bytes say what the value was', () => {
  const originals: [RawValue, string][] = [
    ['a\u0000₹', 'a\u0000₹'],
    [-0, '-0.0'],
    [5e-324, '5e-324'],
    [2n ** 63n - 1n, '9223372036854775807'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['a\ud83d', '"a\\ud83d"'],
  ];
  for (const [value, text] of originals)
    expect(Buffer.from(originalBytes(value)).toString('utf8')).toBe(text);
  expect(originalBytes(invalid)).toEqual(invalid);
});

it('a description is short and says what was found', () => {
  expect([null, 5n, 1.5, 'a"b', utf8('ab')].map(coerce.describe)).toEqual([
    'NULL',
    'the number 5',
    'the number 1.5',
    'the text "a\\"b"',
    'a BLOB of 2 bytes',
  ]);
  expect(coerce.describe('x'.repeat(1000)).length).toBeLessThan(80);
});

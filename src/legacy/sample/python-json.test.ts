import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dumps, float, floatText } from './python-json.ts';

describe('JSON text as Python writes it', () => {
  test('separates with a space, escapes all but ASCII and keeps the point of a float', () => {
    const text = dumps({
      a: [1, float(62), 0.5],
      'b"': null,
      c: '\u20b9 \u{1f600}\u007f\n',
      d: {},
      e: [],
      f: true,
    });
    expect(text).toBe(
      '{"a": [1, 62.0, 0.5], "b\\"": null, "c": "\\u20b9 \\ud83d\\ude00\\u007f\\n", "d": {}, "e": [], "f": true}',
    );
  });

  test('breaks lines with indent, but not within what is empty', () => {
    expect(dumps({ a: [1, { b: 2 }], c: [], d: {} }, 2)).toBe(
      '{\n  "a": [\n    1,\n    {\n      "b": 2\n    }\n  ],\n  "c": [],\n  "d": {}\n}',
    );
  });

  test.each([
    [62, '62.0'],
    [-0, '-0.0'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e+16'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [5e-324, '5e-324'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('repr(%d) is %s', (value, text) => {
    expect(floatText(value)).toBe(text);
  });

  test('writes whole numbers beyond 2^53 in full', () => {
    expect(dumps([2 ** 70, 12_345_678_901_234_567_890n])).toBe(
      '[1180591620717411303424, 12345678901234567890]',
    );
  });

  test('reads back as what was written', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom(0, 2), (value, indent) => {
        const text = dumps(value as Parameters<typeof dumps>[0], indent);
        // Minus zero is an int of Python's when it is plain, and ints have no sign of zero.
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(text).toMatch(/^[\n -~]*$/);
      }),
    );
  });

  test('keeps the bits of every float', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = dumps(float(value));
        expect(Object.is(Number(text), value)).toBe(true);
        expect(text).toMatch(/^-?\d+(\.\d+)?(e[+-]\d\d+)?$/);
        expect(text).toMatch(/[.e]/);
      }),
    );
  });
});

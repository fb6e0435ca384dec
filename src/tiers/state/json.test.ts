import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from './json.ts';

const text = (value: unknown): string => jsonText(value, 'value', 1_000_000);

describe('jsonText', () => {
  it('is JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: true }), (value) => {
        expect(text(value)).toBe(JSON.stringify(value));
      }),
      { numRuns: 200 },
    );
  });

  const deep = (levels: number): unknown => {
    let value: unknown = 0;
    for (let level = 0; level < levels; level += 1) value = [value];
    return value;
  };

  it.each<[string, unknown, string]>([
    ['NUL', 'a\0b', 'value: expected text without NUL'],
    ['NUL inside', { a: [1, { b: 'x\0' }] }, 'value.a[1].b: expected text without NUL'],
    ['half of a surrogate pair', ['\ud800'], 'value[0]: expected Unicode text'],
    ['a name with NUL', { 'a\0': 1 }, 'the name of "value.a\\u0000": expected text without NUL'],
    ['NaN', { a: Number.NaN }, 'value.a: expected a finite number, found NaN'],
    ['an infinity', -Infinity, 'value: expected a finite number, found -Infinity'],
    ['undefined', undefined, 'value: expected JSON, found undefined'],
    ['undefined inside', { a: undefined }, 'value.a: expected JSON, found undefined'],
    ['a hole', Array.from({ length: 1 }), 'value[0]: expected JSON, found undefined'],
    ['a function', [() => 1], 'value[0]: expected JSON, found a function'],
    ['a bigint', 1n, 'value: expected JSON, found a bigint'],
    ['a date', { at: new Date(0) }, 'value.at: expected JSON, found an instance of Date'],
    ['a map', new Map(), 'value: expected JSON, found an instance of Map'],
    ['an object that makes its own JSON', { toJSON: () => 1 }, 'value: expected JSON'],
    ['too many levels', deep(257), 'expected at most 256 levels'],
  ])('refuses %s', (_, value, message) => {
    expect(() => text(value)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => text(value)).toThrow(message);
  });

  it('takes what is just within the bounds', () => {
    expect(text(deep(256))).toHaveLength(513);
    expect(jsonText('abc', 'value', 5)).toBe('"abc"');
    expect(() => jsonText('abcd', 'value', 5)).toThrow(
      'value: expected JSON of at most 5 characters, found 6',
    );
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { companionKey, keyPart, partOf } from './keys.ts';

const parts = fc.string({
  unit: fc.oneof(
    fc.constantFrom('%', ':', '{', '}', '*', '?', '[', ']', '\\', 'u', '0', 'a', '\0'),
    fc.string({ unit: 'binary' }),
  ),
});

describe('keyPart', () => {
  it('leaves the symbols that there are as they are', () => {
    for (const symbol of ['M&M', 'BAJAJ-AUTO', 'NIFTY 50', '^NSEI', 'EURUSD=X', 'лист', '😀']) {
      expect(keyPart(symbol)).toBe(symbol);
    }
  });

  it('takes their meaning from separators, hash tags and patterns', () => {
    expect(keyPart('A:B')).toBe('A%3aB');
    expect(keyPart('{x}*')).toBe('%7bx%7d%2a');
    expect(keyPart('a%3ab')).toBe('a%253ab');
    expect(keyPart('\ud800!')).toBe('%ud800!');
  });

  it('can be undone, and holds nothing special', () => {
    fc.assert(
      fc.property(parts, (part) => {
        expect(keyPart(part)).not.toMatch(/[:{}*?[\]\\]/);
        expect(partOf(keyPart(part))).toBe(part);
      }),
    );
  });

  it('gives two lists of parts two keys', () => {
    fc.assert(
      fc.property(fc.array(parts), fc.array(parts), (one, other) => {
        const key = (list: string[]): string => list.map((part) => `:${keyPart(part)}`).join('');
        expect(key(one) === key(other)).toBe(
          one.length === other.length && one.every((part, at) => part === other[at]),
        );
      }),
    );
  });
});

it('a companion has the whole key as its hash tag', () => {
  expect(companionKey('s:', 'epoch', `s:sr:${keyPart('{A}')}`)).toBe('s:epoch:{s:sr:%7bA%7d}');
});

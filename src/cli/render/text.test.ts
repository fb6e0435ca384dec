import { describe, expect, it } from 'vitest';
import { table } from './table.ts';
import { bytes, count, counted, duration, plain, shorten } from './text.ts';

describe('text', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [59_940, '59.9 s'],
    [61_000, '1 min 1 s'],
    [3_660_000, '1 h 1 min'],
  ])('a duration of %i ms is %s', (milliseconds, expected) => expect(duration(milliseconds)).toBe(expected));

  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_536, '1.5 KiB'],
    [200 * 1_024, '200 KiB'],
    [3 * 1_024 ** 3, '3.0 GiB'],
  ])('a size of %i is %s', (value, expected) => expect(bytes(value)).toBe(expected));

  it('counts', () => {
    expect([count(1_234_567), counted(1, 'row'), counted(2, 'row'), counted(0, 'entry', 'entries')]).toEqual([
      '1,234,567',
      '1 row',
      '2 rows',
      '0 entries',
    ]);
  });

  it('makes foreign text safe for a terminal', () => {
    expect(plain('a\u001B]0;x\u0007b\n  c\u202Ed')).toBe('a\\u{1b}]0;x\\u{7}b c\\u{202e}d');
    expect(plain('M&M ^NSEI — ü 😀')).toBe('M&M ^NSEI — ü 😀');
  });

  it('shortens by characters, not by halves of them', () => {
    expect(shorten('😀😀😀', 3)).toBe('😀😀😀');
    expect(shorten('😀😀😀😀', 3)).toBe('😀😀…');
  });

  it('aligns a table', () => {
    expect(
      table(
        [{ title: 'a' }, { title: 'n', align: 'right' }],
        [
          ['x', '10'],
          ['long', '9'],
        ],
      ),
    ).toEqual(['a      n', '----  --', 'x     10', 'long   9']);
  });
});

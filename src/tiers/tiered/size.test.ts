import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateBytes, MAX_COUNTED, MAX_SAMPLED } from './size.ts';

const records = (count: number): object[] =>
  Array.from({ length: count }, (_, id) => ({ id, name: `Company number ${id % 10}`, price: id + 0.5 }));

/** How often `part` of them make up `whole`. */
const ratio = (whole: unknown, part: unknown): number => estimateBytes(whole) / estimateBytes(part);

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
});

describe('estimateBytes', () => {
  it('is a positive whole number for whatever it is given', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const bytes = estimateBytes(value);
        expect(Number.isSafeInteger(bytes) && bytes >= 1).toBe(true);
      }),
    );
    for (const value of [undefined, null, 0, '', true, Symbol('a'), () => 1, /a/, new WeakMap(), NaN]) {
      expect(estimateBytes(value)).toBeGreaterThanOrEqual(1);
    }
  });

  it('never falls when a property is added', () => {
    const object = fc.dictionary(fc.string(), anything, { maxKeys: 5 });
    fc.assert(
      fc.property(object, fc.string(), anything, (before, key, value) => {
        fc.pre(!Object.hasOwn(before, key));
        const after = Object.defineProperty({ ...before }, key, { value, enumerable: true });
        expect(estimateBytes(after)).toBeGreaterThan(estimateBytes(before));
        expect(estimateBytes([after])).toBeGreaterThan(estimateBytes([before]));
      }),
    );
    // Where an object becomes a hash table, and where the table grows.
    const growing: Record<string, number> = { first: 0 };
    for (let count = 1, last = estimateBytes(growing); count < 600; count++) {
      growing[`key ${count}`] = count;
      const bytes = estimateBytes(growing);
      expect(bytes).toBeGreaterThan(last);
      last = bytes;
    }
  });

  // 8 bytes a slot; 24 for an object, 32 + 16 for an array, 16 for a string, 16 for a boxed number.
  it.each<[string, unknown, number]>([
    ['a string', 'abcdefgh', 16 + 8],
    ['a wide string', 'abcdefg€', 16 + 16],
    ['a record', { a: 1, b: 'x'.repeat(20), c: null }, 24 + 3 * 8 + 16 + 24],
    ['a double', { a: 0.5 }, 24 + 8 + 16],
    ['-0, which is a double', { a: -0 }, 24 + 8 + 16],
    ['small integers', [1, 2, 3], 48 + 24],
    ['doubles among themselves', [1, 0.5, 2 ** 40], 48 + 24],
    ['doubles that a string joins', ['', 0.5, 1.5], 48 + 24 + 16 + 32],
    ['frozen doubles', Object.freeze([1, 0.5, 1.5]), 48 + 24 + 32],
    ['an empty array', [], 32],
    [
      'a hash table',
      Object.fromEntries(Array.from({ length: 200 }, (_, id) => [`key ${id + 100}`, id])),
      24 + 80 + 3 * 8 * 512 + 200 * 24,
    ],
    ['a bigint', 2n ** 64n, 16 + 16],
    ['a Date', new Date(0), 112],
    ['a typed array', new Float64Array(100), 104 + 88 + 800],
    ['a part of a buffer, which keeps all of it', new Uint8Array(new ArrayBuffer(800), 8, 1), 104 + 88 + 800],
    ['a Map', new Map([[1, 'x']]), 48 + 8 * (3 + 2 + 12) + 24],
    ['a Set', new Set([1, 2, 3, 4, 5]), 48 + 8 * (3 + 4 + 16)],
  ])('%s', (_, value, bytes) => {
    expect(estimateBytes(value)).toBe(bytes);
  });

  it('counts once what is met twice, and ends with cycles', () => {
    const part = { text: 'x'.repeat(1000) };
    expect(estimateBytes([part, part])).toBe(estimateBytes([part]) + 8);
    const buffer = new ArrayBuffer(1000);
    expect(estimateBytes([new Uint8Array(buffer), new Uint8Array(buffer)])).toBeLessThan(1500);
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expect(estimateBytes(cyclic)).toBe(56);
  });
});

describe('the estimate of what is too large to be counted', () => {
  const few = records(1000);
  const many = records(100_000);

  it('is in proportion to what was looked at', () => {
    expect(ratio(many, few) / 100).toBeCloseTo(1, 1);
    expect(ratio({ meta: { a: 1 }, rows: many, tail: 'x' }, few) / 100).toBeCloseTo(1, 1);
    const tables = many.map((_, id) => [id, [id + 0.5, ['a text of some length']]]);
    expect(ratio(tables, tables.slice(0, 500)) / 200).toBeCloseTo(1, 1);
  });

  it('holds for Maps, Sets and objects with many keys', () => {
    const map = (rows: object[]): unknown => new Map(rows.map((row, id) => [`key ${id + 100_000}`, row]));
    // Tables double: 131,072 places for 100,000, 1,024 for 1,000.
    expect(ratio(map(many), map(few)) / 100).toBeGreaterThan(0.9);
    expect(ratio(map(many), map(few)) / 100).toBeLessThan(1.3);
    expect(ratio(new Set(many), new Set(few)) / 100).toBeCloseTo(1, 0);
    const dictionary = (rows: object[]): unknown =>
      Object.fromEntries(rows.map((row, id) => [`key ${id + 100_000}`, row]));
    expect(ratio(dictionary(many), dictionary(few)) / 100).toBeCloseTo(1, 0);
  });

  it('gives every branch of a tree its share', () => {
    const tree = (levels: number): unknown[] =>
      Array.from({ length: 30 }, (_, id) => (levels === 1 ? id + 0.5 : tree(levels - 1)));
    expect(estimateBytes(tree(4)) / ((48 + 30 * 8) * (1 + 30 + 30 ** 2 + 30 ** 3))).toBeCloseTo(1, 2);
    const halves = (levels: number): unknown[] =>
      levels === 1 ? [0, 0] : [halves(levels - 1), halves(levels - 1)];
    expect(estimateBytes(halves(16)) / (64 * (2 ** 16 - 1))).toBeCloseTo(1, 2);
  });

  it('is not misled by a pattern', () => {
    const alternating = (count: number): unknown =>
      Array.from({ length: count }, (_, id) => (id % 100 === 0 ? 'x'.repeat(10_000) : ''));
    expect(ratio(alternating(100_000), alternating(5000)) / 20).toBeGreaterThan(0.5);
    expect(ratio(alternating(100_000), alternating(5000)) / 20).toBeLessThan(2);
  });

  it('is no less than what was counted', () => {
    const rows = Array.from({ length: 20_000 }, (_, id) => id);
    // Among so many, no sample falls on the second.
    const heavy = ['', 'x'.repeat(1_000_000), ...rows.slice(0, 5000)];
    expect(estimateBytes({ rows, heavy })).toBeGreaterThan(1_000_000);
  });

  it('is a number also where nothing is left to look at', () => {
    const empties = Array.from({ length: 50_000 }, () => Object.freeze([Object.freeze([]), {}, new Map()]));
    expect(estimateBytes(empties)).toBeGreaterThan(50_000 * (48 + 24 + 32));
    let deep: unknown = [];
    for (let level = 0; level < 100_000; level++) deep = level % 2 === 0 ? [deep] : { deep };
    expect(estimateBytes(deep)).toBeGreaterThan(MAX_SAMPLED * 32);
  });

  it('looks at a bounded number of values', () => {
    let looks = 0;
    const watched = (): object => ({
      get a() {
        looks += 1;
        return 1.5;
      },
    });
    const rows = Array.from({ length: 30_000 }, watched);
    estimateBytes(
      Array.from({ length: 10 }, (_, part) => ({ rows: rows.slice(part * 3000, part * 3000 + 3000) })),
    );
    expect(looks).toBeGreaterThan(100);
    const most = MAX_COUNTED + MAX_SAMPLED + 10;
    expect(looks).toBeLessThanOrEqual(most);
    looks = 0;
    let chain: object = {};
    for (let level = 0; level < 100_000; level++) {
      const next = chain;
      chain = {
        get next() {
          looks += 1;
          return next;
        },
      };
    }
    estimateBytes(chain);
    expect(looks).toBeLessThanOrEqual(most);
  });
});

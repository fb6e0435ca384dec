import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom } from './random.ts';

const take = (seed: number, stream: string): number[] => {
  const random = createRandom(seed, stream);
  return Array.from({ length: 20 }, () => random.next());
};

describe('the seeded generator', () => {
  test('repeats itself for one seed and stream, and for no other', () => {
    expect(take(1, 'a')).toEqual(take(1, 'a'));
    expect(take(1, 'a')).not.toEqual(take(2, 'a'));
    expect(take(1, 'a')).not.toEqual(take(1, 'b'));
  });

  test('keeps its numbers within bounds', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: -100, max: 100 }), fc.nat(100), (seed, min, width) => {
        const random = createRandom(seed, 'bounds');
        for (let i = 0; i < 50; i += 1) {
          const whole = random.int(min, min + width);
          expect(Number.isInteger(whole) && whole >= min && whole <= min + width).toBe(true);
          const decimal = random.decimal(0, 1, 2);
          expect(decimal >= 0 && decimal <= 1 && String(decimal).length <= 4).toBe(true);
        }
      }),
    );
  });

  test('spreads evenly', () => {
    const random = createRandom(3, 'spread');
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 100_000; i += 1) buckets[random.int(0, 9)]! += 1;
    expect(Math.min(...buckets)).toBeGreaterThan(9_500);
    expect(Math.max(...buckets)).toBeLessThan(10_500);
  });

  test('makes version 4 UUIDs without dashes', () => {
    const random = createRandom(4, 'uuid');
    const uuids = Array.from({ length: 1000 }, () => random.uuidHex());
    expect(new Set(uuids).size).toBe(1000);
    for (const uuid of uuids) expect(uuid).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowHash } from './row-hash.ts';

function hashOf(...parts: (Uint8Array | number)[]): string {
  const hash = new RowHash();
  hash.reset();
  for (const part of parts) {
    if (typeof part === 'number') hash.word(part);
    else hash.bytes(part, 0, part.length);
  }
  hash.finish();
  return `${hash.a}:${hash.b}`;
}

describe('RowHash', () => {
  it('sees every single bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const before = hashOf(bytes);
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          const changed = Uint8Array.from(bytes);
          changed[bit >> 3]! ^= 1 << (bit & 7);
          expect(hashOf(changed)).not.toBe(before);
        }
      }),
    );
  });

  it('sees bytes that are added, also zeros, and bytes that change places', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), (bytes, at) => {
        const before = hashOf(bytes);
        const place = at % (bytes.length + 1);
        expect(hashOf(Uint8Array.from([...bytes.slice(0, place), 0, ...bytes.slice(place)]))).not.toBe(
          before,
        );
        const turned = Uint8Array.from(bytes).reverse();
        if (Buffer.compare(turned, bytes) !== 0) expect(hashOf(turned)).not.toBe(before);
      }),
    );
  });

  it('takes words as the bytes that they are, and a part of a buffer as that part', () => {
    expect(hashOf(Uint8Array.of(1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff))).toBe(hashOf(0x04030201, -1));
    const hash = new RowHash();
    hash.reset();
    hash.bytes(Uint8Array.of(9, 1, 2, 3, 9), 1, 4);
    hash.finish();
    expect(`${hash.a}:${hash.b}`).toBe(hashOf(Uint8Array.of(1, 2, 3)));
  });

  it('starts afresh after reset, and gives signed 32-bit lanes, as the ledger stores them', () => {
    const hash = new RowHash();
    for (let round = 0; round < 2; round++) {
      hash.reset();
      hash.bytes(Buffer.from('stockroom'), 0, 9);
      hash.finish();
      expect(`${hash.a}:${hash.b}`).toBe(hashOf(Buffer.from('stockroom')));
      expect([hash.a | 0, hash.b | 0]).toEqual([hash.a, hash.b]);
    }
  });

  it('gives a hundred thousand neighbours different hashes, in each lane as few alike as chance would', () => {
    const lanes = [new Set<string>(), new Set<string>()];
    const whole = new Set<string>();
    const bytes = Buffer.alloc(8);
    for (let value = 0; value < 100_000; value++) {
      bytes.writeUInt32BE(value, 4);
      const hash = hashOf(bytes);
      whole.add(hash);
      hash.split(':').forEach((lane, index) => lanes[index]!.add(lane));
    }
    expect(whole.size).toBe(100_000);
    // Of 100,000 in 2^32, chance makes about one pair alike.
    for (const lane of lanes) expect(lane.size).toBeGreaterThan(99_985);
  });
});

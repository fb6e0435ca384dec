import { Buffer } from 'node:buffer';
import { deflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compress, decompress, MAX_BYTES } from './compression.ts';

const refused = expect.objectContaining({ name: 'StockroomError', code: 'INVALID_INPUT' });
const text = (repeats: number): Buffer =>
  Buffer.from('{"symbol":"INFY.NS","price":1523.45},'.repeat(repeats));

/** Bytes that no compression makes shorter: a multiplicative generator's, the same in every run. */
function noise(length: number): Uint8Array {
  let state = 1n;
  return Uint8Array.from({ length }, () => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 56n);
  });
}

/** A compressed form whose header says `length`. */
function forged(length: number, content: Uint8Array): Uint8Array {
  const whole = Buffer.concat([Buffer.alloc(4), deflateSync(content)]);
  whole.writeUInt32BE(length);
  return whole;
}

describe('compress', () => {
  it('gives back the same bytes through decompress, whatever they are', async () => {
    const piece = fc.oneof(
      fc.uint8Array(),
      fc.string({ unit: 'binary' }).map((part) => Buffer.from(part)),
    );
    await fc.assert(
      fc.asyncProperty(piece, fc.integer({ min: 1, max: 3000 }), async (bytes, repeats) => {
        const original = Buffer.concat(Array.from({ length: repeats }, () => bytes));
        const result = await compress(original, 0);
        const back = result.compressed ? await decompress(result.bytes) : result.bytes;
        expect(Buffer.compare(back, original)).toBe(0);
        if (result.compressed) expect(result.bytes.length).toBeLessThanOrEqual(original.length * 0.9);
      }),
    );
  });

  it('leaves alone what is not above the limit', async () => {
    const bytes = text(10);
    expect(await compress(bytes, bytes.length)).toEqual({ bytes, compressed: false });
    expect((await compress(bytes, bytes.length - 1)).compressed).toBe(true);
  });

  it('gives the very bytes back when too little would be saved', async () => {
    const bytes = noise(5000);
    const result = await compress(bytes, 0);
    expect(result.compressed).toBe(false);
    expect(result.bytes).toBe(bytes);
    // 95 % noise: deflate saves something, but less than a tenth.
    const mixed = Buffer.concat([noise(9500), Buffer.alloc(500)]);
    expect((await compress(mixed, 0)).compressed).toBe(false);
    const worthwhile = Buffer.concat([noise(8500), Buffer.alloc(1500)]);
    expect((await compress(worthwhile, 0)).compressed).toBe(true);
  });

  it('takes part of a buffer', async () => {
    const bytes = text(200);
    const { bytes: packed } = await compress(new Uint8Array(bytes).subarray(37, 37 * 101), 0);
    const padded = Buffer.concat([Buffer.from('12345'), packed]);
    expect(Buffer.from(await decompress(new Uint8Array(padded).subarray(5))).toString()).toBe(
      text(100).toString(),
    );
  });

  it('never makes what decompress would refuse', async () => {
    const largest = Buffer.alloc(MAX_BYTES);
    const { bytes, compressed } = await compress(largest, 0);
    expect(compressed).toBe(true);
    expect((await decompress(bytes)).length).toBe(MAX_BYTES);
    const larger = Buffer.alloc(MAX_BYTES + 1);
    const untouched = await compress(larger, 0);
    // Not toEqual: it would look at every byte.
    expect(untouched.bytes === larger && !untouched.compressed).toBe(true);
  });
});

describe('decompress', () => {
  it('refuses any damage, or is not touched by it', async () => {
    const original = text(30);
    const { bytes } = await compress(original, 0);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: bytes.length * 8 - 1 }), async (bit) => {
        const damaged = Buffer.from(bytes);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        const outcome = await decompress(damaged).catch((error: unknown) => error);
        // Bits that only fill up the last byte of the deflated stream say nothing.
        if (!(outcome instanceof Uint8Array)) expect(outcome).toEqual(refused);
        else expect(Buffer.compare(outcome, original)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses what was cut off', async () => {
    const { bytes } = await compress(text(30), 0);
    for (let length = 0; length < bytes.length; length++) {
      await expect(decompress(bytes.subarray(0, length))).rejects.toEqual(refused);
    }
  });

  it('refuses bytes that are no compressed form', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await expect(decompress(bytes)).rejects.toEqual(refused);
      }),
    );
  });

  it('refuses more than it may give, by its header or against it', async () => {
    const content = Buffer.alloc(100_000);
    await expect(decompress(forged(MAX_BYTES + 1, content))).rejects.toThrow('longer than 67108864 bytes');
    await expect(decompress(forged(99_999, content))).rejects.toEqual(refused);
    await expect(decompress(forged(100_001, content))).rejects.toEqual(refused);
    await expect(decompress(forged(MAX_BYTES, content))).rejects.toEqual(refused);
    expect((await decompress(forged(100_000, content))).length).toBe(100_000);
  });
});

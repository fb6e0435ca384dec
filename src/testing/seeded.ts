/** The largest seed. */
export const SEED_MAX = 2 ** 32 - 1;

/** Mulberry32 by Tommy Ettinger (public domain): from 0 up to, not with, 1; its period is 2^32. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

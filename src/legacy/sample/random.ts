/**
 * A seeded generator of pseudo-random numbers (sfc32), so that one seed always writes the same directory. Each table
 * has a stream of its own: a change to one writer leaves the rows of the others as they were.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number;
  /** A number from `min` to `max` rounded to `decimals` places. */
  decimal(min: number, max: number, decimals: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** `length` lower-case hexadecimal digits. */
  hex(length: number): string;
  /** 32 hexadecimal digits in the form of Python's `uuid.uuid4().hex`. */
  uuidHex(): string;
}

/** FNV-1a: spreads a text over 32 bits. */
function hash32(text: string, basis: number): number {
  let hash = basis;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Chris Doty-Humphrey's Small Fast Counting generator, 32 bit, from PractRand. */
function sfc32(key: string): () => number {
  let a = hash32(key, 0x811c9dc5);
  let b = hash32(key, 0x9e3779b9);
  let c = hash32(key, 0x85ebca6b);
  let counter = 1;
  const step = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // The author's own seeding discards the first outputs, in which similar keys still resemble one another.
  for (let i = 0; i < 15; i += 1) step();
  return step;
}

export function roundTo(value: number, decimals: number): number {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor;
}

/** The stream called `stream` of a seed. */
export function createRandom(seed: number, stream: string): Random {
  const step = sfc32(`${seed}/${stream}`);
  const next = (): number => step() / 2 ** 32;
  const hex = (length: number): string => {
    let digits = '';
    while (digits.length < length) digits += step().toString(16).padStart(8, '0');
    return digits.slice(0, length);
  };
  return {
    next,
    int: (min, max) => min + Math.floor(next() * (max - min + 1)),
    decimal: (min, max, decimals) => roundTo(min + next() * (max - min), decimals),
    chance: (probability) => next() < probability,
    pick: <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T,
    hex,
    uuidHex: () => {
      const digits = hex(32);
      const variant = '89ab'[step() & 3];
      return `${digits.slice(0, 12)}4${digits.slice(13, 16)}${variant}${digits.slice(17)}`;
    },
  };
}

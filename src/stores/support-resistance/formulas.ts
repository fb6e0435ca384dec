/** What a method makes its levels of: the highest price, the lowest and the last close of some sessions. */
export interface Prices {
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** The pivot, resistances above and supports below it, in the unit of the prices. */
export interface LevelFigures {
  readonly p: number;
  readonly r1: number;
  readonly r2: number;
  readonly r3: number;
  readonly s1: number;
  readonly s2: number;
  readonly s3: number;
  /** Camarilla and Woodie alone. */
  readonly r4?: number;
  readonly s4?: number;
}

export const methods = ['floor', 'fibonacci', 'camarilla', 'woodie'] as const;
export type Method = (typeof methods)[number];

/**
 * The old application's formulas, in the order of its operations, so that the same prices give the same doubles. They are the floor
 * traders' (classic, standard) pivots.
 */
function floor({ high, low, close }: Prices): LevelFigures {
  const p = (high + low + close) / 3;
  return {
    p,
    r1: 2 * p - low,
    r2: p + (high - low),
    r3: high + 2 * (p - low),
    s1: 2 * p - high,
    s2: p - (high - low),
    s3: low - 2 * (high - p),
  };
}

/** The floor pivot, with levels at 0.382, 0.618 and 1 of the range. (Some calculators take 0.6182.) */
function fibonacci({ high, low, close }: Prices): LevelFigures {
  const p = (high + low + close) / 3;
  const range = high - low;
  return {
    p,
    r1: p + 0.382 * range,
    r2: p + 0.618 * range,
    r3: p + range,
    s1: p - 0.382 * range,
    s2: p - 0.618 * range,
    s3: p - range,
  };
}

/** Levels around the close, at 1.1 of the range divided by 12, 6, 4 and 2; the pivot is the floor pivot. */
function camarilla({ high, low, close }: Prices): LevelFigures {
  const range = (high - low) * 1.1;
  return {
    p: (high + low + close) / 3,
    r1: close + range / 12,
    r2: close + range / 6,
    r3: close + range / 4,
    r4: close + range / 2,
    s1: close - range / 12,
    s2: close - range / 6,
    s3: close - range / 4,
    s4: close - range / 2,
  };
}

/**
 * (H + L + 2C) / 4, the form that counts the last close twice. Another counts today's open twice: it cannot be known before the session
 * opens, for which levels are asked.
 */
function woodie({ high, low, close }: Prices): LevelFigures {
  const p = (high + low + 2 * close) / 4;
  const range = high - low;
  const r3 = high + 2 * (p - low);
  const s3 = low - 2 * (high - p);
  return {
    p,
    r1: 2 * p - low,
    r2: p + range,
    r3,
    r4: r3 + range,
    s1: 2 * p - high,
    s2: p - range,
    s3,
    s4: s3 - range,
  };
}

const formulas: Readonly<Record<Method, (prices: Prices) => LevelFigures>> = {
  floor,
  fibonacci,
  camarilla,
  woodie,
};

export function levelsOf(method: Method, prices: Prices): LevelFigures {
  return formulas[method](prices);
}

/** From the highest level to the lowest; the first that the price has reached gives the score. */
const scores = [
  ['r3', 10],
  ['r2', 25],
  ['r1', 40],
  ['p', 55],
  ['s1', 70],
  ['s2', 85],
] as const;
const BELOW_ALL = 95;
/** Nothing speaks for the price or against it. */
export const NO_LEVELS = 50;

/** How cheap a price is among its levels: 10 (at the third resistance or above) to 95 (below the second support); 50 without levels. */
export function scoreOf(
  price: number,
  levels: { readonly [Name in (typeof scores)[number][0]]: number | null } | undefined,
): number {
  if (levels === undefined || scores.every(([name]) => levels[name] === null)) return NO_LEVELS;
  for (const [name, score] of scores) {
    const level = levels[name];
    if (level !== null && price >= level) return score;
  }
  return BELOW_ALL;
}

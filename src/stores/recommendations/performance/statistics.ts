/** Statistics over plain lists. None of them changes its input; an empty list, where nothing can be said, gives null. */

export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1]!;
  return sorted.length % 2 === 1 ? upper : (sorted[(sorted.length >> 1) - 1]! + upper) / 2;
}

/** Of a sample: divided by n − 1. */
export function standardDeviation(values: readonly number[]): number | null {
  const middle = mean(values);
  if (middle === null || values.length < 2) return null;
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % point of the standard normal distribution. */
const Z_95 = 1.959963984540054;

/**
 * The 95 % score interval of a proportion, from 0 to 1: E. B. Wilson, "Probable inference, the law of succession, and statistical
 * inference", JASA 22 (1927), without continuity correction. It stays within 0 to 1 and is honest for few trials.
 */
export function wilsonInterval(successes: number, trials: number): Interval | null {
  if (trials === 0) return null;
  const rate = successes / trials;
  const z2 = Z_95 ** 2 / trials;
  const centre = rate + z2 / 2;
  const spread = Math.sqrt(z2 * (rate * (1 - rate) + z2 / 4));
  return {
    low: Math.max(0, (centre - spread) / (1 + z2)),
    high: Math.min(1, (centre + spread) / (1 + z2)),
  };
}

/** Ranks from 1; equal values share the mean of their ranks. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).sort((a, b) => values[a]! - values[b]!);
  const result = Array.from<number>({ length: values.length });
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to += 1;
    for (let at = from; at < to; at += 1) result[order[at]!] = (from + 1 + to) / 2;
    from = to;
  }
  return result;
}

/** Pearson's product-moment correlation, −1 to 1; null when one of them does not vary. */
export function correlation(xs: readonly number[], ys: readonly number[]): number | null {
  const [mx, my] = [mean(xs), mean(ys)];
  if (mx === null || my === null || xs.length < 2) return null;
  let [xy, xx, yy] = [0, 0, 0];
  for (let at = 0; at < xs.length; at += 1) {
    const [dx, dy] = [xs[at]! - mx, ys[at]! - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  if (xx === 0 || yy === 0) return null;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}

/** Spearman's rank correlation: Pearson's of the ranks, which is right with ties too. */
export function rankCorrelation(xs: readonly number[], ys: readonly number[]): number | null {
  return correlation(ranks(xs), ranks(ys));
}

/** A stock score as it is cached: about 300 bytes of JSON with a small array. */
export interface Score {
  readonly symbol: string;
  readonly version: number;
  readonly score: number;
  readonly rank: number;
  readonly factors: readonly number[];
  readonly sector: string;
  readonly model: string;
  readonly updatedAt: string;
  readonly summary: string;
}

export function scoreOf(n: number, version = 1): Score {
  return {
    symbol: `SYM${String(n).padStart(6, '0')}`,
    version,
    score: 50 + (n % 50) + 0.25,
    rank: n,
    factors: [0.125, 0.5, 0.75, 0.0625, (n % 100) / 100, 0.375],
    sector: 'Information Technology',
    model: 'factor-blend-4',
    updatedAt: '2025-03-14T09:26:53.589Z',
    summary: 'Momentum and quality hold up; valuation is stretched against its own five years.',
  };
}

/** Keys of one contender: nobody else's, and as long as theirs. */
export function keysOf(owner: number, count: number): string[] {
  const prefix = String(owner).padStart(2, '0');
  return Array.from({ length: count }, (_, n) => `stock-${prefix}-${String(n).padStart(6, '0')}`);
}

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { createScores, type Scores } from './store.ts';

const symbols = ['M&M', 'TCS', 'ITC', 'NIFTY 50', 'L&TFH', 'A:B', 'ZEE', 'ÄB', 'BAJAJ-AUTO', '^NSEI'];
const universe = fc.subarray(symbols).map((chosen) => ({ symbols: chosen }));
const scored = fc.uniqueArray(
  fc.record({
    symbol: fc.constantFrom(...symbols),
    // Few values: scores are equal often.
    blend_score: fc.oneof(fc.integer({ min: -1, max: 2 }), fc.double({ noNaN: true, min: -1e9, max: 1e9 })),
    confidence: fc.constantFrom('Low', 'MEDIUM', 'high', 'Sure', null),
    is_actionable: fc.constantFrom(true, false, null),
  }),
  { selector: ({ symbol }) => symbol },
);
const filters = fc.record(
  {
    min_confidence: fc.constantFrom('low' as const, 'medium' as const, 'high' as const),
    actionable: fc.boolean(),
  },
  { requiredKeys: [] },
);

describe.each(storeKinds)('ranks on the %s tiers', (kind) => {
  let stores: TestStores;
  let scores: Scores;
  beforeAll(async () => {
    stores = await freshStores(kind);
    scores = createScores(stores);
  });
  afterAll(() => stores.remove());

  it('are the same in every universe, and filters only remove', async () => {
    await fc.assert(
      fc.asyncProperty(
        scored,
        universe,
        universe,
        filters,
        fc.integer({ min: 1, max: 10 }),
        async (given, one, two, filter, n) => {
          await scores.clear();
          await scores.put(given);
          const namesOf = async (query: Parameters<Scores['top']>[0]) =>
            (await scores.top({ n: 500, ...query })).items.map(
              ({ symbol, global_rank }) => `${global_rank} ${symbol}`,
            );
          const all = await namesOf({});
          expect(all).toHaveLength(given.length);
          const inOne = await namesOf(one);
          const inTwo = await namesOf(two);
          const inBoth = (list: string[], others: string[]) => list.filter((name) => others.includes(name));
          // In order, and with the same global ranks.
          expect(inBoth(inOne, inTwo)).toEqual(inBoth(inTwo, inOne));
          expect(inOne).toEqual(inBoth(all, inOne));
          const filtered = await namesOf({ ...one, ...filter });
          expect(filtered).toEqual(inBoth(inOne, filtered));
          const { items } = await scores.top({ ...one, ...filter, n });
          expect(items.map(({ symbol, global_rank }) => `${global_rank} ${symbol}`)).toEqual(
            filtered.slice(0, n),
          );
          expect(items.map(({ rank }) => rank)).toEqual(items.map((_, index) => index + 1));
        },
      ),
      { numRuns: 40 },
    );
  });
});

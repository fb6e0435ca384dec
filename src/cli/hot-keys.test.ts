import { describe, expect, it } from 'vitest';
import { createInProcessTier } from '../tiers/hot/in-process/tier.ts';
import { countKeys, familyOf } from './hot-keys.ts';

describe('familyOf', () => {
  it.each([
    ['llm:daily:2026-01-01', 'llm:daily'],
    ['llm:requests', 'llm:requests'],
    ['rec:unevaluated', 'rec:unevaluated'],
    ['rec:0197-ab', 'rec'],
    ['hist:meta', 'hist:meta'],
    ['hist:TCS:1d:yahoo:3', 'hist'],
    ['sr:TCS:1d', 'sr'],
    ['c:prices:TCS', 'c:prices'],
    ['c:prices::tag:x', 'c:prices'],
    ['lease:{stockroom:c:prices:TCS}', 'lease'],
    ['alone', 'alone'],
    ['', ''],
  ])('of %j is %j', (key, family) => expect(familyOf(key)).toBe(family));
});

describe('countKeys', () => {
  const page = (keys: string[], cursor?: string) => ({ keys: keys.map((key) => `p:${key}`), cursor });
  const ignore = (): void => undefined;

  it('counts each key once, the largest family first, and tells how far it is', async () => {
    const pages = [page(['sr:a', 'rec:1', 'rec:2'], '1'), page([], '2'), page(['rec:2', 'rec:3'])];
    const told: number[] = [];
    const scan = async () => pages.shift()!;
    expect(await countKeys({ prefix: 'p:', scan }, 10, (keys) => told.push(keys))).toEqual({
      families: [
        { family: 'rec', keys: 3 },
        { family: 'sr', keys: 1 },
      ],
      keys: 4,
      complete: true,
    });
    expect(told).toEqual([3, 3, 4]);
  });

  it('stops at its bound and says that there are more', async () => {
    let asked = 0;
    const scan = async () => page([`rec:${(asked += 1)}`, `rec:x${asked}`], 'more');
    const found = await countKeys({ prefix: 'p:', scan }, 5, ignore);
    expect([found.keys, found.complete, asked]).toEqual([5, false, 3]);
    const cut = await countKeys({ prefix: 'p:', scan: async () => page(['a', 'b', 'c']) }, 2, ignore);
    expect([cut.keys, cut.complete]).toEqual([2, false]);
    const exact = await countKeys({ prefix: 'p:', scan: async () => page(['a', 'b']) }, 2, ignore);
    expect([exact.keys, exact.complete]).toEqual([2, true]);
  });

  it('puts what others write under the prefix together', async () => {
    const scan = async () => page(Array.from({ length: 150 }, (_, at) => `family${at}:x`));
    const { families } = await countKeys({ prefix: 'p:', scan }, 1_000, ignore);
    expect(families).toHaveLength(101);
    expect(families[0]).toEqual({ family: '(other)', keys: 50 });
  });

  it('counts what a tier holds', async () => {
    const hot = createInProcessTier({ prefix: 'p:' });
    for (const key of ['c:a:1', 'c:a:2', 'c:b:1'])
      await hot.entries.write(`p:${key}`, 'x', Date.now() + 60_000);
    const { families } = await countKeys(hot, 100, ignore);
    expect(families).toEqual([
      { family: 'c:a', keys: 2 },
      { family: 'c:b', keys: 1 },
    ]);
  });
});

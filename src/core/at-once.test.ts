import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { atOnce } from './at-once.ts';

const ticks = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i += 1) await Promise.resolve();
};

it('works on every item once, and never on more than so many at once', async () => {
  const most = fc.integer({ min: 1, max: 5 });
  await fc.assert(
    fc.asyncProperty(most, fc.array(fc.nat(6)), fc.boolean(), async (limit, lengths, isAsync) => {
      async function* oneByOne(): AsyncGenerator<readonly [number, number]> {
        for (const item of lengths.entries()) {
          await ticks(item[1] % 3);
          yield item;
        }
      }
      const done: number[] = [];
      let now = 0;
      let highest = 0;
      await atOnce(limit, isAsync ? oneByOne() : lengths.entries(), async ([index, length]) => {
        now += 1;
        highest = Math.max(highest, now);
        await ticks(length);
        now -= 1;
        done.push(index);
      });
      expect(done.toSorted((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
      expect(highest).toBeLessThanOrEqual(limit);
      if (!isAsync && lengths.length > 0 && lengths.every((length) => length > 4))
        expect(highest).toBe(Math.min(limit, lengths.length));
    }),
  );
});

it('begins nothing after a failure, ends what is under way, and closes what it read from', async () => {
  let closed = false;
  async function* endless(): AsyncGenerator<number> {
    try {
      for (let n = 0; ; n += 1) yield n;
    } finally {
      closed = true;
    }
  }
  const begun: number[] = [];
  const ended: number[] = [];
  const working = atOnce(3, endless(), async (n) => {
    begun.push(n);
    await ticks(n === 4 ? 1 : 20);
    if (n === 4) throw new Error('the fifth');
    ended.push(n);
  });
  await expect(working).rejects.toThrow('the fifth');
  expect(closed).toBe(true);
  expect(ended.toSorted((a, b) => a - b)).toEqual(begun.filter((n) => n !== 4).toSorted((a, b) => a - b));
  expect(begun.length).toBeLessThan(8);
});

it('passes on what the items themselves threw', async () => {
  async function* broken(): AsyncGenerator<number> {
    yield 1;
    await Promise.resolve();
    throw new Error('no more of them');
  }
  await expect(atOnce(2, broken(), () => Promise.resolve())).rejects.toThrow('no more of them');
});

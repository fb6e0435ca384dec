import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Ranked } from '../../../src/tiers/hot/port.ts';
import {
  eventually,
  freshKey,
  fromBoth,
  later,
  LONG_MS,
  shortLifeToEnd,
  soon,
  type Subject,
  twoHandles,
} from './subject.ts';
import { anyText, oddTexts } from './texts.ts';

const a = { id: 'a', score: 1 };
const b = { id: 'b', score: 2 };
const c = { id: 'c', score: 3 };

/** Members by score: added, moved, trimmed and read from either end. */
export function rankingsSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it('gives the highest first, or the lowest', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    expect(await here.rankings.put(key, [b, a])).toBe(true);
    expect(await here.rankings.put(key, [c])).toBe(true);
    expect(await there.rankings.top(key, 2)).toEqual([c, b]);
    expect(await there.rankings.top(key, 2, 'highest')).toEqual([c, b]);
    expect(await there.rankings.top(key, 2, 'lowest')).toEqual([a, b]);
    expect(await there.rankings.top(key, 10)).toEqual([c, b, a]);
    expect(await there.rankings.top(key, 10, 'lowest')).toEqual([a, b, c]);
    expect(await there.rankings.top(key, 0)).toEqual([]);
    expect(await there.rankings.top(key, 0, 'lowest')).toEqual([]);
  });

  it('gives nothing where there is no ranking', async () => {
    const { here } = handles();
    const key = freshKey(here);
    expect(await here.rankings.top(key, 5)).toEqual([]);
    await here.rankings.remove(key, ['a']);
    expect(await here.rankings.top(key, 5, 'lowest')).toEqual([]);
  });

  it('orders equal scores by id, in the same direction, by the bytes of UTF-8', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    // The last two stand the other way round by their UTF-16 units.
    const ids = ['', '\0', 'B', 'a', 'aa', 'b', 'é', '₹', '\uffee', '💹'];
    const members = ids.map((id): Ranked => ({ id, score: 7 }));
    await here.rankings.put(key, [...members.slice(5), ...members.slice(0, 5)]);
    expect(await there.rankings.top(key, 100, 'lowest')).toEqual(members);
    expect(await there.rankings.top(key, 100)).toEqual(members.toReversed());
    expect(await there.rankings.top(key, 2)).toEqual(members.slice(-2).toReversed());
  });

  it('moves a member that is there', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await here.rankings.put(key, [a, b]);
    await there.rankings.put(key, [{ id: 'a', score: 9 }]);
    expect(await here.rankings.top(key, 10)).toEqual([{ id: 'a', score: 9 }, b]);
    await there.rankings.put(key, [{ id: 'a', score: -9 }]);
    expect(await here.rankings.top(key, 10)).toEqual([b, { id: 'a', score: -9 }]);
  });

  it('keeps the highest, of those put now and before', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await here.rankings.put(key, [a, b, c], { keep: 2 });
    expect(await there.rankings.top(key, 10)).toEqual([c, b]);
    await here.rankings.put(key, [a], { keep: 2 });
    expect(await there.rankings.top(key, 10)).toEqual([c, b]);
    await here.rankings.put(key, [{ id: 'bb', score: 2 }], { keep: 2 });
    expect(await there.rankings.top(key, 10)).toEqual([c, { id: 'bb', score: 2 }]);
    await here.rankings.put(key, [], { keep: 1 });
    expect(await there.rankings.top(key, 10)).toEqual([c]);
    await here.rankings.put(key, [a, b], { keep: 10 });
    expect(await there.rankings.top(key, 10)).toEqual([c, b, a]);
  });

  it('puts only where a ranking is there, when told so', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    expect(await here.rankings.put(key, [a], { onlyIfThere: true })).toBe(false);
    expect(await there.rankings.top(key, 10)).toEqual([]);
    expect(await here.rankings.put(key, [a], { onlyIfThere: false })).toBe(true);
    expect(await here.rankings.put(key, [b], { onlyIfThere: true, keep: 1 })).toBe(true);
    expect(await there.rankings.top(key, 10)).toEqual([b]);
  });

  it('removes members', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await here.rankings.put(key, [a, b, c]);
    await there.rankings.remove(key, ['b', 'x']);
    expect(await here.rankings.top(key, 10)).toEqual([c, a]);
    await there.rankings.remove(key, []);
    await there.rankings.remove(key, ['a', 'c']);
    expect(await here.rankings.top(key, 10)).toEqual([]);
  });

  it('lives until the time that was given last', async () => {
    const { here, there } = handles();
    const [short, long, kept] = [freshKey(here), freshKey(here), freshKey(here)];
    await here.rankings.put(short, [a], { expiresAtMs: later() });
    await here.rankings.put(short, [b], { expiresAtMs: soon() });
    await here.rankings.put(kept, [a], { expiresAtMs: soon() });
    await here.rankings.put(kept, [b]);
    await here.rankings.put(long, [a], { expiresAtMs: soon() });
    await here.rankings.put(long, [b], { expiresAtMs: later() });
    await shortLifeToEnd(there);
    await eventually(async () => {
      for (const key of [short, kept]) expect(await there.rankings.top(key, 10)).toEqual([]);
    });
    expect(await there.rankings.put(short, [a], { onlyIfThere: true })).toBe(false);
    expect(await there.rankings.top(long, 10)).toEqual([b, a]);
  });

  it('is the content of a projection, and moves one', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const epoch = await here.projections.begin(key, LONG_MS);
    await here.projections.replace(key, epoch, { kind: 'ranking', members: [a, b] }, later());
    expect(await there.rankings.put(key, [c], { onlyIfThere: true, keep: 2 })).toBe(true);
    expect(await there.rankings.top(key, 10)).toEqual([c, b]);
    expect(await here.projections.read(key)).toEqual({
      kind: 'ranking',
      members: expect.arrayContaining([b, c]) as unknown,
    });
  });

  it('keeps every id and every score', async () => {
    const { here, there } = handles();
    const score = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    await fc.assert(
      fc.asyncProperty(anyText, score, async (id, value) => {
        const key = freshKey(here);
        await here.rankings.put(key, [{ id, score: value }], { expiresAtMs: later() });
        expect(await there.rankings.top(key, 1)).toEqual([{ id, score: value }]);
      }),
      {
        numRuns: 60,
        examples: [
          ...oddTexts.map((text): [string, number] => [text, 0.1]),
          ...[
            5e-324,
            -5e-324,
            Number.MAX_VALUE,
            -Number.MAX_VALUE,
            0.1 + 0.2,
            1e21,
            2 ** 53 + 2,
            1_700_000_000_123,
          ].map((value): [string, number] => ['id', value]),
        ],
      },
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses the score %s, and puts none of the members',
    async (score) => {
      const { here, there } = handles();
      const key = freshKey(here);
      await expect(here.rankings.put(key, [a, { id: 'odd', score }])).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      });
      expect(await there.rankings.top(key, 10)).toEqual([]);
    },
  );

  it('loses nothing when many put at once', async () => {
    const both = handles();
    const key = freshKey(both.here);
    let turn = 0;
    await fromBoth(both, 100, (tier) => {
      turn += 1;
      return tier.rankings.put(key, [{ id: String(turn), score: turn }], { keep: 60 });
    });
    const kept = await both.there.rankings.top(key, 1_000);
    expect(kept.map(({ score }) => score)).toEqual(Array.from({ length: 60 }, (_, index) => 100 - index));
  });
}

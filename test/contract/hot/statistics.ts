import { expect, it } from 'vitest';
import { freshKey, fromBoth, type Subject, twoHandles } from './subject.ts';

/** Counters that may be lost, and are not while nothing happens to the store. */
export function statisticsSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it('counts from nothing', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    expect(await here.statistics.counts(key)).toEqual({});
    await here.statistics.count(key, { hits: 2, misses: 1 });
    await there.statistics.count(key, { hits: 3, writes: 0 });
    expect(await here.statistics.counts(key)).toEqual({ hits: 5, misses: 1, writes: 0 });
    await there.statistics.count(key, { hits: -1, ['odd\0 name']: 2 ** 40 });
    await there.statistics.count(key, {});
    expect(await here.statistics.counts(key)).toEqual({
      hits: 4,
      misses: 1,
      writes: 0,
      ['odd\0 name']: 2 ** 40,
    });
  });

  it('counts nothing where nothing is counted', async () => {
    const { here } = handles();
    const key = freshKey(here);
    await here.statistics.count(key, {});
    expect(await here.statistics.counts(key)).toEqual({});
  });

  it('counts what many count at once', async () => {
    const both = handles();
    const key = freshKey(both.here);
    await fromBoth(both, 200, (tier) => tier.statistics.count(key, { hits: 1, misses: 2 }));
    expect(await both.here.statistics.counts(key)).toEqual({ hits: 200, misses: 400 });
  });
}

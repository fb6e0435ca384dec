import { expect, it } from 'vitest';
import type { Cache } from '../../../src/tiers/tiered/index.ts';
import { type CacheSubject, eventually, LONG_MS, toExpire, twoProcesses } from './subject.ts';

interface Holding {
  list: { n: number }[];
  at?: Date;
  map?: Map<string, { n: number }>;
  set?: Set<number>;
}

/** Every way by which a value comes out of a cache. */
const ways: readonly [string, (cache: Cache<Holding>) => Promise<Holding | undefined>][] = [
  ['get', (cache) => cache.get('key')],
  ['getMany', async (cache) => (await cache.getMany(['key'])).get('key')],
  ['getOrSet', (cache) => cache.getOrSet('key', () => ({ list: [{ n: 1 }] }))],
  ['getOrSetMany', async (cache) => (await cache.getOrSetMany(['key'], () => new Map())).get('key')],
];

export function isolationSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);
  const plain = (): Holding => ({ list: [{ n: 1 }] });
  const rich = (): Holding => ({
    ...plain(),
    at: new Date(5),
    map: new Map([['a', { n: 1 }]]),
    set: new Set([1]),
  });

  it.each(ways)('gives frozen values that callers share: %s', async (_, give) => {
    const { here, there } = processes().pair<Holding>();
    await here.set('key', plain());
    for (const cache of [here, there]) {
      const value = (await give(cache))!;
      expect(() => value.list.push({ n: 2 })).toThrow(TypeError);
      expect(() => {
        value.list[0]!.n = 2;
      }).toThrow(TypeError);
      expect(await give(cache)).toEqual(plain());
      await give(cache);
      expect(await give(cache)).toBe(await give(cache));
    }
  });

  it.each(ways)('gives clones of what cannot be frozen: %s', async (_, give) => {
    const { here, there } = processes().pair<Holding>();
    await here.set('key', rich());
    for (const cache of [here, there]) {
      for (let again = 0; again < 3; again += 1) {
        const value = (await give(cache))!;
        expect(value).toEqual(rich());
        value.at!.setTime(0);
        value.map!.get('a')!.n = 2;
        value.map!.set('b', { n: 3 });
        value.set!.clear();
        value.list.push({ n: 4 });
      }
    }
  });

  it.each(ways)('gives clones where the namespace says so: %s', async (_, give) => {
    const { here, there } = processes().pair<Holding>({ isolate: 'clone' });
    await here.set('key', plain());
    for (const cache of [here, there]) {
      for (let again = 0; again < 3; again += 1) {
        const value = (await give(cache))!;
        expect(value).toEqual(plain());
        value.list[0]!.n = 2;
        value.list.push({ n: 3 });
      }
    }
  });

  it.each(['freeze', 'clone'] as const)(
    'gives callers who share one factory no common ground: %s',
    async (isolate) => {
      const { here } = processes().pair<Holding>({ isolate });
      const [one, other] = await Promise.all([
        here.getOrSet('key', async () => rich()),
        here.getOrSet('key', async () => rich()),
      ]);
      one.map!.clear();
      one.at!.setTime(0);
      expect(other).toEqual(rich());
      expect(await here.get('key')).toEqual(rich());
    },
  );

  it('takes no notice of what is done later with what was set', async () => {
    const { here, there } = processes().pair<Holding>();
    const [value, many] = [rich(), rich()];
    const writing = [here.set('key', value), here.setMany({ many })];
    value.list.push({ n: 2 });
    many.list.length = 0;
    await Promise.all(writing);
    value.map!.clear();
    many.at!.setTime(0);
    for (const cache of [here, there]) {
      expect(await cache.get('key')).toEqual(rich());
      expect(await cache.get('many')).toEqual(rich());
    }
    // And it was not frozen.
    value.list.push({ n: 3 });
    expect(value.list).toHaveLength(3);
  });

  it('neither freezes what a factory gave, nor is changed by its maker later', async () => {
    const { here, there } = processes().pair<Holding>();
    const made = plain();
    const many = new Map([['many', plain()]]);
    const given = await here.getOrSet('key', () => made);
    const givenMany = await here.getOrSetMany(['many'], () => many);
    made.list.push({ n: 2 });
    many.get('many')!.list.push({ n: 2 });
    expect(given).toEqual(plain());
    expect(givenMany.get('many')).toEqual(plain());
    for (const cache of [here, there]) {
      expect(await cache.get('key')).toEqual(plain());
      expect(await cache.get('many')).toEqual(plain());
    }
  });

  it('gives a factory a stale value that it cannot change for others', async () => {
    const { here } = processes().pair<Holding>({ staleWhileRevalidateMs: LONG_MS, errorBackoffMs: 0 });
    await here.set('key', rich(), { ttlMs: 1, jitter: 0 });
    await toExpire(here, 'key');
    let tried = 0;
    const spoiling = ({ stale }: { stale: Holding | undefined }): Promise<Holding> => {
      stale?.map?.clear();
      tried += 1;
      return Promise.reject(new Error('spoilt'));
    };
    await eventually(async () => {
      expect(await here.getOrSet('key', spoiling)).toEqual(rich());
      expect(tried).toBeGreaterThan(1);
    });
  });

  it('gives maps that callers may change without changing the cache', async () => {
    const { here } = processes().pair<number>();
    await here.setMany({ a: 1, b: 2 });
    (await here.getMany(['a', 'b'])).clear();
    expect((await here.getMany(['a', 'b'])).size).toBe(2);
  });
}

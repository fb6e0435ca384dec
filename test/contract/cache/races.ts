import { describe, expect, it } from 'vitest';
import { type Cache, createCache } from '../../../src/tiers/tiered/index.ts';
import {
  allCaughtUp,
  type CacheSubject,
  caughtUp,
  deferred,
  eventually,
  freshName,
  fullKey,
  held,
  LONG_MS,
  times,
  twoProcesses,
  withEntries,
  withParts,
} from './subject.ts';

type Writing = (cache: Cache<string>) => Promise<boolean>;

/** Each with what everybody reads afterwards. */
const writings: readonly [string, Writing, string | undefined][] = [
  ['set', (cache) => cache.set('key', 'written'), 'written'],
  ['setMany', (cache) => cache.setMany({ key: 'written' }), 'written'],
  ['delete', (cache) => cache.delete('key'), undefined],
  ['deleteByTag', (cache) => cache.deleteByTag('t'), undefined],
  ['deleteByTag of a tag that comes late', (cache) => cache.deleteByTag('late'), undefined],
  ['clear', (cache) => cache.clear(), undefined],
];

export function racesSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  describe.each(['here', 'there'] as const)('a write %s while a factory runs here', (where) => {
    it.each(writings)('%s wins over what the factory makes', async (_, write, expected) => {
      const pair = processes().pair<string>();
      const { factory, running, end } = held<string>();
      const waiting = times(10, () =>
        pair.here.getOrSet(
          'key',
          (context) => {
            context.tags('late');
            return factory();
          },
          { tags: ['t'] },
        ),
      );
      await running();
      expect(await write(pair[where])).toBe(true);
      if (where === 'there') await caughtUp(processes().here.hot);
      // Who comes after the write must not be given what was looked up before it.
      const { factory: second, end: secondEnd } = held<string>();
      const late = times(10, () => pair.here.getOrSet('key', second, { tags: ['t'] }));
      end.resolve('made before');
      expect(new Set(await Promise.all(waiting))).toEqual(new Set(['made before']));
      if (expected === undefined) {
        expect(await pair.here.get('key')).toBeUndefined();
        expect(await pair.there.get('key')).toBeUndefined();
      }
      secondEnd.resolve('made after');
      const afterwards = expected ?? 'made after';
      expect(new Set(await Promise.all(late))).toEqual(new Set([afterwards]));
      await allCaughtUp(processes());
      for (const cache of [pair.here, pair.there]) {
        expect(await cache.get('key')).toBe(afterwards);
        expect(await cache.getOrSet('key', () => expect.unreachable())).toBe(afterwards);
      }
    });

    it.each(writings)('%s wins over what is made anew', async (_, write, expected) => {
      const pair = processes().pair<string>({ staleWhileRevalidateMs: LONG_MS });
      await pair.here.set('key', 'old', { ttlMs: 1, jitter: 0, tags: ['t', 'late'] });
      await eventually(async () => expect(await pair.here.get('key')).toBeUndefined());
      const { factory, running, end } = held<string>();
      const refreshing = pair.here.getOrSet('key', factory, { tags: ['t', 'late'] });
      expect(await refreshing).toBe('old');
      await running();
      expect(await write(pair[where])).toBe(true);
      await allCaughtUp(processes());
      end.resolve('made before');
      // There is nothing to wait for but that it does not happen: the next run begins when this one is over.
      const next = await pair.here.getOrSet('key', () => 'made after', { tags: ['t'] });
      expect(next).toBe(expected ?? 'made after');
      await allCaughtUp(processes());
      expect(await pair.here.get('key')).toBe(next);
      expect(await pair.there.get('key')).toBe(next);
    });
  });

  it('keeps nothing of a get that was on its way while another process wrote', async () => {
    const { here, there } = processes();
    const name = freshName();
    const gate = deferred<void>();
    const read = deferred<void>();
    const slow = withEntries(here.hot, {
      read: async (key) => {
        const entry = await here.hot.entries.read(key);
        if (key === fullKey(here.hot, name, 'key')) {
          read.resolve();
          await gate.promise;
        }
        return entry;
      },
    });
    const manager = createCache(slow);
    const cache = manager.namespace<string>(name);
    const writer = there.manager.namespace<string>(name);
    await writer.set('key', 'old');
    const getting = [cache.get('key'), cache.getOrSet('key', () => expect.unreachable())];
    await read.promise;
    await writer.set('key', 'new');
    await caughtUp(here.hot);
    const later = cache.get('key');
    gate.resolve();
    for (const value of await Promise.all(getting)) expect(['old', 'new']).toContain(value);
    expect(await later).toBe('new');
    expect(await cache.get('key')).toBe('new');
    await manager.close();
  });

  it('keeps nothing of a get that was on its way while this process wrote', async () => {
    const { here } = processes();
    const name = freshName();
    const gate = deferred<void>();
    let reads = 0;
    const slow = withEntries(here.hot, {
      read: async (key) => {
        const entry = await here.hot.entries.read(key);
        if (key !== fullKey(here.hot, name, 'key') && key !== fullKey(here.hot, name, 'gone')) return entry;
        reads += 1;
        if (reads <= 2) await gate.promise;
        return entry;
      },
    });
    const manager = createCache(slow);
    const cache = manager.namespace<string>(name);
    const writer = processes().there.manager.namespace<string>(name);
    await writer.setMany({ key: 'old', gone: 'old' });
    const getting = [cache.get('key'), cache.get('gone')];
    await eventually(() => expect(reads).toBe(2));
    await cache.set('key', 'new');
    await cache.delete('gone');
    gate.resolve();
    await Promise.all(getting);
    expect(await cache.get('key')).toBe('new');
    expect(await cache.get('gone')).toBeUndefined();
    await manager.close();
  });

  it('keeps nothing that depends on a tag that was dropped before it was known, however late that is told', async () => {
    const { here, there } = processes();
    const name = freshName();
    const mark = fullKey(here.hot, name, '').slice(0, -1);
    let untold: (() => void)[] | undefined = [];
    const { coherence } = here.hot;
    const late = withParts(here.hot, {
      coherence: withParts(coherence, {
        subscribe: (listener) =>
          coherence.subscribe({
            gap: () => listener.gap(),
            invalidated(key) {
              const isMark = key.startsWith(`${mark}::`);
              if (isMark && untold !== undefined) untold.push(() => listener.invalidated(key));
              else listener.invalidated(key);
            },
          }),
      }),
    });
    const manager = createCache(late);
    const cache = manager.namespace<string>(name);
    const { factory, running, end } = held<string>();
    const made = cache.getOrSet('key', async (context) => {
      const value = await factory();
      context.tags('late');
      return value;
    });
    await running();
    await there.manager.namespace<string>(name).deleteByTag('late');
    end.resolve('made before');
    expect(await made).toBe('made before');
    for (const tell of untold) tell();
    untold = undefined;
    expect(await cache.get('key')).toBeUndefined();
    await manager.close();
  });

  it('has in the process what Redis has, whichever of two writes at once came last', async () => {
    const { here, there } = processes().pair<string>();
    for (let round = 0; round < 20; round += 1) {
      // A tag that nobody knows yet holds the first write up.
      await Promise.all([
        here.set('key', `first ${round}`, { tags: [`new ${round}`] }),
        here.set('key', `second ${round}`),
      ]);
      await caughtUp(processes().there.hot);
      expect(await here.get('key')).toBe(await there.get('key'));
    }
  });

  it('has in the process what Redis has after writes and deletes of both, at once', async () => {
    const { here, there } = processes().pair<string>();
    const keys = ['a', 'b', 'c'];
    for (let round = 0; round < 15; round += 1) {
      const work = [here, there].flatMap((cache, side) =>
        keys.flatMap((key, at) => [
          cache.set(key, `${round} ${side}`, (round + at) % 3 === 0 ? { tags: [`t${round}`] } : {}),
          cache.getOrSet(key, async () => `made ${round} ${side}`, { tags: ['t'] }),
          (round + at + side) % 4 === 0 ? cache.delete(key) : cache.get(key),
          (round + at + side) % 5 === 0 ? cache.deleteByTag('t') : cache.getMany(keys),
          cache.set(key, `${round} ${side} again`),
        ]),
      );
      await Promise.all(work);
      await allCaughtUp(processes());
      expect([...(await here.getMany(keys))]).toEqual([...(await there.getMany(keys))]);
      const fresh = await Promise.all(keys.map((key) => here.get(key)));
      expect(fresh).toEqual(keys.map(() => expect.stringContaining(`${round} `)));
    }
  });

  it('gives a caller what it wrote itself, whatever else happens', async () => {
    const { here, there } = processes().pair<number>();
    const writer = async (cache: Cache<number>, key: string): Promise<void> => {
      for (let at = 0; at < 50; at += 1) {
        await cache.set(key, at, at % 7 === 0 ? { tags: ['t'] } : {});
        expect(await cache.get(key)).toBe(at);
        expect(await cache.getOrSet(key, () => -1)).toBe(at);
        if (at % 10 === 9) {
          await cache.delete(key);
          expect(await cache.get(key)).toBeUndefined();
        }
      }
    };
    await Promise.all([
      ...['a', 'b', 'c'].map((key) => writer(here, key)),
      ...['d', 'e', 'f'].map((key) => writer(there, key)),
    ]);
  });
}

import { expect, it } from 'vitest';
import {
  caughtUp,
  type CacheSubject,
  eventually,
  gauge,
  held,
  LONG_MS,
  times,
  toExpire,
  twoProcesses,
} from './subject.ts';

/** For a value that is stale as soon as it is written. */
const AT_ONCE = { ttlMs: 1, jitter: 0 };

export function stalenessSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  it('gives a stale value at once within staleWhileRevalidateMs, makes it anew once, and gives the new one then', async () => {
    const { here, there } = processes().pair<string>({ staleWhileRevalidateMs: LONG_MS });
    await here.set('key', 'old', AT_ONCE);
    await toExpire(here, 'key');
    await toExpire(there, 'key');
    const { factory, running, runs, end } = held<string>();
    // Neither waits for the factory.
    const given = times(100, (at) => (at % 2 === 0 ? here : there).getOrSet('key', factory));
    expect(new Set(await Promise.all(given))).toEqual(new Set(['old']));
    await running();
    expect(await here.getOrSet('key', factory)).toBe('old');
    expect(await there.getOrSet('key', factory)).toBe('old');
    expect(await here.get('key')).toBeUndefined();
    end.resolve('new');
    for (const cache of [here, there]) {
      await eventually(async () => expect(await cache.get('key')).toBe('new'));
      expect(await cache.getOrSet('key', () => expect.unreachable())).toBe('new');
    }
    expect(runs()).toBe(1);
  });

  it('gives the stale value where the process has no copy of its own', async () => {
    const { here, there } = processes().pair<string>({ staleWhileRevalidateMs: LONG_MS, l1MaxEntries: 0 });
    await here.set('key', 'old', AT_ONCE);
    await toExpire(there, 'key');
    const { factory, end } = held<string>();
    expect(await there.getOrSet('key', factory)).toBe('old');
    expect(await here.getOrSet('key', factory)).toBe('old');
    end.resolve('new');
    await eventually(async () => expect(await here.get('key')).toBe('new'));
  });

  it('goes on giving the stale value while making it anew fails', async () => {
    const { here } = processes().pair<string>({ staleWhileRevalidateMs: LONG_MS, errorBackoffMs: 20 });
    await here.set('key', 'old', AT_ONCE);
    await toExpire(here, 'key');
    const { factory, counts } = gauge(() => Promise.reject<string>(new Error('no')));
    await eventually(async () => {
      expect(await here.getOrSet('key', factory)).toBe('old');
      expect(counts.runs).toBeGreaterThan(2);
    });
    expect(counts.most).toBe(1);
    await eventually(async () => expect(await here.getOrSet('key', () => 'new')).toBe('new'));
  });

  it('makes nothing anew within errorBackoffMs', async () => {
    const { here } = processes().pair<string>({ staleWhileRevalidateMs: LONG_MS, errorBackoffMs: LONG_MS });
    await here.set('key', 'old', AT_ONCE);
    await toExpire(here, 'key');
    const { factory, running, end, runs } = held<string>();
    expect(await here.getOrSet('key', factory)).toBe('old');
    await running();
    end.reject(new Error('no'));
    for (let again = 0; again < 10; again += 1) {
      expect(await here.getOrSet('key', factory)).toBe('old');
      await caughtUp(processes().here.hot);
      if (again > 1) break;
    }
    expect(runs()).toBe(1);
  });

  it('tells the factory the stale value', async () => {
    const { here, there } = processes().pair<{ n: number }>({ staleIfErrorMs: LONG_MS });
    for (const cache of [here, there]) {
      await here.set('key', { n: 1 }, AT_ONCE);
      await toExpire(here, 'key');
      await toExpire(there, 'key');
      expect(await cache.getOrSet('key', ({ stale }) => ({ n: (stale?.n ?? 0) + 1 }))).toEqual({ n: 2 });
    }
  });

  it('gives no stale value by itself: get, getMany, and getOrSet without a policy for it', async () => {
    const { here } = processes().pair<string>({ staleIfErrorMs: LONG_MS });
    await here.set('key', 'old', AT_ONCE);
    await toExpire(here, 'key');
    expect(await here.getMany(['key'])).toEqual(new Map());
    expect(await here.getOrSet('key', () => 'new')).toBe('new');
  });

  it('takes staleWhileRevalidateMs of a call', async () => {
    const { here, there } = processes().pair<string>();
    const stale = { staleWhileRevalidateMs: LONG_MS };
    await here.set('key', 'old', { ...AT_ONCE, ...stale });
    await toExpire(here, 'key');
    await toExpire(there, 'key');
    for (const cache of [here, there]) {
      const { factory, end } = held<string>();
      expect(await cache.getOrSet('key', factory, stale)).toBe('old');
      end.resolve('new');
      await eventually(async () => expect(await cache.get('key')).toBe('new'));
      await cache.set('key', 'old', { ...AT_ONCE, ...stale });
      await toExpire(here, 'key');
      await toExpire(there, 'key');
    }
  });

  it('makes a value anew before its life is over, from the part of it that eagerRefresh says', async () => {
    const { here, there } = processes().pair<string>({ eagerRefresh: 1e-9 });
    for (const cache of [here, there]) {
      await here.set('key', 'first');
      await caughtUp(processes().there.hot);
      const { factory, running, runs, end } = held<string>();
      // Everybody is answered at once; one run is enough.
      await eventually(async () => {
        const given = await Promise.all(times(20, () => cache.getOrSet('key', factory)));
        expect(new Set(given)).toEqual(new Set(['first']));
        expect(runs()).toBe(1);
      });
      await running();
      end.resolve('second');
      for (const one of [here, there]) {
        await eventually(async () => expect(await one.get('key')).toBe('second'));
      }
      expect(runs()).toBe(1);
    }
  });

  it('makes many anew before their life is over as well', async () => {
    const { here } = processes().pair<string>({ eagerRefresh: 1e-9 });
    await here.setMany({ a: 'first', b: 'first' });
    const factory = async ({ keys }: { keys: string[] }) => new Map(keys.map((key) => [key, 'second']));
    await eventually(async () => {
      const found = await here.getOrSetMany(['a', 'b'], factory);
      expect(found.size).toBe(2);
      expect([...(await here.getMany(['a', 'b'])).values()]).toEqual(['second', 'second']);
    });
  });

  it('lets nobody fall over a failure to make many anew', async () => {
    const { here } = processes().pair<string>({ eagerRefresh: 1e-9, errorBackoffMs: 0 });
    await here.setMany({ a: 'first', b: 'first' });
    const { factory, counts } = gauge(() => Promise.reject<Map<string, string>>(new Error('no')));
    await eventually(async () => {
      expect((await here.getOrSetMany(['a', 'b'], factory)).size).toBe(2);
      expect(counts.runs).toBeGreaterThan(1);
    });
    expect(await here.get('a')).toBe('first');
  });

  it('makes nothing anew early by default', async () => {
    const { here } = processes().pair<string>();
    await here.set('key', 'value');
    for (let again = 0; again < 50; again += 1) {
      expect(await here.getOrSet('key', () => expect.unreachable())).toBe('value');
    }
  });

  it('leaves nobody waiting whose value ends while it is made anew', async () => {
    const { here } = processes().pair<string>({ eagerRefresh: 1e-9, claimMs: 300 });
    await here.set('key', 'first', { ttlMs: 300, jitter: 0 });
    const { factory, running, end } = held<string>();
    await eventually(async () => {
      // Perhaps its life is over before it was given once.
      void here.getOrSet('key', factory);
      await running();
    });
    await toExpire(here, 'key');
    const waiting = here.getOrSet('key', () => 'by the second');
    end.resolve('by the first');
    expect(['by the first', 'by the second']).toContain(await waiting);
  });

  it('gives who comes after a drop nothing that was being made anew before it', async () => {
    const { here } = processes().pair<string>({ eagerRefresh: 1e-9 });
    await here.set('key', 'first', { tags: ['t'] });
    const { factory, running, end } = held<string>();
    expect(await here.getOrSet('key', factory, { tags: ['t'] })).toBe('first');
    await eventually(async () => {
      await here.getOrSet('key', factory, { tags: ['t'] });
      await running();
    });
    await here.deleteByTag('t');
    const after = here.getOrSet('key', () => 'made after', { tags: ['t'] });
    end.resolve('made before');
    expect(await after).toBe('made after');
    expect(await here.get('key')).toBe('made after');
  });
}

import { expect, it } from 'vitest';
import {
  type CacheActivity,
  cacheActivity,
  type CacheCounts,
  cacheFactory,
  type CacheFactoryRun,
  noCounts,
} from '../../../src/core/cache-diagnostics.ts';
import { StockroomError } from '../../../src/core/errors.ts';
import { type Cache, createCache, type NamespaceOptions } from '../../../src/tiers/tiered/index.ts';
import {
  type CacheSubject,
  caughtUp,
  eventually,
  freshName,
  fullKey,
  held,
  LONG_MS,
  times,
  toExpire,
  twoProcesses,
  withEntries,
} from './subject.ts';

interface Scene {
  readonly cache: Cache<unknown>;
  readonly name: string;
  /** Makes every call about entries fail from now on, or no more. */
  readonly refuse: (refusing: boolean) => void;
  /** Writes a key again, as another process would that sets it to what it has. */
  readonly rewriteElsewhere: (key: string) => Promise<void>;
}

export function countersSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  /** What a cache of its own counts while it does some work; zeros are left out. */
  async function countsOf(
    work: (scene: Scene) => Promise<void>,
    options: NamespaceOptions<unknown> = {},
  ): Promise<Partial<CacheCounts>> {
    const { here, there } = processes();
    const name = freshName();
    let refusing = false;
    const unlessRefused = <T>(call: () => T): T => {
      if (refusing) throw new StockroomError('HOT_UNAVAILABLE', 'away');
      return call();
    };
    const { entries } = here.hot;
    const hot = withEntries(here.hot, {
      read: async (key) => unlessRefused(() => entries.read(key)),
      write: async (...write) => unlessRefused(() => entries.write(...write)),
      drop: async (...drop) => unlessRefused(() => entries.drop(...drop)),
    });
    const told: CacheActivity[] = [];
    const deafen = cacheActivity.subscribe((message) => {
      if (message.namespace === name) told.push(message);
    });
    const manager = createCache(hot);
    await work({
      cache: manager.namespace(name, options),
      name,
      refuse(given) {
        refusing = given;
      },
      async rewriteElsewhere(key) {
        const raw = fullKey(there.hot, name, key);
        const entry = await there.hot.entries.read(raw);
        if (entry?.kind !== 'value') throw new Error(`${key} is not there`);
        await there.hot.entries.write(raw, entry.body, Date.now() + LONG_MS);
      },
    });
    refusing = false;
    await manager.close();
    deafen();
    const sums = noCounts();
    for (const { counts } of told) {
      for (const key of Object.keys(sums) as (keyof CacheCounts)[]) sums[key] += counts[key];
    }
    expect(sums.factoryMs > 0).toBe(sums.factoryRuns > 0);
    const exact = Object.entries(sums).filter(([name]) => name !== 'factoryMs');
    return Object.fromEntries(exact.filter(([, count]) => count !== 0));
  }

  it('counts nothing for nothing, and writes by nobody', async () => {
    expect(await countsOf(async () => undefined)).toEqual({});
    const counts = await countsOf(async ({ cache }) => {
      await cache.set('key', 1);
      await cache.setMany({ a: 1, b: 2 }, { tags: ['t'] });
      await cache.delete('key');
      await cache.deleteByTag('t');
      await cache.clear();
      await caughtUp(processes().here.hot);
    });
    expect(counts).toEqual({});
  });

  it('counts who answered', async () => {
    const counts = await countsOf(async ({ cache, rewriteElsewhere }) => {
      expect(await cache.get('key')).toBeUndefined(); // a miss
      await cache.set('key', 1);
      for (let again = 0; again < 3; again += 1) await cache.get('key'); // 3 × L1
      await cache.getOrSet('key', () => 2); // L1
      await rewriteElsewhere('key');
      await caughtUp(processes().here.hot);
      await cache.get('key'); // L2
      await cache.get('key'); // L1
      await rewriteElsewhere('key');
      await caughtUp(processes().here.hot);
      await cache.getOrSet('key', () => 2); // L2
      await cache.getOrSet('key', () => 2); // L1
      await cache.getMany(['key', 'absent', 'key']); // L1, and a miss
    });
    expect(counts).toEqual({ l1Hits: 7, l2Hits: 2, misses: 2, invalidations: 2 });
  });

  it('counts runs of factories and their failures', async () => {
    const counts = await countsOf(
      async ({ cache }) => {
        await cache.getOrSet('made', () => 1);
        await caughtUp(processes().here.hot);
        await cache.getOrSet('none', () => undefined);
        const failing = times(10, () => cache.getOrSet('failing', () => Promise.reject(new Error('no'))));
        await Promise.allSettled(failing);
        await cache.getOrSetMany(['a', 'b', 'c'], () => new Map([['a', 1]]));
      },
      { errorBackoffMs: LONG_MS },
    );
    expect(counts).toEqual({ misses: 6, factoryRuns: 4, factoryFailures: 1 });
  });

  it('counts stale answers', async () => {
    const counts = await countsOf(
      async ({ cache }) => {
        await cache.set('key', 1, { ttlMs: 1, jitter: 0, staleWhileRevalidateMs: LONG_MS });
        await toExpire(cache, 'key');
        const { factory, running, end } = held<number>();
        end.reject(new Error('no'));
        const stale = { staleWhileRevalidateMs: LONG_MS };
        expect(await cache.getOrSet('key', factory, stale)).toBe(1);
        await running();
      },
      { errorBackoffMs: LONG_MS },
    );
    expect(counts).toMatchObject({ staleServed: 1, factoryRuns: 1, factoryFailures: 1 });
  });

  it('counts a value given for an error as stale', async () => {
    const counts = await countsOf(
      async ({ cache }) => {
        await cache.set('key', 1, { ttlMs: 1, jitter: 0 });
        await toExpire(cache, 'key');
        await cache.getOrSet('key', () => Promise.reject(new Error('no')));
        await cache.getOrSet('key', () => expect.unreachable());
      },
      { staleIfErrorMs: LONG_MS, errorBackoffMs: LONG_MS },
    );
    expect(counts).toMatchObject({ staleServed: 2, factoryRuns: 1, factoryFailures: 1 });
  });

  it('counts fills that lost to a write', async () => {
    const counts = await countsOf(async ({ cache, name }) => {
      for (const key of ['lost', 'deleted']) {
        const { factory, running, end } = held<number>();
        const made = cache.getOrSet(key, factory);
        await running();
        const { hot } = processes().there;
        const raw = fullKey(hot, name, key);
        if (key === 'lost') await hot.entries.write(raw, 'another form', Date.now() + LONG_MS);
        else await hot.entries.drop([raw]);
        end.resolve(1);
        await made;
      }
    });
    expect(counts).toEqual({ misses: 2, factoryRuns: 2, fillsRefused: 2 });
  });

  it('counts what cannot be read', async () => {
    const counts = await countsOf(async ({ cache, name }) => {
      const { hot } = processes().there;
      for (const key of ['a', 'b'])
        await hot.entries.write(fullKey(hot, name, key), 'x', Date.now() + LONG_MS);
      await cache.get('a');
      await cache.getMany(['a', 'b']);
    });
    expect(counts).toEqual({ misses: 3, unreadable: 3 });
  });

  it('counts what is done without Redis', async () => {
    const counts = await countsOf(async ({ cache, refuse }) => {
      await cache.get('warm'); // A miss.
      refuse(true);
      expect(await cache.set('key', 1)).toBe(false); // Remembered.
      expect(await cache.delete('other', 'another')).toBe(false); // Remembered: two.
      expect(await cache.getOrSet('made', () => 1)).toBe(1); // A miss, without Redis.
      expect(await cache.get('absent')).toBeUndefined(); // A miss, without Redis.
    });
    // What was written without Redis goes when its key is dropped, perhaps after the end.
    delete counts.invalidations;
    expect(counts).toEqual({ misses: 3, factoryRuns: 1, withoutRedis: 2, writesRemembered: 3 });
  });

  it('tells of each run of a factory, from its start to its end', async () => {
    const { here } = processes().pair({ staleWhileRevalidateMs: LONG_MS, errorBackoffMs: 0 });
    const told: string[] = [];
    const note = (event: string) => (message: unknown) => {
      const { namespace, keys, reason } = message as CacheFactoryRun;
      if (namespace === here.name) told.push(`${event} ${keys} ${reason}`);
    };
    const listeners = { start: note('start'), asyncEnd: note('end'), error: note('error') };
    for (const [event, listener] of Object.entries(listeners)) {
      cacheFactory[event as keyof typeof listeners].subscribe(listener);
    }
    await here.getOrSet('key', () => 1);
    await here.getOrSet('key', () => 1);
    await expect(here.getOrSet('failing', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await here.getOrSetMany(['a', 'b', 'key'], () => new Map([['a', 1]]));
    await here.set('key', 1, { ttlMs: 1, jitter: 0 });
    await toExpire(here, 'key');
    await here.getOrSet('key', () => 2);
    await eventually(() => expect(told.at(-1)).toBe('end 1 refresh'));
    for (const [event, listener] of Object.entries(listeners)) {
      cacheFactory[event as keyof typeof listeners].unsubscribe(listener);
    }
    const miss = ['start 1 miss', 'end 1 miss'];
    const failed = ['start 1 miss', 'error 1 miss', 'end 1 miss'];
    const many = ['start 2 miss', 'end 2 miss'];
    expect(told).toEqual([...miss, ...failed, ...many, 'start 1 refresh', 'end 1 refresh']);
  });
}

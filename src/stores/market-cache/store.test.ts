import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { createCalendar } from '../../market/index.ts';
import { type HotTier, openHot } from '../../tiers/hot/index.ts';
import { type CacheManager, createCache } from '../../tiers/tiered/index.ts';
import { createMarketCache, type MarketCache } from './index.ts';

const calendar = createCalendar();
/** A Monday: India opens at 03:45 and closes at 10:00 UTC; the Tuesday is a holiday. */
const OPEN = '2026-11-23T05:00:00.000Z';
const EVENING = '2026-11-23T14:00:00.000Z';
const NEXT_OPEN = '2026-11-25T03:45:00.000Z';

const fail = (): Promise<never> => Promise.reject(new Error('the provider is down'));

describe.each(storeKinds)('the market cache (%s)', (kind) => {
  let stores: TestStores;
  let other: HotTier;
  let managers: CacheManager[];
  let one: MarketCache;
  let two: MarketCache;
  let now = OPEN;
  const clock = (): Date => new Date(now);
  const later = (seconds: number): void => {
    now = new Date(Date.parse(now) + seconds * 1_000).toISOString();
  };

  beforeAll(async () => {
    stores = await freshStores(kind);
    const { hot, durable, redis } = stores;
    other =
      redis === undefined
        ? hot
        : await openHot({ redis: { kind: 'url', url: redis.url }, keyPrefix: 'stockroom:' });
    managers = [createCache(hot), createCache(other)];
    one = createMarketCache({ hot, cache: managers[0]!, durable, calendar, clock });
    two = createMarketCache({ hot: other, cache: managers[1]!, durable, calendar, clock });
  });
  beforeEach(async () => {
    now = OPEN;
    await one.clear();
  });
  afterAll(async () => {
    await Promise.all([one.close(), two.close()]);
    await Promise.all(managers.map((manager) => manager.close()));
    if (other !== stores.hot) await other.close();
    await stores.remove();
  });

  describe('while the market is open', () => {
    it('is fresh for a short life, in both instances', async () => {
      const stored = await one.set('quotes:TCS', { price: 4012.5 });
      expect(stored).toEqual({
        key: 'quotes:TCS',
        cached_at: OPEN,
        fresh_until: '2026-11-23T05:01:00.000Z',
        acknowledged: true,
      });
      const fresh = {
        value: { price: 4012.5 },
        cached: true,
        stale: false,
        last_trading_day: false,
        reason: null,
        cached_at: OPEN,
        fresh_until: '2026-11-23T05:01:00.000Z',
      };
      expect(await one.get('quotes:TCS')).toEqual(fresh);
      expect(await two.get('quotes:TCS')).toEqual(fresh);
      later(60);
      expect(await one.get('quotes:TCS')).toBeUndefined();
      expect(await two.get('quotes:TCS')).toBeUndefined();
    });

    it('fetches once for all who ask, and again when the life is over', async () => {
      const fetcher = vi.fn(() => Promise.resolve(7));
      const all = await Promise.all(
        Array.from({ length: 20 }, () => one.getOrFetch('k', fetcher, { ttl_seconds: 5 })),
      );
      expect(fetcher).toHaveBeenCalledTimes(1);
      expect(all.map(({ value }) => value)).toEqual(Array.from({ length: 20 }, () => 7));
      expect(all.filter(({ cached }) => !cached)).toHaveLength(1);
      expect((await two.getOrFetch('k', fetcher)).cached).toBe(true);
      later(5);
      expect(await two.getOrFetch('k', () => 8)).toMatchObject({ value: 8, cached: false });
      expect(await one.getOrFetch('k', fetcher)).toMatchObject({ value: 8, cached: true });
      expect(fetcher).toHaveBeenCalledTimes(1);
    });

    it('ends with the session at the latest', async () => {
      now = '2026-11-23T09:59:30.000Z';
      const { fresh_until: until } = await one.set('k', 1, { ttl_seconds: 3_600 });
      expect(until).toBe('2026-11-23T10:00:00.000Z');
    });

    it('gives the copy, marked, when the fetch fails', async () => {
      await one.set('movers', { top: ['TCS'] });
      await one.set('list', [1, 2]);
      later(3_600);
      expect(await two.getOrFetch('movers', fail)).toEqual({
        value: { top: ['TCS'], _cached: true, _cached_timestamp: OPEN },
        cached: true,
        stale: true,
        last_trading_day: true,
        reason: 'fetch_failed',
        cached_at: OPEN,
        fresh_until: null,
      });
      expect(await two.getOrFetch('list', fail)).toMatchObject({ value: [1, 2], last_trading_day: true });
      expect(await one.get('movers')).toBeUndefined();
      expect(await one.get('movers', { allow_stale: true })).toMatchObject({
        reason: 'allowed',
        stale: true,
      });
    });

    it('gives no copy of more than 7 whole days, but the error', async () => {
      await one.set('k', 1);
      later(8 * 86_400 - 1);
      expect(await one.getOrFetch('k', fail)).toMatchObject({ value: 1, reason: 'fetch_failed' });
      later(1);
      await expect(two.getOrFetch('k', fail)).rejects.toThrow('the provider is down');
      await expect(one.getOrFetch('nothing', fail)).rejects.toThrow('the provider is down');
    });

    it('keeps the copy of what was fetched', async () => {
      await one.getOrFetch('k', () => ({ a: 1 }));
      await stores.flush();
      later(61);
      expect(await two.getOrFetch('k', fail)).toMatchObject({
        value: { a: 1, _cached: true },
        cached_at: OPEN,
      });
    });
  });

  describe('while the market is closed', () => {
    it('is fresh until it opens', async () => {
      now = EVENING;
      expect(await one.getOrFetch('k', () => 5, { ttl_seconds: 1 })).toMatchObject({
        value: 5,
        fresh_until: NEXT_OPEN,
      });
      now = '2026-11-25T03:44:59.000Z';
      expect(await two.get('k')).toMatchObject({ value: 5, cached: true, last_trading_day: false });
      now = NEXT_OPEN;
      expect(await two.get('k')).toBeUndefined();
    });

    it('gives the copy of the last trading day without asking', async () => {
      await one.set('k', { price: 1 });
      now = EVENING;
      const fetcher = vi.fn(() => ({ price: 2 }));
      const copy = { value: { price: 1, _cached: true, _cached_timestamp: OPEN }, reason: 'market_closed' };
      expect(await one.getOrFetch('k', fetcher)).toMatchObject({
        ...copy,
        last_trading_day: true,
        stale: true,
      });
      expect(await two.getOrFetch('k', fetcher)).toMatchObject(copy);
      expect(await two.get('k')).toMatchObject(copy);
      expect(fetcher).not.toHaveBeenCalled();
      expect(await two.getOrFetch('k', fetcher, { fetch_when_closed: true })).toMatchObject({
        value: { price: 2 },
        cached: false,
      });
      expect(await one.getOrFetch('k', fail)).toMatchObject({ value: { price: 2 }, last_trading_day: false });
      now = NEXT_OPEN;
      expect(await one.getOrFetch('k', () => 3)).toMatchObject({ value: 3, cached: false });
    });

    it('asks when the copy is of an earlier day, and gives it when that fails', async () => {
      now = '2026-11-20T05:00:00.000Z';
      await one.set('k', 1);
      now = EVENING;
      expect(await one.getOrFetch('k', fail)).toMatchObject({ value: 1, reason: 'fetch_failed' });
      expect(await one.get('k')).toMatchObject({ value: 1, reason: 'market_closed', stale: true });
      await one.invalidate({ tag: 'nothing has this' });
      await vi.waitFor(async () =>
        expect(await one.getOrFetch('k', () => 2, { fetch_when_closed: true })).toMatchObject({ value: 2 }),
      );
    });

    it('survives that Redis is emptied, and is no longer stale when it was stored after the close', async () => {
      now = EVENING;
      await one.set('k', { price: 1 });
      await stores.flush();
      const copy = { value: { price: 1, _cached: true }, stale: false, last_trading_day: true };
      await vi.waitFor(async () => expect(await two.get('k')).toMatchObject(copy));
      await vi.waitFor(async () => expect(await one.get('k')).toMatchObject(copy));
    });

    it('goes by the market that was said', async () => {
      // Monday evening in India is Monday morning in New York, and any Monday is open for Global.
      now = '2026-11-23T15:00:00.000Z';
      const until = async (market: object): Promise<string> =>
        (await one.set('k', 1, { ttl_seconds: 10, ...market })).fresh_until;
      expect(await until({ region: 'India' })).toBe(NEXT_OPEN);
      expect(await until({ exchange: 'XNYS' })).toBe('2026-11-23T15:00:10.000Z');
      expect(await until({ region: 'Global' })).toBe('2026-11-23T15:00:10.000Z');
      now = '2026-11-28T15:00:00.000Z';
      expect(await until({ region: 'Global' })).toBe('2026-11-30T00:00:00.000Z');
      expect(await until({ region: 'US' })).toBe('2026-11-30T14:30:00.000Z');
      later(86_400);
      expect(await two.get('k')).toMatchObject({ value: 1, last_trading_day: false });
    });
  });

  describe('invalidation', () => {
    const gone = async (key: string): Promise<void> => {
      // The other instance learns of it by the stream of invalidations.
      await vi.waitFor(async () => expect(await two.get(key, { allow_stale: true })).toBeUndefined());
      expect(await one.get(key, { allow_stale: true })).toBeUndefined();
    };
    const fill = async (): Promise<void> => {
      await one.set('quotes:NSE:TCS', 1, { tags: ['it'] });
      await one.set('quotes:NSE:SBIN', 2, { tags: ['bank'] });
      await one.set('movers%_', 3, { tags: ['it', 'bank'] });
      for (const key of ['quotes:NSE:TCS', 'quotes:NSE:SBIN', 'movers%_'])
        expect(await two.get(key)).toBeDefined();
    };

    it('by key reaches every instance', async () => {
      await fill();
      expect(await one.delete('quotes:NSE:TCS')).toEqual({ removed: 1, acknowledged: true });
      await gone('quotes:NSE:TCS');
      expect(await two.get('quotes:NSE:SBIN')).toMatchObject({ value: 2 });
    });

    it('by tag reaches every instance', async () => {
      await fill();
      expect(await one.invalidate({ tag: 'it' })).toEqual({ removed: 2, acknowledged: true });
      await gone('quotes:NSE:TCS');
      await gone('movers%_');
      expect(await two.get('quotes:NSE:SBIN')).toMatchObject({ value: 2 });
    });

    it('by prefix reaches every instance, and takes no character for a pattern', async () => {
      await fill();
      expect(await one.invalidate({ prefix: 'quotes:NSE:T' })).toEqual({ removed: 1, acknowledged: true });
      await gone('quotes:NSE:TCS');
      expect(await two.get('quotes:NSE:SBIN')).toMatchObject({ value: 2 });
      expect(await one.invalidate({ prefix: '%' })).toEqual({ removed: 0, acknowledged: true });
      expect(await one.invalidate({ prefix: 'movers%_' })).toEqual({ removed: 1, acknowledged: true });
      await gone('movers%_');
    });

    it('of everything reaches every instance', async () => {
      await fill();
      expect(await two.clear()).toEqual({ removed: 3, acknowledged: true });
      await vi.waitFor(async () => expect(await one.get('movers%_', { allow_stale: true })).toBeUndefined());
      await gone('quotes:NSE:SBIN');
    });

    it.each(['prefix', 'tag'] as const)('by %s beats a fetch that was under way', async (how) => {
      let begun!: () => void;
      let finish!: (value: number) => void;
      const running = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const answer = one.getOrFetch(
        'slow:k',
        () =>
          new Promise<number>((resolve) => {
            finish = resolve;
            begun();
          }),
        { tags: ['slow'] },
      );
      await running;
      await two.invalidate(how === 'tag' ? { tag: 'slow' } : { prefix: 'slow:' });
      finish(1);
      expect((await answer).value).toBe(1);
      await gone('slow:k');
    });
  });

  describe('a file of the old application', () => {
    const load = (key: string, value: unknown, at: string): Promise<unknown> =>
      stores.durable.query(
        `insert into hot_state (family, key, value, created_at, expires_at, legacy_source, legacy_key)
         values ('cache', $1, $2::jsonb, $3, $3::timestamptz + interval '8 days', 'cache/' || $1 || '.json', $1)
         on conflict (family, key) do update set deleted = false, value = excluded.value, created_at = excluded.created_at`,
        [key, JSON.stringify(value), at],
      );

    it('is the copy of the keys that it may have been kept for', async () => {
      await load('quotes_NSE_TCS', { price: 9 }, '2026-11-20T08:00:00Z');
      now = EVENING;
      const copy = {
        value: { price: 9, _cached: true, _cached_timestamp: '2026-11-20T08:00:00.000Z' },
        last_trading_day: true,
      };
      expect(await one.get('quotes:NSE/TCS')).toMatchObject(copy);
      expect(await two.get('quotes_NSE_TCS')).toMatchObject(copy);
      await one.set('quotes:NSE/TCS', 10);
      expect(await two.get('quotes:NSE/TCS')).toMatchObject({ value: 10 });
      expect((await one.stats()).migrated).toBe(1);
      await one.invalidate({ prefix: 'quotes:NSE' });
      expect(await one.get('quotes_NSE_TCS', { allow_stale: true })).toBeUndefined();
    });

    it('is not given when it is too old', async () => {
      await load('old', 1, '2026-11-15T14:00:00Z');
      now = EVENING;
      expect(await one.get('old')).toBeUndefined();
    });
  });

  it('refuses what cannot be kept, whoever gives it', async () => {
    const bad = { code: 'INVALID_INPUT' };
    await expect(one.set('', 1)).rejects.toMatchObject(bad);
    await expect(one.set('k'.repeat(301), 1)).rejects.toMatchObject(bad);
    await expect(one.set('a\0b', 1)).rejects.toMatchObject(bad);
    await expect(one.set('k', { a: 'x\0' })).rejects.toMatchObject(bad);
    await expect(one.set('k', Number.NaN)).rejects.toMatchObject(bad);
    await expect(one.set('k', 1, { ttl_seconds: 0 })).rejects.toMatchObject(bad);
    await expect(one.set('k', 1, { exchange: 'XNSE', region: 'US' })).rejects.toMatchObject(bad);
    await one.set('k', 1);
    later(61);
    // A copy would hide the fault of the program.
    await expect(one.getOrFetch('k', () => undefined)).rejects.toMatchObject(bad);
  });
});

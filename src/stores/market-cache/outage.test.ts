import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshStores, type TestStores } from '../../../test/support/stores.ts';
import { createCalendar } from '../../market/index.ts';
import { faultyTier } from '../../testing/faulty-tier.ts';
import { type CacheManager, createCache } from '../../tiers/tiered/index.ts';
import { createMarketCache, type MarketCache } from './index.ts';

let stores: TestStores;
let manager: CacheManager;
let marketCache: MarketCache;
let away = false;
/** India is closed. */
const now = new Date('2026-11-23T14:00:00Z');

beforeAll(async () => {
  stores = await freshStores('embedded');
  const hot = faultyTier(stores.hot, () => (away ? { kind: 'refuse', code: 'HOT_UNAVAILABLE' } : undefined));
  manager = createCache(hot);
  marketCache = createMarketCache({
    hot,
    cache: manager,
    durable: stores.durable,
    calendar: createCalendar(),
    clock: () => now,
  });
});
afterAll(async () => {
  away = false;
  await marketCache.close();
  await manager.close();
  await stores.remove();
});

it('goes on without Redis, and says what it could not do there', async () => {
  away = true;
  expect(await marketCache.set('a:k', { price: 1 })).toMatchObject({ acknowledged: false });
  expect(await marketCache.getOrFetch('a:other', () => 5)).toMatchObject({ value: 5, cached: false });
  expect((await marketCache.stats()).copies).toBe(2);
  expect(await marketCache.invalidate({ prefix: 'a:' })).toEqual({ removed: 2, acknowledged: false });
  expect(await marketCache.get('a:k')).toBeUndefined();
  expect(await marketCache.set('b:k', { price: 2 })).toMatchObject({ acknowledged: false });
  away = false;
  expect(await marketCache.get('b:k')).toMatchObject({ value: { price: 2 } });
  expect(await marketCache.get('a:k')).toBeUndefined();
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshStores, routesOver, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import type { App } from '../../http/app.ts';
import { routeCache } from '../../http/routes/cache.ts';
import { routeMarket } from '../../http/routes/market.ts';
import { createCalendar } from '../../market/index.ts';
import { type CacheManager, createCache } from '../../tiers/tiered/index.ts';
import { createMarketCache, type MarketCache } from './index.ts';

const calendar = createCalendar();
const OPEN = '2026-11-23T05:00:00.000Z';
const NEXT_OPEN = '2026-11-25T03:45:00.000Z';

describe.each(storeKinds)('the market cache over HTTP (%s)', (kind) => {
  let stores: TestStores;
  let manager: CacheManager;
  let marketCache: MarketCache;
  let app: App;
  let now = OPEN;
  const clock = (): Date => new Date(now);

  beforeAll(async () => {
    stores = await freshStores(kind);
    const { hot, durable } = stores;
    manager = createCache(hot);
    marketCache = createMarketCache({ hot, cache: manager, durable, calendar, clock });
    app = await routesOver((routes) => {
      routeCache(routes, marketCache);
      routeMarket(routes, calendar, { clock });
    });
  });
  beforeEach(() => {
    now = OPEN;
  });
  afterAll(async () => {
    await app.close();
    await marketCache.close();
    await manager.close();
    await stores.remove();
  });

  const put = (key: string, payload: object) =>
    app.inject({ method: 'PUT', url: `/v1/cache/${key}`, payload });

  it('keeps, gives and removes', async () => {
    expect((await put('quotes%3ATCS', { value: { p: 1 }, ttl_seconds: 30, tags: ['it'] })).json()).toEqual({
      key: 'quotes:TCS',
      cached_at: OPEN,
      fresh_until: '2026-11-23T05:00:30.000Z',
      acknowledged: true,
    });
    expect((await app.inject('/v1/cache/quotes%3ATCS')).json()).toMatchObject({
      key: 'quotes:TCS',
      value: { p: 1 },
      cached: true,
      last_trading_day: false,
    });
    now = '2026-11-23T05:00:30.000Z';
    expect((await app.inject('/v1/cache/quotes%3ATCS')).statusCode).toBe(404);
    expect((await app.inject('/v1/cache/quotes%3ATCS?allow_stale=true')).json()).toMatchObject({
      value: { p: 1, _cached: true, _cached_timestamp: OPEN },
    });
    expect((await app.inject(`/v1/cache/quotes%3ATCS?as_of=${OPEN}`)).json()).toMatchObject({
      value: { p: 1 },
    });
    const before = '2026-11-22T05:00:00Z';
    expect((await app.inject(`/v1/cache/quotes%3ATCS?as_of=${before}`)).statusCode).toBe(404);
    const invalidated = await app.inject({
      method: 'POST',
      url: '/v1/cache/invalidate',
      payload: { tag: 'it' },
    });
    expect(invalidated.json()).toEqual({ removed: 1, acknowledged: true });
    await put('null', { value: null });
    expect((await app.inject('/v1/cache/null')).json()).toMatchObject({ value: null });
    expect((await app.inject('/v1/cache/stats')).json()).toMatchObject({
      copies: 1,
      oldest: expect.any(String),
    });
    const removed = await app.inject({ method: 'DELETE', url: '/v1/cache/null' });
    expect(removed.json()).toEqual({ removed: 1, acknowledged: true });
    expect((await app.inject({ method: 'DELETE', url: '/v1/cache' })).json()).toMatchObject({ removed: 0 });
  });

  it.each([
    ['no value', 'k', {}, 'value'],
    ['a life that is none', 'k', { value: 1, ttl_seconds: '5' }, 'ttl_seconds'],
    ['a life that is too long', 'k', { value: 1, ttl_seconds: 1e9 }, 'ttl_seconds'],
    ['an unknown exchange', 'k', { value: 1, exchange: 'XLON' }, 'exchange'],
    ['two markets', 'k', { value: 1, exchange: 'XNSE', region: 'US' }, 'exchange'],
    ['NUL in a value', 'k', { value: { a: ['\0'] } }, 'value.a[0]'],
    ['half a surrogate pair in a value', 'k', { value: '\ud800' }, 'value'],
    ['a tag with NUL', 'k', { value: 1, tags: ['\0'] }, 'tags'],
    ['a key with NUL', '%00', { value: 1 }, 'key'],
    ['a key that is too long', 'k'.repeat(301), { value: 1 }, 'key'],
    ['a member that nobody knows', 'k', { value: 1, ttl: 5 }, 'ttl'],
  ])('refuses %s', async (_, key, payload, field) => {
    const response = await put(key, payload);
    expect(response.statusCode).toBe(400);
    expect(response.body).toContain(field);
  });

  it('refuses a value that is too long, and an invalidation of both or nothing', async () => {
    expect((await put('k', { value: 'x'.repeat(1_000_001) })).statusCode).toBe(400);
    for (const payload of [{}, { tag: 'a', prefix: 'b' }, { prefix: '' }, { tag: '\0' }]) {
      const response = await app.inject({ method: 'POST', url: '/v1/cache/invalidate', payload });
      expect(response.statusCode).toBe(400);
    }
  });

  it('says whether an exchange trades', async () => {
    expect((await app.inject('/v1/market/XNSE/session')).json()).toEqual({
      exchange: 'XNSE',
      at: OPEN,
      date: '2026-11-23',
      open: true,
      session: {
        date: '2026-11-23',
        opens_at: '2026-11-23T03:45:00.000Z',
        closes_at: '2026-11-23T10:00:00.000Z',
        note: null,
      },
      next: {
        date: '2026-11-25',
        opens_at: NEXT_OPEN,
        closes_at: '2026-11-25T10:00:00.000Z',
        note: null,
      },
      previous: {
        date: '2026-11-20',
        opens_at: '2026-11-20T03:45:00.000Z',
        closes_at: '2026-11-20T10:00:00.000Z',
        note: null,
      },
      covered_from: '2018-01-01',
      covered_until: '2026-12-31',
    });
    const halfDay = await app.inject('/v1/market/XNAS/session?at=2026-11-27T18:30:00Z');
    expect(halfDay.json()).toMatchObject({ open: false, session: { note: 'Half day' } });
    const holiday = await app.inject('/v1/market/XBOM/session?as_of=2026-11-24T05:00:00Z');
    expect(holiday.json()).toMatchObject({ open: false, session: null, next: { date: '2026-11-25' } });
    for (const url of ['XLON/session', 'XNSE/session?at=soon', 'XNSE/session?at=1066-10-14']) {
      expect((await app.inject(`/v1/market/${url}`)).statusCode).toBe(400);
    }
  });
});

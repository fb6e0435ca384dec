// oxlint-disable max-lines -- one suite over both pairs of tiers: each part of it would start servers of its own
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freshStores, routesOver, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import type { App } from '../../http/app.ts';
import { routePrices } from '../../http/routes/prices.ts';
import { codeOf } from '../../core/errors.ts';
import { createCalendar } from '../../market/calendar.ts';
import { createViews } from '../../tiers/views/index.ts';
import type { CandleInput } from './candles.ts';
import type { PriceProvider, PriceRequest } from './providers/port.ts';
import { createPriceHistory, type PriceHistory, type PriceHistoryOptions } from './store.ts';

const DAY = 86_400_000;
/** A Friday to come, so that no key's life is over; XNSE is open from 03:45 to 10:00 in UTC. */
const FRIDAY_NOON = '2037-11-20T12:00:00.000Z';

function candle(time: string, close = 100, volume: number | null = 1_000): CandleInput {
  return { time, open: 100, high: Math.max(101, close), low: Math.min(99, close), close, volume };
}

/** Keeps what it is asked for; gives the candles that it was made with. */
function memoryProvider(candles: readonly CandleInput[] = []) {
  const asked: [from: string, to: string][] = [];
  const held = new Map(candles.map((one) => [new Date(one.time).getTime(), one]));
  const provider = {
    asked,
    held,
    failing: undefined as string | undefined,
    async fetch({ from, to }: PriceRequest) {
      asked.push([from.toISOString(), to.toISOString()]);
      // As a provider elsewhere does: not before everybody who asks at once has asked.
      await new Promise((resolve) => setImmediate(resolve));
      if (provider.failing !== undefined) throw new Error(provider.failing);
      return [...held]
        .filter(([time]) => time >= from.getTime() && time < to.getTime())
        .map(([, one]) => one);
    },
  };
  return provider satisfies PriceProvider;
}

describe.each(storeKinds)('price history on %s', (kind) => {
  let stores: TestStores;
  let now: string;
  let symbol: string;
  let count = 0;

  beforeAll(async () => {
    stores = await freshStores(kind);
  });
  afterAll(() => stores.remove());
  beforeEach(() => {
    now = FRIDAY_NOON;
    count += 1;
    symbol = `SYM${count}&CO`;
  });

  function create(options: Partial<PriceHistoryOptions> = {}): PriceHistory {
    const { durable, hot, views } = stores;
    return createPriceHistory({
      durable,
      hot,
      views,
      clock: () => new Date(now),
      calendar: createCalendar(),
      ...options,
    });
  }

  async function migrated(
    candles: unknown,
    more: Partial<Record<'symbol' | 'interval' | 'source' | 'from' | 'to' | 'cached', string | null>> = {},
  ): Promise<void> {
    await stores.durable.query(
      `insert into price_history (symbol, interval, source, from_date, to_date, cached_at, row_count, candles, legacy_source)
       values ($1, $2, $3, $4, $5, $6, 0, $7, $8)`,
      [
        more.symbol ?? symbol,
        more.interval ?? '1d',
        more.source ?? 'yahoo',
        more.from ?? null,
        more.to ?? null,
        more.cached ?? null,
        JSON.stringify(candles),
        `file ${Math.random()}`,
      ],
    );
  }

  describe('put and get', () => {
    it('gives back what was put, in the order of time, with what it covers', async () => {
      const prices = create();
      const put = await prices.put({
        symbol: symbol.toLowerCase(),
        interval: 'day',
        candles: [candle('2037-11-19T03:45:00Z', 102), candle('2037-11-18', 101, null)],
      });
      expect(put).toEqual({
        symbol,
        interval: 'day',
        source: 'manual',
        written: 2,
        coverage: [{ from: '2037-11-17T18:30:00.000Z', to: '2037-11-19T18:30:00.000Z' }],
      });
      expect(await prices.get({ symbol, interval: '1d', from: '2037-11-18', to: '2037-11-20' })).toEqual({
        symbol,
        interval: '1d',
        source: 'auto',
        candles: [
          // A date alone is the day's session.
          { time: '2037-11-18T03:45:00.000Z', open: 100, high: 101, low: 99, close: 101, volume: null },
          { time: '2037-11-19T03:45:00.000Z', open: 100, high: 102, low: 99, close: 102, volume: 1_000 },
        ],
        coverage: [{ from: '2037-11-18T00:00:00.000Z', to: '2037-11-19T18:30:00.000Z' }],
        gaps: [],
        fetched: 0,
        stale: false,
        as_of: FRIDAY_NOON,
      });
    });

    it('a name of an interval is one of several; a day has one candle whatever its time', async () => {
      const prices = create();
      const range = { from: '2037-11-18', to: '2037-11-19' };
      await prices.put({ symbol, interval: '60minute', candles: [candle('2037-11-18T03:45:00Z')] });
      expect((await prices.get({ symbol, interval: '1h', ...range })).candles).toHaveLength(1);
      await prices.put({ symbol, interval: 'day', candles: [candle('2037-11-18T03:45:00Z')] });
      await prices.put({ symbol, interval: '1d', candles: [candle('2037-11-18T00:00:00Z', 7)] });
      expect((await prices.get({ symbol, interval: '1d', ...range })).candles).toMatchObject([{ close: 7 }]);
    });

    it('of several sources the one that was written last is seen, and each for itself', async () => {
      const prices = create();
      const range = { symbol, interval: '1d', from: '2037-11-18', to: '2037-11-20' };
      const days = [candle('2037-11-18', 1), candle('2037-11-19', 2)];
      await prices.put({ symbol, interval: '1d', source: 'a', candles: days });
      now = '2037-11-20T13:00:00Z';
      await prices.put({ symbol, interval: '1d', source: 'b', candles: [candle('2037-11-19', 3)] });
      const closes = async (source?: string) =>
        (await prices.get({ ...range, source })).candles.map(({ close }) => close);
      expect(await closes()).toEqual([1, 3]);
      expect(await closes('a')).toEqual([1, 2]);
      expect(await closes('b')).toEqual([3]);
      await expect(prices.get({ ...range, source: 'c' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      // And after what was newer is gone.
      await stores.flush();
      now = '2037-11-20T14:00:00Z';
      await prices.put({ symbol, interval: '1d', source: 'a', candles: [candle('2037-11-19', 4)] });
      expect(await closes()).toEqual([1, 4]);
    });

    it.each([
      ['a price that is none', [{ ...candle('2037-11-18'), open: Number.NaN }], 'candles.0.open'],
      [
        'a high below the low',
        [candle('2037-11-18'), { ...candle('2037-11-19'), high: 1 }],
        'candles.1.high',
      ],
      ['a close above the high', [{ ...candle('2037-11-18'), close: 500 }], 'candles.0.high'],
      ['a negative volume', [candle('2037-11-18', 100, -1)], 'candles.0.volume'],
      ['a time without a zone', [candle('2037-11-18T03:45:00')], 'candles.0.time'],
      ['a day twice', [candle('2037-11-18'), candle('2037-11-18T04:00:00Z')], 'candles.1.time'],
      ['candles too far apart for one answer', [candle('1950-11-18')], 'from'],
      ['no candles and no range', [], 'candles'],
    ])('refuses %s, and writes nothing', async (_, candles, field) => {
      const prices = create();
      const refused = prices.put({ symbol, interval: '1d', candles: [...candles, candle('2037-11-17')] });
      if (candles.length > 0) {
        await expect(refused).rejects.toMatchObject({
          code: 'INVALID_INPUT',
          message: expect.stringContaining(field),
        });
      } else {
        await refused;
        await expect(prices.put({ symbol, interval: '1d', candles })).rejects.toMatchObject({
          code: 'INVALID_INPUT',
        });
        return;
      }
      expect(await prices.coverage(symbol)).toEqual([]);
    });

    it('puts at once do not lose one another', async () => {
      const prices = create();
      const days = Array.from({ length: 12 }, (_, index) => `2037-10-${String(index + 10).padStart(2, '0')}`);
      await Promise.all(
        days.map((day, index) => prices.put({ symbol, interval: '1d', candles: [candle(day, index + 1)] })),
      );
      const { candles } = await prices.get({ symbol, interval: '1d', from: '2037-10-01', to: '2037-11-01' });
      expect(candles.map(({ close }) => close)).toEqual(days.map((_, index) => index + 1));
      expect(await prices.coverage(symbol)).toHaveLength(1);
    });

    it('the keys hold chunks of candles right after a write, and every one that is gone is built again', async () => {
      const prices = create();
      await prices.put({ symbol, interval: '5m', source: 'x:y', candles: [candle('2037-11-18T04:00:00Z')] });
      const { hot } = stores;
      const key = `${hot.prefix}hist:${symbol}:5m:x%3ay:2037-11-18`;
      const stored = await hot.projections.read(key);
      expect(stored).toMatchObject({ kind: 'text' });
      expect(JSON.parse((stored as { text: string }).text)).toMatchObject({
        candles: [
          { time: '2037-11-18T04:00:00.000Z', open: 100, high: 101, low: 99, close: 100, volume: 1_000 },
        ],
      });
      await stores.flush();
      const { candles } = await prices.get({
        symbol,
        interval: '5m',
        source: 'x:y',
        from: '2037-11-18T04:00:00Z',
        to: '2037-11-18T04:05:00Z',
      });
      expect(candles).toHaveLength(1);
      expect(await hot.projections.read(key)).toEqual(stored);
    });

    it('a key that somebody else overwrote, or that is behind, is no answer', async () => {
      const prices = create();
      const range = { symbol, interval: '1d', from: '2037-11-18', to: '2037-11-19' };
      await prices.put({ symbol, interval: '1d', candles: [candle('2037-11-18', 5)] });
      for (const text of ['{', JSON.stringify({ revision: 0, candles: [] })]) {
        const key = `${stores.hot.prefix}hist:${symbol}:1d:auto:2026`;
        const epoch = await stores.hot.projections.begin(key, 1_000);
        await stores.hot.projections.replace(key, epoch, { kind: 'text', text }, undefined);
        expect((await prices.get(range)).candles).toMatchObject([{ close: 5 }]);
      }
    });
  });

  describe('what is missing', () => {
    const week = ['16', '17', '18', '19'].map((day) => candle(`2037-11-${day}T03:45:00Z`, Number(day)));

    it('is asked of the provider, once, and nothing else is', async () => {
      const provider = memoryProvider(week);
      const prices = create({ providers: { memory: provider } });
      await prices.put({ symbol, interval: '1d', candles: [candle('2037-11-17', 1)] });
      const range = { symbol, interval: '1d', from: '2037-11-15', to: '2037-11-20' };
      const first = await prices.get(range);
      expect(first.candles.map(({ close }) => close)).toEqual([16, 1, 18, 19]);
      expect(first).toMatchObject({ fetched: 3, gaps: [], stale: false });
      // The days of the exchange around the one that was there; the first is a Sunday.
      expect(provider.asked).toEqual([
        ['2037-11-14T18:30:00.000Z', '2037-11-16T18:30:00.000Z'],
        ['2037-11-17T18:30:00.000Z', '2037-11-19T18:30:00.000Z'],
      ]);
      expect(await prices.get(range)).toEqual({ ...first, fetched: 0 });
      await stores.flush();
      expect(await prices.get(range)).toEqual({ ...first, fetched: 0 });
      expect(provider.asked).toHaveLength(2);
    });

    it('never is a time without a session', async () => {
      const provider = memoryProvider(week);
      const prices = create({ providers: { memory: provider } });
      // Saturday and Sunday.
      const weekend = await prices.get({ symbol, interval: '1d', from: '2037-11-14', to: '2037-11-16' });
      expect(weekend).toMatchObject({ candles: [], gaps: [] });
      // From Thursday's close to Friday's opening.
      await prices.get({ symbol, interval: '5m', from: '2037-11-19T10:00:00Z', to: '2037-11-20T03:45:00Z' });
      expect(provider.asked).toEqual([]);
    });

    it('is asked once by all who want it at the same time, in this process and in others', async () => {
      const provider = memoryProvider(week);
      const views = createViews({ hot: stores.hot, durable: stores.durable });
      const both = [
        create({ providers: { memory: provider } }),
        create({ providers: { memory: provider }, views }),
      ];
      const range = { symbol, interval: '1d', from: '2037-11-16', to: '2037-11-20' };
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => both[index % 2]!.get(range)),
      );
      await views.close();
      for (const { candles } of answers) expect(candles.map(({ close }) => close)).toEqual([16, 17, 18, 19]);
      expect(provider.asked).toHaveLength(1);
    });

    it('of a session that is open is believed for the life of its interval, up to its close, and then for ever', async () => {
      now = '2037-11-20T05:00:00Z';
      const provider = memoryProvider([candle('2037-11-20T04:55:00Z', 1)]);
      const prices = create({ providers: { memory: provider } });
      const get = (to?: string) => prices.get({ symbol, interval: '5m', from: '2037-11-20T03:45:00Z', to });
      expect((await get()).candles).toHaveLength(1);
      now = '2037-11-20T05:59:59Z';
      expect(await get()).toMatchObject({ fetched: 0, gaps: [], stale: false });
      expect(provider.asked).toEqual([['2037-11-20T03:45:00.000Z', '2037-11-20T10:00:00.000Z']]);
      now = '2037-11-20T06:00:00Z';
      provider.held.set(Date.parse('2037-11-20T04:55:00Z'), candle('2037-11-20T04:55:00Z', 2));
      expect(await get()).toMatchObject({ fetched: 1, candles: [{ close: 2 }] });
      // Half an hour after the close everything is said.
      now = '2037-11-20T10:30:00Z';
      expect(await get()).toMatchObject({ fetched: 1 });
      now = '2038-11-20T10:30:00Z';
      expect(await get('2037-11-20T12:00:00Z')).toMatchObject({ fetched: 0, gaps: [] });
      expect(provider.asked).toHaveLength(3);
      now = FRIDAY_NOON;
    });

    it('and cannot be had leaves what is there, with its gaps and the error', async () => {
      const provider = memoryProvider(week);
      const prices = create({ providers: { memory: provider } });
      const range = { symbol, interval: '1d', from: '2037-11-16', to: '2037-11-20' };
      provider.failing = 'the wire is cut';
      await expect(prices.get(range)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await prices.put({ symbol, interval: '1d', candles: [candle('2037-11-17', 1)] });
      expect(await prices.get(range)).toMatchObject({
        candles: [{ close: 1 }],
        fetched: 0,
        error: expect.stringContaining('the wire is cut'),
        gaps: [
          { from: '2037-11-16T00:00:00.000Z', to: '2037-11-16T18:30:00.000Z' },
          { from: '2037-11-17T18:30:00.000Z', to: '2037-11-19T18:30:00.000Z' },
        ],
      });
      // A series that failed is left alone for a while.
      expect(provider.asked).toHaveLength(1);
      provider.failing = undefined;
      now = '2037-11-20T12:01:00Z';
      expect(await prices.get(range)).toMatchObject({ gaps: [], fetched: 3 });
    });

    it('and was believed once is served stale when nobody answers', async () => {
      now = '2037-11-20T05:00:00Z';
      const provider = memoryProvider([candle('2037-11-20T03:45:00Z', 1)]);
      const prices = create({ providers: { memory: provider } });
      const range = { symbol, interval: '1d', from: '2037-11-20', to: '2037-11-21' };
      await prices.get(range);
      now = '2037-11-21T05:00:01Z';
      provider.failing = 'gone';
      expect(await prices.get(range)).toMatchObject({
        candles: [{ close: 1 }],
        stale: true,
        error: 'memory: gone',
      });
    });

    it('is asked of the next provider when one fails or has nothing; candles that cannot be right are left out', async () => {
      const failing = memoryProvider();
      failing.failing = 'no such symbol';
      const wrong = { ...candle('2037-11-18T03:45:00Z'), high: 1 };
      const providers = {
        failing,
        empty: memoryProvider(),
        last: memoryProvider([...week.slice(0, 2), wrong]),
      };
      const prices = create({ providers });
      const answer = await prices.get({ symbol, interval: '1d', from: '2037-11-16', to: '2037-11-20' });
      expect(answer.candles.map(({ close }) => close)).toEqual([16, 17]);
      expect(answer.error).toContain('candles.2.high');
      expect((await prices.coverage(symbol)).map(({ source }) => source)).toEqual(['last']);
    });

    it('of a closed session is asked for again after an answer without a candle', async () => {
      const provider = memoryProvider();
      const prices = create({ providers: { memory: provider } });
      const range = { symbol, interval: '1d', from: '2037-11-16', to: '2037-11-17' };
      expect(await prices.get(range)).toMatchObject({ candles: [], gaps: [], fetched: 0 });
      await prices.get(range);
      expect(provider.asked).toHaveLength(1);
      provider.held.set(Date.parse('2037-11-16T03:45:00Z'), week[0]!);
      now = '2037-11-21T12:00:01Z';
      expect(await prices.get(range)).toMatchObject({ fetched: 1 });
    });

    it('is asked for in parts that the provider takes, and a provider that hangs is given up', async () => {
      const provider = { ...memoryProvider(week), spanMaxMs: () => 2 * DAY };
      const range = { symbol, interval: '1d', from: '2037-11-16', to: '2037-11-20' };
      await create({ providers: { memory: provider } }).get(range);
      expect(provider.asked).toHaveLength(2);
      const hanging: PriceProvider = { fetch: () => new Promise(() => undefined) };
      const prices = create({ providers: { hanging }, settings: { fetchTimeoutMs: 20 } });
      await expect(prices.get({ ...range, symbol: `${symbol}2` })).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining('no answer within 20 ms'),
      });
    });

    it('is given up when the store is closed', async () => {
      const signals: AbortSignal[] = [];
      const hanging: PriceProvider = {
        fetch({ signal }) {
          signals.push(signal);
          return new Promise(() => undefined);
        },
      };
      const prices = create({ providers: { hanging } });
      const answer = prices
        .get({ symbol, interval: '1d', from: '2037-11-16', to: '2037-11-20' })
        .catch(codeOf);
      await vi.waitFor(() => expect(signals).toHaveLength(1));
      await prices.close();
      expect(await answer).toBe('UNAVAILABLE');
      expect(signals[0]!.aborted).toBe(true);
    });

    it('as_of shows what was over, and asks for nothing later', async () => {
      const provider = memoryProvider(week);
      const prices = create({ providers: { memory: provider } });
      const get = (as_of: string) =>
        prices.get({ symbol, interval: '1d', from: '2037-11-16', to: '2037-11-20', as_of });
      const before = await get('2037-11-18T09:59:59Z');
      expect(before.candles.map(({ close }) => close)).toEqual([16, 17]);
      expect(before.as_of).toBe('2037-11-18T09:59:59.000Z');
      expect(provider.asked.at(-1)![1]).toBe('2037-11-18T18:30:00.000Z');
      expect((await get('2037-11-18T10:00:00Z')).candles.map(({ close }) => close)).toEqual([16, 17, 18]);
    });

    it('a limit of requests holds over all symbols', async () => {
      const provider = memoryProvider(week);
      const prices = create({ providers: { [symbol]: provider }, quota: { limit: 1, windowMs: 3_600_000 } });
      const range = { interval: '1d', from: '2037-11-16', to: '2037-11-20' };
      await prices.get({ ...range, symbol });
      await expect(prices.get({ ...range, symbol: `${symbol}B` })).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining('limit of requests'),
      });
    });
  });

  describe('what the migration loaded', () => {
    const old = [
      { time: '2037-11-16T03:45:00', open: 1, high: 2, low: 1, close: 1, volume: 10 },
      { time: '2037-11-17 03:45:00.000001', open: 1, high: 2, low: 1, close: 2, volume: 10.5 },
      { time: '2037-11-18T09:15:00+05:30', open: 1, high: 2, low: 1, close: null, volume: null },
      { time: 'yesterday', open: 1, high: 2, low: 1, close: 1, volume: 10 },
    ];
    const range = { interval: '1d', from: '2037-11-16', to: '2037-11-20' };

    it('is read, the newer answer first, and covers what it asked for', async () => {
      const metadata = { from: '2037-11-01T00:00:00Z', to: '2037-11-18T20:00:00Z' };
      await migrated(old, {
        ...metadata,
        cached: '2037-11-19T20:00:00Z',
        source: 'zerodha',
        interval: 'day',
      });
      await migrated(
        [
          { ...old[0]!, close: 2 },
          { ...old[1]!, close: 1 },
        ],
        {
          ...metadata,
          cached: '2037-11-18T20:00:00Z',
          symbol: symbol.toLowerCase(),
        },
      );
      const before = await stores.durable.query('select * from price_history order by id');
      const prices = create();
      const answer = await prices.get({ symbol, ...range });
      expect(answer.candles).toEqual([
        { time: '2037-11-16T03:45:00.000Z', open: 1, high: 2, low: 1, close: 1, volume: 10 },
        { time: '2037-11-17T03:45:00.000Z', open: 1, high: 2, low: 1, close: 2, volume: 10.5 },
      ]);
      expect(answer.coverage).toEqual([{ from: '2037-11-16T00:00:00.000Z', to: '2037-11-17T18:30:00.000Z' }]);
      expect(
        (await prices.get({ symbol, ...range, source: 'yahoo' })).candles.map(({ close }) => close),
      ).toEqual([2, 1]);
      // Once: and the rows of the migration stay as they were.
      expect(await prices.get({ symbol, ...range })).toEqual(answer);
      expect((await stores.durable.query('select * from price_history order by id')).rows).toEqual(
        before.rows,
      );
    });

    it('fills gaps before anybody is asked, never replaces what was written since, and comes again when it was changed', async () => {
      const prices = create();
      await prices.put({ symbol, interval: '1d', candles: [candle('2037-11-17', 7)] });
      await migrated(old, { cached: '2037-11-18T20:00:00Z', source: 'manual' });
      const closes = async () => (await prices.get({ symbol, ...range })).candles.map(({ close }) => close);
      expect(await closes()).toEqual([1, 7]);
      await stores.durable.query('update price_history set candles = $2 where symbol = $1', [
        symbol,
        JSON.stringify([{ ...old[0], high: 3, close: 3 }]),
      ]);
      expect(await closes()).toEqual([3, 7]);
    });

    it('at once by many is read once; removed, it does not come back', async () => {
      await migrated(old, { cached: '2037-11-18T20:00:00Z' });
      const prices = create();
      const answers = await Promise.all(Array.from({ length: 8 }, () => prices.get({ symbol, ...range })));
      for (const { candles } of answers) expect(candles).toHaveLength(2);
      expect(await prices.remove({ symbol })).toMatchObject({ symbol, candles: 2 });
      await expect(prices.get({ symbol, ...range })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await migrated(old, { cached: '2037-11-18T20:00:00Z', symbol: `${symbol}2` });
      expect(await prices.remove({ symbol: `${symbol}2` })).toMatchObject({ candles: 2 });
      await expect(prices.get({ symbol: `${symbol}2`, ...range })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });
  });

  it('remove takes what was written before, of one interval or of all', async () => {
    const prices = create();
    const range = { symbol, interval: '1d', from: '2037-11-16', to: '2037-11-20' };
    await prices.put({
      symbol,
      interval: '1d',
      source: 'a',
      candles: [candle('2037-11-17', 1), candle('2037-11-18', 1)],
    });
    await prices.put({ symbol, interval: '5m', candles: [candle('2037-11-18T04:00:00Z')] });
    now = '2037-11-20T15:00:00Z';
    await prices.put({ symbol, interval: '1d', source: 'b', candles: [candle('2037-11-18', 2)] });
    await prices.get(range);
    expect(await prices.remove({ symbol, interval: 'day', older_than_hours: 3 })).toEqual({
      symbol,
      candles: 2,
      ranges: 1,
    });
    expect(await prices.get(range)).toMatchObject({
      candles: [{ close: 2 }],
      coverage: [{ from: '2037-11-17T18:30:00.000Z', to: '2037-11-18T18:30:00.000Z' }],
    });
    expect(await prices.remove({ symbol, older_than_hours: 100 })).toMatchObject({ candles: 0 });
    expect(await prices.remove({ symbol })).toMatchObject({ candles: 2, ranges: 2 });
    await expect(prices.get(range)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await prices.coverage(symbol)).toEqual([]);
  });

  it('daily candles are those of the exchange’s days, both dates included', async () => {
    const prices = create();
    // Midnight in India is the day before in UTC.
    await prices.put({
      symbol,
      interval: '1d',
      candles: [candle('2037-11-16T18:30:00Z', 1), candle('2037-11-18', 2)],
    });
    expect(await prices.dailyCandles(symbol, '2037-11-17', '2037-11-18')).toEqual([
      { date: '2037-11-17', open: 100, high: 101, low: 1, close: 1, volume: 1_000 },
      { date: '2037-11-18', open: 100, high: 101, low: 2, close: 2, volume: 1_000 },
    ]);
    expect(await prices.dailyCandles(symbol, '2037-11-18', '2037-11-18')).toHaveLength(1);
    expect(await prices.dailyCandles('NOBODY', '2037-11-18', '2037-11-18')).toEqual([]);
  });

  it('counts what there is, and how often it was enough', async () => {
    const prices = create();
    const before = await prices.stats();
    await prices.put({ symbol, interval: '1d', candles: [candle('2037-11-17')] });
    const range = { symbol, interval: '1d', from: '2037-11-17', to: '2037-11-18' };
    await prices.get(range);
    await expect(prices.get({ ...range, to: '2037-11-19', from: '2037-11-18' })).rejects.toThrow(
      'no candles',
    );
    await vi.waitFor(async () => {
      const after = await prices.stats();
      expect(after).toMatchObject({
        series: before.series + 1,
        candles: before.candles + 1,
        hits: before.hits! + 1,
        misses: before.misses! + 1,
        writes: before.writes! + 1,
      });
      expect(after.hit_rate).toBeCloseTo(after.hits! / (after.hits! + after.misses!));
    });
  });

  describe('over HTTP', () => {
    let app: App;
    beforeAll(async () => {
      now = FRIDAY_NOON;
      const prices = create();
      app = await routesOver((bare) => {
        routePrices(bare, prices);
      });
    });
    afterAll(() => app.close());

    const body = (...candles: unknown[]) => ({ candles });
    const good = { time: '2037-11-18', open: 1, high: 2, low: 1, close: 2, volume: 3 };

    it('puts, gives, counts and removes', async () => {
      const url = `/v1/prices/${encodeURIComponent(symbol)}`;
      const put = await app.inject({ method: 'PUT', url: `${url}?interval=1d`, payload: body(good) });
      expect(put.json()).toMatchObject({ symbol, written: 1, source: 'manual' });
      const query = 'interval=day&from=2037-11-18&to=2037-11-20';
      const got = await app.inject({ url: `${url}?${query}` });
      expect(got.statusCode).toBe(200);
      expect(got.json()).toEqual({
        symbol,
        interval: 'day',
        source: 'auto',
        candles: [{ ...good, time: '2037-11-18T03:45:00.000Z' }],
        coverage: [{ from: '2037-11-18T00:00:00.000Z', to: '2037-11-18T18:30:00.000Z' }],
        gaps: [{ from: '2037-11-18T18:30:00.000Z', to: '2037-11-19T18:30:00.000Z' }],
        fetched: 0,
        stale: false,
        as_of: FRIDAY_NOON,
      });
      // A year of days, up to now.
      expect((await app.inject({ url })).json().candles).toHaveLength(1);
      expect((await app.inject({ url: '/v1/prices/stats' })).json().candles).toBeGreaterThan(0);
      const gone = await app.inject({ method: 'DELETE', url: `${url}?interval=1d&older_than_hours=0` });
      expect(gone.json()).toEqual({ symbol, candles: 1, ranges: 1 });
      expect((await app.inject({ url: `${url}?${query}` })).statusCode).toBe(404);
    });

    it.each([
      ['GET', '?interval=fortnight', undefined, 'interval'],
      ['GET', '?interval=1d&from=soon', undefined, 'from'],
      ['GET', '?interval=1d&from=2037-11-19&to=2037-11-18', undefined, 'from'],
      ['GET', '?interval=1m&from=2037-01-01&to=2037-11-18', undefined, 'from'],
      ['GET', '?interval=1d&from=0001-01-01&to=0001-02-01', undefined, 'to'],
      ['GET', '?interval=1d&to=9999-12-31', undefined, 'to'],
      ['GET', '?interval=1d&source=%00', undefined, 'source'],
      ['GET', '?interval=1d&limit=3', undefined, 'limit'],
      ['PUT', '?interval=1d', {}, 'candles'],
      ['PUT', '', body(good), 'interval'],
      ['PUT', '?interval=1d', body({ ...good, high: '2' }), 'candles.0.high'],
      ['PUT', '?interval=1d', body({ ...good, high: 0.5 }), 'candles.0.high'],
      ['PUT', '?interval=1d', body({ ...good, volume: -1 }), 'candles.0.volume'],
      ['PUT', '?interval=1d', body({ ...good, time: 'x'.repeat(100) }), 'candles.0.time'],
      ['PUT', '?interval=1d', body({ ...good, time: '0044-03-15' }), 'candles.0.time'],
      ['PUT', '?interval=5m', body(good), 'candles.0.time'],
      ['PUT', '?interval=1d', body({ ...good, more: 1 }), 'more'],
      ['PUT', '?interval=1d&from=2037-11-18', body(good), 'to'],
      ['PUT', '?interval=1d&from=2037-11-10&to=2037-11-11', body(good), 'candles'],
      ['PUT', '?interval=1d', body(), 'candles'],
      ['DELETE', '?older_than_hours=-1', undefined, 'older_than_hours'],
      ['DELETE', '?interval=x', undefined, 'interval'],
    ] as const)('%s %s with %j names %s', async (method, query, payload, field) => {
      const url = `/v1/prices/TCS${query}`;
      const answer = await app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
      expect(answer.json()).toMatchObject({ status: 400, code: 'INVALID_INPUT' });
      expect(answer.json().detail).toContain(`${field}: expected`);
    });

    it('numbers that JSON cannot hold and halves of characters are refused too', async () => {
      const headers = { 'content-type': 'application/json' };
      const url = '/v1/prices/TCS?interval=1d';
      for (const text of [
        '{"candles":[{"time":"2037-11-18","open":1e999,"high":2,"low":1,"close":2}]}',
        '{"candles":[{"time":"\\ud800","open":1,"high":2,"low":1,"close":2}]}',
        '{"candles":[{"time":"2037-11-18\\u0000","open":1,"high":2,"low":1,"close":2}]}',
        '[]',
        'null',
      ]) {
        const answer = await app.inject({ method: 'PUT', url, headers, payload: text });
        expect(answer.statusCode).toBe(400);
      }
      expect((await app.inject({ url: '/v1/prices/%00?interval=1d' })).statusCode).toBe(400);
    });
  });

  it('a model of days agrees with every answer, and no provider is asked for what was known', async () => {
    const first = Date.parse('2037-06-01T03:45:00Z');
    const span = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 20 }));
    const step = fc.record({
      kind: fc.constantFrom('get', 'get', 'put', 'flush'),
      span,
      close: fc.integer({ min: 1, max: 200 }),
    });
    type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
    let runs = 0;
    const agrees = async (steps: Step[]): Promise<void> => {
      runs += 1;
      const name = `${symbol}-${runs}`;
      const model = new Map<number, number>();
      const provider: PriceProvider = {
        async fetch({ from, to }) {
          const days = Array.from({ length: 90 }, (_, day) => day).filter((day) => {
            const time = first + day * DAY;
            return time >= from.getTime() && time < to.getTime();
          });
          for (const day of days) expect(model.has(day)).toBe(false);
          // Weekends are never asked for alone.
          const traded = days.filter((day) => new Date(first + day * DAY).getUTCDay() % 6 !== 0);
          expect(traded).not.toEqual([]);
          for (const day of traded) model.set(day, 50);
          return traded.map((day) => candle(new Date(first + day * DAY).toISOString(), 50));
        },
      };
      const prices = create({ providers: { provider } });
      for (const {
        kind,
        span: [begin, length],
        close,
      } of steps) {
        const days = Array.from({ length }, (_, index) => begin + index);
        if (kind === 'flush') await stores.flush();
        else if (kind === 'put') {
          const candles = days.map((day) => candle(new Date(first + day * DAY).toISOString(), close));
          await prices.put({ symbol: name, interval: '1d', candles });
          for (const day of days) model.set(day, close);
        } else {
          const [from, to] = [new Date(first + begin * DAY), new Date(first + (begin + length) * DAY)];
          const { candles, gaps } = await prices.get({ symbol: name, interval: '1d', from, to });
          const found = candles.map(({ time, close: price }) => [(Date.parse(time) - first) / DAY, price]);
          expect(found).toEqual(days.filter((day) => model.has(day)).map((day) => [day, model.get(day)]));
          expect(gaps).toEqual([]);
        }
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), agrees), {
      numRuns: 25,
      endOnFailure: true,
    });
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { StockroomError } from '../../core/errors.ts';
import { createCalendar } from '../../market/index.ts';
import type { DailyCandle, DailyCandles } from './compute.ts';
import { createSupportResistance, type SupportResistance } from './store.ts';

const calendar = createCalendar();
/** A Friday, 10:00 in India: the session before is that of 2026-11-19. */
const OPEN = new Date('2026-11-20T04:30:00Z');
const figures = { p: 100, r1: 110, r2: 120, r3: 130, s1: 90, s2: 80, s3: 70 };

describe.each(storeKinds)('support and resistance on the %s tiers', (kind) => {
  let stores: TestStores;
  let levels: SupportResistance;
  let now: Date;
  let candles: DailyCandles;
  let asked: string[];

  /** One candle a session of 2025-01-01 to the date: the n-th from the end has highs of 100 + n, lows of 50 - n. */
  const history = (until: string): DailyCandle[] =>
    calendar
      .sessionsBetween('XNSE', '2025-01-01', until)
      .toReversed()
      .map(({ date }, n) => ({ date, open: 70, high: 100 + n, low: 50 - n, close: 75 - n, volume: 1 }));

  beforeAll(async () => {
    stores = await freshStores(kind);
    levels = createSupportResistance({
      ...stores,
      clock: () => now,
      calendar,
      candles: (symbol, from, to) => {
        asked.push(`${symbol} ${from} ${to}`);
        return candles(symbol, from, to);
      },
    });
  });
  afterAll(() => stores.remove());
  beforeEach(() => {
    now = OPEN;
    asked = [];
    const all = history('2026-11-27');
    candles = async (_symbol, from, to) => all.filter(({ date }) => date >= from && date <= to);
  });
  afterEach(async () => {
    await stores.durable.query('delete from support_resistance_levels');
    await stores.flush();
  });

  const rows = async () =>
    (
      await stores.durable.query(
        'select symbol, timeframe_scope, method, computed_at from support_resistance_levels order by id',
      )
    ).rows;
  const key = (name: string) => stores.hot.projections.read(`stockroom:${name}`);

  it('computes levels from the last closed session, keeps them, and computes them once', async () => {
    candles = async () => history('2026-11-20').toReversed();
    const computed = await levels.get({ symbol: 'm&m', scope: 'D' });
    // The candle of 2026-11-20 is not closed: that of the day before counts. h 101, l 49, c 74.
    expect(computed).toEqual({
      symbol: 'M&M',
      timeframe_scope: 'D',
      method: 'floor',
      p: 224 / 3,
      r1: 2 * (224 / 3) - 49,
      r2: 224 / 3 + 52,
      r3: 101 + 2 * (224 / 3 - 49),
      s1: 2 * (224 / 3) - 101,
      s2: 224 / 3 - 52,
      s3: 49 - 2 * (101 - 224 / 3),
      r4: null,
      s4: null,
      computed_at: '2026-11-20T04:30:00.000000Z',
      sessions: 1,
      last_session: '2026-11-19',
      stale: false,
      stale_reason: null,
    });
    expect(await levels.get({ symbol: 'M&M', scope: 'D' })).toEqual(computed);
    await stores.flush();
    expect(await levels.get({ symbol: 'M&M', scope: 'D' })).toEqual(computed);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^M&M 2026-11-0\d 2026-11-19$/);
    expect(await rows()).toHaveLength(1);
  });

  it.each([
    ['Y', 252],
    ['M', 22],
    ['W', 5],
    ['D', 1],
  ] as const)('takes the sessions of %s: %d', async (scope, sessions) => {
    const { p, r2, s2, ...rest } = await levels.get({ symbol: 'TCS', scope });
    // The range reaches as far back as there are sessions; the candles go on for a week after the last that is closed.
    const spare = calendar.sessionsBetween('XNSE', '2026-11-20', '2026-11-27').length;
    const range = 50 + 2 * (spare + sessions - 1);
    expect(r2! - p!).toBeCloseTo(range, 9);
    expect(p! - s2!).toBeCloseTo(range, 9);
    expect(rest).toMatchObject({ sessions, last_session: '2026-11-19', stale: false });
  });

  it('counts a session as soon as it is closed', async () => {
    now = new Date('2026-11-20T10:00:00Z');
    expect(await levels.get({ symbol: 'TCS', scope: 'D' })).toMatchObject({ last_session: '2026-11-20' });
  });

  it('says how many sessions there were when there are fewer', async () => {
    candles = async () => history('2026-11-19').slice(0, 3);
    expect(await levels.get({ symbol: 'NEW', scope: 'M' })).toMatchObject({ sessions: 3, stale: false });
  });

  it('passes over candles without prices', async () => {
    const [last, before] = history('2026-11-19');
    candles = async () => [
      { ...last!, high: Number.NaN },
      { ...before!, high: 1e300 },
      ...history('2026-11-17'),
    ];
    expect(await levels.get({ symbol: 'TCS', scope: 'D' })).toMatchObject({
      last_session: '2026-11-17',
      sessions: 1,
    });
  });

  it('computes for all who ask at once a single time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => levels.get({ symbol: 'TCS', scope: 'W' })),
    );
    expect(asked).toHaveLength(1);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await rows()).toHaveLength(1);
  });

  it('keeps methods and scopes apart', async () => {
    const floor = await levels.get({ symbol: 'TCS', scope: 'D' });
    const camarilla = await levels.get({ symbol: 'TCS', scope: 'D', method: 'camarilla' });
    // Of 105, 45 and 70: 70 + 60 × 1.1 / 2, and / 12.
    expect(camarilla.r4).toBeCloseTo(103, 9);
    expect(camarilla.r1).toBeCloseTo(75.5, 9);
    expect((await levels.get({ symbol: 'TCS', scope: 'W' })).sessions).toBe(5);
    expect(await levels.get({ symbol: 'TCS', scope: 'D' })).toEqual(floor);
    expect(await levels.get({ symbol: 'TCS', scope: 'D', method: 'camarilla' })).toEqual(camarilla);
    expect(asked).toHaveLength(3);
  });

  it('computes anew when the period is over, and gives stale ones when that fails', async () => {
    const first = await levels.get({ symbol: 'TCS', scope: 'D' });
    now = new Date('2026-11-20T18:29:59Z');
    expect(await levels.get({ symbol: 'TCS', scope: 'D' })).toEqual(first);
    now = new Date('2026-11-20T18:30:00Z');
    candles = async () => {
      throw new Error('https://provider/?key=secret is down');
    };
    expect(await levels.get({ symbol: 'TCS', scope: 'D' })).toEqual({
      ...first,
      stale: true,
      stale_reason: 'UNAVAILABLE',
    });
    candles = async () => [];
    expect(await levels.get({ symbol: 'TCS', scope: 'D' })).toMatchObject({
      stale: true,
      stale_reason: 'NOT_FOUND',
    });
    candles = async () => history('2026-11-20');
    expect(await levels.get({ symbol: 'TCS', scope: 'D' })).toMatchObject({
      stale: false,
      computed_at: '2026-11-20T18:30:00.000000Z',
      last_session: '2026-11-20',
    });
    expect(await rows()).toHaveLength(2);
  });

  it('fails when there is nothing to give', async () => {
    candles = async () => [];
    await expect(levels.get({ symbol: 'NONE', scope: 'Y' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    candles = async () => {
      throw new Error('https://provider/?key=secret is down');
    };
    const failure = await levels.get({ symbol: 'NONE', scope: 'Y' }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'UNAVAILABLE' });
    expect((failure as Error).message).not.toContain('secret');
    candles = async () => {
      throw new StockroomError('DATABASE_UNREACHABLE', 'away');
    };
    await expect(levels.get({ symbol: 'NONE', scope: 'Y' })).rejects.toMatchObject({
      code: 'DATABASE_UNREACHABLE',
    });
    candles = async () => history('2026-11-19');
    expect(await levels.get({ symbol: 'NONE', scope: 'Y' })).toMatchObject({ stale: false });
  });

  it('keeps what is put, and gives the newest', async () => {
    const put = { symbol: 'tcs', scope: 'W', ...figures } as const;
    expect(await levels.put(put)).toMatchObject({
      ...figures,
      symbol: 'TCS',
      sessions: null,
      r4: null,
      stale: false,
    });
    await levels.put({ ...put, p: 1, computed_at: '2026-11-19T00:00:00Z' });
    expect(await levels.get({ symbol: 'TCS', scope: 'W' })).toMatchObject(figures);
    await levels.put({ ...put, p: 101 });
    expect(await levels.get({ symbol: 'TCS', scope: 'W' })).toMatchObject({ ...figures, p: 101 });
    await stores.flush();
    expect(await levels.get({ symbol: 'TCS', scope: 'W' })).toMatchObject({ ...figures, p: 101 });
    expect(await rows()).toHaveLength(2);
    expect(asked).toEqual([]);
    await expect(levels.put({ ...put, computed_at: '2026-11-20T05:00:00Z' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it('looks back, and keeps nothing of it', async () => {
    await levels.put({ symbol: 'TCS', scope: 'D', ...figures, computed_at: '2026-11-18T05:00:00Z' });
    await levels.put({ symbol: 'TCS', scope: 'D', ...figures, p: 1 });
    const back = (as_of: string) => levels.get({ symbol: 'TCS', scope: 'D', as_of });
    expect(await back('2026-11-18T06:00:00.000000Z')).toMatchObject({ p: 100, stale: false });
    // Not known by then: as it would have been computed.
    expect(await back('2026-11-18T04:59:00.000000Z')).toMatchObject({
      sessions: 1,
      last_session: '2026-11-17',
      computed_at: '2026-11-18T04:59:00.000000Z',
    });
    candles = async () => [];
    expect(await back('2026-11-19T06:00:00.000000Z')).toMatchObject({ p: 100, stale: true });
    expect(await rows()).toHaveLength(2);
  });

  it('scores a price', async () => {
    await levels.put({ symbol: 'TCS', scope: 'D', ...figures });
    expect(await levels.score({ symbol: 'tcs', scope: 'D', price: 121 })).toMatchObject({
      score: 25,
      levels: figures,
    });
    candles = async () => [];
    expect(await levels.score({ symbol: 'NONE', scope: 'D', price: 1 })).toEqual({
      symbol: 'NONE',
      timeframe_scope: 'D',
      method: 'floor',
      price: 1,
      score: 50,
      levels: null,
    });
  });

  it('writes the keys, which read back as the same doubles', async () => {
    now = new Date();
    const put = { symbol: 'A:B', scope: 'Y', ...figures, p: 1538.3366666666668 } as const;
    await levels.put(put);
    const content = await key('sr:A%3aB:Y');
    expect(content).toMatchObject({
      kind: 'hash',
      fields: { p: '1538.3366666666668', r1: '110', timeframe_scope: 'Y' },
    });
    expect((await levels.get(put)).p).toBe(1538.3366666666668);
    await levels.put({ ...put, method: 'woodie', r4: 140, s4: 60 });
    expect(await key('sr:A%3aB:Y:woodie')).toMatchObject({ fields: { r4: '140', method: 'woodie' } });
    if (stores.redis !== undefined)
      expect(await stores.ask('PTTL', 'stockroom:sr:A%3aB:Y')).toBeGreaterThan(0);
    for (const bound of stores.views.all) {
      for (const id of await bound.view.recent(stores.durable))
        expect(bound.view.idOf(bound.view.key(id))).toEqual(id);
    }
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCalendar, exchanges, type MarketSession } from './index.ts';

const calendar = createCalendar();
const at = (text: string): Date => new Date(text);

/** Weekdays of a year without a session. */
function closedWeekdays(exchange: (typeof exchanges)[number], year: number): string[] {
  const open = new Set(
    calendar.sessionsBetween(exchange, `${year}-01-01`, `${year}-12-31`).map(({ date }) => date),
  );
  const closed: string[] = [];
  for (let day = Date.UTC(year, 0, 1); day < Date.UTC(year + 1, 0, 1); day += 86_400_000) {
    const date = new Date(day).toISOString().slice(0, 10);
    if (![0, 6].includes(new Date(day).getUTCDay()) && !open.has(date)) closed.push(date);
  }
  return closed;
}

function halfDays(year: number): string[] {
  return calendar
    .sessionsBetween('XNYS', `${year}-01-01`, `${year}-12-31`)
    .filter(({ note }) => note === 'Half day')
    .map(({ date }) => date);
}

describe('New York', () => {
  it('keeps the holidays that NYSE Group published on 2024-11-08 and 2025-12-23', () => {
    expect(closedWeekdays('XNYS', 2026)).toEqual(
      '01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25'.split(' ').map((day) => `2026-${day}`),
    );
    expect(closedWeekdays('XNAS', 2027)).toEqual(
      '01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24'.split(' ').map((day) => `2027-${day}`),
    );
    // New Year's Day of 2028 is a Saturday and not kept.
    expect(closedWeekdays('XNYS', 2028)).toEqual(
      '01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25'.split(' ').map((day) => `2028-${day}`),
    );
  });

  it('closed on 2025-01-09 besides, and in 2021 on no Juneteenth', () => {
    expect(closedWeekdays('XNYS', 2025)).toEqual(
      '01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25'
        .split(' ')
        .map((day) => `2025-${day}`),
    );
    expect(calendar.session('XNYS', '2021-06-18')).toBeDefined();
    expect(calendar.session('XNYS', '2021-12-31')).toBeDefined();
    expect(calendar.session('XNYS', '2022-06-20')).toBeUndefined();
  });

  it('has the half days of the same lists', () => {
    expect(halfDays(2025)).toEqual(['2025-07-03', '2025-11-28', '2025-12-24']);
    expect(halfDays(2026)).toEqual(['2026-11-27', '2026-12-24']);
    expect(halfDays(2027)).toEqual(['2027-11-26']);
    expect(halfDays(2028)).toEqual(['2028-07-03', '2028-11-24']);
    expect(calendar.session('XNYS', '2025-07-03')?.closesAt).toBe('2025-07-03T17:00:00.000Z');
  });

  it('opens at 09:30 in summer and in winter', () => {
    // Clocks changed on 2026-03-08 and on 2026-11-01.
    expect(calendar.session('XNYS', '2026-03-06')?.opensAt).toBe('2026-03-06T14:30:00.000Z');
    expect(calendar.session('XNYS', '2026-03-09')?.opensAt).toBe('2026-03-09T13:30:00.000Z');
    expect(calendar.session('XNYS', '2026-10-30')?.closesAt).toBe('2026-10-30T20:00:00.000Z');
    expect(calendar.session('XNYS', '2026-11-02')?.closesAt).toBe('2026-11-02T21:00:00.000Z');
  });
});

describe('India', () => {
  it('keeps the holidays of the lists of NSE', () => {
    // https://www.nseindia.com/resources/exchange-communication-holidays, of the years 2023, 2025 and 2026.
    expect(closedWeekdays('XNSE', 2023)).toEqual(
      '01-26 03-07 03-30 04-04 04-07 04-14 05-01 06-29 08-15 09-19 10-02 10-24 11-14 11-27 12-25'
        .split(' ')
        .map((day) => `2023-${day}`),
    );
    expect(closedWeekdays('XNSE', 2026)).toHaveLength(16);
    expect(calendar.session('XBOM', '2026-01-15')).toBeUndefined();
  });

  it('has the sessions at weekends and of Diwali, from the circulars of NSE and BSE', () => {
    const of = (date: string): [string, string] | undefined => {
      const session = calendar.session('XNSE', date);
      return session && [session.opensAt.slice(11, 16), session.closesAt.slice(11, 16)];
    };
    expect(of('2024-01-20')).toEqual(['03:45', '10:00']);
    expect(of('2024-01-22')).toBeUndefined();
    expect(of('2024-05-18')).toEqual(['03:45', '07:00']);
    expect(of('2025-02-01')).toEqual(['03:45', '10:00']);
    expect(of('2026-02-01')).toEqual(['03:45', '10:00']);
    expect(of('2022-10-24')).toEqual(['12:45', '13:45']);
    expect(of('2023-11-12')).toEqual(['12:45', '13:45']);
    expect(of('2025-10-21')).toEqual(['08:15', '09:15']);
    expect(of('2026-11-08')).toBeUndefined();
  });

  it('says how far it knows, and keeps the fixed holidays beyond', () => {
    expect(calendar.coveredUntil('XNSE')).toBe('2026-12-31');
    expect(closedWeekdays('XNSE', 2027)).toEqual(['2027-01-26', '2027-03-26', '2027-04-14']);
  });
});

describe('overrides', () => {
  it('come before what is known', () => {
    const changed = createCalendar({
      overrides: [
        { exchange: 'XNSE', date: '2026-11-25', opensAt: null, closesAt: null },
        {
          exchange: 'XNSE',
          date: '2026-11-08',
          opensAt: '2026-11-08T12:45:00Z',
          closesAt: '2026-11-08T13:45:00Z',
          note: 'Muhurat trading',
        },
      ],
    });
    expect(changed.session('XNSE', '2026-11-25')).toBeUndefined();
    expect(changed.session('XBOM', '2026-11-25')).toBeDefined();
    expect(changed.isOpen('XNSE', at('2026-11-08T13:00:00Z'))).toBe(true);
    expect(changed.next('XNSE', at('2026-11-07T00:00:00Z')).note).toBe('Muhurat trading');
  });

  it('are refused when sessions would overlap', () => {
    const override = (opensAt: string | null, closesAt: string | null) => () =>
      createCalendar({ overrides: [{ exchange: 'XNYS', date: '2026-11-25', opensAt, closesAt }] });
    expect(override('2026-11-25T15:00:00Z', null)).toThrow('or neither');
    expect(override('2026-11-25T15:00:00Z', '2026-11-25T14:00:00Z')).toThrow('before one of closing');
    expect(override('2026-11-25T15:00:00Z', '2026-11-26T15:00:00Z')).toThrow('on that day');
  });
});

it('answers about instants', () => {
  expect(calendar.isOpen('XNSE', at('2026-11-23T03:44:59.999Z'))).toBe(false);
  expect(calendar.isOpen('XNSE', at('2026-11-23T03:45:00Z'))).toBe(true);
  expect(calendar.isOpen('XNSE', at('2026-11-23T10:00:00Z'))).toBe(false);
  expect(calendar.next('XNSE', at('2026-11-23T03:45:00Z')).date).toBe('2026-11-25');
  expect(calendar.previous('XNSE', at('2026-11-23T10:00:00Z')).date).toBe('2026-11-23');
  expect(calendar.previous('XNSE', at('2026-11-23T09:59:59Z')).date).toBe('2026-11-20');
  expect(calendar.dayOf('XNYS', at('2026-11-23T03:00:00Z'))).toBe('2026-11-22');
  expect(calendar.dayOf('XNSE', at('2026-11-22T19:00:00Z'))).toBe('2026-11-23');
});

it('counts sessions', () => {
  expect(calendar.addSessions('XNSE', '2026-11-23', 1)).toBe('2026-11-25');
  expect(calendar.addSessions('XNSE', '2026-11-24', 0)).toBe('2026-11-25');
  expect(calendar.addSessions('XNSE', '2026-11-24', 1)).toBe('2026-11-25');
  expect(calendar.addSessions('XNSE', '2026-11-24', -1)).toBe('2026-11-23');
  expect(calendar.addSessions('XNYS', '2026-12-31', 1)).toBe('2027-01-04');
  expect(calendar.addSessions('XNYS', '2027-01-02', -2)).toBe('2026-12-30');
});

it('refuses what is no day, and ranges that are too long', () => {
  for (const date of ['2026-02-30', '26-01-01', '1989-12-31', '2101-01-01', '']) {
    expect(() => calendar.session('XNSE', date)).toThrow('expected a day');
  }
  expect(() => calendar.sessionsBetween('XNSE', '1990-01-01', '2026-01-01')).toThrow('expected at most');
  expect(() => calendar.addSessions('XNSE', '2026-01-01', 1e9)).toThrow('expected a whole number');
  expect(() => calendar.isOpen('XNSE', new Date(Number.NaN))).toThrow('expected one of the years');
  expect(calendar.sessionsBetween('XNSE', '2026-01-02', '2026-01-01')).toEqual([]);
});

describe('for every instant', () => {
  const exchange = fc.constantFrom(...exchanges);
  const instant = fc.date({ min: at('1991-01-01'), max: at('2099-12-31'), noInvalidDate: true });
  const opens = (session: MarketSession): number => Date.parse(session.opensAt);
  const closes = (session: MarketSession): number => Date.parse(session.closesAt);

  it('next opens after it, previous closed before it, and nothing lies between but what is open', () => {
    fc.assert(
      fc.property(exchange, instant, (market, time) => {
        const [next, previous] = [calendar.next(market, time), calendar.previous(market, time)];
        expect(opens(next)).toBeGreaterThan(time.getTime());
        expect(closes(previous)).toBeLessThanOrEqual(time.getTime());
        const current = calendar.current(market, time);
        expect(calendar.isOpen(market, time)).toBe(current !== undefined);
        expect(calendar.addSessions(market, previous.date, current === undefined ? 1 : 2)).toBe(next.date);
        if (current !== undefined) {
          expect(opens(current)).toBeLessThanOrEqual(time.getTime());
          expect(closes(current)).toBeGreaterThan(time.getTime());
          expect(calendar.session(market, calendar.dayOf(market, time))).toEqual(current);
        }
      }),
    );
  });

  it('a session is open from its opening to before its close', () => {
    fc.assert(
      fc.property(exchange, instant, (market, time) => {
        const session = calendar.next(market, time);
        expect(calendar.isOpen(market, new Date(opens(session) - 1))).toBe(false);
        expect(calendar.isOpen(market, new Date(opens(session)))).toBe(true);
        expect(calendar.isOpen(market, new Date(closes(session) - 1))).toBe(true);
        expect(calendar.isOpen(market, new Date(closes(session)))).toBe(false);
        expect(calendar.dayOf(market, new Date(opens(session)))).toBe(session.date);
      }),
    );
  });

  it('counting sessions forth and back ends where it began', () => {
    fc.assert(
      fc.property(exchange, instant, fc.integer({ min: -300, max: 300 }), (market, time, n) => {
        fc.pre(time.getUTCFullYear() > 1993 && time.getUTCFullYear() < 2097);
        const start = calendar.addSessions(market, calendar.dayOf(market, time), 0);
        const end = calendar.addSessions(market, start, n);
        expect(calendar.addSessions(market, end, -n)).toBe(start);
        const [from, to] = n < 0 ? [end, start] : [start, end];
        expect(calendar.sessionsBetween(market, from, to)).toHaveLength(Math.abs(n) + 1);
      }),
    );
  });

  it('sessions are in order and do not overlap', () => {
    for (const market of exchanges) {
      const sessions = calendar.sessionsBetween(market, '2010-01-01', '2029-12-31');
      expect(sessions.length).toBeGreaterThan(4_800);
      for (const [index, session] of sessions.entries()) {
        expect(closes(session)).toBeGreaterThan(opens(session));
        const next = sessions[index + 1];
        if (next !== undefined) expect(opens(next)).toBeGreaterThan(closes(session));
      }
    }
  });
});

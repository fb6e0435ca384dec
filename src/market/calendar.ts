import { StockroomError } from '../core/errors.ts';
import {
  addDays,
  checkedDate,
  checkedTime,
  FIRST_YEAR,
  isoDate,
  isWeekend,
  LAST_YEAR,
  yearOf,
} from './dates.ts';
import { type Exchange, type ExchangeFacts, exchanges } from './exchanges.ts';
import { india } from './india.ts';
import { newYork } from './new-york.ts';
import { clockOf, dayIn } from './zone.ts';

const DAY_MS = 86_400_000;
/** The longest range that `sessionsBetween` answers, and the farthest that `addSessions` counts. */
export const MAX_RANGE_DAYS = 20 * 366;

/** One day's trading. A break in the middle of it is not told apart. */
export interface MarketSession {
  /** The day at the exchange, YYYY-MM-DD. */
  readonly date: string;
  /** ISO 8601 in UTC. It is open at `opensAt` and no longer open at `closesAt`. */
  readonly opensAt: string;
  readonly closesAt: string;
  readonly note?: string;
}

/** A day that is other than the calendar has it. Both times null: closed. */
export interface SessionOverride {
  readonly exchange: Exchange;
  readonly date: string;
  /** ISO 8601, on the day `date` at the exchange. */
  readonly opensAt: string | null;
  readonly closesAt: string | null;
  readonly note?: string | null;
}

/** When exchanges trade. Dates are days at the exchange, from 1990 to 2100; others are refused (INVALID_INPUT). */
export interface Calendar {
  /** The session of a day; undefined: closed that day. */
  session(exchange: Exchange, date: string): MarketSession | undefined;
  isOpen(exchange: Exchange, at: Date): boolean;
  /** The session that is under way; undefined: closed at that instant. */
  current(exchange: Exchange, at: Date): MarketSession | undefined;
  /** The first session that opens after that instant. */
  next(exchange: Exchange, after: Date): MarketSession;
  /** The last session that closed at or before that instant. */
  previous(exchange: Exchange, before: Date): MarketSession;
  /** In order; both dates belong to it. @throws INVALID_INPUT for more than `MAX_RANGE_DAYS` */
  sessionsBetween(exchange: Exchange, fromDate: string, toDate: string): MarketSession[];
  /**
   * The day of the n-th session after the date (n > 0) or before it (n < 0); for n = 0 the date itself when there is
   * a session, else that of the next.
   */
  addSessions(exchange: Exchange, date: string, n: number): string;
  /** The calendar day of an instant at the exchange. */
  dayOf(exchange: Exchange, at: Date): string;
  /** The first and the last day for which all holidays are known: see the README for what is answered beyond. */
  coveredFrom(exchange: Exchange): string;
  coveredUntil(exchange: Exchange): string;
}

interface Year {
  readonly sessions: readonly MarketSession[];
  readonly opens: readonly number[];
  readonly closes: readonly number[];
  readonly byDate: ReadonlyMap<string, MarketSession>;
}

const facts: Readonly<Record<Exchange, ExchangeFacts>> = {
  XNSE: india,
  XBOM: india,
  XNYS: newYork,
  XNAS: newYork,
};

/** How many of the ascending numbers are at most the bound. */
function countUpTo(ascending: readonly number[], bound: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

function invalid(message: string): StockroomError {
  return new StockroomError('INVALID_INPUT', message);
}

/** @throws INVALID_INPUT for times in no order or on another day than the override's: sessions would overlap */
function overriddenSession({
  exchange,
  date,
  opensAt,
  closesAt,
  note,
}: SessionOverride): MarketSession | null {
  const what = `override of ${exchange} on ${checkedDate(date)}`;
  if (opensAt === null && closesAt === null) return null;
  const [opens, closes] = [Date.parse(opensAt ?? ''), Date.parse(closesAt ?? '')];
  if (!(opens < closes)) {
    throw invalid(`${what}: expected a time of opening before one of closing, or neither`);
  }
  const { zone } = facts[exchange];
  if (dayIn(zone, opens) !== date || dayIn(zone, closes - 1) !== date) {
    throw invalid(`${what}: expected both times on that day in ${zone}`);
  }
  return {
    date,
    opensAt: new Date(opens).toISOString(),
    closesAt: new Date(closes).toISOString(),
    ...(note === null || note === undefined ? {} : { note }),
  };
}

/** The calendar of all four exchanges. `overrides` come before what is known here; a later one before an earlier one. */
export function createCalendar({
  overrides = [],
}: {
  overrides?: readonly SessionOverride[];
} = {}): Calendar {
  const changed = new Map<string, MarketSession | null>();
  for (const override of overrides) {
    if (!exchanges.includes(override.exchange)) throw invalid(`override: no exchange ${override.exchange}`);
    changed.set(`${override.exchange} ${override.date}`, overriddenSession(override));
  }
  return new YearlyCalendar(changed);
}

/** Pure functions of the facts and the overrides; a year is worked out when it is first asked for. */
class YearlyCalendar implements Calendar {
  readonly #changed: ReadonlyMap<string, MarketSession | null>;
  readonly #years = new Map<string, Year>();

  constructor(changed: ReadonlyMap<string, MarketSession | null>) {
    this.#changed = changed;
  }

  session(exchange: Exchange, date: string): MarketSession | undefined {
    return this.#year(exchange, yearOf(checkedDate(date))).byDate.get(date);
  }

  isOpen(exchange: Exchange, at: Date): boolean {
    return this.current(exchange, at) !== undefined;
  }

  current(exchange: Exchange, at: Date): MarketSession | undefined {
    const time = checkedTime(at);
    for (const year of this.#around(exchange, at)) {
      const index = countUpTo(year.opens, time) - 1;
      if (index >= 0 && time < year.closes[index]!) return year.sessions[index];
    }
    return undefined;
  }

  next(exchange: Exchange, after: Date): MarketSession {
    const time = checkedTime(after);
    // The year at the exchange may be another than in UTC, by one.
    for (let number = after.getUTCFullYear() - 1; number <= LAST_YEAR; number++) {
      const year = this.#year(exchange, number);
      const found = year.sessions[countUpTo(year.opens, time)];
      if (found !== undefined) return found;
    }
    throw invalid(`no session of ${exchange} is known after ${after.toISOString()}`);
  }

  previous(exchange: Exchange, before: Date): MarketSession {
    const time = checkedTime(before);
    for (let number = before.getUTCFullYear() + 1; number >= FIRST_YEAR; number--) {
      const year = this.#year(exchange, number);
      const found = year.sessions[countUpTo(year.closes, time) - 1];
      if (found !== undefined) return found;
    }
    throw invalid(`no session of ${exchange} is known before ${before.toISOString()}`);
  }

  sessionsBetween(exchange: Exchange, fromDate: string, toDate: string): MarketSession[] {
    const [from, to] = [checkedDate(fromDate), checkedDate(toDate)];
    if ((Date.parse(to) - Date.parse(from)) / DAY_MS >= MAX_RANGE_DAYS) {
      throw invalid(`expected at most ${MAX_RANGE_DAYS} days, found ${from} to ${to}`);
    }
    const found: MarketSession[] = [];
    for (let number = yearOf(from); number <= yearOf(to); number++) {
      const { sessions } = this.#year(exchange, number);
      found.push(...sessions.filter(({ date }) => date >= from && date <= to));
    }
    return found;
  }

  addSessions(exchange: Exchange, date: string, n: number): string {
    let number = yearOf(checkedDate(date));
    if (!Number.isInteger(n) || Math.abs(n) > MAX_RANGE_DAYS) {
      throw invalid(
        `sessions: expected a whole number from -${MAX_RANGE_DAYS} to ${MAX_RANGE_DAYS}, found ${n}`,
      );
    }
    let { sessions } = this.#year(exchange, number);
    // The session that n = 0 means, by its place in the year; a date without one is before its next session.
    const here = sessions.findIndex((session) => session.date >= date);
    const place = here === -1 ? sessions.length : here;
    let index = place + n - (n > 0 && sessions[place]?.date !== date ? 1 : 0);
    while (index < 0 || index >= sessions.length) {
      const forward = index >= 0;
      if (forward) index -= sessions.length;
      number += forward ? 1 : -1;
      if (number < FIRST_YEAR || number > LAST_YEAR) {
        throw invalid(`sessions: ${n} from ${date} is outside the years ${FIRST_YEAR} to ${LAST_YEAR}`);
      }
      ({ sessions } = this.#year(exchange, number));
      if (!forward) index += sessions.length;
    }
    return sessions[index]!.date;
  }

  dayOf(exchange: Exchange, at: Date): string {
    return dayIn(facts[exchange].zone, checkedTime(at));
  }

  coveredFrom(exchange: Exchange): string {
    return facts[exchange].coveredFrom;
  }

  coveredUntil(exchange: Exchange): string {
    return facts[exchange].coveredUntil;
  }

  /** The years that an instant may belong to: at the turn of the year it is another at the exchange. */
  *#around(exchange: Exchange, at: Date): Iterable<Year> {
    const year = at.getUTCFullYear();
    yield this.#year(exchange, year);
    if (at.getUTCMonth() === 0 && at.getUTCDate() === 1) yield this.#year(exchange, year - 1);
    if (at.getUTCMonth() === 11 && at.getUTCDate() === 31) yield this.#year(exchange, year + 1);
  }

  #year(exchange: Exchange, number: number): Year {
    const name = `${exchange} ${number}`;
    let year = this.#years.get(name);
    if (year === undefined) {
      year = this.#build(exchange, number);
      this.#years.set(name, year);
    }
    return year;
  }

  #build(exchange: Exchange, number: number): Year {
    const { zone, hours, days } = facts[exchange];
    const rules = days(number);
    const sessions: MarketSession[] = [];
    const end = isoDate(number + 1, 1, 1);
    for (let date = isoDate(number, 1, 1); date < end; date = addDays(date, 1)) {
      const changed = this.#changed.get(`${exchange} ${date}`);
      if (changed === null) continue;
      if (changed !== undefined) {
        sessions.push(Object.freeze(changed));
        continue;
      }
      const rule = rules.get(date) ?? (isWeekend(date) ? { closed: true as const } : hours);
      if ('closed' in rule) continue;
      const clock = clockOf(zone, date);
      sessions.push(
        Object.freeze({
          date,
          opensAt: new Date(clock(rule.open)).toISOString(),
          closesAt: new Date(clock(rule.close)).toISOString(),
          ...(rule.note === undefined ? {} : { note: rule.note }),
        }),
      );
    }
    return {
      sessions,
      opens: sessions.map(({ opensAt }) => Date.parse(opensAt)),
      closes: sessions.map(({ closesAt }) => Date.parse(closesAt)),
      byDate: new Map(sessions.map((session) => [session.date, session])),
    };
  }
}

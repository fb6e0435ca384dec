import { StockroomError } from '../core/errors.ts';
import { parseIsoDate } from '../core/iso-time.ts';

const DAY_MS = 86_400_000;

/** Years that a calendar answers for. Bounded, since each one that is asked for is kept. */
export const FIRST_YEAR = 1990;
export const LAST_YEAR = 2100;

/** @returns the date as it was given @throws INVALID_INPUT unless it is a day (YYYY-MM-DD) of 1990 to 2100 */
export function checkedDate(date: string): string {
  const day = parseIsoDate(date);
  const year = day === undefined ? Number.NaN : yearOf(day);
  if (day !== undefined && year >= FIRST_YEAR && year <= LAST_YEAR) return day;
  throw new StockroomError(
    'INVALID_INPUT',
    `date: expected a day from ${FIRST_YEAR}-01-01 to ${LAST_YEAR}-12-31 (YYYY-MM-DD), found ${JSON.stringify(date).slice(0, 40)}`,
    { details: { date } },
  );
}

/** @throws INVALID_INPUT unless it is a time of 1990 to 2100 */
export function checkedTime(at: Date): number {
  const year = at.getUTCFullYear();
  if (year >= FIRST_YEAR && year <= LAST_YEAR) return at.getTime();
  throw new StockroomError(
    'INVALID_INPUT',
    `time: expected one of the years ${FIRST_YEAR} to ${LAST_YEAR}, found ${Number.isNaN(year) ? 'no time' : at.toISOString()}`,
  );
}

export function yearOf(date: string): number {
  return Number(date.slice(0, 4));
}

export function isoDate(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** 0: Sunday, 6: Saturday. */
export function weekdayOf(date: string): number {
  return new Date(Date.parse(date)).getUTCDay();
}

export function isWeekend(date: string): boolean {
  const weekday = weekdayOf(date);
  return weekday === 0 || weekday === 6;
}

/** The `nth` such weekday of a month; -1: the last. */
export function nthWeekday(year: number, month: number, weekday: number, nth: number): string {
  if (nth < 0) {
    const last = isoDate(year, month + 1, 0);
    return addDays(last, -((weekdayOf(last) - weekday + 7) % 7));
  }
  const first = isoDate(year, month, 1);
  return addDays(first, ((weekday - weekdayOf(first) + 7) % 7) + 7 * (nth - 1));
}

/** Easter Sunday: the anonymous Gregorian computation (Meeus, Astronomical Algorithms, 1991, chapter 8). */
export function easter(year: number): string {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  const day = ((h + l - 7 * m + 114) % 31) + 1;
  return isoDate(year, month, day);
}

export function goodFriday(year: number): string {
  return addDays(easter(year), -2);
}

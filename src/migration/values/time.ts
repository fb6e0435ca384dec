/**
 * Times of the old data as microseconds since 1970-01-01 UTC: SQLite's and Python's forms (`YYYY-MM-DD HH:MM:SS[.ffffff]`),
 * ISO 8601 with `T`, with `Z`, an offset or none, and a bare date (midnight).
 */
export interface ParsedTime {
  /** As written, before any zone is taken off. Far from 1970 a double holds it to a few microseconds only. */
  localMicros: number;
  /** The microseconds of its second, which make up for that. */
  fraction: number;
  /** Minutes east of UTC that the text itself states: 0 for Z, null when it states none. */
  offsetMinutes: number | null;
  /** The text ends in Z: a claim that old writers glued on to local times. */
  zulu: boolean;
  /** Digits beyond the microsecond were dropped. */
  inexact: boolean;
}

export const MICROS_PER_MINUTE = 60_000_000;
export const MICROS_PER_DAY = 86_400_000_000;
/** Up to here a double counts every microsecond, from PostgreSQL's epoch as well and with any offset taken off. */
const MAX_EXACT_MICROS = 8_000_000_000_000_000;

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?\s?(Z|z|[+-]\d{2}(?::?[0-5]\d(?::?[0-5]\d)?)?)?)?$/;
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

let cachedDate = '';
let cachedDays = 0;

/** Parses a time, or null when the text is none. */
export function parseTime(text: string): ParsedTime | null {
  const fast = parseCommonForm(text);
  if (fast !== null)
    return { localMicros: fast, fraction: 0, offsetMinutes: null, zulu: false, inexact: false };
  const match = pattern.exec(text);
  if (!match) return null;
  const days = parseDate(text.slice(0, 10));
  const [hour, minute, second] = [Number(match[4] ?? 0), Number(match[5] ?? 0), Number(match[6] ?? 0)];
  if (days === null || hour > 23 || minute > 59 || second > 59) return null;
  const fraction = (match[7] ?? '').padEnd(6, '0');
  const zone = match[8];
  const offset = zone === undefined ? null : zoneOffset(zone);
  if (offset !== null && Math.abs(offset) > 16 * 60) return null;
  const localMicros = compose(days, hour, minute, second, Number(fraction.slice(0, 6)));
  return {
    localMicros,
    fraction: Number(fraction.slice(0, 6)),
    offsetMinutes: offset,
    zulu: zone === 'Z' || zone === 'z',
    inexact: /[1-9]/.test(fraction.slice(6)),
  };
}

/** `YYYY-MM-DD HH:MM:SS`, by far the most frequent form, without the cost of a regular expression. */
function parseCommonForm(text: string): number | null {
  if (text.length !== 19 || text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return null;
  const separator = text.charCodeAt(10);
  if (separator !== 32 && separator !== 84) return null;
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (!(hour < 24 && minute < 60 && second < 60)) return null;
  const days = parseDate(text.slice(0, 10));
  return days === null ? null : compose(days, hour, minute, second, 0);
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function compose(days: number, hour: number, minute: number, second: number, micros: number): number {
  return days * MICROS_PER_DAY + (hour * 3600 + minute * 60 + second) * 1_000_000 + micros;
}

function zoneOffset(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replaceAll(':', '');
  const minutes =
    Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4) || 0) + Number(digits.slice(4, 6) || 0) / 60;
  return zone.startsWith('-') ? -minutes : minutes;
}

/** Days from 1970-01-01 to a date `YYYY-MM-DD` of the proleptic Gregorian calendar, or null when there is no such day. */
export function parseDate(text: string): number | null {
  if (text === cachedDate) return cachedDays;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10))];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const last = month === 2 && leap ? 29 : monthDays[month - 1];
  if (year < 1 || last === undefined || day < 1 || day > last) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  cachedDate = text;
  cachedDays = date.getTime() / 86_400_000;
  return cachedDays;
}

/**
 * An instant with all its microseconds: `micros` is what a double holds of it, `fraction` those of its second. Offsets are
 * whole seconds, so that the fraction is the same in every zone.
 */
export function exactMicros(micros: number, fraction: number): number | bigint {
  if (Math.abs(micros) < MAX_EXACT_MICROS) return micros;
  return BigInt(Math.round((micros - fraction) / 1_000_000)) * 1_000_000n + BigInt(fraction);
}

/** The last whole second of the year 9999: no writer of times goes further. */
const LATEST_MICROS = 253_402_300_799_000_000;

/** A computed time as text, for a column; one beyond the year 9999 is its last second. */
export function timeText(micros: number): string {
  return formatMicros(Math.min(micros, LATEST_MICROS)).replace('Z', '+00:00');
}

/** ISO 8601 in UTC with six decimals. */
export function formatMicros(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const rest = String(micros - seconds * 1_000_000).padStart(6, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${rest}Z`;
}

const formatters = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

/** True when the runtime knows the IANA zone. */
export function isZone(zone: string): boolean {
  try {
    formatter(zone);
    return true;
  } catch {
    // Intl has no other way to ask: an unknown zone is a RangeError.
    return false;
  }
}

/**
 * The instant at which clocks in `zone` show `localMicros`. Of a time that comes twice (clocks set back) the first; one
 * that never comes (clocks set forward) is taken as if they had not been.
 */
export function localToUtc(localMicros: number, zone: string): number {
  const takeOff = (at: number): number => localMicros - Math.round(offsetAt(at, zone) * MICROS_PER_MINUTE);
  const shows = (utc: number): boolean => takeOff(utc) === utc;
  // No zone is a day from UTC: these are the offsets before and after a change of clocks near that time.
  const before = takeOff(localMicros - MICROS_PER_DAY);
  if (shows(before)) return before;
  const after = takeOff(localMicros + MICROS_PER_DAY);
  return shows(after) ? after : before;
}

/** Minutes east of UTC in `zone` at an instant; remembered by quarter of an hour, finer than any change of offset. */
export function offsetAt(utcMicros: number, zone: string): number {
  if (zone === 'UTC') return 0;
  const quarter = Math.floor(utcMicros / (15 * MICROS_PER_MINUTE));
  const key = `${zone} ${quarter}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    offset = computeOffset(quarter * 900_000, zone);
    if (offsets.size >= 10_000) offsets.clear();
    offsets.set(key, offset);
  }
  return offset;
}

function computeOffset(utcMillis: number, zone: string): number {
  const parts = Object.fromEntries(
    formatter(zone)
      .formatToParts(utcMillis)
      .map((part) => [part.type, part.value]),
  );
  const [year, month, day, hour, minute, second] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map(
    (name) => Number(parts[name]),
  );
  const local = new Date(0);
  local.setUTCFullYear(year!, month! - 1, day);
  local.setUTCHours(hour!, minute, second);
  return (local.getTime() - Math.floor(utcMillis / 1000) * 1000) / 60_000;
}

function formatter(zone: string): Intl.DateTimeFormat {
  let found = formatters.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(zone, found);
  }
  return found;
}

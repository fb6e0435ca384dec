/**
 * Times in the forms that the old application wrote. A time is a whole number of microseconds since 1970 in UTC, the
 * precision of Python's `datetime`; a double holds it exactly.
 */
export type Micros = number;

export const SECOND: Micros = 1_000_000;
export const MINUTE: Micros = 60 * SECOND;
export const HOUR: Micros = 60 * MINUTE;
export const DAY: Micros = 24 * HOUR;
/** India is ahead of UTC by 330 minutes, all year. */
export const INDIA: Micros = 330 * MINUTE;

export function microsOf(date: Date): Micros {
  return date.getTime() * 1000;
}

/** The day that was asked for last: rows come in the order of time, and `Date` is slow for millions of them. */
const lastDay = { number: Number.NaN, text: '' };

function dayText(day: number): string {
  if (day !== lastDay.number) {
    lastDay.number = day;
    lastDay.text = new Date((day * DAY) / 1000).toISOString().slice(0, 10);
  }
  return lastDay.text;
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'));

/** `YYYY-MM-DD?HH:MM:SS` of a time. */
function wholeSeconds(time: Micros, separator: string): string {
  const day = Math.floor(time / DAY);
  const seconds = Math.floor((time - day * DAY) / SECOND);
  const hours = TWO_DIGITS[Math.floor(seconds / 3600)];
  const minutes = TWO_DIGITS[Math.floor(seconds / 60) % 60];
  return `${dayText(day)}${separator}${hours}:${minutes}:${TWO_DIGITS[seconds % 60]}`;
}

/** `datetime.isoformat(sep)`: the fraction is left out when it is 0. */
function isoformat(time: Micros, separator: string): string {
  const fraction = ((time % SECOND) + SECOND) % SECOND;
  const seconds = wholeSeconds(time, separator);
  return fraction === 0 ? seconds : `${seconds}.${String(fraction).padStart(6, '0')}`;
}

/** `datetime.utcnow().isoformat()`: UTC, and nothing says so. */
export const naiveUtc = (time: Micros): string => isoformat(time, 'T');

/** `datetime.utcnow().isoformat() + "Z"`. */
export const utcWithZ = (time: Micros): string => `${isoformat(time, 'T')}Z`;

/** `datetime.now(timezone.utc).isoformat()`. */
export const utcWithOffset = (time: Micros): string => `${isoformat(time, 'T')}+00:00`;

/** India's wall clock, and nothing says so. */
export const naiveIndia = (time: Micros): string => isoformat(time + INDIA, 'T');

/** India's wall clock with its offset. */
export const indiaWithOffset = (time: Micros): string => `${isoformat(time + INDIA, 'T')}+05:30`;

/** SQLite's CURRENT_TIMESTAMP, in UTC. */
export const sqliteTime = (time: Micros): string => wholeSeconds(time, ' ');

/** What Python's sqlite3 adapter makes of a `datetime`, here one of UTC. */
export const adapterTime = (time: Micros): string => isoformat(time, ' ');

/** `YYYY-MM-DD` in India. */
export const indiaDate = (time: Micros): string => isoformat(time + INDIA, 'T').slice(0, 10);

/** `YYYYMMDD_HHMMSS` in UTC, as in the names of archived picks. */
export const fileStamp = (time: Micros): string =>
  wholeSeconds(time, '_').replaceAll('-', '').replaceAll(':', '');

/** The exchange opens at 09:15 in India, which is 03:45 UTC. */
const OPEN: Micros = 3 * HOUR + 45 * MINUTE;

/**
 * The openings (UTC) of the last `count` weekdays that were over in India at `now`, oldest first. The old application
 * knew no holidays, so neither does its data.
 */
export function closedSessions(now: Micros, count: number): Micros[] {
  const openings: Micros[] = [];
  let day = Math.floor((now + INDIA) / DAY) * DAY;
  while (openings.length < count) {
    day -= DAY;
    const weekday = new Date(day / 1000).getUTCDay();
    if (weekday !== 0 && weekday !== 6) openings.push(day + OPEN);
  }
  return openings.reverse();
}

/** Where the history of a sample begins: 30 days ago at scale 1, two years ago at the most. */
export const historyStart = (now: Micros, scale: number): Micros => now - Math.min(720, 30 * scale) * DAY;

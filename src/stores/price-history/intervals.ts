import { StockroomError } from '../../core/errors.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The length of a candle, by its one name (`5m`, `1h`, `1d`, `1wk`, `1mo`), and what follows from it. */
export interface Interval {
  readonly name: string;
  /** Of a month: 30 days. */
  readonly lengthMs: number;
  readonly months: number;
  /** A day or longer: there is one candle a day of the exchange. */
  readonly daily: boolean;
  /** How long a candle of a session that is still open is believed. */
  readonly lifeMs: number;
  /** What one stored value holds. */
  readonly chunk: 'day' | 'month' | 'year';
  /** The longest range of one answer. */
  readonly spanMaxMs: number;
  /** The range of an answer when no beginning is given. */
  readonly spanMs: number;
}

const units: Readonly<Record<string, 'm' | 'h' | 'd' | 'wk' | 'mo'>> = {
  m: 'm',
  min: 'm',
  minute: 'm',
  h: 'h',
  hour: 'h',
  d: 'd',
  day: 'd',
  w: 'wk',
  wk: 'wk',
  week: 'wk',
  mo: 'mo',
  month: 'mo',
};
const unitMs = { m: MINUTE, h: HOUR, d: DAY, wk: 7 * DAY, mo: 30 * DAY } as const;

/** Of the old application; any other an hour. */
const lifeHours: Readonly<Record<string, number>> = { '15m': 2, '30m': 4, '1h': 8, '1d': 24 };

/** @returns undefined when the text names no interval */
export function findInterval(text: string): Interval | undefined {
  const match = /^(\d{1,3})?([a-z]{1,6}?)s?$/i.exec(text);
  if (match === null) return undefined;
  // Of the one-letter names only the month's would be told from the minute's by its case.
  const unit = match[2] === 'M' ? 'mo' : units[match[2]!.toLowerCase()];
  const count = Number(match[1] ?? 1);
  if (unit === undefined || count === 0) return undefined;
  const hours = unit === 'm' && count % 60 === 0;
  return described(hours ? count / 60 : count, hours ? 'h' : unit);
}

/** @throws StockroomError INVALID_INPUT */
export function intervalOf(text: string): Interval {
  const interval = findInterval(text);
  if (interval !== undefined) return interval;
  throw new StockroomError(
    'INVALID_INPUT',
    `interval: expected ${intervalForm}, found ${JSON.stringify(text)}`,
  );
}

export const intervalForm = 'a length (1m, 5m, 15m, 1h, 1d, 1wk, 1mo; also minute, 60minute, day)';

function described(count: number, unit: keyof typeof unitMs): Interval {
  const name = `${count}${unit}`;
  const lengthMs = count * unitMs[unit];
  const daily = unit === 'd' || unit === 'wk' || unit === 'mo';
  const months = unit === 'mo' ? count : 0;
  const base = { name, lengthMs, months, daily, lifeMs: (lifeHours[name] ?? 1) * HOUR };
  if (daily) return { ...base, chunk: 'year', spanMaxMs: 60 * 366 * DAY, spanMs: 365 * DAY };
  if (lengthMs >= 10 * MINUTE) return { ...base, chunk: 'month', spanMaxMs: 2 * 366 * DAY, spanMs: 30 * DAY };
  return { ...base, chunk: 'day', spanMaxMs: (lengthMs >= 3 * MINUTE ? 93 : 31) * DAY, spanMs: 5 * DAY };
}

/** When a candle that begins at `ms` is over. */
export function endOf({ lengthMs, months }: Interval, ms: number): number {
  if (months === 0) return ms + lengthMs;
  const at = new Date(ms);
  at.setUTCMonth(at.getUTCMonth() + months);
  return at.getTime();
}

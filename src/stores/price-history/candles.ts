import { StockroomError } from '../../core/errors.ts';
import { parseIsoDate, parseIsoTime } from '../../core/iso-time.ts';
import type { Interval } from './intervals.ts';
import type { Market } from './market.ts';
import type { Range } from './ranges.ts';

/** Prices of a symbol over one interval. */
export interface Candle {
  /** When it begins: ISO 8601 in UTC. */
  readonly time: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Null: not known. */
  readonly volume: number | null;
}

/** A candle as somebody gives it. */
export interface CandleInput extends Omit<Candle, 'time' | 'volume'> {
  /** ISO 8601 with a zone; for days and longer also the exchange's date alone. */
  readonly time: string | Date;
  readonly volume?: number | null | undefined;
}

/** A candle as PostgreSQL holds it: time in ms, open, high, low, close, volume, written in ms. */
export type Packed = readonly [
  time: number,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number | null,
  written: number,
];

/** Faults that are told one by one. */
const FAULTS_MAX = 3;
const FOUND_MAX = 60;

/** The years of which an exchange can have prices. */
export const FIRST_MS = Date.UTC(1900, 0, 1);
export const LAST_MS = Date.UTC(2200, 0, 1);

/** Milliseconds since 1970, or undefined when the text is no ISO 8601 time with a zone (or a date). */
export function instantOf(text: string): number | undefined {
  const time = parseIsoTime(text);
  return time === undefined ? undefined : Date.parse(time);
}

/** @returns what is wrong with a candle, or undefined */
export function faultOf({ open, high, low, close, volume }: Omit<CandleInput, 'time'>): string | undefined {
  for (const [name, price] of Object.entries({ open, high, low, close })) {
    if (typeof price !== 'number' || !Number.isFinite(price))
      return `${name}: expected a finite number, found ${String(price)}`;
  }
  if (volume !== null && volume !== undefined && !(Number.isFinite(volume) && volume >= 0))
    return `volume: expected a number from 0, found ${String(volume)}`;
  if (high < low) return `high: expected at least the low ${low}, found ${high}`;
  if (high < Math.max(open, close))
    return `high: expected at least open and close, ${Math.max(open, close)}, found ${high}`;
  if (low > Math.min(open, close))
    return `low: expected at most open and close, ${Math.min(open, close)}, found ${low}`;
  return undefined;
}

export interface Of {
  readonly market: Market;
  readonly symbol: string;
  readonly interval: Interval;
}

/**
 * Candles that were checked, in the order of time.
 * @throws StockroomError INVALID_INPUT naming the first candle that cannot be right, or that comes twice
 */
export async function packed(candles: readonly CandleInput[], written: number, of: Of): Promise<Packed[]> {
  const times = await timesOf(candles, of);
  const seen = new Map<number | string, number>();
  return candles
    .map((candle, index): Packed => {
      const time = times[index];
      if (time === undefined) {
        const found = typeof candle.time === 'string' ? JSON.stringify(candle.time) : String(candle.time);
        throw refused(index, `time: expected ${timeForm(of.interval)}, found ${found.slice(0, FOUND_MAX)}`);
      }
      const fault = faultOf(candle);
      if (fault !== undefined) throw refused(index, `${fault} (candle of ${new Date(time).toISOString()})`);
      const identity = identityOf(of, time);
      const first = seen.get(identity);
      if (first !== undefined) {
        const each = of.interval.daily ? 'day' : 'time';
        throw refused(index, `time: expected one candle a ${each}, found that of candles.${first} again`);
      }
      seen.set(identity, index);
      return pack(time, candle, written);
    })
    .sort(([a], [b]) => a - b);
}

/** The candles of a range that can be right, each once (the last one given), and what is wrong with others. */
export async function usable(
  candles: readonly CandleInput[],
  range: Range,
  written: number,
  of: Of,
): Promise<{ list: Packed[]; faults: string[] }> {
  const times = await timesOf(candles, of);
  const faults: string[] = [];
  let wrong = 0;
  const good: Packed[] = [];
  for (const [index, candle] of candles.entries()) {
    const time = times[index];
    const fault = time === undefined ? `time: expected ${timeForm(of.interval)}` : faultOf(candle);
    if (fault !== undefined) {
      wrong += 1;
      if (faults.length < FAULTS_MAX) faults.push(`candles.${index}.${fault}`);
    } else if (time! >= range.from && time! < range.to) {
      good.push(pack(time!, candle, written));
    }
  }
  if (wrong > faults.length) faults.push(`${wrong - faults.length} more candles cannot be right`);
  return { list: newest(good, of), faults };
}

export function pack(time: number, candle: Omit<CandleInput, 'time'>, written: number): Packed {
  const { open, high, low, close, volume } = candle;
  return [time, open, high, low, close, volume ?? null, written];
}

export function unpack([time, open, high, low, close, volume]: Packed): Candle {
  return { time: new Date(time).toISOString(), open, high, low, close, volume };
}

/** What makes two candles of a series the same one: its day for days and longer (providers differ in the time of day). */
export function identityOf({ market, symbol, interval }: Of, time: number): number | string {
  return interval.daily ? market.dayOf(symbol, time) : time;
}

/** Of the same candle the one that was written later; of those written at once the later one of the list. In the order of time. */
export function newest(candles: Iterable<Packed>, of: Of): Packed[] {
  const result = new Map<number | string, Packed>();
  for (const candle of candles) {
    const identity = identityOf(of, candle[0]);
    const other = result.get(identity);
    if (other === undefined || other[6] <= candle[6]) result.set(identity, candle);
  }
  return [...result.values()].sort(([a], [b]) => a - b);
}

const NOON_MS = 12 * 3_600_000;

/**
 * When candles begin; undefined: that is no time. A date alone is a day of the exchange: its candle begins when the session opens, or
 * at noon when there was none.
 */
async function timesOf(
  candles: readonly CandleInput[],
  { market, symbol, interval }: Of,
): Promise<(number | undefined)[]> {
  const dated = new Map<number, string>();
  const times = candles.map(({ time }, index) => {
    const date = typeof time === 'string' ? parseIsoDate(time) : undefined;
    if (date !== undefined && !interval.daily) return undefined;
    const ms = typeof time === 'string' ? instantOf(time) : time.getTime();
    if (ms === undefined || !(ms >= FIRST_MS && ms < LAST_MS)) return undefined;
    if (date === undefined) return ms;
    dated.set(index, date);
    return market.dayStart(symbol, date) + NOON_MS;
  });
  if (dated.size === 0) return times;
  let [low, high] = [LAST_MS, FIRST_MS];
  for (const index of dated.keys()) {
    low = Math.min(low, times[index]!);
    high = Math.max(high, times[index]!);
  }
  const sessions = await market.sessions(symbol, { from: low - NOON_MS, to: high + NOON_MS });
  const opens = new Map(sessions.map(({ date, from }) => [date, from]));
  for (const [index, date] of dated) times[index] = opens.get(date) ?? times[index];
  return times;
}

function timeForm(interval: Interval): string {
  const date = interval.daily ? ' or a date of the exchange (2026-11-20)' : '';
  return `an ISO 8601 time with a zone (2026-11-20T03:45:00Z)${date} between 1900 and 2200`;
}

function refused(index: number, fault: string): StockroomError {
  return new StockroomError('INVALID_INPUT', `candles.${index}.${fault}`);
}

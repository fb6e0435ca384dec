import { offsetAt } from '../../market/index.ts';
import type { Interval } from './intervals.ts';
import { DAY } from './intervals.ts';
import { overlap, type Range } from './ranges.ts';

/** A session of an exchange. */
export interface TradingSession {
  /** Of the exchange: YYYY-MM-DD. */
  readonly date: string;
  readonly opensAt: Date | string;
  readonly closesAt: Date | string;
}

/** What this store needs of a market calendar. */
export interface TradingCalendar {
  /** By date of the exchange, in order, both dates included: at most ten years, between 1990 and 2100. */
  sessionsBetween(
    exchange: string,
    fromDate: string,
    toDate: string,
  ): readonly TradingSession[] | Promise<readonly TradingSession[]>;
}

export interface MarketOptions {
  readonly calendar: TradingCalendar;
  /** XNSE for every symbol by default. */
  readonly exchangeOf?: ((symbol: string) => string) | undefined;
  /** IANA zone of an exchange; XNSE, XBOM, XNYS and XNAS are known. */
  readonly zoneOf?: ((exchange: string) => string | undefined) | undefined;
  /** So long after its close a session is not believed to be complete: providers are late. 30 minutes by default. */
  readonly settleMs?: number | undefined;
}

interface Session extends Range {
  readonly date: string;
}

const zones: Readonly<Record<string, string>> = {
  XNSE: 'Asia/Kolkata',
  XBOM: 'Asia/Kolkata',
  XNYS: 'America/New_York',
  XNAS: 'America/New_York',
};
/** No exchange is closed for longer. */
const LONGEST_BREAK_DAYS = 12;

/** Days and sessions of the exchange of a symbol. */
export class Market {
  readonly #options: MarketOptions;
  readonly #settleMs: number;

  constructor(options: MarketOptions) {
    this.#options = options;
    this.#settleMs = options.settleMs ?? 30 * 60_000;
  }

  /** The day of the exchange: YYYY-MM-DD. */
  dayOf(symbol: string, ms: number): string {
    return utcDate(ms + zoneOffset(this.#zone(symbol), ms));
  }

  /** When that day begins there. */
  dayStart(symbol: string, date: string): number {
    const zone = this.#zone(symbol);
    const local = Date.parse(`${date}T00:00:00Z`);
    const guess = local - zoneOffset(zone, local);
    return local - zoneOffset(zone, guess);
  }

  dayEnd(symbol: string, date: string): number {
    return this.dayStart(symbol, nextDate(date));
  }

  /** The whole days of the exchange that a range touches. */
  wholeDays(symbol: string, { from, to }: Range): Range {
    return {
      from: this.dayStart(symbol, this.dayOf(symbol, from)),
      to: this.dayEnd(symbol, this.dayOf(symbol, to - 1)),
    };
  }

  /**
   * The whole days whose candles lie in a range: a day does when its session opens in it. So a range of dates in UTC holds those dates,
   * wherever the exchange is. Undefined: none.
   */
  async daysOf(symbol: string, range: Range): Promise<Range | undefined> {
    const first = this.wholeDays(symbol, { from: range.from, to: range.from + 1 });
    const last = this.wholeDays(symbol, { from: range.to - 1, to: range.to });
    const before = (await this.sessions(symbol, first)).some(({ from }) => from < range.from);
    const after = (await this.sessions(symbol, last)).some(({ from }) => from >= range.to);
    const days = { from: before ? first.to : first.from, to: after ? last.from : last.to };
    return days.from < days.to ? days : undefined;
  }

  /** The sessions that a range touches. */
  async sessions(symbol: string, range: Range): Promise<Session[]> {
    const sessions: Session[] = [];
    // The day before and the day after in UTC: there it is another date at the exchange.
    for (const part of parts({ from: range.from - DAY, to: range.to + DAY })) {
      sessions.push(...(await this.#dated(symbol, utcDate(part.from), utcDate(part.to - 1))));
    }
    return sessions.filter((session) => overlap(session, range));
  }

  /** The session that is open at `ms`. */
  async openSession(symbol: string, ms: number): Promise<Session | undefined> {
    return (await this.sessions(symbol, { from: ms, to: ms + 1 }))[0];
  }

  /** Everything before it will not change any more: the beginning of the first day whose session is not over. */
  async closedUntil(symbol: string, now: number): Promise<number> {
    const window = { from: now - this.#settleMs - 2 * DAY, to: now + LONGEST_BREAK_DAYS * DAY };
    const open = (await this.sessions(symbol, window)).find(({ to }) => to + this.#settleMs > now);
    const today = this.dayStart(symbol, this.dayOf(symbol, now));
    return open === undefined ? today : this.dayStart(symbol, open.date);
  }

  /** Candles that begin before it were over at `asOf`, for days and longer by the day they begin on. */
  async knownUntil(symbol: string, interval: Interval, asOf: number): Promise<number> {
    if (!interval.daily) return asOf;
    const today = this.dayOf(symbol, asOf);
    const begin = this.dayStart(symbol, today);
    const end = this.dayEnd(symbol, today);
    const session = (await this.sessions(symbol, { from: begin, to: end })).at(-1);
    return session !== undefined && session.to <= asOf ? end : begin;
  }

  /** Both dates included, both in a year of the calendar or neither. */
  async #dated(symbol: string, from: string, to: string): Promise<Session[]> {
    if (isBeyond(from)) return this.#weekdays(symbol, from, to);
    const found = await this.#options.calendar.sessionsBetween(this.#exchange(symbol), from, to);
    return found
      .filter(({ date }) => date >= from && date <= to)
      .map(({ date, opensAt, closesAt }) => ({
        date,
        from: new Date(opensAt).getTime(),
        to: new Date(closesAt).getTime(),
      }));
  }

  #weekdays(symbol: string, from: string, to: string): Session[] {
    const days: Session[] = [];
    for (let date = from; date <= to; date = nextDate(date)) {
      if (new Date(`${date}T00:00:00Z`).getUTCDay() % 6 === 0) continue;
      days.push({ date, from: this.dayStart(symbol, date), to: this.dayEnd(symbol, date) });
    }
    return days;
  }

  #exchange(symbol: string): string {
    return this.#options.exchangeOf?.(symbol) ?? 'XNSE';
  }

  #zone(symbol: string): string {
    const exchange = this.#exchange(symbol);
    return this.#options.zoneOf?.(exchange) ?? zones[exchange] ?? 'UTC';
  }
}

/** The years of the calendar; in any other one every weekday is taken for a session. */
const CALENDAR_FROM = Date.UTC(1990, 0, 1);
const CALENDAR_TO = Date.UTC(2101, 0, 1);
/** What a calendar is asked for at once. */
const YEARS_AT_ONCE_MS = 10 * 365 * DAY;

function isBeyond(date: string): boolean {
  return date < '1990' || date >= '2101';
}

/** A range in parts that the calendar takes: whole days in UTC, each in its years or outside of them. */
function parts(range: Range): Range[] {
  const result: Range[] = [];
  const end = (Math.floor(range.to / DAY) + 1) * DAY;
  for (let from = Math.floor(range.from / DAY) * DAY; from < end; from = result.at(-1)!.to) {
    const edge = [CALENDAR_FROM, CALENDAR_TO].find((bound) => from < bound) ?? end;
    result.push({ from, to: Math.min(end, edge, from + YEARS_AT_ONCE_MS) });
  }
  return result;
}

/** The chunks that hold the candles of a range, oldest first. */
export function chunksOf(market: Market, symbol: string, interval: Interval, range: Range): string[] {
  const last = chunkOf(market, symbol, interval, range.to - 1);
  const chunks = [chunkOf(market, symbol, interval, range.from)];
  while (chunks.at(-1)! < last) chunks.push(nextChunk(chunks.at(-1)!));
  return chunks;
}

/** The chunk of a candle: by the exchange's day for days and longer, so that a day is in one chunk whatever its time says. */
export function chunkOf(market: Market, symbol: string, interval: Interval, ms: number): string {
  if (interval.chunk === 'year') return market.dayOf(symbol, ms).slice(0, 4);
  return utcDate(ms).slice(0, interval.chunk === 'month' ? 7 : 10);
}

function nextChunk(chunk: string): string {
  if (chunk.length === 4) return String(Number(chunk) + 1);
  if (chunk.length === 10) return nextDate(chunk);
  const [year, month] = [Number(chunk.slice(0, 4)), Number(chunk.slice(5))];
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 7);
}

/** When nothing of a chunk can be open any more, whatever the zone. */
export function chunkOver(chunk: string): number {
  const next = nextChunk(chunk);
  const begin = next.length === 4 ? `${next}-01-01` : next.length === 7 ? `${next}-01` : next;
  return Date.parse(`${begin}T00:00:00Z`) + 2 * DAY;
}

function utcDate(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function nextDate(date: string): string {
  return utcDate(Date.parse(`${date}T00:00:00Z`) + DAY);
}

const offsets = new Map<string, number>();
const OFFSETS_MAX = 50_000;

/** Milliseconds east of UTC; remembered by the hour: zones change their clocks on the hour. */
function zoneOffset(zone: string, ms: number): number {
  if (zone === 'UTC') return 0;
  const key = `${zone} ${Math.floor(ms / 3_600_000)}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    offset = offsetAt(zone, ms);
    if (offsets.size >= OFFSETS_MAX) offsets.clear();
    offsets.set(key, offset);
  }
  return offset;
}

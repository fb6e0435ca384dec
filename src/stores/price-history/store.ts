import { type Clock, systemClock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import type { DurableTier } from '../../tiers/durable/port.ts';
import type { HotTier, Quota } from '../../tiers/hot/index.ts';
import type { Views } from '../../tiers/views/index.ts';
import type { CandleInput } from './candles.ts';
import { type FillSettings, fillDefaults } from './fill.ts';
import { Market, type TradingCalendar } from './market.ts';
import type { PriceProvider } from './providers/port.ts';
import { PriceReader } from './read.ts';
import type { Prices, PriceStats, PutAnswer, Removed } from './schema.ts';
import { PriceStatistics } from './statistics.ts';
import { ANY_SOURCE, chunkView } from './view.ts';
import { PriceWriter } from './write.ts';

export interface PriceHistoryOptions {
  /** With an up-to-date schema. */
  readonly durable: DurableTier;
  readonly hot: HotTier;
  readonly views: Views;
  readonly clock?: Clock;
  /** When exchanges are open. */
  readonly calendar: TradingCalendar;
  /** The exchange of a symbol (in upper case); XNSE for all by default. */
  readonly exchangeOf?: (symbol: string) => string;
  /** The IANA zone of an exchange; XNSE, XBOM, XNYS and XNAS are known, others are taken as UTC. */
  readonly zoneOf?: (exchange: string) => string | undefined;
  /** By the `source` of their candles, in the order in which they are asked for `auto`. None: gaps stay gaps. */
  readonly providers?: Readonly<Record<string, PriceProvider>>;
  /** How often each provider may be asked, over all processes; no limit by default. */
  readonly quota?: Quota;
  /** A session counts as closed so long after its close: providers are late. 30 minutes by default. */
  readonly settleMs?: number;
  /** What differs from `fillDefaults`. */
  readonly settings?: Partial<FillSettings>;
}

/** Times are ISO 8601 with a zone, or a Date. */
export interface PricesQuery {
  /** Any case. */
  readonly symbol: string;
  readonly interval: string;
  /** By default before `to`: a year for days and longer, 30 days for 10 minutes and longer, else 5 days. */
  readonly from?: string | Date | undefined;
  /** Now by default. */
  readonly to?: string | Date | undefined;
  /** `auto` by default: any. */
  readonly source?: string | undefined;
  /** Only candles that were over at this time. */
  readonly as_of?: string | Date | undefined;
}

export interface PricesInput {
  readonly symbol: string;
  readonly interval: string;
  /** `manual` by default. */
  readonly source?: string | undefined;
  readonly candles: readonly CandleInput[];
  /** With `to`: the candles are all that there is from here on; without, each covers its own time. */
  readonly from?: string | Date | undefined;
  readonly to?: string | Date | undefined;
}

export interface PricesRemoval {
  readonly symbol: string;
  readonly interval?: string | undefined;
  /** Candles that were written longer ago; all by default. */
  readonly older_than_hours?: number | undefined;
}

export interface DailyCandle {
  /** Of the exchange: YYYY-MM-DD. */
  readonly date: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** 0 when it is not known. */
  readonly volume: number;
}

export interface CoverageItem {
  readonly interval: string;
  readonly source: string;
  readonly from: string;
  readonly to: string;
  readonly fetched_at: string;
  /** Null: its sessions are closed. */
  readonly expires_at: string | null;
}

/** Candles by ranges, and what is known of them: see README.md. */
export interface PriceHistory {
  /**
   * Candles of a range. What is missing is asked of the providers, and nothing else; when that fails, what is there is the answer, with
   * its gaps and the error.
   * @throws StockroomError INVALID_INPUT; NOT_FOUND when there is nothing and nobody to ask; UNAVAILABLE when there is nothing and
   *   nobody who was asked could tell
   */
  get(query: PricesQuery): Promise<Prices>;
  /**
   * Adds candles; one that is there already (at the same time, of days on the same day) is replaced.
   * @throws StockroomError INVALID_INPUT naming the candle that cannot be right: nothing was written
   */
  put(input: PricesInput): Promise<PutAnswer>;
  /** @throws StockroomError INVALID_INPUT */
  remove(removal: PricesRemoval): Promise<Removed>;
  /** What is known of a symbol, by series and time: at most 10,000 ranges. */
  coverage(symbol: string, interval?: string): Promise<CoverageItem[]>;
  stats(): Promise<PriceStats>;
  /**
   * Candles of days of any source, by the exchange's date, both dates included (YYYY-MM-DD); none when nothing is known.
   * @throws StockroomError INVALID_INPUT, UNAVAILABLE
   */
  dailyCandles(symbol: string, fromDate: string, toDate: string): Promise<DailyCandle[]>;
  /** Gives up what is asked of providers. Before the tiers are closed. */
  close(): Promise<void>;
}

export function createPriceHistory(options: PriceHistoryOptions): PriceHistory {
  const { durable, hot, views, clock = systemClock, settings, quota } = options;
  const providers = new Map(Object.entries(options.providers ?? {}));
  if (providers.has(ANY_SOURCE)) {
    throw new StockroomError(
      'CONFIG_INVALID',
      `providers: "${ANY_SOURCE}" means any of them, so none can have that name`,
    );
  }
  const market = new Market(options);
  const statistics = new PriceStatistics(durable, hot, clock);
  const chunks = views.add(chunkView(market, clock));
  const writer = new PriceWriter({ durable, views, chunks, clock, market, statistics });
  const reader = new PriceReader({
    durable,
    hot,
    chunks,
    clock,
    market,
    providers,
    statistics,
    writer,
    quota,
    settings: { ...fillDefaults, ...settings },
  });
  return {
    get: (query) => reader.get(query),
    put: (input) => writer.put(input),
    remove: (removal) => writer.remove(removal),
    coverage: (symbol, interval) => statistics.coverage(symbol, interval),
    stats: () => statistics.stats(),
    dailyCandles: (symbol, fromDate, toDate) => reader.daily(symbol, fromDate, toDate),
    close: () => reader.close(),
  };
}

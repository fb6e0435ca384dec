import { StockroomError } from '../../../core/errors.ts';
import type { CandleInput } from '../candles.ts';
import type { PriceProvider } from './port.ts';

/** What this needs of a client of Yahoo Finance: an instance of yahoo-finance2 fits. */
export interface YahooClient {
  chart(
    symbol: string,
    query: { period1: Date; period2: Date; interval: YahooInterval },
  ): Promise<{ quotes: readonly YahooQuote[] }>;
}

export interface YahooQuote {
  readonly date: Date;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly close: number | null;
  readonly volume: number | null;
}

export type YahooInterval = (typeof intervals)[number];

export interface YahooOptions {
  /** After every symbol without one of its own: `.NS` (XNSE) by default; indices (`^NSEI`) and pairs (`INR=X`) have none. */
  readonly suffix?: string;
  /** Yahoo's name of a symbol; the suffix is not applied then. */
  readonly symbolOf?: (symbol: string) => string;
}

const intervals = ['1m', '2m', '5m', '15m', '30m', '1h', '90m', '1d', '5d', '1wk', '1mo', '3mo'] as const;
const DAY = 86_400_000;
/** What Yahoo gives in one answer. */
const spanDays: Readonly<Record<string, number>> = {
  '1m': 7,
  '2m': 59,
  '5m': 59,
  '15m': 59,
  '30m': 59,
  '90m': 59,
  '1h': 729,
};
const lengthMs: Readonly<Record<string, number>> = {
  '1m': 60_000,
  '2m': 120_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '90m': 5_400_000,
};

/**
 * Candles of Yahoo Finance through a client that the caller brings: `yahooProvider(new YahooFinance())`. Prices are as Yahoo
 * gives them: adjusted for splits, not for dividends.
 */
export function yahooProvider(client: YahooClient, options: YahooOptions = {}): PriceProvider {
  const { suffix = '.NS', symbolOf = (symbol) => (/[.^=]/.test(symbol) ? symbol : symbol + suffix) } =
    options;
  return {
    spanMaxMs: (interval) => (spanDays[interval] === undefined ? undefined : spanDays[interval] * DAY),
    async fetch({ symbol, interval, from, to }) {
      const known = intervals.find((name) => name === interval);
      if (known === undefined) {
        throw new StockroomError(
          'INVALID_INPUT',
          `Yahoo has no candles of ${interval}: it has ${intervals.join(', ')}`,
        );
      }
      const { quotes } = await client.chart(symbolOf(symbol), {
        period1: from,
        period2: to,
        interval: known,
      });
      return withoutLast(quotes.filter(isWhole).map(candleOf), lengthMs[interval]);
    },
  };
}

type WholeQuote = YahooQuote & Record<'open' | 'high' | 'low' | 'close', number>;

/** Yahoo writes null for times without a trade. */
function isWhole(quote: YahooQuote): quote is WholeQuote {
  return quote.open !== null && quote.high !== null && quote.low !== null && quote.close !== null;
}

/** Rounding leaves the open or the close a hair outside of high and low: those give way. */
function candleOf({ date, open, high, low, close, volume }: WholeQuote): CandleInput {
  return {
    time: date,
    open,
    high: widened(high, Math.max(open, close), 1),
    low: widened(low, Math.min(open, close), -1),
    close,
    volume,
  };
}

const ROUNDING = 1e-6;

function widened(edge: number, price: number, side: 1 | -1): number {
  const over = (price - edge) * side;
  return over > 0 && over <= Math.abs(edge) * ROUNDING ? price : edge;
}

/** While a session is open Yahoo appends the last trade as a candle of its own, in the middle of the one before. */
function withoutLast(candles: CandleInput[], length: number | undefined): CandleInput[] {
  const [before, last] = candles.slice(-2);
  if (length === undefined || before === undefined || last === undefined) return candles;
  const distance = new Date(last.time).getTime() - new Date(before.time).getTime();
  return distance < length ? candles.slice(0, -1) : candles;
}

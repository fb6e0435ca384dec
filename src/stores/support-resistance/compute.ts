import { StockroomError } from '../../core/errors.ts';
import type { Calendar, Exchange } from '../../market/index.ts';
import { type LevelFigures, levelsOf, type Method } from './formulas.ts';
import { type Scope, sessionsOf } from './periods.ts';

export interface DailyCandle {
  /** The day at the exchange, YYYY-MM-DD. */
  readonly date: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** The daily candles of a symbol, both dates included, in any order; days without a candle are left out. */
export type DailyCandles = (
  symbol: string,
  fromDate: string,
  toDate: string,
) => Promise<readonly DailyCandle[]>;

export interface Computation {
  readonly candles: DailyCandles;
  readonly calendar: Pick<Calendar, 'previous' | 'addSessions'>;
  readonly exchangeOf: (symbol: string) => Exchange;
}

export interface Computed extends LevelFigures {
  readonly sessions: number;
  readonly last_session: string;
}

/** So many sessions more are asked for: a symbol may not have been traded on some, and the last may not have arrived. */
const SPARE_SESSIONS = 10;
/** Beyond it a figure of a price could overflow. */
const PRICE_MAX = 1e15;

/**
 * Levels out of the last sessions of a scope that were closed at that time: their highest price, their lowest and the last close.
 * Where there are fewer candles than sessions, out of those: `sessions` says how many.
 * @throws StockroomError NOT_FOUND when there is no candle, UNAVAILABLE when they cannot be read
 */
export async function computeLevels(
  { candles, calendar, exchangeOf }: Computation,
  { symbol, scope, method, at }: { symbol: string; scope: Scope; method: Method; at: Date },
): Promise<Computed> {
  const exchange = exchangeOf(symbol);
  const lastDate = calendar.previous(exchange, at).date;
  const count = sessionsOf[scope];
  const fromDate = calendar.addSessions(exchange, lastDate, 1 - count - SPARE_SESSIONS);
  const found = usable(await read(candles, symbol, fromDate, lastDate), fromDate, lastDate).slice(-count);
  const last = found.at(-1);
  if (last === undefined) {
    throw new StockroomError(
      'NOT_FOUND',
      `There are no candles of ${symbol} from ${fromDate} to ${lastDate}, and so no levels; give it prices with PUT /v1/prices/${encodeURIComponent(symbol)}`,
    );
  }
  const figures = levelsOf(method, {
    high: Math.max(...found.map(({ high }) => high)),
    low: Math.min(...found.map(({ low }) => low)),
    close: last.close,
  });
  return { ...figures, sessions: found.length, last_session: last.date };
}

async function read(
  candles: DailyCandles,
  symbol: string,
  fromDate: string,
  toDate: string,
): Promise<readonly DailyCandle[]> {
  try {
    return await candles(symbol, fromDate, toDate);
  } catch (error) {
    if (error instanceof StockroomError) throw error;
    // What a provider says may hold its address and a key: it stays with the cause.
    throw new StockroomError('UNAVAILABLE', `The price history of ${symbol} cannot be read`, {
      cause: error,
    });
  }
}

/** One candle a day, by day; what has no prices is none. */
function usable(candles: readonly DailyCandle[], fromDate: string, toDate: string): DailyCandle[] {
  const byDate = new Map<string, DailyCandle>();
  for (const candle of candles) {
    const { date, high, low, close } = candle;
    const isWhole = [high, low, close].every((price) => Math.abs(price) <= PRICE_MAX) && high >= low;
    if (isWhole && date >= fromDate && date <= toDate) byDate.set(date, candle);
  }
  return [...byDate.values()].sort((a, b) => (a.date < b.date ? -1 : 1));
}

import { createRandom, roundTo } from './random.ts';
import { closedSessions, type Micros, MINUTE } from './times.ts';

/** The awkward names (`&`, `-`, a space, `^`) come within the first 15, so that the smallest sample has them all. */
const SYMBOLS = [
  'RELIANCE TCS HDFCBANK INFY ICICIBANK SBIN ITC WIPRO TATASTEEL HINDALCO M&M BAJAJ-AUTO L&TFH',
  'NIFTY_50 ^NSEI AXISBANK KOTAKBANK LT MARUTI SUNPHARMA TITAN ULTRACEMCO NESTLEIND BAJFINANCE',
  'ONGC NTPC POWERGRID COALINDIA TATAMOTORS TECHM HCLTECH ASIANPAINT BHARTIARTL HINDUNILVR CIPLA',
  'DRREDDY EICHERMOT GRASIM INDUSINDBK JSWSTEEL',
].flatMap((line) => line.split(' ').map((symbol) => symbol.replace('_', ' ')));

export const AGENTS = [
  'technical',
  'global',
  'policy',
  'options',
  'sentiment',
  'microstructure',
  'risk',
  'pattern_recognition',
  'market_regime',
] as const;

export const MODES = ['Scalping', 'Intraday', 'Swing', 'Options', 'Futures'] as const;
export type Mode = (typeof MODES)[number];

export const UNIVERSES = ['nifty50', 'banknifty'] as const;
export const CONFIDENCES = ['Low', 'Medium', 'High'] as const;

export interface Candle {
  time: Micros;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** A deployment follows more symbols as it grows, but never all of them: 15 at scale 1, 40 at most. */
export function symbolsAt(scale: number): readonly string[] {
  return SYMBOLS.slice(0, 15 + 5 * Math.floor(Math.log2(scale)));
}

/** A random walk over the given times; `step` is the usual move of one candle, as a share of the price. */
function candles(
  seed: number,
  symbol: string,
  interval: string,
  times: readonly Micros[],
  step: number,
): Candle[] {
  // Both intervals of a symbol start from one price.
  const start = createRandom(seed, `price/${symbol}`).decimal(200, 3800, 2);
  const random = createRandom(seed, `candles/${symbol}/${interval}`);
  let last = start;
  return times.map((time) => {
    const open = last;
    const close = roundTo(Math.max(1, open * (1 + (random.next() - 0.5) * 2 * step)), 2);
    const high = roundTo(Math.max(open, close) * (1 + random.next() * step * 0.5), 2);
    const low = roundTo(Math.min(open, close) * (1 - random.next() * step * 0.5), 2);
    last = close;
    return { time, open, high, low, close, volume: random.int(200_000, 9_000_000) };
  });
}

const DAILY_SESSIONS = 252;
const INTRADAY_SESSIONS = 3;
/** From 09:15 to 15:30 in steps of five minutes. */
const FIVES_A_SESSION = 75;

interface Where {
  seed: number;
  now: Micros;
}

/** A year of daily candles, up to the last session that is over. */
export function dailyCandles({ seed, now }: Where, symbol: string): Candle[] {
  return candles(seed, symbol, '1d', closedSessions(now, DAILY_SESSIONS), 0.02);
}

/** The five-minute candles of the last sessions. */
export function fiveMinuteCandles({ seed, now }: Where, symbol: string): Candle[] {
  const steps = Array.from({ length: FIVES_A_SESSION }, (_, step) => step * 5 * MINUTE);
  const times = closedSessions(now, INTRADAY_SESSIONS).flatMap((open) => steps.map((step) => open + step));
  return candles(seed, symbol, '5m', times, 0.003);
}

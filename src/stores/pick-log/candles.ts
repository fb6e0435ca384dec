import { messageOf } from '../../core/errors.ts';

export interface DailyCandle {
  /** The exchange's day. */
  readonly date: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number | null;
}

/** The candles of a symbol's sessions from one day to another, both included; those that there are. */
export type DailyCandles = (
  symbol: string,
  fromDate: string,
  toDate: string,
) => Promise<readonly DailyCandle[]>;

const READS_AT_ONCE = 4;

export interface CandlesRead {
  readonly bySymbol: ReadonlyMap<string, ReadonlyMap<string, DailyCandle>>;
  /** Symbols that could not be read: the others go on. */
  readonly failures: readonly { readonly symbol: string; readonly reason: string }[];
}

/** The usable candles of each symbol in its range of days, by their day. */
export async function readCandles(
  candles: DailyCandles,
  wanted: ReadonlyMap<string, readonly [from: string, to: string]>,
): Promise<CandlesRead> {
  const bySymbol = new Map<string, ReadonlyMap<string, DailyCandle>>();
  const failures: { symbol: string; reason: string }[] = [];
  // One iterator for all readers: each takes what is next.
  const queue = wanted.entries();
  const reader = async (): Promise<void> => {
    for (const [symbol, [from, to]] of queue) {
      try {
        const found = await candles(symbol, from, to);
        bySymbol.set(symbol, new Map(found.filter(isUsable).map((candle) => [candle.date, candle])));
      } catch (error) {
        failures.push({ symbol, reason: messageOf(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, reader));
  return { bySymbol, failures };
}

/** Providers give candles without prices for days that they know nothing of. */
function isUsable({ open, high, low, close }: DailyCandle): boolean {
  return [open, high, low, close].every((price) => Number.isFinite(price) && price > 0) && low <= high;
}

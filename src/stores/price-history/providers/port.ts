import type { CandleInput } from '../candles.ts';

export interface PriceRequest {
  /** In upper case. */
  readonly symbol: string;
  /** The one name of the interval: `1m`, `1h`, `1d`, `1wk`, `1mo`. */
  readonly interval: string;
  /** Candles that begin at this time or later. */
  readonly from: Date;
  /** Candles that begin before this time; it may lie ahead while a session is open. */
  readonly to: Date;
  /** Aborted when the answer is too late to be used. */
  readonly signal: AbortSignal;
}

/** Where candles come from. Its name in the options of the store is the `source` of its candles. */
export interface PriceProvider {
  /** The longest range of one request, in milliseconds; longer ones are asked in parts. */
  readonly spanMaxMs?: ((interval: string) => number | undefined) | undefined;
  /**
   * The candles of a range; none when it knows the symbol and there are none. Rejects when it does not know, or cannot tell.
   * What lies outside the range is passed over.
   */
  fetch(request: PriceRequest): Promise<readonly CandleInput[]>;
}

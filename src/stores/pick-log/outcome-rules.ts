/**
 * What became of a pick, by the rules of the old application: a return above +0.5 % wins and one below -0.5 % loses; run-up and
 * drawdown are the best and the worst price on the way, in the direction of the pick; what was hit follows from the highest and
 * the lowest price. Percentages are of the pick's price.
 */
import type { labels } from './outcome-schema.ts';

/** Percent on either side of 0 within which nobody won. */
const BREAKEVEN_PCT = 0.5;

export type Label = (typeof labels)[number];

export interface Position {
  /** SHORT, or anything else for LONG. */
  readonly direction: string;
  readonly price: number;
  readonly target: number | null;
  readonly stop: number | null;
}

export interface Prices {
  readonly close: number | null;
  readonly high: number | null;
  readonly low: number | null;
}

export interface Measured {
  readonly ret_close_pct: number | null;
  readonly max_runup_pct: number | null;
  readonly max_drawdown_pct: number | null;
  readonly hit_target: boolean | null;
  readonly hit_stop: boolean | null;
}

export function labelOf(returnPct: number): Label {
  if (returnPct > BREAKEVEN_PCT) return 'WIN';
  return returnPct < -BREAKEVEN_PCT ? 'LOSS' : 'BREAKEVEN';
}

/** The return from the pick's price to another one, in percent, in the direction of the pick. */
export function returnPct({ direction, price }: Pick<Position, 'direction' | 'price'>, at: number): number {
  return ((direction === 'SHORT' ? price - at : at - price) / price) * 100;
}

/** The part of the run-up that the return kept, 0 to 1; null without a run-up above 0. */
export function captureRatio(ret: number | null, runup: number | null): number | null {
  if (ret === null || runup === null || runup <= 0) return null;
  return Math.min(1, Math.max(0, ret / runup));
}

/** A figure is null when a price that it needs is not known, as is a hit without a level, or of a level on the wrong side. */
export function measure(position: Position, { close, high, low }: Prices): Measured {
  const short = position.direction === 'SHORT';
  const [best, worst] = short ? [low, high] : [high, low];
  const to = (at: number | null) => (at === null ? null : returnPct(position, at));
  const target =
    position.target !== null && returnPct(position, position.target) > 0 ? position.target : null;
  const stop = position.stop !== null && returnPct(position, position.stop) < 0 ? position.stop : null;
  return {
    ret_close_pct: to(close),
    max_runup_pct: to(best),
    max_drawdown_pct: to(worst),
    hit_target: target === null || best === null ? null : short ? best <= target : best >= target,
    hit_stop: stop === null || worst === null ? null : short ? worst >= stop : worst <= stop,
  };
}

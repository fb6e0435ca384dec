import type { Pick, PickResult } from './runs.ts';

/** The figures of an outcome, in percent, by the rules of the old application. */
export interface Outcome {
  returnPct: number;
  runupPct: number;
  drawdownPct: number;
  hitTarget: 0 | 1;
  hitStop: 0 | 1 | null;
  label: 'WIN' | 'LOSS' | 'BREAKEVEN';
  /** Return as a share of the run-up, from 0 to 1; null without a run-up. */
  capture: number | null;
}

/** A move under half a percent is neither won nor lost. */
const LABEL_PCT = 0.5;

function labelOf(returnPct: number): Outcome['label'] {
  if (returnPct > LABEL_PCT) return 'WIN';
  return returnPct < -LABEL_PCT ? 'LOSS' : 'BREAKEVEN';
}

/** Run-up and drawdown come from the day's high and low, signed by the direction of the pick. */
export function outcomeOf(pick: Pick, result: PickResult): Outcome {
  const long = pick.direction === 'LONG';
  const change = (to: number): number => ((to - pick.price) / pick.price) * 100 * (long ? 1 : -1);
  const returnPct = change(result.close);
  const runupPct = change(long ? result.high : result.low);
  const target = long ? result.high >= pick.target : result.low <= pick.target;
  const stop = pick.stop === null ? null : long ? result.low <= pick.stop : result.high >= pick.stop;
  return {
    returnPct,
    runupPct,
    drawdownPct: change(long ? result.low : result.high),
    hitTarget: target ? 1 : 0,
    hitStop: stop === null ? null : stop ? 1 : 0,
    label: labelOf(returnPct),
    capture: runupPct > 0 ? Math.min(1, Math.max(0, returnPct / runupPct)) : null,
  };
}

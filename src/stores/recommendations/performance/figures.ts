import { mean, median, rankCorrelation, standardDeviation, wilsonInterval } from './statistics.ts';

/** An evaluated recommendation, as the figures see it. Percentages are of the entry price, signed by the direction. */
export interface Trade {
  /** The exchange's day on which it ended: YYYY-MM-DD. */
  readonly day: string;
  readonly long: boolean;
  readonly returnPct: number;
  /** 0 to 100, high: a rise is expected; null: none, or out of range. */
  readonly score: number | null;
  /** As it was given; null: none. */
  readonly confidence: string | null;
  readonly alphaPct: number | null;
  /** The furthest that it went in favour, ≥ 0, and against, ≤ 0. */
  readonly mfePct: number | null;
  readonly maePct: number | null;
}

/** A figure and of how many values. Null: nothing can be said of so few. */
export interface Figure {
  readonly value: number | null;
  readonly n: number;
}

/** Sessions a year: the convention of the Sharpe ratio for daily returns. */
const SESSIONS_PER_YEAR = 252;
/** A rank correlation of fewer names on a day is noise. */
const IC_MIN_NAMES = 3;

/** All figures of some trades, in any order. */
export function figuresOf(trades: readonly Trade[]) {
  const returns = trades.map(({ returnPct }) => returnPct);
  const n = trades.length;
  const gains = returns.filter((value) => value > 0);
  const losses = returns.filter((value) => value < 0).map((value) => -value);
  const days = dailySeries(trades);
  return {
    n,
    hit_rate: { value: n === 0 ? null : gains.length / n, n, interval_95: wilsonInterval(gains.length, n) },
    average_return_pct: figure(mean(returns), n),
    median_return_pct: figure(median(returns), n),
    profit_factor: figure(quotient(sum(gains), sum(losses)), n),
    payoff: figure(quotient(mean(gains), mean(losses)), n),
    max_drawdown_pct: figure(
      n === 0 ? null : maxDrawdown(days.map(({ returnPct }) => returnPct)),
      days.length,
    ),
    sharpe: figure(sharpe(days.map(({ returnPct }) => returnPct)), days.length),
    sortino: figure(sortino(days.map(({ returnPct }) => returnPct)), days.length),
    alpha_pct: averageOf(trades.map(({ alphaPct }) => alphaPct)),
    mfe_pct: averageOf(trades.map(({ mfePct }) => mfePct)),
    mae_pct: averageOf(trades.map(({ maePct }) => maePct)),
    calibration: calibration(trades),
    rank_ic: rankIc(trades),
  };
}

export type Figures = ReturnType<typeof figuresOf>;

export interface DayReturn {
  readonly day: string;
  /** The mean of what ended on that day: each in equal weight. */
  readonly returnPct: number;
  readonly n: number;
}

/** By day, oldest first. Days on which nothing ended are no part of it. */
export function dailySeries(trades: readonly Trade[]): DayReturn[] {
  const byDay = groupBy(trades, ({ day }) => day);
  return [...byDay]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, ofDay]) => ({
      day,
      returnPct: mean(ofDay.map(({ returnPct }) => returnPct))!,
      n: ofDay.length,
    }));
}

/**
 * The largest fall from a high of the compounded series, in % and ≥ 0; the start counts as a high.
 * Definition: M. Magdon-Ismail, A. Atiya, "Maximum drawdown", Risk 17 (2004).
 */
export function maxDrawdown(returnsPct: readonly number[]): number {
  let [equity, high, worst] = [1, 1, 0];
  for (const returnPct of returnsPct) {
    equity *= 1 + returnPct / 100;
    high = Math.max(high, equity);
    worst = Math.max(worst, 1 - equity / high);
  }
  return worst * 100;
}

/**
 * Mean over standard deviation of the daily returns, for a year (√252), over a risk-free rate of 0:
 * W. F. Sharpe, "The Sharpe ratio", Journal of Portfolio Management 21 (1994).
 */
export function sharpe(returnsPct: readonly number[]): number | null {
  return annual(quotient(mean(returnsPct), standardDeviation(returnsPct)));
}

/**
 * As Sharpe's, over the downside deviation from a target of 0 (all days count in its mean):
 * F. A. Sortino, L. N. Price, "Performance measurement in a downside risk framework", Journal of Investing 3 (1994).
 */
export function sortino(returnsPct: readonly number[]): number | null {
  const downside = mean(returnsPct.map((value) => Math.min(0, value) ** 2));
  return returnsPct.length < 2
    ? null
    : annual(quotient(mean(returnsPct), downside === null ? null : Math.sqrt(downside)));
}

/** What the score says of the chance to gain: a score of 70 is 0.7 for a long position and 0.3 for a short one. */
function forecast({ score, long }: Trade): number | null {
  if (score === null) return null;
  return long ? score / 100 : 1 - score / 100;
}

/**
 * The Brier score (G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950, in the
 * form for two outcomes: 0 is perfect, 0.25 is a coin), and for each confidence what was forecast and what came.
 */
function calibration(trades: readonly Trade[]) {
  const forecasts = trades.flatMap((trade) => {
    const p = forecast(trade);
    return p === null ? [] : [{ p, hit: trade.returnPct > 0 ? 1 : 0 }];
  });
  return {
    brier: figure(mean(forecasts.map(({ p, hit }) => (p - hit) ** 2)), forecasts.length),
    reliability: reliability(trades),
  };
}

function reliability(trades: readonly Trade[]) {
  const byConfidence = groupBy(trades, ({ confidence }) => confidence?.toLowerCase() ?? '');
  return [...byConfidence]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([confidence, ofOne]) => {
      const hits = ofOne.filter(({ returnPct }) => returnPct > 0).length;
      const forecasts = ofOne.flatMap((trade) => forecast(trade) ?? []);
      return {
        confidence: confidence === '' ? null : confidence,
        n: ofOne.length,
        forecast: figure(mean(forecasts), forecasts.length),
        hit_rate: hits / ofOne.length,
        interval_95: wilsonInterval(hits, ofOne.length),
      };
    });
}

/**
 * Spearman's correlation of the score with the move of the price (not the signed return: a low score foretells a fall), day by day
 * over the names of the day, then the mean over the days: R. C. Grinold, R. N. Kahn, "Active portfolio management" (1999), ch. 6.
 * `n` counts the days that have at least 3 names and some spread; `t` is mean ÷ standard error.
 */
function rankIc(trades: readonly Trade[]) {
  const scored = trades.flatMap(({ score, long, returnPct, day }) =>
    score === null ? [] : [{ score, day, move: long ? returnPct : -returnPct }],
  );
  const daily = [...groupBy(scored, ({ day }) => day).values()].flatMap((ofDay) => {
    if (ofDay.length < IC_MIN_NAMES) return [];
    return (
      rankCorrelation(
        ofDay.map(({ score }) => score),
        ofDay.map(({ move }) => move),
      ) ?? []
    );
  });
  const deviation = standardDeviation(daily);
  const error = deviation === null ? null : deviation / Math.sqrt(daily.length);
  return {
    ...figure(mean(daily), daily.length),
    t: quotient(mean(daily), error),
    names: scored.length,
  };
}

function averageOf(values: readonly (number | null)[]) {
  const known = values.filter((value) => value !== null);
  return { ...figure(mean(known), known.length), median: median(known) };
}

function figure(value: number | null, n: number): Figure {
  return { value: finite(value), n };
}

/** What is beyond a double is not known. */
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** Null where there is nothing to divide by. */
function quotient(a: number | null, b: number | null): number | null {
  return a === null || b === null || b === 0 ? null : finite(a / b);
}

function annual(daily: number | null): number | null {
  return daily === null ? null : daily * Math.sqrt(SESSIONS_PER_YEAR);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

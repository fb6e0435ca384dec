import { dumps, float, type PyValue } from './python-json.ts';
import type { Pick, Run } from './runs.ts';
import { HOUR, indiaDate, naiveIndia, utcWithZ } from './times.ts';

/** The engine's JSON documents: the payload of a run, an archive file, and the features of a recommendation. */

const nullableFloat = (value: number | null): PyValue => (value === null ? null : float(value));

const reasoning = (pick: Pick): string =>
  `${pick.symbol}: momentum \u2191 \u2014 \u201cbreakout\u201d \u20b9${pick.price}`;

const scores = (pick: Pick): PyValue =>
  Object.fromEntries(pick.scores.map(([agent, score]) => [agent, float(score)]));

function keySignals(pick: Pick): PyValue {
  const bullish = pick.direction === 'LONG';
  return [
    {
      type: bullish ? 'Three White Soldiers' : 'Three Black Crows',
      direction: bullish ? 'BULLISH' : 'BEARISH',
      confidence: 78,
      agent: 'pattern_recognition',
    },
  ];
}

function exitStrategy(pick: Pick): PyValue {
  return pick.hasExitStrategy
    ? { stop_loss_price: nullableFloat(pick.stop), target_price: float(pick.target) }
    : null;
}

function item(pick: Pick): PyValue {
  return {
    rank: pick.rank,
    symbol: pick.symbol,
    score_blend: float(pick.scoreBlend),
    blend_score: float(pick.blendScore),
    recommendation: pick.recommendation,
    confidence: pick.confidence,
    price: float(pick.price),
    entry_price: float(pick.price),
    reasoning: reasoning(pick),
    scores: scores(pick),
    key_signals: keySignals(pick),
    exit_strategy: exitStrategy(pick),
    risk_reward_ratio: nullableFloat(pick.riskReward),
  };
}

/** `top_picks_runs.payload`, and a daily archive file: `generated_at` is India's wall clock and does not say so. */
export function runPayload(run: Run): PyValue {
  return {
    date: indiaDate(run.generated),
    generated_at: naiveIndia(run.generated),
    universe: run.universe,
    mode: run.mode,
    total_analyzed: run.analyzed,
    passed_filter: run.filtered,
    picks_count: run.picks.length,
    picks: run.picks.map(item),
    next_refresh: utcWithZ(run.stored + HOUR),
    metadata: { analysis_time_seconds: float(run.elapsedSeconds), policy_version: '1.0' },
  };
}

/** An archive file of one run: `as_of` is India's wall clock, the run id carries UTC. */
export function archivePayload(run: Run): PyValue {
  return {
    items: run.picks.map(item),
    as_of: naiveIndia(run.generated),
    universe: run.universe,
    mode: run.mode,
    elapsed_seconds: float(run.elapsedSeconds),
    policy_version: '1.0',
    run_id: run.runId,
  };
}

/**
 * `ai_recommendations.features_json`. Its `elapsed_seconds` proves the offset of the row's time; `unknownRatio` writes
 * the NaN that the engine produced when a stop stood on the price.
 */
export function features(run: Run, pick: Pick, unknownRatio: boolean): string {
  return dumps({
    scores: scores(pick),
    agent_consensus: null,
    key_signals: keySignals(pick),
    exit_strategy: exitStrategy(pick) ?? {},
    reasoning: reasoning(pick),
    horizon: run.mode,
    risk_reward_ratio: unknownRatio ? float(Number.NaN) : nullableFloat(pick.riskReward),
    color_scheme: null,
    recommendation_note: null,
    metadata: { elapsed_seconds: float(run.elapsedSeconds) },
  });
}

// The statements with which the old application appended, one function a store.
import { randomUUID } from 'node:crypto';
import * as samples from './samples.js';

/** @typedef {import('better-sqlite3').Database} Database */

/** As Python's adapter wrote times: UTC with a space and six digits. @param {Date} at */
export const pythonTime = (at) => `${at.toISOString().slice(0, -1).replace('T', ' ')}000`;
/** @param {Date} at */
const isoTime = (at) => `${at.toISOString().slice(0, -1)}000Z`;
/** @param {number} n @param {Date} at */
const runIdOf = (n, at) =>
  `${samples.universeOf(n)}:${samples.modeOf(n)}:${at.toISOString().slice(0, -1)}000`;

/** @param {Database} database @param {number} n @param {Date} at */
export function writeLlmRequest(database, n, at) {
  const { model, tokens_input, tokens_output, cost } = samples.llmRequest(n);
  database
    .prepare(
      'INSERT INTO llm_requests (model, tokens_input, tokens_output, cost_usd, created_at) VALUES (?, ?, ?, ?, ?)',
    )
    .run(model, tokens_input, tokens_output, cost, pythonTime(at));
}

/** @param {Database} database @param {number} n @param {Date} at */
export function writeRecommendations(database, n, at) {
  const { items, universe, mode, policy_version, elapsed_seconds } = samples.topPicks(n);
  const insert = database.prepare(
    `INSERT INTO ai_recommendations (symbol, mode, universe, source, recommendation, direction, generated_at_utc,
       entry_price, stop_loss_price, target_price, score_blend, confidence, risk_profile, run_id, rank_in_run,
       policy_version, features_json)
     VALUES (?, ?, ?, 'top_picks', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const runId = runIdOf(n, at);
  for (const { symbol, recommendation, price, exit_strategy, rank, ...rest } of items) {
    const { scores, key_signals, reasoning, risk_reward_ratio } = rest;
    const metadata = { elapsed_seconds };
    const features = JSON.stringify({
      scores,
      key_signals,
      exit_strategy,
      reasoning,
      risk_reward_ratio,
      metadata,
    });
    const direction = recommendation.toLowerCase().includes('sell') ? 'SHORT' : 'LONG';
    const { stop_loss_price, target_price } = exit_strategy;
    const text = [symbol, mode, universe.toUpperCase(), recommendation, direction, isoTime(at)];
    const figures = [
      price,
      stop_loss_price,
      target_price,
      rest.blend_score,
      rest.confidence,
      rest.risk_profile,
    ];
    insert.run(...text, ...figures, runId, rank, policy_version, features);
  }
}

/** @param {Database} database @param {number} n @param {Date} at */
export function writeRun(database, n, at) {
  const payload = samples.topPicks(n);
  const { universe, mode, trigger, total_analyzed, filtered_count, items, elapsed_seconds } = payload;
  database
    .prepare(
      `INSERT INTO top_picks_runs (run_id, universe, mode, generated_at_utc, trigger, total_analyzed, filtered_count,
         picks_count, elapsed_sec, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      runIdOf(n, at),
      universe,
      mode,
      isoTime(at),
      trigger,
      total_analyzed,
      filtered_count,
      items.length,
      elapsed_seconds,
      JSON.stringify(payload),
    );
}

/** @param {Database} database @param {number} n @param {Date} at */
export function writeAnalysis(database, n, at) {
  const { symbol, agent_type, score, confidence, reasoning, ...documents } = samples.analysis(n);
  const { signals, metadata, global_context, policy_context } = documents;
  const json = [metadata, global_context, policy_context].map((value) => JSON.stringify(value));
  database
    .prepare(
      `INSERT INTO agent_analyses (symbol, agent_type, score, confidence, signals, reasoning, metadata, global_context,
         policy_context, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(symbol, agent_type, score, confidence, JSON.stringify(signals), reasoning, ...json, pythonTime(at));
}

/** @param {Database} database @param {number} n @param {Date} at */
export function writeMemory(database, n, at) {
  const { type, key, value } = samples.memory(n);
  const expires = new Date(at.getTime() + samples.MEMORY_SECONDS * 1_000);
  database
    .prepare(
      'INSERT INTO context_memory (context_type, key, value, ttl, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
    )
    .run(type, key, JSON.stringify(value), samples.MEMORY_SECONDS, pythonTime(at), pythonTime(expires));
}

/** A pick and what each agent said of it. @param {Database} database @param {number} n @param {Date} at */
export function writePick(database, n, at) {
  const { contributions, extra_context, ...pick } = samples.pick(n);
  const uuid = randomUUID().replaceAll('-', '');
  database
    .prepare(
      `INSERT INTO pick_events (pick_uuid, symbol, direction, source, mode, signal_ts, trade_date, signal_price,
         recommended_entry, recommended_target, recommended_stop, time_horizon, blend_score, recommendation, confidence,
         regime, universe, extra_context) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      uuid,
      pick.symbol,
      pick.direction,
      pick.source,
      pick.mode,
      isoTime(at),
      isoTime(at).slice(0, 10),
      pick.signal_price,
      pick.signal_price,
      pick.recommended_target,
      pick.recommended_stop,
      pick.time_horizon,
      pick.blend_score,
      pick.recommendation,
      pick.confidence,
      pick.regime,
      pick.universe,
      JSON.stringify(extra_context),
    );
  const insert = database.prepare(
    'INSERT INTO pick_agent_contributions (pick_uuid, agent_name, score, confidence, metadata) VALUES (?, ?, ?, ?, ?)',
  );
  for (const { agent_name, score, confidence, metadata } of contributions) {
    insert.run(uuid, agent_name, score, confidence, JSON.stringify(metadata));
  }
}

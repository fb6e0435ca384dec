// The files of the old application with the preloaded data: its tables and indexes, and its JSON files.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import * as samples from './samples.js';
import {
  writeAnalysis,
  writeLlmRequest,
  writeMemory,
  writePick,
  writeRecommendations,
  writeRun,
} from './old-statements.js';

const schemas = {
  llm_costs: `
    CREATE TABLE llm_requests (id INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, tokens_input INTEGER,
      tokens_output INTEGER, cost_usd REAL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
    CREATE INDEX idx_created_at ON llm_requests (created_at DESC);`,
  ai_recommendations: `
    CREATE TABLE ai_recommendations (id INTEGER PRIMARY KEY AUTOINCREMENT, symbol TEXT NOT NULL, mode TEXT NOT NULL,
      universe TEXT NOT NULL, source TEXT NOT NULL, recommendation TEXT NOT NULL, direction TEXT NOT NULL,
      generated_at_utc TEXT NOT NULL, entry_price REAL, stop_loss_price REAL, target_price REAL, score_blend REAL,
      confidence TEXT, risk_profile TEXT, run_id TEXT, rank_in_run INTEGER, policy_version TEXT, features_json TEXT,
      evaluated INTEGER NOT NULL DEFAULT 0, evaluated_at_utc TEXT, exit_price REAL, exit_time_utc TEXT, exit_reason TEXT,
      pnl_pct REAL, max_drawdown_pct REAL, alpha_vs_benchmark REAL, labels_json TEXT);
    CREATE INDEX idx_ai_rec_symbol_mode_time ON ai_recommendations (symbol, mode, generated_at_utc DESC);
    CREATE INDEX idx_ai_rec_evaluated_time ON ai_recommendations (evaluated, generated_at_utc);
    CREATE INDEX idx_ai_rec_run_id ON ai_recommendations (run_id);
    CREATE INDEX idx_ai_rec_source ON ai_recommendations (source);
    CREATE TABLE pick_events (id INTEGER PRIMARY KEY AUTOINCREMENT, pick_uuid TEXT NOT NULL UNIQUE, symbol TEXT NOT NULL,
      direction TEXT NOT NULL, source TEXT NOT NULL, mode TEXT NOT NULL, signal_ts TEXT NOT NULL, trade_date TEXT NOT NULL,
      signal_price REAL NOT NULL, recommended_entry REAL, recommended_target REAL, recommended_stop REAL, time_horizon TEXT,
      blend_score REAL, recommendation TEXT, confidence TEXT, regime TEXT, risk_profile_bucket TEXT, mode_bucket TEXT,
      universe TEXT, extra_context TEXT);
    CREATE INDEX idx_pick_events_trade_date ON pick_events (trade_date);
    CREATE INDEX idx_pick_events_symbol_date ON pick_events (symbol, trade_date);
    CREATE TABLE pick_agent_contributions (id INTEGER PRIMARY KEY AUTOINCREMENT, pick_uuid TEXT NOT NULL,
      agent_name TEXT NOT NULL, score REAL, confidence TEXT, metadata TEXT);
    CREATE INDEX idx_pick_agent_contrib_pick_uuid ON pick_agent_contributions (pick_uuid);
    CREATE INDEX idx_pick_agent_contrib_agent ON pick_agent_contributions (agent_name);`,
  top_picks_runs: `
    CREATE TABLE top_picks_runs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, universe TEXT NOT NULL,
      mode TEXT NOT NULL, generated_at_utc TEXT NOT NULL, trigger TEXT NOT NULL, total_analyzed INTEGER,
      filtered_count INTEGER, picks_count INTEGER, elapsed_sec REAL, payload TEXT NOT NULL);
    CREATE INDEX idx_tpr_universe_mode_time ON top_picks_runs (universe, mode, generated_at_utc DESC);
    CREATE INDEX idx_tpr_run_id ON top_picks_runs (run_id);
    CREATE TABLE support_resistance_levels (symbol TEXT NOT NULL, timeframe_scope TEXT NOT NULL, p REAL, r1 REAL, r2 REAL,
      r3 REAL, s1 REAL, s2 REAL, s3 REAL, computed_at_ist TEXT NOT NULL, PRIMARY KEY (symbol, timeframe_scope));
    CREATE INDEX idx_sr_symbol_scope ON support_resistance_levels (symbol, timeframe_scope);`,
  context: `
    CREATE TABLE agent_analyses (id INTEGER PRIMARY KEY AUTOINCREMENT, symbol TEXT NOT NULL, agent_type TEXT NOT NULL,
      score REAL, confidence TEXT, signals TEXT, reasoning TEXT, metadata TEXT, global_context TEXT, policy_context TEXT,
      created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
    CREATE INDEX idx_symbol_date ON agent_analyses (symbol, created_at DESC);
    CREATE INDEX idx_agent_symbol ON agent_analyses (agent_type, symbol, created_at DESC);
    CREATE TABLE context_memory (id INTEGER PRIMARY KEY AUTOINCREMENT, context_type TEXT NOT NULL, key TEXT NOT NULL,
      value TEXT, ttl INTEGER, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, expires_at TIMESTAMP);
    CREATE INDEX idx_context_key ON context_memory (context_type, key);`,
};

/** @param {string} directory @param {keyof typeof schemas} name */
export const databaseFile = (directory, name) => join(directory, 'cache', `${name}.db`);
/** @param {string} directory */
export const scoresFile = (directory) => join(directory, 'data', 'global_scores', 'score_cache.json');
/** @param {string} directory @param {string} symbol */
export const pricesFile = (directory, symbol) =>
  join(directory, '.cache', 'historical', `${symbol}_1d_0123456789ab.json`);
/** @param {string} directory @param {string} key */
export const cacheFile = (directory, key) => join(directory, 'cache', `${key.replaceAll(':', '_')}.json`);
/** @param {string} directory @param {string} user */
export const userFile = (directory, user) => join(directory, 'cache', 'memory', `user_${user}.json`);

/** @param {string} directory @param {number} baseMs the time at which everything but the LLM requests was made */
export function writeOldFiles(directory, baseMs) {
  for (const name of /** @type {const} */ ([
    'llm_costs',
    'ai_recommendations',
    'top_picks_runs',
    'context',
  ])) {
    const file = databaseFile(directory, name);
    mkdirSync(dirname(file), { recursive: true });
    const database = new Database(file);
    database.exec(schemas[name]);
    database.transaction(fillers[name])(database, baseMs);
    database.close();
  }
  writeScores(directory, baseMs);
  for (let n = 0; n < samples.PRICED_SYMBOLS; n++) writePrices(directory, n, baseMs);
  for (let n = 0; n < samples.CACHED_KEYS; n++) {
    const { key, value } = samples.cached(n);
    writeJson(cacheFile(directory, key), { timestamp: new Date(baseMs).toISOString(), data: value });
  }
  for (let n = 0; n < samples.SESSIONS; n++) {
    const { session, key, value } = samples.session(n);
    writeJson(userFile(directory, session), { [key]: { value, updated_at: new Date(baseMs).toISOString() } });
  }
}

/** @type {Record<keyof typeof schemas, (database: import('better-sqlite3').Database, baseMs: number) => void>} */
const fillers = {
  llm_costs(database, baseMs) {
    for (let n = samples.LLM_REQUESTS - 1; n >= 0; n--)
      writeLlmRequest(database, n, samples.llmTime(n, baseMs));
  },
  ai_recommendations(database, baseMs) {
    for (let n = 0; n < samples.RUNS; n++) writeRecommendations(database, n, new Date(baseMs));
    for (let n = 0; n < samples.PICKS; n++) writePick(database, n, new Date(baseMs));
  },
  top_picks_runs(database, baseMs) {
    for (let n = 0; n < samples.RUNS; n++) writeRun(database, n, new Date(baseMs + n));
    const insert = database.prepare(
      'INSERT INTO support_resistance_levels VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    for (let n = 0; n < samples.SYMBOLS; n++) {
      const { p, r1, r2, r3, s1, s2, s3 } = samples.levels(n);
      const at = new Date(baseMs).toISOString();
      insert.run(samples.symbolOf(n), samples.LEVELS_SCOPE, p, r1, r2, r3, s1, s2, s3, at);
    }
  },
  context(database, baseMs) {
    for (let n = 0; n < samples.ANALYSES; n++) writeAnalysis(database, n, new Date(baseMs));
    for (let n = 0; n < samples.MEMORIES; n++) writeMemory(database, n, new Date(baseMs));
  },
};

/** @param {string} directory @param {number} baseMs */
function writeScores(directory, baseMs) {
  const all = Array.from({ length: samples.SYMBOLS }, (_, n) => samples.score(n, baseMs));
  const scores = Object.fromEntries(all.map((score) => [score.symbol, score]));
  writeJson(scoresFile(directory), { timestamp: new Date(baseMs).toISOString(), ttl_hours: 6, scores });
}

/** @param {string} directory @param {number} n @param {number} baseMs */
function writePrices(directory, n, baseMs) {
  const { candles } = samples.year(n, baseMs);
  const data = candles.map(({ time, ...figures }) => ({ time: `${time}T00:00:00`, ...figures }));
  writeJson(pricesFile(directory, samples.symbolOf(n)), {
    data,
    row_count: data.length,
    columns: ['time', 'open', 'high', 'low', 'close', 'volume'],
  });
}

/** As Python's json.dump wrote them: indented. @param {string} file @param {unknown} value */
function writeJson(file, value) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(value, null, 2));
}

// The old application's calls: each opens the database, runs its statements, commits and closes; or reads a file and parses it.
import { readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { cacheFile, databaseFile, pricesFile, scoresFile, userFile } from './old-files.js';
import * as statements from './old-statements.js';
import * as samples from './samples.js';

/** Python's default. */
const BUSY_TIMEOUT_MS = 5_000;

/** @typedef {import('better-sqlite3').Database} Connection */
/** @typedef {(n: number) => unknown} Operation what a read gives is compared with our answer once */

/** @param {string} directory @returns {Record<string, Operation>} by the id of their row */
export function oldOperations(directory) {
  /**
   * @template T
   * @param {Parameters<typeof databaseFile>[1]} name
   * @param {(connection: Connection) => T} work
   */
  const connected = (name, work) => {
    const connection = new Database(databaseFile(directory, name), { timeout: BUSY_TIMEOUT_MS });
    try {
      return work(connection);
    } finally {
      connection.close();
    }
  };
  /**
   * @param {Parameters<typeof databaseFile>[1]} name
   * @param {(connection: Connection, n: number, at: Date) => void} write
   * @returns {Operation}
   */
  const append = (name, write) => (n) =>
    connected(name, (connection) => connection.transaction(() => write(connection, n, new Date()))());

  return {
    llm: append('llm_costs', statements.writeLlmRequest),
    recommendations: append('ai_recommendations', statements.writeRecommendations),
    'top-picks': append('top_picks_runs', statements.writeRun),
    analysis: append('context', statements.writeAnalysis),
    memory: append('context', statements.writeMemory),
    pick: append('ai_recommendations', statements.writePick),
    ...queries(connected),
    ...files(directory),
  };
}

/**
 * @param {<T>(name: Parameters<typeof databaseFile>[1], work: (connection: Connection) => T) => T} connected
 * @returns {Record<string, Operation>}
 */
function queries(connected) {
  /** @param {Parameters<typeof databaseFile>[1]} name @param {string} sql @param {(string | number)[]} params */
  const row = (name, sql, ...params) =>
    connected(name, (connection) => {
      const found = connection.prepare(sql).get(...params);
      return /** @type {Record<string, unknown>} */ (found);
    });
  return {
    spend() {
      const today = new Date().toISOString().slice(0, 10);
      const sql = `SELECT count(*) AS requests, sum(cost_usd), sum(tokens_input), sum(tokens_output) FROM llm_requests
        WHERE created_at >= ?`;
      return row('llm_costs', sql, today)['requests'];
    },
    latest(n) {
      const sql = `SELECT payload FROM top_picks_runs WHERE universe = ? AND mode = ? AND picks_count > 0
        ORDER BY generated_at_utc DESC LIMIT 1`;
      const { payload } = row('top_picks_runs', sql, samples.universeOf(n), samples.modeOf(n));
      return JSON.parse(String(payload)).items;
    },
    recommendation(n) {
      const id = (n % (samples.RUNS * 10)) + 1;
      const found = row('ai_recommendations', 'SELECT * FROM ai_recommendations WHERE id = ?', id);
      return [found['symbol'], found['entry_price'], JSON.parse(String(found['features_json'])).reasoning];
    },
    'memory-get'(n) {
      const { type, key } = samples.memory(n);
      const sql = `SELECT value FROM context_memory WHERE context_type = ? AND key = ? AND expires_at > ?
        ORDER BY created_at DESC LIMIT 1`;
      return JSON.parse(String(row('context', sql, type, key, statements.pythonTime(new Date()))['value']));
    },
    levels(n) {
      const sql = 'SELECT * FROM support_resistance_levels WHERE symbol = ? AND timeframe_scope = ?';
      const { p, r1, r2, r3, s1, s2, s3 } = row(
        'top_picks_runs',
        sql,
        samples.symbolOf(n),
        samples.LEVELS_SCOPE,
      );
      return [p, r1, r2, r3, s1, s2, s3];
    },
  };
}

/** @param {string} directory @returns {Record<string, Operation>} */
function files(directory) {
  /** @param {string} file */
  const parsed = (file) => JSON.parse(readFileSync(file, 'utf8'));
  /** @returns {{ symbol: string, blend_score: number, is_actionable: boolean }[]} */
  const scores = () => Object.values(parsed(scoresFile(directory)).scores);
  return {
    score: (n) => parsed(scoresFile(directory)).scores[samples.symbolOf(n)].blend_score,
    scores: () =>
      scores()
        .sort((a, b) => b.blend_score - a.blend_score)
        .slice(0, 20)
        .map(({ symbol }) => symbol),
    price(n) {
      const { data } = parsed(pricesFile(directory, samples.symbolOf(n % samples.PRICED_SYMBOLS)));
      return [data.length, data.at(-1).close];
    },
    market: (n) => parsed(cacheFile(directory, samples.cached(n).key)).data,
    session(n) {
      const { session, key } = samples.session(n);
      return parsed(userFile(directory, session))[key].value;
    },
    'session-put'(n) {
      const { session, key, value } = samples.session(n);
      const file = userFile(directory, session);
      const all = { ...parsed(file), [key]: { value, updated_at: new Date().toISOString() } };
      writeFileSync(file, JSON.stringify(all, null, 2));
    },
  };
}

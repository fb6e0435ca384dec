import {
  addTable,
  definitionOf,
  type Expectation,
  expectation,
  neighbour,
  requests,
  type Row,
  source,
} from './kit.ts';

/** Tables of an older version, which lacked columns. */
export function fewerColumns(directory: string): Expectation {
  const recommendations = definitionOf('ai_recommendations')
    .split('\n')
    .filter((line) => !/policy_version|risk_profile|labels_json/.test(line))
    .join('\n')
    .replace('alpha_vs_benchmark REAL,', 'alpha_vs_benchmark REAL');
  const analyses = definitionOf('agent_analyses')
    .split('\n')
    .filter((line) => !/metadata|_context/.test(line))
    .join('\n');
  const recommendation = {
    symbol: 'TCS',
    mode: 'Swing',
    universe: 'NIFTY50',
    source: 'backfill',
    recommendation: 'Buy',
    direction: 'LONG',
    generated_at_utc: '2026-01-09T10:00:00.000001Z',
    score_blend: 62.5,
  };
  const analysis = { symbol: 'TCS', agent_type: 'risk', score: 50.5, created_at: '2026-01-09 10:00:00' };
  addTable(directory, 'cache/ai_recommendations.db', 'ai_recommendations', [recommendation], recommendations);
  addTable(directory, 'cache/context.db', 'agent_analyses', [analysis, analysis], analyses);
  return expectation('what an older table lacks is NULL', {
    sources: [source('ai_recommendations', 1), source('agent_analyses', 2)],
  });
}

/** Tables of a newer version, with columns that Stockroom does not know: they are data too. */
export function extraColumns(directory: string): Expectation {
  const definition = definitionOf('llm_requests').replace(
    'cost_usd REAL,',
    'cost_usd REAL, team TEXT, "cached tokens" INTEGER,',
  );
  const rows = requests(3);
  for (const [i, row] of rows.entries())
    rows[i] = { ...row, team: i === 0 ? null : 'desk', '"cached tokens"': 40 + i };
  addTable(directory, 'cache/llm_costs.db', 'llm_requests', rows, definition);
  return expectation('extra columns are kept beside the row', { sources: [source('llm_requests', 3)] });
}

/** Tables of the application's later ORM: names that are known, columns that are not. */
export function foreignTables(directory: string): Expectation {
  const file = 'app.sqlite3';
  addTable(
    directory,
    file,
    'user_preferences',
    [{ id: 1, user_id: 7, theme: 'dark', language: 'en', updated_at: '2026-01-09 10:00:00' }],
    'CREATE TABLE user_preferences (id INTEGER PRIMARY KEY, user_id INTEGER, theme TEXT, language TEXT, updated_at TEXT)',
  );
  addTable(
    directory,
    file,
    'agent_analyses',
    [{ id: 1, analysis_id: 'x', agent_name: 'risk', verdict: 'hold', created_at: '2026-01-09 10:00:00' }],
    'CREATE TABLE agent_analyses (id INTEGER PRIMARY KEY, analysis_id TEXT, agent_name TEXT, verdict TEXT, created_at TEXT)',
  );
  return expectation("somebody else's tables are named and left alone", {
    sources: [neighbour(directory)],
    unclaimed: [`${file}:agent_analyses`, `${file}:user_preferences`],
  });
}

/** The shapes of the plan: runs with `picks_json`, levels as one document. */
export function olderShapes(directory: string): Expectation {
  const run = (time: string): Row => ({
    run_id: `nifty50:Swing:${time}`,
    universe: 'nifty50',
    mode: 'Swing',
    picks_json: '[{"rank": 1, "symbol": "TCS"}]',
    created_at: '2026-01-09 10:00:00',
  });
  addTable(
    directory,
    'cache/top_picks_runs.db',
    'top_picks_runs',
    [run('2026-01-09T10:00:00.000001'), run('2026-01-09T11:00:00')],
    'CREATE TABLE top_picks_runs (run_id TEXT, universe TEXT, mode TEXT, picks_json TEXT, created_at TEXT)',
  );
  const levels = '{"p": 100.5, "r1": 101.0, "r2": 102.0, "r3": 103.0, "s1": 99.0, "s2": 98.0, "s3": 97.0}';
  addTable(
    directory,
    'cache/support_resistance.db',
    'sr_levels',
    ['M', 'W', 'D'].map((timeframe) => ({
      symbol: 'M&M',
      timeframe,
      levels_json: levels,
      updated_at: '2026-01-09T10:00:00+05:30',
    })),
    'CREATE TABLE sr_levels (symbol TEXT, timeframe TEXT, levels_json TEXT, updated_at TEXT)',
  );
  return expectation('older shapes load into the same tables', {
    sources: [source('top_picks_runs', 2), source('support_resistance_levels', 3)],
  });
}

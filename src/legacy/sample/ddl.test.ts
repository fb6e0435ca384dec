import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { CONTEXT_SCHEMA, LLM_COSTS_SCHEMA, RECOMMENDATIONS_SCHEMA, TOP_PICKS_SCHEMA } from './ddl.ts';

/** Columns as `name TYPE`, with `*` for NOT NULL, of the tables as the formats describe them. */
const TABLES: Record<string, string> = {
  llm_requests:
    'id INTEGER, model TEXT*, tokens_input INTEGER, tokens_output INTEGER, cost_usd REAL, created_at TIMESTAMP',
  ai_recommendations:
    'id INTEGER, symbol TEXT*, mode TEXT*, universe TEXT*, source TEXT*, recommendation TEXT*, direction TEXT*, ' +
    'generated_at_utc TEXT*, entry_price REAL, stop_loss_price REAL, target_price REAL, score_blend REAL, ' +
    'confidence TEXT, risk_profile TEXT, run_id TEXT, rank_in_run INTEGER, policy_version TEXT, ' +
    'features_json TEXT, evaluated INTEGER*, evaluated_at_utc TEXT, exit_price REAL, exit_time_utc TEXT, ' +
    'exit_reason TEXT, pnl_pct REAL, max_drawdown_pct REAL, alpha_vs_benchmark REAL, labels_json TEXT',
  pick_events:
    'id INTEGER, pick_uuid TEXT*, symbol TEXT*, direction TEXT*, source TEXT*, mode TEXT*, signal_ts TEXT*, ' +
    'trade_date TEXT*, signal_price REAL*, recommended_entry REAL, recommended_target REAL, ' +
    'recommended_stop REAL, time_horizon TEXT, blend_score REAL, recommendation TEXT, confidence TEXT, ' +
    'regime TEXT, risk_profile_bucket TEXT, mode_bucket TEXT, universe TEXT, extra_context TEXT',
  pick_agent_contributions:
    'id INTEGER, pick_uuid TEXT*, agent_name TEXT*, score REAL, confidence TEXT, metadata TEXT',
  pick_outcomes:
    'id INTEGER, pick_uuid TEXT*, evaluation_horizon TEXT*, horizon_end_ts TEXT*, price_close REAL, ' +
    'price_high REAL, price_low REAL, ret_close_pct REAL, max_runup_pct REAL, max_drawdown_pct REAL, ' +
    'benchmark_symbol TEXT, benchmark_ret_pct REAL, ret_vs_benchmark_pct REAL, hit_target INTEGER, ' +
    'hit_stop INTEGER, outcome_label TEXT, notes TEXT',
  rl_policies:
    'id INTEGER, policy_id TEXT*, name TEXT*, description TEXT, created_at TEXT*, updated_at TEXT*, ' +
    'status TEXT*, config_json TEXT*, metrics_json TEXT, activated_at TEXT, deactivated_at TEXT',
  top_picks_runs:
    'id INTEGER, run_id TEXT*, universe TEXT*, mode TEXT*, generated_at_utc TEXT*, trigger TEXT*, ' +
    'total_analyzed INTEGER, filtered_count INTEGER, picks_count INTEGER, elapsed_sec REAL, payload TEXT*',
  support_resistance_levels:
    'symbol TEXT*, timeframe_scope TEXT*, p REAL, r1 REAL, r2 REAL, r3 REAL, s1 REAL, s2 REAL, s3 REAL, ' +
    'computed_at_ist TEXT*',
  agent_analyses:
    'id INTEGER, symbol TEXT*, agent_type TEXT*, score REAL, confidence TEXT, signals TEXT, reasoning TEXT, ' +
    'metadata TEXT, global_context TEXT, policy_context TEXT, created_at TIMESTAMP',
  context_memory:
    'id INTEGER, context_type TEXT*, key TEXT*, value TEXT, ttl INTEGER, created_at TIMESTAMP, expires_at TIMESTAMP',
  user_preferences: 'id INTEGER, user_id TEXT*, pref_key TEXT*, pref_value TEXT, updated_at TIMESTAMP',
  agent_learnings:
    'id INTEGER, agent_type TEXT*, pattern_recognized TEXT, accuracy REAL, sample_size INTEGER, last_updated TIMESTAMP',
};

test.each([LLM_COSTS_SCHEMA, RECOMMENDATIONS_SCHEMA, TOP_PICKS_SCHEMA, CONTEXT_SCHEMA])(
  'the old tables are as the formats describe them, column for column',
  (schema) => {
    const db = new Sqlite(':memory:');
    for (const sql of [...schema.tables, ...schema.indexes]) db.exec(sql);
    const names = db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck()
      .all() as string[];
    expect(names).toHaveLength(schema.tables.length);
    for (const name of names) {
      const columns = db.pragma(`table_info(${name})`) as { name: string; type: string; notnull: number }[];
      const text = columns.map((column) => `${column.name} ${column.type}${column.notnull ? '*' : ''}`);
      expect(text.join(', '), name).toBe(TABLES[name]);
    }
    db.close();
  },
);

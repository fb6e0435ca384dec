/**
 * The old application's own DDL, word for word: what a reader finds in `sqlite_master` is part of the format.
 * Indexes are kept apart because they are built after the rows, in one sorted pass.
 */
export interface LegacySchema {
  readonly tables: readonly string[];
  readonly indexes: readonly string[];
}

export const LLM_COSTS_SCHEMA: LegacySchema = {
  tables: [
    `CREATE TABLE llm_requests (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                model TEXT NOT NULL,
                tokens_input INTEGER,
                tokens_output INTEGER,
                cost_usd REAL,
                created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
            )`,
  ],
  indexes: ['CREATE INDEX idx_created_at ON llm_requests(created_at DESC)'],
};

export const RECOMMENDATIONS_SCHEMA: LegacySchema = {
  tables: [
    `CREATE TABLE ai_recommendations (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                symbol TEXT NOT NULL,
                mode TEXT NOT NULL,
                universe TEXT NOT NULL,
                source TEXT NOT NULL,
                recommendation TEXT NOT NULL,
                direction TEXT NOT NULL,
                generated_at_utc TEXT NOT NULL,
                entry_price REAL,
                stop_loss_price REAL,
                target_price REAL,
                score_blend REAL,
                confidence TEXT,
                risk_profile TEXT,
                run_id TEXT,
                rank_in_run INTEGER,
                policy_version TEXT,
                features_json TEXT,
                evaluated INTEGER NOT NULL DEFAULT 0,
                evaluated_at_utc TEXT,
                exit_price REAL,
                exit_time_utc TEXT,
                exit_reason TEXT,
                pnl_pct REAL,
                max_drawdown_pct REAL,
                alpha_vs_benchmark REAL,
                labels_json TEXT
            )`,
    `CREATE TABLE pick_events (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            pick_uuid TEXT NOT NULL UNIQUE,
            symbol TEXT NOT NULL,
            direction TEXT NOT NULL,
            source TEXT NOT NULL,
            mode TEXT NOT NULL,
            signal_ts TEXT NOT NULL,
            trade_date TEXT NOT NULL,
            signal_price REAL NOT NULL,
            recommended_entry REAL,
            recommended_target REAL,
            recommended_stop REAL,
            time_horizon TEXT,
            blend_score REAL,
            recommendation TEXT,
            confidence TEXT,
            regime TEXT,
            risk_profile_bucket TEXT,
            mode_bucket TEXT,
            universe TEXT,
            extra_context TEXT
        )`,
    `CREATE TABLE pick_agent_contributions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            pick_uuid TEXT NOT NULL,
            agent_name TEXT NOT NULL,
            score REAL,
            confidence TEXT,
            metadata TEXT
        )`,
    `CREATE TABLE pick_outcomes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            pick_uuid TEXT NOT NULL,
            evaluation_horizon TEXT NOT NULL,
            horizon_end_ts TEXT NOT NULL,
            price_close REAL,
            price_high REAL,
            price_low REAL,
            ret_close_pct REAL,
            max_runup_pct REAL,
            max_drawdown_pct REAL,
            benchmark_symbol TEXT,
            benchmark_ret_pct REAL,
            ret_vs_benchmark_pct REAL,
            hit_target INTEGER,
            hit_stop INTEGER,
            outcome_label TEXT,
            notes TEXT,
            UNIQUE(pick_uuid, evaluation_horizon)
        )`,
    `CREATE TABLE rl_policies (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            policy_id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            description TEXT,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            status TEXT NOT NULL,
            config_json TEXT NOT NULL,
            metrics_json TEXT,
            activated_at TEXT,
            deactivated_at TEXT
        )`,
  ],
  indexes: [
    'CREATE INDEX idx_ai_rec_symbol_mode_time ON ai_recommendations (symbol, mode, generated_at_utc DESC)',
    'CREATE INDEX idx_ai_rec_evaluated_time ON ai_recommendations (evaluated, generated_at_utc)',
    'CREATE INDEX idx_ai_rec_run_id ON ai_recommendations (run_id)',
    'CREATE INDEX idx_ai_rec_source ON ai_recommendations (source)',
    'CREATE INDEX idx_pick_events_trade_date ON pick_events (trade_date)',
    'CREATE INDEX idx_pick_events_symbol_date ON pick_events (symbol, trade_date)',
    'CREATE INDEX idx_pick_agent_contrib_pick_uuid ON pick_agent_contributions (pick_uuid)',
    'CREATE INDEX idx_pick_agent_contrib_agent ON pick_agent_contributions (agent_name)',
    'CREATE INDEX idx_pick_outcomes_label ON pick_outcomes (outcome_label)',
    'CREATE INDEX idx_rl_policies_status ON rl_policies (status)',
  ],
};

export const TOP_PICKS_SCHEMA: LegacySchema = {
  tables: [
    `CREATE TABLE top_picks_runs (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                run_id TEXT NOT NULL,
                universe TEXT NOT NULL,
                mode TEXT NOT NULL,
                generated_at_utc TEXT NOT NULL,
                trigger TEXT NOT NULL,
                total_analyzed INTEGER,
                filtered_count INTEGER,
                picks_count INTEGER,
                elapsed_sec REAL,
                payload TEXT NOT NULL
            )`,
    `CREATE TABLE support_resistance_levels (
                    symbol TEXT NOT NULL,
                    timeframe_scope TEXT NOT NULL,
                    p REAL,
                    r1 REAL,
                    r2 REAL,
                    r3 REAL,
                    s1 REAL,
                    s2 REAL,
                    s3 REAL,
                    computed_at_ist TEXT NOT NULL,
                    PRIMARY KEY (symbol, timeframe_scope)
                )`,
  ],
  indexes: [
    'CREATE INDEX idx_tpr_universe_mode_time ON top_picks_runs (universe, mode, generated_at_utc DESC)',
    'CREATE INDEX idx_tpr_run_id ON top_picks_runs (run_id)',
    'CREATE INDEX idx_sr_symbol_scope ON support_resistance_levels (symbol, timeframe_scope)',
  ],
};

export const CONTEXT_SCHEMA: LegacySchema = {
  tables: [
    `CREATE TABLE agent_analyses (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                symbol TEXT NOT NULL,
                agent_type TEXT NOT NULL,
                score REAL,
                confidence TEXT,
                signals TEXT,  -- JSON
                reasoning TEXT,
                metadata TEXT,  -- JSON
                global_context TEXT,  -- JSON
                policy_context TEXT,  -- JSON
                created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
            )`,
    `CREATE TABLE context_memory (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                context_type TEXT NOT NULL,
                key TEXT NOT NULL,
                value TEXT,  -- JSON
                ttl INTEGER,
                created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
                expires_at TIMESTAMP
            )`,
    `CREATE TABLE user_preferences (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                user_id TEXT NOT NULL,
                pref_key TEXT NOT NULL,
                pref_value TEXT,  -- JSON
                updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
                UNIQUE(user_id, pref_key)
            )`,
    `CREATE TABLE agent_learnings (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                agent_type TEXT NOT NULL,
                pattern_recognized TEXT,
                accuracy REAL,
                sample_size INTEGER,
                last_updated TIMESTAMP DEFAULT CURRENT_TIMESTAMP
            )`,
  ],
  indexes: [
    'CREATE INDEX idx_symbol_date ON agent_analyses(symbol, created_at DESC)',
    'CREATE INDEX idx_agent_symbol ON agent_analyses(agent_type, symbol, created_at DESC)',
    'CREATE INDEX idx_context_key ON context_memory(context_type, key)',
  ],
};

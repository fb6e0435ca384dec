import { AGENT, AT, type Fill, oneOf, ROWS, SYMBOL } from './fill.ts';

export const MODELS = ['gpt-4o-mini', 'gpt-4o', 'claude-sonnet-4', 'gpt-4.1', 'o3'] as const;

/** The sums of the days follow by the triggers of the table. */
const llmRequests: Fill = {
  table: 'llm_requests',
  beside: ['llm_daily_totals'],
  sql: [
    `insert into llm_requests (model, tokens_input, tokens_output, cost_usd, created_at, idempotency_key, idempotency_hash,
       tags, user_id, provider, priced_by)
     select ${oneOf('r1', MODELS)}, 200 + floor(3000 * r2), 50 + floor(800 * r3),
       case when r4 > 0.005 then round((r2 / 50)::numeric, 8) end, ${AT}, 'auto:' || gen_random_uuid(), ''::bytea,
       jsonb_build_array('agent:' || ${AGENT}), 'user-' || floor(200 * r3 * r3), 'openai', 'prices'
     from ${ROWS}`,
  ],
};

const levels: Fill = {
  table: 'support_resistance_levels',
  sql: [
    `insert into support_resistance_levels (symbol, timeframe_scope, p, r1, r2, r3, s1, s2, s3, computed_at, method, sessions,
       last_session)
     select ${SYMBOL}, ${oneOf('r2', ['D', 'W', 'M', 'Y'])}, 100 + r1, 101 + r1, 102 + r1, 103 + r1, 99 + r1, 98 + r1, 97 + r1,
       ${AT}, ${oneOf('r3', ['floor', 'camarilla', 'fibonacci'])}, 1, (${AT})::date
     from ${ROWS}`,
  ],
};

/** Years of daily candles: 250 a row. */
const priceCandles: Fill = {
  table: 'price_candles',
  beside: ['price_coverage'],
  batch: 5_000,
  sql: [
    `insert into price_candles (symbol, interval, source, chunk, candles, candle_count, revision, updated_at)
     select 'STOCK' || lpad((i % 2000)::text, 4, '0'), '1d', 'yahoo', (2026 - i / 2000)::text,
       (select jsonb_agg(jsonb_build_array(((2026 - i / 2000) - 1970) * 31556952000 + n * 126000000::bigint,
          round((100 + 50 * r1 + n * 0.1)::numeric, 2), round((101 + 50 * r1 + n * 0.1)::numeric, 2),
          round((99 + 50 * r1 + n * 0.1)::numeric, 2), round((100 + 50 * r2 + n * 0.1)::numeric, 2),
          floor(1000000 * r3) + n, 1700000000000) order by n) from generate_series(0, 249) as n),
       250, nextval('price_candles_revision'), ${AT}
     from ${ROWS}`,
    `insert into price_coverage (symbol, interval, source, from_ts, to_ts, fetched_at)
     select 'STOCK' || lpad((i % 2000)::text, 4, '0'), '1d', 'yahoo', make_date(2026 - (i / 2000)::int, 1, 1),
       make_date(2026 - (i / 2000)::int, 12, 31), now()
     from ${ROWS}`,
  ],
};

/** Days of five minutes, as rows without their candles: for plans, whose rows are counted and not read. */
const priceChunks: Fill = {
  table: 'price_candles',
  beside: ['price_coverage'],
  sql: [
    `insert into price_candles (symbol, interval, source, chunk, candles, candle_count, revision, updated_at)
     select 'STOCK' || lpad((i % 2000)::text, 4, '0'), '5m', 'yahoo', to_char(date '2026-11-27' - (i / 2000)::int, 'YYYY-MM-DD'),
       '[[1764000000000, 100, 101, 99, 100, 5000, 1764000000000]]'::jsonb, 1, nextval('price_candles_revision'), ${AT}
     from ${ROWS}`,
    `insert into price_coverage (symbol, interval, source, from_ts, to_ts, fetched_at)
     select 'STOCK' || lpad((i % 2000)::text, 4, '0'), '5m', 'yahoo', at, at + interval '6 hours', now()
     from (select i, date '2026-11-27' - (i / 2000)::int + interval '4 hours' as at from ${ROWS}) as row`,
  ],
};

const auditLog: Fill = {
  table: 'audit_log',
  sql: [
    `insert into audit_log (at, actor, action, subject, detail)
     select ${AT}, 'ops', case when i % 5000 = 0 then 'policy.activated' when i % 5000 = 4999 then 'policy.retired'
         else 'http:DELETE /v1/hot/keys/:key' end,
       case when i % 5000 in (0, 4999) then 'policy:policy-' || 1 + (i / 5000) % 100 else '/v1/hot/keys/' || i end,
       jsonb_build_object('request_id', gen_random_uuid(), 'outcome', 'done', 'status', 200, 'from', 'ACTIVE')
     from ${ROWS}`,
  ],
};

/** People make them: one for a hundred rows of the rest is many. */
const policies: Fill = {
  table: 'rl_policies',
  part: 0.01,
  sql: [
    `insert into rl_policies (policy_id, name, created_at, updated_at, status, config, metrics, activated_at, deactivated_at)
     select 'policy-' || i, 'policy', ${AT}, ${AT}, case when i = $3::bigint then 'ACTIVE' when i % 2 = 0 then 'DRAFT' else 'RETIRED' end,
       '{"weights": {"technical": 0.4}}'::jsonb, jsonb_build_object('hit_rate', r1),
       case when i % 2 = 1 or i = $3::bigint then ${AT} end, case when i % 2 = 1 then ${AT} + interval '1 hour' end
     from ${ROWS}`,
  ],
};

/** One in 250 is a score; the rest is sessions, working memory and copies of the general cache. */
const hotState: Fill = {
  table: 'hot_state',
  sql: [
    `insert into hot_state (family, key, value, created_at, expires_at, version)
     select case when i % 250 = 0 then 'scores' else ${oneOf('r2', ['session-value', 'agent-cache', 'session', 'market-cache', 'working-memory'])} end,
       case when i % 250 = 0 then 'STOCK' || lpad((i / 250)::text, 4, '0') else 'key-' || i end,
       case when i % 250 = 0 then jsonb_build_object('symbol', 'STOCK' || lpad((i / 250)::text, 4, '0'), 'blend_score', 100 * r1,
         'confidence', ${oneOf('r3', ['high', 'medium', 'low'])}, 'is_actionable', r4 > 0.5,
         'agents', jsonb_build_array(jsonb_build_object('agent', 'technical', 'score', 100 * r3)))
       else jsonb_build_object('id', 'x' || i, 'value', r1, 'text', repeat('word ', 20),
         'tags', jsonb_build_array('tag-' || floor(5000 * r3))) end,
       ${AT}, now() + interval '6 hours' * (0.01 + r1), i
     from ${ROWS}`,
  ],
};

const scores: Fill = {
  table: 'hot_state',
  sql: [
    `insert into hot_state (family, key, value, created_at, expires_at, version)
     select 'scores', 'STOCK' || lpad(i::text, 7, '0'), jsonb_build_object('symbol', 'STOCK' || lpad(i::text, 7, '0'),
       'blend_score', 100 * r1, 'confidence', ${oneOf('r3', ['high', 'medium', 'low'])}, 'is_actionable', r4 > 0.5,
       'agents', jsonb_build_array(jsonb_build_object('agent', 'technical', 'score', 100 * r3),
         jsonb_build_object('agent', 'global', 'score', 100 * r2), jsonb_build_object('agent', 'options', 'score', 100 * r4))),
       ${AT}, now() + interval '6 hours', i
     from ${ROWS}`,
  ],
};

const learnings: Fill = {
  table: 'agent_learnings',
  sql: [
    `insert into agent_learnings (agent_type, pattern_recognized, accuracy, sample_size, last_updated)
     select ${AGENT}, 'pattern ' || i, r1, floor(1000 * r3), ${AT} from ${ROWS}`,
  ],
};

const contextMemory: Fill = {
  table: 'context_memory',
  sql: [
    `insert into context_memory (context_type, key, value, ttl, created_at, expires_at)
     select ${oneOf('r2', ['market_context', 'session', 'news', 'rare'])}, 'key-' || lpad(i::text, 9, '0'),
       jsonb_build_object('n', i, 'regime', 'bull'), 3600, ${AT}, now() + interval '1 day' * r1
     from ${ROWS}`,
  ],
};

const preferences: Fill = {
  table: 'user_preferences',
  beside: ['memory_preferences'],
  sql: [
    `insert into user_preferences (user_id, pref_key, pref_value, updated_at)
     select 'user-' || i / 20, 'pref-' || i % 20, '{"theme": "dark"}'::jsonb, ${AT} from ${ROWS}`,
    `insert into memory_preferences (user_id, pref_key, value, updated_at)
     select 'user-' || i / 20, 'pref-' || i % 20, jsonb_build_object('n', i), now() from ${ROWS}`,
  ],
};

/** Mostly of one source; of another some at the end. */
const quarantine: Fill = {
  table: 'migration_quarantine',
  sql: [
    `insert into migration_quarantine (source, file, key, "column", reason, detail, bytes, unit, chunk, quarantined_at)
     select case when i > $3::bigint * 0.99 then 'pick_events' else 'llm_requests' end, 'cache/llm_costs.db', i::text, 'cost_usd',
       'not_a_number', 'found 12x', '\\x313278'::bytea, 'cache/llm_costs.db', (i / 1000)::int, ${AT}
     from ${ROWS}`,
  ],
};

export const others = {
  llmRequests,
  levels,
  priceCandles,
  priceChunks,
  auditLog,
  policies,
  hotState,
  scores,
  learnings,
  contextMemory,
  preferences,
  quarantine,
} as const;

import { AGENT, AT, type Fill, MODE, oneOf, ROWS, SYMBOL } from './fill.ts';

export const UNIVERSES = ['NIFTY50', 'BANKNIFTY', 'NIFTY500', 'MIDCAP'] as const;
const universe = oneOf('r3', UNIVERSES);

/** Ten of a run; the last 2 % are not evaluated yet, and a few never were. */
const recommendations: Fill = {
  table: 'ai_recommendations',
  sql: [
    `insert into ai_recommendations (symbol, mode, universe, source, recommendation, direction, generated_at, entry_price,
       stop_loss_price, target_price, score_blend, confidence, risk_profile, run_id, rank_in_run, policy_version, features,
       evaluated, evaluated_at, exit_price, exit_time, exit_reason, pnl_pct, max_drawdown_pct, labels,
       idempotency_key, idempotency_hash)
     select symbol, mode, universe, source, case when r4 < 0.25 then 'Sell' else 'Buy' end,
       case when r4 < 0.25 then 'SHORT' else 'LONG' end, at, price, price * 0.97, price * 1.05, 100 * r2,
       ${oneOf('r4', ['High', 'Medium', 'Low'])}, 'moderate', 'run-' || (i / 10), 1 + i % 10, '1.0',
       jsonb_build_object('scores', jsonb_build_object('technical', 100 * r1, 'global', 100 * r2, 'options', 100 * r3,
         'sentiment', 100 * r4), 'reasoning', 'Momentum above the weekly pivot with rising volume in its sector.'),
       done, case when done then at + interval '1 day' end, case when done then price * (0.97 + r3 / 10) end,
       case when done then at + interval '6 hours' end, case when done then 'TARGET' end,
       case when done then 8 * r3 - 3 end, case when done then -3 * r4 end,
       case when done then jsonb_build_object('mfe_pct', 5 * r3, 'mae_pct', -3 * r4, 'sessions', 1) end,
       'auto:' || gen_random_uuid(), ''::bytea
     from (select *, ${SYMBOL} as symbol, ${MODE} as mode, ${universe} as universe,
         ${oneOf('r3', ['API', 'SCHEDULED', 'SCALPING'])} as source, ${AT} as at, 100 + 2000 * r1 as price,
         i < $3::bigint * 0.98 and r4 < 0.998 as done from ${ROWS}) as row`,
  ],
};

/** A payload of ten picks, of some 5 KB. */
const payload = `jsonb_build_object('run_id', 'run-' || i, 'elapsed_seconds', r1, 'items',
  (select jsonb_agg(jsonb_build_object('symbol', 'STOCK' || lpad(((i * 7 + n * 131) % 2000)::text, 4, '0'), 'rank', n,
     'recommendation', 'Buy', 'price', round((100 + 2000 * r2 + n)::numeric, 2), 'blend_score', round((100 * r3)::numeric, 2),
     'confidence', 'High', 'risk_profile', 'moderate', 'risk_reward_ratio', 1.5,
     'scores', jsonb_build_object('technical', round((90 * r1 + n)::numeric, 2), 'global', round((90 * r2 + n)::numeric, 2),
       'policy', round((90 * r3 + n)::numeric, 2), 'options', round((90 * r4 + n)::numeric, 2)),
     'exit_strategy', jsonb_build_object('stop_loss_price', round((97 + 1900 * r2)::numeric, 2),
       'target_price', round((105 + 2100 * r2)::numeric, 2)),
     'reasoning', 'Momentum above the weekly pivot with rising volume; the sector is ahead of its index.'))
   from generate_series(1, 10) as n))`;

const runsWith = (document: string): Fill => ({
  table: 'top_picks_runs',
  batch: 50_000,
  sql: [
    `insert into top_picks_runs (run_id, universe, mode, generated_at, trigger, total_analyzed, filtered_count, picks_count,
       elapsed_sec, payload, idempotency_key, idempotency_hash)
     select 'run-' || i, lower(${universe}), ${MODE}, ${AT}, ${oneOf('r4', ['hourly', 'manual', 'preopen'])}, 50, 41,
       case when r4 < 0.1 then 0 else 10 end, 3 + r1, ${document}, 'auto:' || gen_random_uuid(), ''::bytea
     from ${ROWS}`,
  ],
});

const topPicks = runsWith(payload);
/** For plans, whose rows are counted and not read: ten times as fast to make. */
const shortRuns = runsWith(
  `'{"items": [{"symbol": "STOCK0001", "rank": 1, "recommendation": "Buy"}]}'::jsonb`,
);

/** With three contributions each, and an outcome unless it is among the last 2 %. */
const picks: Fill = {
  table: 'pick_events',
  beside: ['pick_agent_contributions', 'pick_outcomes'],
  sql: [
    `insert into pick_events (pick_uuid, symbol, direction, source, mode, signal_ts, trade_date, signal_price,
       recommended_entry, recommended_target, recommended_stop, time_horizon, blend_score, recommendation, confidence, regime,
       universe, extra_context, idempotency_key, idempotency_hash)
     select md5('pick' || i), ${SYMBOL}, case when r4 < 0.25 then 'SHORT' else 'LONG' end,
       ${oneOf('r3', ['API', 'SCHEDULED', 'UI'])}, ${MODE}, ${AT}, (${AT} at time zone 'Asia/Kolkata')::date,
       100 + 2000 * r1, 100 + 2000 * r1, 105 + 2100 * r1, 97 + 1940 * r1, 'intraday', 100 * r2, 'Buy', 'High', 'bull',
       lower(${universe}), '{"breadth": 0.61, "vix": 13.2}'::jsonb, 'auto:' || gen_random_uuid(), ''::bytea
     from ${ROWS}`,
    `insert into pick_agent_contributions (pick_uuid, agent_name, score, confidence, metadata)
     select md5('pick' || i), agent, 100 * r1, 'High', '{"bars": 250}'::jsonb
     from ${ROWS} cross join unnest(array['technical', 'global', 'options']) as agent`,
    `insert into pick_outcomes (pick_uuid, evaluation_horizon, horizon_end_ts, price_close, price_high, price_low,
       ret_close_pct, max_runup_pct, max_drawdown_pct, hit_target, hit_stop, outcome_label, notes, known_at)
     select md5('pick' || i), 'EOD', ${AT} + interval '8 hours', 100 + 2000 * r1, 110 + 2000 * r1, 90 + 2000 * r1, 6 * r2 - 3,
       5 * r2, -3 * r3, r2 > 0.8, r3 > 0.8, 'WIN', '{"capture_ratio": 0.4}'::jsonb, ${AT} + interval '9 hours'
     from ${ROWS} where i < $3::bigint * 0.98`,
  ],
};

const analyses: Fill = {
  table: 'agent_analyses',
  sql: [
    `insert into agent_analyses (symbol, agent_type, score, confidence, signals, reasoning, metadata, global_context,
       policy_context, created_at, idempotency_key, idempotency_hash)
     select ${SYMBOL}, ${AGENT}, 100 * r3, 'High', jsonb_build_array(jsonb_build_object('type', 'rsi', 'value', 100 * r4)),
       'Momentum above the weekly pivot with rising volume; the sector is ahead of its index.',
       jsonb_build_object('bars', 250, 'elapsed_ms', floor(100 * r1)), jsonb_build_object('nifty', r2, 'vix', 13.2),
       '{"rate": 6.5}'::jsonb, ${AT}, 'auto:' || gen_random_uuid(), ''::bytea
     from ${ROWS}`,
  ],
};

const memoryAnalyses: Fill = {
  table: 'memory_analyses',
  sql: [
    `insert into memory_analyses (symbol, agent_type, result, created_at, idempotency_key, idempotency_hash)
     select ${SYMBOL}, ${AGENT}, jsonb_build_object('score', 100 * r3, 'signals', jsonb_build_array('rsi', 'macd'),
       'reasoning', 'Momentum above the weekly pivot with rising volume; the sector is ahead of its index.'), ${AT},
       'auto:' || gen_random_uuid(), ''::bytea
     from ${ROWS}`,
  ],
};

export const decisions = { recommendations, topPicks, shortRuns, picks, analyses, memoryAnalyses } as const;

-- When an outcome became known here (null: a migrated row, whose horizon_end_ts says it), and which exit it was made from.
alter table pick_outcomes add column known_at timestamptz;
alter table pick_outcomes add column exit_key text collate "C";
-- An exit closes one pick, however often it is reported.
create unique index pick_outcomes_exit on pick_outcomes (exit_key) where exit_key is not null;

create index pick_events_recent on pick_events (signal_ts desc, id desc);
create index pick_events_symbol_recent on pick_events (symbol, signal_ts desc, id desc);
create index pick_events_universe_recent on pick_events (universe, mode, signal_ts desc, id desc);
create index rl_policies_recent on rl_policies (created_at desc, id desc);
-- Which policy was active at a time.
create index audit_log_activations on audit_log (at desc, id desc)
  where action in ('policy.activated', 'policy.retired');

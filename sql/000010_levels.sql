-- Levels by other formulas than the floor pivots, what they were made of, and the fourth levels of Camarilla. Rows of before, and of
-- the migration, are floor pivots.
alter table support_resistance_levels
  add column method text collate "C" not null default 'floor',
  add column r4 double precision,
  add column s4 double precision,
  add column sessions int,
  add column last_session date,
  drop constraint support_resistance_levels_key,
  add constraint support_resistance_levels_key unique (symbol, timeframe_scope, method, computed_at);

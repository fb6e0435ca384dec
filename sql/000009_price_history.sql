-- Candles by series (symbol, interval, source) in chunks: a year of days and longer, a month of 10 minutes to a day, a day of
-- minutes. A candle is [time in ms, open, high, low, close, volume, written in ms].
create sequence price_candles_revision;

create table price_candles (
  symbol text collate "C" not null,
  interval text collate "C" not null,
  source text collate "C" not null,
  chunk text collate "C" not null,
  candles jsonb not null,
  candle_count integer not null,
  -- Rises with every change of the chunk, over all sources of a symbol and interval: their writers hold one lock.
  revision bigint not null,
  updated_at timestamptz not null,
  constraint price_candles_pkey primary key (symbol, interval, source, chunk)
);
create index price_candles_chunk on price_candles (symbol, interval, chunk, revision);

-- What was asked for, as ranges without overlap in a series: from_ts is in, to_ts is not.
create table price_coverage (
  symbol text collate "C" not null,
  interval text collate "C" not null,
  source text collate "C" not null,
  from_ts timestamptz not null,
  to_ts timestamptz not null,
  fetched_at timestamptz not null,
  -- Null: its sessions are closed.
  expires_at timestamptz,
  constraint price_coverage_pkey primary key (symbol, interval, source, from_ts),
  constraint price_coverage_range check (from_ts < to_ts)
);

-- The rows of price_history that stand in the chunks too. A row that the migration changed since has another version.
create table price_history_imports (
  history_id bigint primary key,
  version text collate "C" not null,
  skipped integer not null,
  imported_at timestamptz not null default now()
);
create index price_history_upper on price_history (upper(symbol));

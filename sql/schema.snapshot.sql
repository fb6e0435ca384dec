-- The schema after all migrations, read back from the catalog of PostgreSQL.
-- Written by `npm run schema:snapshot`; never edited.

CREATE OR REPLACE FUNCTION llm_add_inserted_totals()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'Stock "room"'
AS $function$
begin
  with sums as (
    select (created_at at time zone 'UTC')::date as day, model, user_id, tags,
      count(*) as requests, count(*) filter (where cost_usd is null) as unpriced,
      coalesce(sum(tokens_input), 0) as tokens_input, coalesce(sum(tokens_output), 0) as tokens_output,
      coalesce(sum(cost_usd), 0) as cost_usd
    from added
    where created_at is not null and isfinite(created_at)
    group by 1, 2, 3, 4
  )
  insert into llm_daily_totals as total
    (kind, value, day, requests, unpriced, tokens_input, tokens_output, cost_usd)
  select scope.kind, scope.value, day, sum(requests), sum(unpriced), sum(tokens_input), sum(tokens_output), sum(cost_usd)
  from sums cross join lateral (
    select 'all' as kind, '' as value
    union all select 'model', llm_total_value(model)
    union all select 'user', llm_total_value(user_id) where user_id is not null
    union all select distinct 'tag', llm_total_value(tag) from jsonb_array_elements_text(tags) as tag
  ) as scope
  group by 1, 2, 3
  order by 1, 2, 3
  on conflict (kind, value, day) do update set
    requests = total.requests + excluded.requests,
    unpriced = total.unpriced + excluded.unpriced,
    tokens_input = total.tokens_input + excluded.tokens_input,
    tokens_output = total.tokens_output + excluded.tokens_output,
    cost_usd = total.cost_usd + excluded.cost_usd;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION llm_add_totals()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  fields constant text :=
    'model, user_id, tags, created_at, tokens_input::numeric, tokens_output::numeric, cost_usd';
  rows text;
begin
  if tg_op = 'TRUNCATE' then
    execute format('delete from %I.llm_daily_totals', tg_table_schema);
    return null;
  end if;
  rows := case tg_op
    when 'INSERT' then format('select 1 as sign, %s from added', fields)
    when 'DELETE' then format('select -1 as sign, %s from removed', fields)
    else format('select 1 as sign, %1$s from added union all select -1, %1$s from removed', fields)
  end;
  execute format($sql$
    with sums as (
      select (created_at at time zone 'UTC')::date as day, model, user_id, tags,
        sum(sign) as requests, coalesce(sum(sign) filter (where cost_usd is null), 0) as unpriced,
        coalesce(sum(sign * tokens_input), 0) as tokens_input,
        coalesce(sum(sign * tokens_output), 0) as tokens_output,
        coalesce(sum(sign * cost_usd), 0) as cost_usd
      from (%1$s) as request
      where created_at is not null and isfinite(created_at)
      group by 1, 2, 3, 4
    )
    insert into %2$I.llm_daily_totals as total
      (kind, value, day, requests, unpriced, tokens_input, tokens_output, cost_usd)
    select scope.kind, scope.value, day, sum(requests), sum(unpriced), sum(tokens_input), sum(tokens_output), sum(cost_usd)
    from sums cross join lateral (
      select 'all' as kind, '' as value
      union all select 'model', %2$I.llm_total_value(model)
      union all select 'user', %2$I.llm_total_value(user_id) where user_id is not null
      union all select distinct 'tag', %2$I.llm_total_value(tag) from jsonb_array_elements_text(tags) as tag
    ) as scope
    group by 1, 2, 3
    having sum(requests) <> 0 or sum(unpriced) <> 0 or sum(tokens_input) <> 0 or sum(tokens_output) <> 0
      or sum(cost_usd) <> 0
    order by 1, 2, 3
    on conflict (kind, value, day) do update set
      requests = total.requests + excluded.requests,
      unpriced = total.unpriced + excluded.unpriced,
      tokens_input = total.tokens_input + excluded.tokens_input,
      tokens_output = total.tokens_output + excluded.tokens_output,
      cost_usd = total.cost_usd + excluded.cost_usd
  $sql$, rows, tg_table_schema);
  return null;
end $function$;

CREATE OR REPLACE FUNCTION llm_total_value(value text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select case when octet_length(value) <= 800 then value
    else left(value, 100) || '#' || encode(sha256(convert_to(value, 'UTF8')), 'hex') end
$function$;

CREATE OR REPLACE FUNCTION migration_enter()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'Stock "room"'
AS $function$
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'the store % is on its way: a write to % needs the isolation level READ COMMITTED', tg_argv[0], tg_table_name
      using errcode = 'SR002';
  end if;
  perform pg_advisory_xact_lock_shared(migration_lock_key(tg_argv[0]));
  return null;
end $function$;

CREATE OR REPLACE FUNCTION migration_lock_key(store text)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
RETURN hashtextextended(((('stockroom stage '::text || ("current_schema"())::text) || ' '::text) || store), (0)::bigint);

CREATE OR REPLACE FUNCTION migration_note()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'Stock "room"'
AS $function$
declare
  found record;
  writes boolean;
  is_replay boolean := coalesce(current_setting('stockroom.replay', true), '') = 'on';
begin
  if tg_argv[3] = '' then
    writes := exists (select from changed);
  else
    writes := exists (select from changed where family = tg_argv[3]);
  end if;
  if not writes then
    return null;
  end if;
  select stage, state, epoch into found from migration_stages where store = tg_argv[0];
  if found.state is distinct from (case when is_replay then 'given' else 'open' end) then
    raise exception 'the store % takes no % here: it is in stage %, %, epoch %',
      tg_argv[0], case when is_replay then 'replayed write' else 'write' end,
      coalesce(found.stage, 'none'), coalesce(found.state, 'unknown'), coalesce(found.epoch, 0)
      using errcode = 'SR001';
  end if;
  if is_replay then
    return null;
  end if;
  if tg_argv[1] = 'key' then
    insert into migration_outbox (store, source_table, row_key, legacy_source, legacy_key)
    select tg_argv[0], tg_table_name, key, legacy_source, legacy_key from changed where family = tg_argv[3];
  elsif tg_argv[2] = 'legacy_id' then
    insert into migration_outbox (store, source_table, row_key, legacy_source, legacy_key)
    select tg_argv[0], tg_table_name, id, legacy_source, legacy_id from changed;
  elsif tg_argv[2] = 'legacy_key' then
    insert into migration_outbox (store, source_table, row_key, legacy_source, legacy_key)
    select tg_argv[0], tg_table_name, id, legacy_source, legacy_key from changed;
  else
    insert into migration_outbox (store, source_table, row_key, legacy_source)
    select tg_argv[0], tg_table_name, id, legacy_source from changed;
  end if;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION migration_refuse_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'the store % is on its way: TRUNCATE of % would pass the old side by', tg_argv[0], tg_table_name
    using errcode = 'SR002';
end $function$;

CREATE OR REPLACE FUNCTION refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if coalesce(current_setting('stockroom.maintenance', true), '') <> 'on' then
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
  end if;
  if tg_op = 'UPDATE' then
    return new;
  end if;
  return old;
end $function$;

CREATE OR REPLACE FUNCTION refuse_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $function$;

CREATE TABLE agent_analyses (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  symbol text COLLATE "C" NOT NULL,
  agent_type text COLLATE "C" NOT NULL,
  score double precision,
  confidence text,
  signals jsonb,
  reasoning text,
  metadata jsonb,
  global_context jsonb,
  policy_context jsonb,
  created_at timestamp with time zone DEFAULT now(),
  idempotency_key text,
  idempotency_hash bytea,
  legacy_source text COLLATE "C",
  legacy_id bigint,
  legacy_extra jsonb,
  CONSTRAINT agent_analyses_pkey PRIMARY KEY (id)
);
CREATE INDEX agent_analyses_history ON agent_analyses USING btree (symbol, created_at DESC, id);
CREATE UNIQUE INDEX agent_analyses_idempotency ON agent_analyses USING btree (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX agent_analyses_latest ON agent_analyses USING btree (symbol, agent_type, created_at DESC);
CREATE UNIQUE INDEX agent_analyses_legacy ON agent_analyses USING btree (legacy_id, legacy_source) WHERE legacy_source IS NOT NULL;

CREATE TABLE agent_learnings (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  agent_type text COLLATE "C" NOT NULL,
  pattern_recognized text,
  accuracy double precision,
  sample_size bigint,
  last_updated timestamp with time zone DEFAULT now(),
  legacy_source text COLLATE "C",
  legacy_id bigint,
  legacy_extra jsonb,
  CONSTRAINT agent_learnings_pkey PRIMARY KEY (id)
);
CREATE INDEX agent_learnings_latest ON agent_learnings USING btree (agent_type, COALESCE(last_updated, '0001-01-01 00:00:00+00'::timestamp with time zone) DESC, id DESC);
CREATE UNIQUE INDEX agent_learnings_legacy ON agent_learnings USING btree (legacy_id, legacy_source) WHERE legacy_source IS NOT NULL;
CREATE INDEX agent_learnings_pattern ON agent_learnings USING btree (agent_type, md5(pattern_recognized));
CREATE INDEX agent_learnings_recent ON agent_learnings USING btree (COALESCE(last_updated, '0001-01-01 00:00:00+00'::timestamp with time zone) DESC, id DESC);

CREATE TABLE agent_sessions (
  session text COLLATE "C" NOT NULL,
  revision bigint DEFAULT 1 NOT NULL,
  record jsonb,
  sure_until timestamp with time zone NOT NULL,
  CONSTRAINT agent_sessions_pkey PRIMARY KEY (session)
);
CREATE INDEX agent_sessions_sure_until ON agent_sessions USING btree (sure_until);

CREATE TABLE agent_store_items (
  namespace text[] COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  id bigint NOT NULL,
  value jsonb NOT NULL,
  version bigint NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  CONSTRAINT agent_store_items_namespace_check CHECK (cardinality(namespace) > 0),
  CONSTRAINT agent_store_items_value_check CHECK (jsonb_typeof(value) = 'object'::text),
  CONSTRAINT agent_store_items_pkey PRIMARY KEY (namespace, key)
);
CREATE INDEX agent_store_items_search ON agent_store_items USING btree (namespace, id);

CREATE TABLE ai_recommendations (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  symbol text COLLATE "C" NOT NULL,
  mode text COLLATE "C" NOT NULL,
  universe text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  recommendation text NOT NULL,
  direction text COLLATE "C" NOT NULL,
  generated_at timestamp with time zone NOT NULL,
  entry_price double precision,
  stop_loss_price double precision,
  target_price double precision,
  score_blend double precision,
  confidence text,
  risk_profile text,
  run_id text COLLATE "C",
  rank_in_run bigint,
  policy_version text,
  features jsonb,
  evaluated boolean DEFAULT false NOT NULL,
  evaluated_at timestamp with time zone,
  exit_price double precision,
  exit_time timestamp with time zone,
  exit_reason text,
  pnl_pct double precision,
  max_drawdown_pct double precision,
  alpha_vs_benchmark double precision,
  labels jsonb,
  idempotency_key text,
  idempotency_hash bytea,
  legacy_source text COLLATE "C",
  legacy_id bigint,
  legacy_extra jsonb,
  CONSTRAINT ai_recommendations_pkey PRIMARY KEY (id)
);
CREATE INDEX ai_recommendations_due ON ai_recommendations USING btree (mode, generated_at, id) WHERE NOT evaluated;
CREATE INDEX ai_recommendations_exits ON ai_recommendations USING btree (symbol, exit_time) WHERE evaluated AND mode = 'Scalping'::text;
CREATE UNIQUE INDEX ai_recommendations_idempotency ON ai_recommendations USING btree (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX ai_recommendations_legacy ON ai_recommendations USING btree (legacy_id, legacy_source) WHERE legacy_source IS NOT NULL;
CREATE INDEX ai_recommendations_open ON ai_recommendations USING btree (generated_at, id) WHERE NOT evaluated;
CREATE INDEX ai_recommendations_recent ON ai_recommendations USING btree (generated_at DESC, id DESC);
CREATE INDEX ai_recommendations_run ON ai_recommendations USING btree (run_id);
CREATE INDEX ai_recommendations_symbol ON ai_recommendations USING btree (symbol, mode, generated_at DESC, id DESC);
CREATE INDEX ai_recommendations_symbol_recent ON ai_recommendations USING btree (symbol, generated_at DESC, id DESC);
CREATE INDEX ai_recommendations_unevaluated ON ai_recommendations USING btree (mode, symbol, generated_at) WHERE NOT evaluated;

CREATE TABLE audit_log (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  at timestamp with time zone DEFAULT now() NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  detail jsonb DEFAULT '{}'::jsonb NOT NULL,
  CONSTRAINT audit_log_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_log_activations ON audit_log USING btree (at DESC, id DESC) WHERE action = ANY (ARRAY['policy.activated'::text, 'policy.retired'::text]);
CREATE INDEX audit_log_at ON audit_log USING btree (at DESC);
CREATE INDEX audit_log_subject ON audit_log USING btree (subject, at DESC);

CREATE TABLE context_learning_keys (
  idempotency_key text COLLATE "C" NOT NULL,
  idempotency_hash bytea NOT NULL,
  result jsonb NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT context_learning_keys_pkey PRIMARY KEY (idempotency_key)
);
CREATE INDEX context_learning_keys_created_at ON context_learning_keys USING btree (created_at);

CREATE TABLE context_memory (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  context_type text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value jsonb,
  ttl bigint,
  created_at timestamp with time zone DEFAULT now(),
  expires_at timestamp with time zone,
  legacy_source text COLLATE "C",
  legacy_id bigint,
  legacy_extra jsonb,
  CONSTRAINT context_memory_pkey PRIMARY KEY (id)
);
CREATE INDEX context_memory_expires_at ON context_memory USING btree (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX context_memory_latest ON context_memory USING btree (context_type, key, created_at DESC NULLS LAST, id DESC);
CREATE UNIQUE INDEX context_memory_legacy ON context_memory USING btree (legacy_id, legacy_source) WHERE legacy_source IS NOT NULL;
CREATE INDEX context_memory_over ON context_memory USING btree (expires_at) WHERE legacy_source IS NULL;

CREATE TABLE hot_state (
  family text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value jsonb,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  expires_at timestamp with time zone,
  legacy_source text COLLATE "C",
  legacy_key text COLLATE "C",
  version bigint DEFAULT 0 NOT NULL,
  deleted boolean DEFAULT false NOT NULL,
  CONSTRAINT hot_state_pkey PRIMARY KEY (family, key)
);
CREATE INDEX hot_state_expires_at ON hot_state USING btree (expires_at) WHERE expires_at IS NOT NULL;
CREATE UNIQUE INDEX hot_state_legacy ON hot_state USING btree (family, legacy_source, legacy_key) WHERE legacy_source IS NOT NULL;
CREATE INDEX hot_state_market_cache_tags ON hot_state USING gin ((value -> 'tags'::text)) WHERE family = 'market-cache'::text;
CREATE INDEX hot_state_scores ON hot_state USING btree (created_at DESC) WHERE family = 'scores'::text AND NOT deleted;
CREATE INDEX hot_state_scores_ranked ON hot_state USING btree ((
CASE jsonb_typeof(value -> 'blend_score'::text)
    WHEN 'number'::text THEN
    CASE
        WHEN abs((value ->> 'blend_score'::text)::numeric) >= 0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001 AND abs((value ->> 'blend_score'::text)::numeric) <= '1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'::numeric THEN (value ->> 'blend_score'::text)::double precision
        WHEN abs((value ->> 'blend_score'::text)::numeric) < 0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001 THEN 0::double precision
        ELSE NULL::double precision
    END
    ELSE NULL::double precision
END) DESC, key) WHERE family = 'scores'::text AND NOT deleted;

CREATE TABLE llm_budget_alerts (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  scope text NOT NULL,
  period text COLLATE "C" NOT NULL,
  period_start date NOT NULL,
  threshold smallint NOT NULL,
  budget_usd numeric NOT NULL,
  spent_usd numeric NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  next_attempt_at timestamp with time zone DEFAULT now() NOT NULL,
  delivered_at timestamp with time zone,
  last_error text,
  CONSTRAINT llm_budget_alerts_period_check CHECK (period = ANY (ARRAY['day'::text, 'month'::text])),
  CONSTRAINT llm_budget_alerts_threshold_check CHECK (threshold = ANY (ARRAY[50, 80, 100])),
  CONSTRAINT llm_budget_alerts_pkey PRIMARY KEY (id),
  CONSTRAINT llm_budget_alerts_scope_period_period_start_threshold_key UNIQUE (scope, period, period_start, threshold)
);
CREATE INDEX llm_budget_alerts_due ON llm_budget_alerts USING btree (next_attempt_at) WHERE delivered_at IS NULL;

CREATE TABLE llm_budgets (
  scope text NOT NULL,
  daily_usd numeric,
  updated_at timestamp with time zone DEFAULT now() NOT NULL,
  monthly_usd numeric,
  kind text COLLATE "C" GENERATED ALWAYS AS (split_part(scope, ':'::text, 1)) STORED NOT NULL,
  value text COLLATE "C" GENERATED ALWAYS AS (
CASE
    WHEN POSITION((':'::text) IN (scope)) = 0 THEN ''::text
    ELSE substr(scope, POSITION((':'::text) IN (scope)) + 1)
END) STORED NOT NULL,
  CONSTRAINT llm_budgets_daily_usd_check CHECK (daily_usd > 0::numeric),
  CONSTRAINT llm_budgets_has_a_cap CHECK (daily_usd IS NOT NULL OR monthly_usd IS NOT NULL),
  CONSTRAINT llm_budgets_monthly_usd_check CHECK (monthly_usd > 0::numeric),
  CONSTRAINT llm_budgets_pkey PRIMARY KEY (scope)
);

CREATE TABLE llm_daily_totals (
  kind text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  day date NOT NULL,
  requests bigint NOT NULL,
  unpriced bigint NOT NULL,
  tokens_input numeric NOT NULL,
  tokens_output numeric NOT NULL,
  cost_usd numeric NOT NULL,
  CONSTRAINT llm_daily_totals_kind_check CHECK (kind = ANY (ARRAY['all'::text, 'model'::text, 'tag'::text, 'user'::text])),
  CONSTRAINT llm_daily_totals_pkey PRIMARY KEY (kind, value, day)
);

CREATE TABLE llm_price_overrides (
  model text COLLATE "C" NOT NULL,
  valid_from timestamp with time zone NOT NULL,
  input_usd_per_1k numeric NOT NULL,
  output_usd_per_1k numeric NOT NULL,
  cached_read_usd_per_1k numeric,
  cached_write_usd_per_1k numeric,
  CONSTRAINT llm_price_overrides_cached_read_usd_per_1k_check CHECK (cached_read_usd_per_1k >= 0::numeric),
  CONSTRAINT llm_price_overrides_cached_write_usd_per_1k_check CHECK (cached_write_usd_per_1k >= 0::numeric),
  CONSTRAINT llm_price_overrides_input_usd_per_1k_check CHECK (input_usd_per_1k >= 0::numeric),
  CONSTRAINT llm_price_overrides_output_usd_per_1k_check CHECK (output_usd_per_1k >= 0::numeric),
  CONSTRAINT llm_price_overrides_pkey PRIMARY KEY (model, valid_from)
);

CREATE TABLE llm_requests (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  model text COLLATE "C" NOT NULL,
  tokens_input bigint,
  tokens_output bigint,
  cost_usd numeric,
  created_at timestamp with time zone DEFAULT now(),
  idempotency_key text,
  idempotency_hash bytea,
  legacy_source text COLLATE "C",
  legacy_id bigint,
  legacy_extra jsonb,
  cached_read_tokens bigint,
  cached_write_tokens bigint,
  reasoning_tokens bigint,
  tags jsonb,
  user_id text COLLATE "C",
  provider text COLLATE "C",
  response_id text COLLATE "C",
  priced_by text COLLATE "C",
  CONSTRAINT llm_requests_tags_check CHECK (jsonb_typeof(tags) = 'array'::text),
  CONSTRAINT llm_requests_pkey PRIMARY KEY (id)
);
CREATE INDEX llm_requests_created_at ON llm_requests USING btree (created_at);
CREATE UNIQUE INDEX llm_requests_idempotency ON llm_requests USING btree (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX llm_requests_legacy ON llm_requests USING btree (legacy_id, legacy_source) WHERE legacy_source IS NOT NULL;
CREATE INDEX llm_requests_unpriced ON llm_requests USING btree (created_at, id) WHERE cost_usd IS NULL;
CREATE TRIGGER llm_requests_added AFTER INSERT ON llm_requests REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION llm_add_inserted_totals();
CREATE TRIGGER llm_requests_changed AFTER UPDATE ON llm_requests REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION llm_add_totals();
CREATE TRIGGER llm_requests_emptied AFTER TRUNCATE ON llm_requests FOR EACH STATEMENT EXECUTE FUNCTION llm_add_totals();
CREATE TRIGGER llm_requests_removed AFTER DELETE ON llm_requests REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION llm_add_totals();

CREATE TABLE llm_reservations (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  scope text,
  amount_usd numeric NOT NULL,
  state text DEFAULT 'held'::text NOT NULL,
  request_id bigint,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  model text COLLATE "C",
  user_id text COLLATE "C",
  tags jsonb,
  idempotency_key text,
  idempotency_hash bytea,
  CONSTRAINT llm_reservations_amount_usd_check CHECK (amount_usd >= 0::numeric),
  CONSTRAINT llm_reservations_state_check CHECK (state = ANY (ARRAY['held'::text, 'settled'::text, 'released'::text])),
  CONSTRAINT llm_reservations_request_id_fkey FOREIGN KEY (request_id) REFERENCES llm_requests(id) ON DELETE SET NULL,
  CONSTRAINT llm_reservations_scope_fkey FOREIGN KEY (scope) REFERENCES llm_budgets(scope),
  CONSTRAINT llm_reservations_pkey PRIMARY KEY (id)
);
CREATE INDEX llm_reservations_held ON llm_reservations USING btree (scope, expires_at) WHERE state = 'held'::text;
CREATE UNIQUE INDEX llm_reservations_idempotency ON llm_reservations USING btree (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX llm_reservations_live ON llm_reservations USING btree (expires_at) WHERE state = 'held'::text;
CREATE INDEX llm_reservations_request ON llm_reservations USING btree (request_id) WHERE request_id IS NOT NULL;

CREATE TABLE market_sessions (
  exchange text NOT NULL,
  session_date date NOT NULL,
  opens_at timestamp with time zone,
  closes_at timestamp with time zone,
  note text,
  CONSTRAINT market_sessions_check CHECK ((opens_at IS NULL) = (closes_at IS NULL)),
  CONSTRAINT market_sessions_check1 CHECK (closes_at > opens_at),
  CONSTRAINT market_sessions_pkey PRIMARY KEY (exchange, session_date)
);

CREATE TABLE memory_analyses (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  symbol text COLLATE "C" NOT NULL,
  agent_type text COLLATE "C" NOT NULL,
  result jsonb,
  created_at timestamp with time zone NOT NULL,
  legacy_source text COLLATE "C",
  legacy_id bigint,
  legacy_extra jsonb,
  idempotency_key text COLLATE "C",
  idempotency_hash bytea,
  CONSTRAINT memory_analyses_pkey PRIMARY KEY (id)
);
CREATE INDEX memory_analyses_agent ON memory_analyses USING btree (symbol, agent_type, created_at DESC, id DESC);
CREATE UNIQUE INDEX memory_analyses_idempotency ON memory_analyses USING btree (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX memory_analyses_latest ON memory_analyses USING btree (symbol, created_at DESC);
CREATE UNIQUE INDEX memory_analyses_legacy ON memory_analyses USING btree (legacy_id, legacy_source) WHERE legacy_source IS NOT NULL;
CREATE INDEX memory_analyses_page ON memory_analyses USING btree (symbol, created_at DESC, id DESC);

CREATE TABLE memory_preferences (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  pref_key text COLLATE "C" NOT NULL,
  value jsonb,
  updated_at timestamp with time zone,
  legacy_source text COLLATE "C",
  legacy_key text COLLATE "C",
  legacy_extra jsonb,
  CONSTRAINT memory_preferences_pkey PRIMARY KEY (id),
  CONSTRAINT memory_preferences_key UNIQUE (user_id, pref_key)
);
CREATE UNIQUE INDEX memory_preferences_legacy ON memory_preferences USING btree (legacy_source, legacy_key) WHERE legacy_source IS NOT NULL;

CREATE TABLE migration_chunks (
  source text COLLATE "C" NOT NULL,
  unit text COLLATE "C" NOT NULL,
  ordinal integer NOT NULL,
  first_key text NOT NULL,
  last_key text NOT NULL,
  rows bigint NOT NULL,
  loaded bigint NOT NULL,
  sha256 bytea NOT NULL,
  ledger bytea STORAGE e NOT NULL,
  loaded_at timestamp with time zone DEFAULT now() NOT NULL,
  verified_at timestamp with time zone,
  CONSTRAINT migration_chunks_pkey PRIMARY KEY (source, unit, ordinal)
);

CREATE TABLE migration_directories (
  path text NOT NULL,
  prefix text NOT NULL,
  first_seen timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT migration_directories_pkey PRIMARY KEY (path),
  CONSTRAINT migration_directories_prefix_key UNIQUE (prefix)
);

CREATE TABLE migration_follow (
  file text COLLATE "C" NOT NULL,
  token text,
  seq bigint DEFAULT 0 NOT NULL,
  fingerprint text,
  applied bigint DEFAULT 0 NOT NULL,
  kept_here bigint DEFAULT 0 NOT NULL,
  updated_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT migration_follow_pkey PRIMARY KEY (file)
);

CREATE TABLE migration_made (
  source text COLLATE "C" NOT NULL,
  row_key text COLLATE "C" NOT NULL,
  unit text COLLATE "C" NOT NULL,
  legacy_key text COLLATE "C" NOT NULL,
  legacy_id bigint GENERATED ALWAYS AS (
CASE
    WHEN legacy_key ~ '^-?[0-9]{1,18}$'::text THEN legacy_key::bigint
    ELSE NULL::bigint
END) STORED,
  CONSTRAINT migration_made_pkey PRIMARY KEY (source, row_key),
  CONSTRAINT migration_made_source_unit_legacy_key_key UNIQUE (source, unit, legacy_key)
);
CREATE INDEX migration_made_id ON migration_made USING btree (source, unit, legacy_id);

CREATE TABLE migration_mismatches (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  store text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  source text COLLATE "C" NOT NULL,
  unit text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  result text NOT NULL,
  old_side jsonb,
  new_side jsonb,
  at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT migration_mismatches_pkey PRIMARY KEY (id)
);
CREATE INDEX migration_mismatches_store ON migration_mismatches USING btree (store, id DESC);

CREATE TABLE migration_moves (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  store text COLLATE "C" NOT NULL,
  from_stage text NOT NULL,
  to_stage text NOT NULL,
  epoch bigint NOT NULL,
  outcome text NOT NULL,
  forced text,
  evidence jsonb NOT NULL,
  at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT migration_moves_outcome_check CHECK (outcome = ANY (ARRAY['moved'::text, 'refused'::text, 'given up'::text, 'demoted'::text])),
  CONSTRAINT migration_moves_pkey PRIMARY KEY (id)
);
CREATE INDEX migration_moves_store ON migration_moves USING btree (store, id DESC);

CREATE TABLE migration_originals (
  source text COLLATE "C" NOT NULL,
  file text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "column" text NOT NULL,
  bytes bytea NOT NULL,
  reason text NOT NULL,
  unit text COLLATE "C" NOT NULL,
  chunk integer NOT NULL,
  CONSTRAINT migration_originals_pkey PRIMARY KEY (source, file, key, "column")
);
CREATE INDEX migration_originals_chunk ON migration_originals USING btree (source, unit, chunk);

CREATE TABLE migration_outbox (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  store text COLLATE "C" NOT NULL,
  source_table text COLLATE "C" NOT NULL,
  row_key text COLLATE "C" NOT NULL,
  legacy_source text COLLATE "C",
  legacy_key text COLLATE "C",
  refused text,
  at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT migration_outbox_pkey PRIMARY KEY (id)
);
CREATE INDEX migration_outbox_row ON migration_outbox USING btree (store, row_key);
CREATE INDEX migration_outbox_store ON migration_outbox USING btree (store, id);

CREATE TABLE migration_quarantine (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  source text COLLATE "C" NOT NULL,
  file text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  "column" text,
  reason text NOT NULL,
  detail text NOT NULL,
  bytes bytea NOT NULL,
  unit text COLLATE "C" NOT NULL,
  chunk integer NOT NULL,
  quarantined_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT migration_quarantine_pkey PRIMARY KEY (id)
);
CREATE INDEX migration_quarantine_chunk ON migration_quarantine USING btree (source, unit, chunk);
CREATE INDEX migration_quarantine_source ON migration_quarantine USING btree (source, id);

CREATE TABLE migration_runs (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  directory text NOT NULL,
  command text NOT NULL,
  started_at timestamp with time zone DEFAULT now() NOT NULL,
  finished_at timestamp with time zone,
  exit_code integer,
  tool_version text NOT NULL,
  schema_version integer NOT NULL,
  report jsonb,
  certificate jsonb,
  CONSTRAINT migration_runs_pkey PRIMARY KEY (id)
);

CREATE TABLE migration_shadow (
  store text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  result text NOT NULL,
  reads bigint DEFAULT 0 NOT NULL,
  last_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT migration_shadow_result_check CHECK (result = ANY (ARRAY['match'::text, 'mismatch'::text, 'missing'::text, 'extra'::text, 'error'::text, 'timeout'::text, 'in flight'::text])),
  CONSTRAINT migration_shadow_pkey PRIMARY KEY (store, epoch, result)
);

CREATE TABLE migration_stages (
  store text COLLATE "C" NOT NULL,
  stage text NOT NULL,
  state text NOT NULL,
  epoch bigint NOT NULL,
  ramp integer DEFAULT 0 NOT NULL,
  directory text NOT NULL,
  entered_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT migration_stages_ramp_check CHECK (ramp >= 0 AND ramp <= 100),
  CONSTRAINT migration_stages_stage_check CHECK (stage = ANY (ARRAY['legacy'::text, 'dual-write'::text, 'shadow'::text, 'live'::text, 'ramp-down'::text, 'complete'::text])),
  CONSTRAINT migration_stages_state_check CHECK (state = ANY (ARRAY['open'::text, 'fenced'::text, 'given'::text])),
  CONSTRAINT migration_stages_pkey PRIMARY KEY (store)
);

CREATE TABLE migration_timezones (
  source text NOT NULL,
  "column" text NOT NULL,
  zone text NOT NULL,
  CONSTRAINT migration_timezones_pkey PRIMARY KEY (source, "column")
);

CREATE TABLE migration_versions (
  number integer NOT NULL,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT migration_versions_pkey PRIMARY KEY (number)
);

CREATE TABLE pick_agent_contributions (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  pick_uuid text COLLATE "C" NOT NULL,
  agent_name text NOT NULL,
  score double precision,
  confidence text,
  metadata jsonb,
  legacy_source text COLLATE "C",
  legacy_id bigint,
  legacy_extra jsonb,
  CONSTRAINT pick_agent_contributions_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX pick_agent_contributions_legacy ON pick_agent_contributions USING btree (legacy_id, legacy_source) WHERE legacy_source IS NOT NULL;
CREATE INDEX pick_agent_contributions_pick ON pick_agent_contributions USING btree (pick_uuid);

CREATE TABLE pick_archive (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  universe text COLLATE "C",
  mode text COLLATE "C",
  generated_at timestamp with time zone,
  run_id text COLLATE "C",
  picks_count bigint,
  payload jsonb NOT NULL,
  legacy_source text COLLATE "C",
  CONSTRAINT pick_archive_pkey PRIMARY KEY (id)
);
CREATE INDEX pick_archive_latest ON pick_archive USING btree (universe, mode, generated_at DESC);
CREATE UNIQUE INDEX pick_archive_legacy ON pick_archive USING btree (legacy_source) WHERE legacy_source IS NOT NULL;

CREATE TABLE pick_events (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  pick_uuid text COLLATE "C" NOT NULL,
  symbol text COLLATE "C" NOT NULL,
  direction text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  mode text COLLATE "C" NOT NULL,
  signal_ts timestamp with time zone NOT NULL,
  trade_date date NOT NULL,
  signal_price double precision NOT NULL,
  recommended_entry double precision,
  recommended_target double precision,
  recommended_stop double precision,
  time_horizon text,
  blend_score double precision,
  recommendation text,
  confidence text,
  regime text,
  risk_profile_bucket text,
  mode_bucket text,
  universe text COLLATE "C",
  extra_context jsonb,
  idempotency_key text,
  idempotency_hash bytea,
  legacy_source text COLLATE "C",
  legacy_id bigint,
  legacy_extra jsonb,
  CONSTRAINT pick_events_pkey PRIMARY KEY (id),
  CONSTRAINT pick_events_uuid UNIQUE (pick_uuid)
);
CREATE UNIQUE INDEX pick_events_idempotency ON pick_events USING btree (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX pick_events_legacy ON pick_events USING btree (legacy_id, legacy_source) WHERE legacy_source IS NOT NULL;
CREATE INDEX pick_events_recent ON pick_events USING btree (signal_ts DESC, id DESC);
CREATE INDEX pick_events_symbol ON pick_events USING btree (symbol, mode, signal_ts);
CREATE INDEX pick_events_symbol_recent ON pick_events USING btree (symbol, signal_ts DESC, id DESC);
CREATE INDEX pick_events_trade_date ON pick_events USING btree (trade_date DESC, id DESC);
CREATE INDEX pick_events_universe_recent ON pick_events USING btree (universe, mode, signal_ts DESC, id DESC);

CREATE TABLE pick_outcomes (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  pick_uuid text COLLATE "C" NOT NULL,
  evaluation_horizon text COLLATE "C" NOT NULL,
  horizon_end_ts timestamp with time zone NOT NULL,
  price_close double precision,
  price_high double precision,
  price_low double precision,
  ret_close_pct double precision,
  max_runup_pct double precision,
  max_drawdown_pct double precision,
  benchmark_symbol text,
  benchmark_ret_pct double precision,
  ret_vs_benchmark_pct double precision,
  hit_target boolean,
  hit_stop boolean,
  outcome_label text,
  notes jsonb,
  legacy_source text COLLATE "C",
  legacy_id bigint,
  legacy_extra jsonb,
  known_at timestamp with time zone,
  exit_key text COLLATE "C",
  CONSTRAINT pick_outcomes_pkey PRIMARY KEY (id),
  CONSTRAINT pick_outcomes_key UNIQUE (pick_uuid, evaluation_horizon)
);
CREATE UNIQUE INDEX pick_outcomes_exit ON pick_outcomes USING btree (exit_key) WHERE exit_key IS NOT NULL;
CREATE UNIQUE INDEX pick_outcomes_legacy ON pick_outcomes USING btree (legacy_id, legacy_source) WHERE legacy_source IS NOT NULL;

CREATE TABLE price_candles (
  symbol text COLLATE "C" NOT NULL,
  "interval" text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  chunk text COLLATE "C" NOT NULL,
  candles jsonb NOT NULL,
  candle_count integer NOT NULL,
  revision bigint NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  CONSTRAINT price_candles_pkey PRIMARY KEY (symbol, "interval", source, chunk)
);
CREATE INDEX price_candles_chunk ON price_candles USING btree (symbol, "interval", chunk, revision);

CREATE TABLE price_coverage (
  symbol text COLLATE "C" NOT NULL,
  "interval" text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  from_ts timestamp with time zone NOT NULL,
  to_ts timestamp with time zone NOT NULL,
  fetched_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone,
  CONSTRAINT price_coverage_range CHECK (from_ts < to_ts),
  CONSTRAINT price_coverage_pkey PRIMARY KEY (symbol, "interval", source, from_ts)
);

CREATE TABLE price_history (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  symbol text COLLATE "C" NOT NULL,
  "interval" text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  from_date timestamp with time zone,
  to_date timestamp with time zone,
  cached_at timestamp with time zone,
  expires_at timestamp with time zone,
  row_count bigint NOT NULL,
  candles jsonb NOT NULL,
  legacy_source text COLLATE "C",
  CONSTRAINT price_history_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX price_history_legacy ON price_history USING btree (legacy_source) WHERE legacy_source IS NOT NULL;
CREATE INDEX price_history_symbol ON price_history USING btree (symbol, "interval", source, to_date DESC);
CREATE INDEX price_history_upper ON price_history USING btree (upper(symbol));

CREATE TABLE price_history_imports (
  history_id bigint NOT NULL,
  version text COLLATE "C" NOT NULL,
  skipped integer NOT NULL,
  imported_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT price_history_imports_pkey PRIMARY KEY (history_id)
);

CREATE TABLE rl_policies (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  policy_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  description text,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  status text COLLATE "C" NOT NULL,
  config jsonb NOT NULL,
  metrics jsonb,
  activated_at timestamp with time zone,
  deactivated_at timestamp with time zone,
  legacy_source text COLLATE "C",
  legacy_id bigint,
  legacy_extra jsonb,
  CONSTRAINT rl_policies_pkey PRIMARY KEY (id),
  CONSTRAINT rl_policies_policy UNIQUE (policy_id)
);
CREATE UNIQUE INDEX rl_policies_active ON rl_policies USING btree (status) WHERE status = 'ACTIVE'::text;
CREATE UNIQUE INDEX rl_policies_legacy ON rl_policies USING btree (legacy_id, legacy_source) WHERE legacy_source IS NOT NULL;
CREATE INDEX rl_policies_recent ON rl_policies USING btree (created_at DESC, id DESC);

CREATE TABLE support_resistance_levels (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  symbol text COLLATE "C" NOT NULL,
  timeframe_scope text COLLATE "C" NOT NULL,
  p double precision,
  r1 double precision,
  r2 double precision,
  r3 double precision,
  s1 double precision,
  s2 double precision,
  s3 double precision,
  computed_at timestamp with time zone NOT NULL,
  legacy_source text COLLATE "C",
  legacy_key text COLLATE "C",
  legacy_extra jsonb,
  method text COLLATE "C" DEFAULT 'floor'::text NOT NULL,
  r4 double precision,
  s4 double precision,
  sessions integer,
  last_session date,
  CONSTRAINT support_resistance_levels_pkey PRIMARY KEY (id),
  CONSTRAINT support_resistance_levels_key UNIQUE (symbol, timeframe_scope, method, computed_at)
);
CREATE UNIQUE INDEX support_resistance_levels_legacy ON support_resistance_levels USING btree (legacy_source, legacy_key) WHERE legacy_source IS NOT NULL;

CREATE TABLE top_picks_runs (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  universe text COLLATE "C" NOT NULL,
  mode text COLLATE "C" NOT NULL,
  generated_at timestamp with time zone NOT NULL,
  trigger text COLLATE "C",
  total_analyzed bigint,
  filtered_count bigint,
  picks_count bigint,
  elapsed_sec double precision,
  payload jsonb NOT NULL,
  idempotency_key text,
  idempotency_hash bytea,
  legacy_source text COLLATE "C",
  legacy_id bigint,
  legacy_extra jsonb,
  CONSTRAINT top_picks_runs_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX top_picks_runs_idempotency ON top_picks_runs USING btree (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX top_picks_runs_latest ON top_picks_runs USING btree (universe, mode, generated_at DESC, id DESC);
CREATE UNIQUE INDEX top_picks_runs_legacy ON top_picks_runs USING btree (legacy_id, legacy_source) WHERE legacy_source IS NOT NULL;
CREATE INDEX top_picks_runs_recent ON top_picks_runs USING btree (generated_at DESC, id DESC);
CREATE INDEX top_picks_runs_run ON top_picks_runs USING btree (run_id);
CREATE INDEX top_picks_runs_saved ON top_picks_runs USING btree (id) WHERE legacy_source IS NULL;
CREATE TRIGGER top_picks_runs_append_only BEFORE DELETE OR UPDATE ON top_picks_runs FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER top_picks_runs_no_truncate BEFORE TRUNCATE ON top_picks_runs FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();

CREATE TABLE user_preferences (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  pref_key text COLLATE "C" NOT NULL,
  pref_value jsonb,
  updated_at timestamp with time zone DEFAULT now(),
  legacy_source text COLLATE "C",
  legacy_id bigint,
  legacy_extra jsonb,
  CONSTRAINT user_preferences_pkey PRIMARY KEY (id),
  CONSTRAINT user_preferences_key UNIQUE (user_id, pref_key)
);
CREATE UNIQUE INDEX user_preferences_legacy ON user_preferences USING btree (legacy_id, legacy_source) WHERE legacy_source IS NOT NULL;

CREATE TABLE view_intents (
  id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
  keys text[] NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT view_intents_pkey PRIMARY KEY (id)
);

-- What a call is made of beside its tokens, and who said its price. Cached tokens are part of tokens_input and reasoning tokens
-- part of tokens_output, as providers count them. tags: a JSON array of texts.
alter table llm_requests
  add column cached_read_tokens bigint,
  add column cached_write_tokens bigint,
  add column reasoning_tokens bigint,
  add column tags jsonb check (jsonb_typeof(tags) = 'array'),
  add column user_id text collate "C",
  add column provider text collate "C",
  add column response_id text collate "C",
  add column priced_by text collate "C";
create index llm_requests_unpriced on llm_requests (created_at, id) where cost_usd is null;

-- The sums of each UTC day: of all requests, and by model, tag and user. Triggers keep them true to llm_requests, whoever
-- writes there; requests without a time belong to no day.
create table llm_daily_totals (
  kind text collate "C" not null check (kind in ('all', 'model', 'tag', 'user')),
  value text collate "C" not null,
  day date not null,
  requests bigint not null,
  unpriced bigint not null,
  tokens_input numeric not null,
  tokens_output numeric not null,
  cost_usd numeric not null,
  primary key (kind, value, day)
) with (fillfactor = 70);

-- A key has to fit into a page of an index; text as long as a page stands under its hash.
create function llm_total_value(value text) returns text language sql stable as $$
  select case when octet_length(value) <= 800 then value
    else left(value, 100) || '#' || encode(sha256(convert_to(value, 'UTF8')), 'hex') end
$$;

-- One statement for every operation: rows taken away count with the sign -1. Sums of equal keys are made first, so that a bulk
-- load is one pass; the rows of the sums are locked in the order of their keys, so that no two writers wait for one another.
create function llm_add_totals() returns trigger language plpgsql as $$
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
end $$;
create trigger llm_requests_added after insert on llm_requests
  referencing new table as added for each statement execute function llm_add_totals();
create trigger llm_requests_changed after update on llm_requests
  referencing old table as removed new table as added for each statement execute function llm_add_totals();
create trigger llm_requests_removed after delete on llm_requests
  referencing old table as removed for each statement execute function llm_add_totals();
create trigger llm_requests_emptied after truncate on llm_requests
  for each statement execute function llm_add_totals();

-- The rows that are there already. The triggers' locks keep writers out until this transaction ends.
insert into llm_daily_totals (kind, value, day, requests, unpriced, tokens_input, tokens_output, cost_usd)
select scope.kind, scope.value, (created_at at time zone 'UTC')::date, count(*),
  count(*) filter (where cost_usd is null),
  coalesce(sum(tokens_input), 0), coalesce(sum(tokens_output), 0), coalesce(sum(cost_usd), 0)
from llm_requests cross join lateral (
  select 'all' as kind, '' as value union all select 'model', llm_total_value(model)
) as scope
where created_at is not null and isfinite(created_at)
group by 1, 2, 3;

-- A budget is of everything (`all`), or of one model, tag or user (`model:gpt-4`); by day, by month (UTC), or both.
alter table llm_budgets
  alter column daily_usd drop not null,
  add column monthly_usd numeric check (monthly_usd > 0),
  add column kind text collate "C" not null generated always as (split_part(scope, ':', 1)) stored,
  add column value text collate "C" not null
    generated always as (case when position(':' in scope) = 0 then '' else substr(scope, position(':' in scope) + 1) end) stored,
  add constraint llm_budgets_has_a_cap check (daily_usd is not null or monthly_usd is not null);

-- One alert for a threshold and a period, told to a webhook. No foreign key: an alert outlives its budget.
create table llm_budget_alerts (
  id bigint generated by default as identity primary key,
  scope text not null,
  period text collate "C" not null check (period in ('day', 'month')),
  period_start date not null,
  threshold smallint not null check (threshold in (50, 80, 100)),
  budget_usd numeric not null,
  spent_usd numeric not null,
  created_at timestamptz not null default now(),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  delivered_at timestamptz,
  last_error text,
  unique (scope, period, period_start, threshold)
);
create index llm_budget_alerts_due on llm_budget_alerts (next_attempt_at) where delivered_at is null;

-- A reservation counts against every budget that its call will count against, and so holds what that call is, not a scope.
-- A held one whose time is over counts no more. Requests that are archived leave their reservations behind.
alter table llm_reservations
  alter column scope drop not null,
  drop constraint llm_reservations_request_id_fkey,
  add foreign key (request_id) references llm_requests (id) on delete set null,
  add column model text collate "C",
  add column user_id text collate "C",
  add column tags jsonb,
  add column idempotency_key text,
  add column idempotency_hash bytea;
create unique index llm_reservations_idempotency on llm_reservations (idempotency_key) where idempotency_key is not null;
create index llm_reservations_live on llm_reservations (expires_at) where state = 'held';
create index llm_reservations_request on llm_reservations (request_id) where request_id is not null;

-- Cached tokens without a price of their own cost as much as other input.
alter table llm_price_overrides
  add column cached_read_usd_per_1k numeric check (cached_read_usd_per_1k >= 0),
  add column cached_write_usd_per_1k numeric check (cached_write_usd_per_1k >= 0);

-- Requests are added all day, so their sums are made by a statement that is planned once a connection; the other operations are rare
-- and stay with llm_add_totals(). The tables are found whatever the search path of whoever writes.
create function llm_add_inserted_totals() returns trigger language plpgsql set search_path from current as $$
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
end $$;
drop trigger llm_requests_added on llm_requests;
create trigger llm_requests_added after insert on llm_requests
  referencing new table as added for each statement execute function llm_add_inserted_totals();

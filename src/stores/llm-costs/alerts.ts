import type { Clock } from '../../core/clock.ts';
import { utcDay } from '../../core/iso-time.ts';
import type { Source } from '../../tiers/views/index.ts';

const DAY_MS = 86_400_000;

/**
 * Notes each threshold of a budget that is reached, once for a period. In the transaction that spent, behind the sums whose rows it
 * holds: so of two that reach a threshold together the later one sees both.
 * @param scopes absent: every budget
 * @param days on which something was spent; of old ones nobody wants to hear
 * @returns how many are new
 */
export async function raiseAlerts(
  source: Source,
  clock: Clock,
  scopes: readonly string[] | undefined,
  days: readonly string[],
): Promise<number> {
  const now = clock();
  const [first, last] = [-1, 1].map((offset) => utcDay(new Date(now.getTime() + offset * DAY_MS)));
  const recent = days.filter((day) => day >= first! && day <= last!);
  if (recent.length === 0 || scopes?.length === 0) return 0;
  const { count } = await source.query(
    `insert into llm_budget_alerts
       (scope, period, period_start, threshold, budget_usd, spent_usd, created_at, next_attempt_at)
     select budget.scope, period.name, period.starts, threshold, period.cap, spent.usd, $1::timestamptz, $1::timestamptz
     from llm_budgets as budget
     cross join lateral (
       select 'day' as name, day as starts, day + 1 as ends, budget.daily_usd as cap
       from unnest($2::text[]::date[]) as day
       union
       select 'month', date_trunc('month', day::timestamp)::date,
         (date_trunc('month', day::timestamp) + interval '1 month')::date, budget.monthly_usd
       from unnest($2::text[]::date[]) as day
     ) as period
     cross join lateral (
       select coalesce(sum(cost_usd), 0) as usd from llm_daily_totals as total
       where total.kind = budget.kind and total.value = llm_total_value(budget.value)
         and total.day >= period.starts and total.day < period.ends
     ) as spent
     cross join (values (50), (80), (100)) as level (threshold)
     where period.cap is not null and spent.usd * 100 >= period.cap * threshold
       and ${scopes === undefined ? 'true' : 'budget.scope = any($3::text[])'}
       and not exists (
         select from llm_budget_alerts as alert
         where alert.scope = budget.scope and alert.period = period.name
           and alert.period_start = period.starts and alert.threshold = level.threshold)
     order by 1, 2, 3, 4
     on conflict (scope, period, period_start, threshold) do nothing`,
    scopes === undefined ? [now, recent] : [now, recent, scopes],
  );
  return count;
}

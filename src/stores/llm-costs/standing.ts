import { utcDay } from '../../core/iso-time.ts';
import { jsonInteger } from '../../core/json-number.ts';
import type { Source } from '../../tiers/views/index.ts';
import { Exact, moneyText } from './money.ts';

/** How a budget stands: its caps, and what is spent and held of them. */
export interface Standing {
  readonly scope: string;
  readonly daily_usd: string | null;
  readonly monthly_usd: string | null;
  readonly updated_at: string;
  readonly day_usd: string;
  readonly day_unpriced: bigint;
  readonly month_usd: string;
  readonly month_unpriced: bigint;
  readonly held_usd: string;
}

/** Percent of a budget from which on it has a status, the highest first: the old application's thresholds. */
const thresholds = [
  [100, 'EXCEEDED'],
  [80, 'WARNING'],
  [50, 'CAUTION'],
] as const;

const matches = (row: string): string => `(budget.kind = 'all'
  or budget.kind = 'model' and ${row}.model = budget.value
  or budget.kind = 'user' and ${row}.user_id = budget.value
  or budget.kind = 'tag' and ${row}.tags ? budget.value)`;

/** From the sums of the days. */
const ofTotals = `
  select coalesce(sum(cost_usd) filter (where total.day = today.day), 0) as day_usd,
    coalesce(sum(unpriced) filter (where total.day = today.day), 0)::bigint as day_unpriced,
    coalesce(sum(cost_usd), 0) as month_usd, coalesce(sum(unpriced), 0)::bigint as month_unpriced
  from llm_daily_totals as total
  where total.kind = budget.kind and total.value = llm_total_value(budget.value)
    and total.day >= today.month and total.day < (today.month + interval '1 month')::date`;

/** From the requests themselves, up to a time within the period. */
const ofRequests = `
  select coalesce(sum(cost_usd) filter (where created_at >= today.day::timestamp at time zone 'UTC'), 0) as day_usd,
    count(*) filter (where cost_usd is null and created_at >= today.day::timestamp at time zone 'UTC') as day_unpriced,
    coalesce(sum(cost_usd), 0) as month_usd, count(*) filter (where cost_usd is null) as month_unpriced
  from llm_requests as request
  where created_at >= today.month::timestamp at time zone 'UTC' and created_at <= $1::timestamptz
    and ${matches('request')}`;

/**
 * One statement, and so one snapshot: what a settled reservation held is never missing from both sums.
 * @param now ISO time: which day and month, and which reservations still hold
 * @param scopes absent: all
 * @param exact nothing counts that is dated after `now`
 */
export async function standingOf(
  source: Source,
  now: string,
  { scopes, exact = false }: { scopes?: readonly string[]; exact?: boolean } = {},
): Promise<Standing[]> {
  const chosen = scopes === undefined ? 'true' : 'budget.scope = any($3::text[])';
  const { rows } = await source.query<Standing>(
    `select budget.scope, trim_scale(budget.daily_usd) as daily_usd, trim_scale(budget.monthly_usd) as monthly_usd,
       budget.updated_at, trim_scale(day_usd) as day_usd, day_unpriced, trim_scale(month_usd) as month_usd,
       month_unpriced, trim_scale(held_usd) as held_usd
     from llm_budgets as budget
     cross join (select $2::date as day, date_trunc('month', $2::date::timestamp)::date as month) as today
     cross join lateral (${exact ? ofRequests : ofTotals}) as spent
     cross join lateral (
       select coalesce(sum(amount_usd), 0) as held_usd from llm_reservations as reservation
       where state = 'held' and expires_at > $1::timestamptz ${exact ? 'and created_at <= $1::timestamptz' : ''}
         and ${matches('reservation')}
     ) as held
     where ${chosen} order by budget.scope`,
    scopes === undefined ? [now, utcDay(now)] : [now, utcDay(now), scopes],
  );
  return rows;
}

/** How far a budget is used. The status is decided exactly; the percentage is a division, to 12 decimals. */
export function figuresOf(spent: string, budget: string, unpriced: bigint | number | string) {
  const used = new Exact(spent);
  const cap = new Exact(budget);
  // As it always was: 0 or less is no budget, and nothing exceeds it.
  const status = cap.greaterThan(0)
    ? thresholds.find(([percent]) => used.times(100).greaterThanOrEqualTo(cap.times(percent)))?.[1]
    : undefined;
  return {
    status: status ?? ('OK' as const),
    spent_usd: spent,
    budget_usd: moneyText(cap),
    remaining_usd: moneyText(cap.minus(used)),
    percentage_used: cap.greaterThan(0) ? used.times(100).dividedBy(cap).toDecimalPlaces(12).toNumber() : 0,
    unpriced_requests: typeof unpriced === 'bigint' ? jsonInteger(unpriced) : unpriced,
  };
}

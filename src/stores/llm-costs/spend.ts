import { type Expression, type Kysely, type SqlBool, sql } from 'kysely';
import type { Clock } from '../../core/clock.ts';
import { utcDay } from '../../core/iso-time.ts';
import { jsonInteger } from '../../core/json-number.ts';
import { type DurableTier, onAnalytics } from '../../tiers/durable/index.ts';
import type { Spend, SpendQuery, Usage, UsageQuery } from './schema.ts';
import type { LlmCostsDatabase } from './table.ts';

/** Which side of a grouping set a row belongs to: the bits that PostgreSQL's grouping(model, day) sets; a tag has its own. */
const TOTAL = 3;
const BY_MODEL = 1;
const BY_DAY = 2;
const BY_TAG = 4;

interface Sums {
  requests: bigint;
  unpriced: bigint;
  /** A decimal without a point, as PostgreSQL sums whole numbers: no sum overflows it. */
  tokens_input: string;
  tokens_output: string;
  cost: string;
  average: string;
}

const sums = sql`
  count(*) as requests,
  count(*) filter (where cost_usd is null) as unpriced,
  coalesce(sum(tokens_input), 0) as tokens_input,
  coalesce(sum(tokens_output), 0) as tokens_output,
  trim_scale(coalesce(sum(cost_usd), 0)) as cost,
  trim_scale(round(coalesce(avg(cost_usd), 0), 12)) as average`;

function upTo(asOf: string | undefined): Expression<SqlBool> {
  return asOf === undefined ? sql<SqlBool>`true` : sql<SqlBool>`created_at <= ${asOf}::timestamptz`;
}

/** The spend of one day in UTC: from its sums, or as of a time from its rows. */
export async function spendOf(
  database: Kysely<LlmCostsDatabase>,
  clock: Clock,
  { date, as_of }: SpendQuery,
): Promise<Spend> {
  const day = date ?? utcDay(as_of ?? clock());
  const { rows } =
    as_of === undefined
      ? await sql<Sums>`
          select requests, unpriced, tokens_input, tokens_output, trim_scale(cost_usd) as cost
          from llm_daily_totals
          where kind = 'all' and value = '' and day = ${day}::date`.execute(database)
      : await sql<Sums>`
          select ${sums}
          from llm_requests
          where created_at >= ${day}::date::timestamp at time zone 'UTC'
            and created_at < (${day}::date + 1)::timestamp at time zone 'UTC'
            and ${upTo(as_of)}`.execute(database);
  return { date: day, ...totals(rows[0] ?? nothing) };
}

/** Read from the replica where there is one. */
export async function usageOf(
  durable: DurableTier,
  clock: Clock,
  { days, as_of }: UsageQuery,
): Promise<Usage> {
  const until = as_of ?? clock().toISOString();
  const { answer: rows, ageSeconds } = await onAnalytics(durable, (source) =>
    sumsOf(source, { days, until, as_of }),
  );
  const total = rows.find((row) => row.side === TOTAL) ?? nothing;
  const part = (row: Sums) => ({ requests: jsonInteger(row.requests), cost_usd: row.cost });
  return {
    period_days: days,
    as_of: until,
    data_age_seconds: ageSeconds,
    ...totals(total),
    avg_cost_per_request: total.average,
    by_model: rows.filter((row) => row.side === BY_MODEL).map((row) => ({ model: row.name, ...part(row) })),
    daily_breakdown: rows
      .filter((row) => row.side === BY_DAY)
      .map((row) => ({ date: row.day, ...part(row) }))
      .sort((a, b) => (a.date < b.date ? 1 : -1)),
    by_tag: rows.filter((row) => row.side === BY_TAG).map((row) => ({ tag: row.name, ...part(row) })),
  };
}

type SideSums = Sums & { side: number; name: string; day: string };

async function sumsOf(
  source: DurableTier,
  { days, until, as_of }: Pick<UsageQuery, 'days' | 'as_of'> & { until: string },
): Promise<SideSums[]> {
  // One statement: totals, models, days and tags come from one scan of one snapshot, and so always add up.
  const { rows } = await sql<SideSums>`
    with request as materialized (
      select model, (created_at at time zone 'UTC')::date as day, tags, tokens_input, tokens_output, cost_usd
      from llm_requests
      where created_at > ${until}::timestamptz - make_interval(hours => ${days * 24}::int)
        and ${upTo(as_of)}
    )
    select * from (
      select grouping(model, day) as side, model collate "C" as name, day, ${sums}
      from request
      group by grouping sets ((), (model), (day))
      union all
      select ${BY_TAG}::int, tag collate "C", null, ${sums}
      from request cross join lateral (select distinct tag from jsonb_array_elements_text(tags) as tag) as of
      group by tag
    ) as part
    order by cost desc, name collate "C"`.execute(source.kysely());
  return rows;
}

const nothing: Sums = {
  requests: 0n,
  unpriced: 0n,
  tokens_input: '0',
  tokens_output: '0',
  cost: '0',
  average: '0',
};

function totals(row: Sums) {
  return {
    total_cost_usd: row.cost,
    total_requests: jsonInteger(row.requests),
    total_input_tokens: jsonInteger(row.tokens_input),
    total_output_tokens: jsonInteger(row.tokens_output),
    unpriced_requests: jsonInteger(row.unpriced),
  };
}

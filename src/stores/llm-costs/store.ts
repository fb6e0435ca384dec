import { type Expression, type SqlBool, sql } from 'kysely';
import { type Clock, systemClock } from '../../core/clock.ts';
import { utcDay } from '../../core/iso-time.ts';
import { jsonInteger } from '../../core/json-number.ts';
import type { DurableTier } from '../../tiers/durable/port.ts';
import type { Spend, SpendQuery, Usage, UsageQuery } from './schema.ts';
import type { LlmCostsDatabase } from './table.ts';

export interface LlmCostsOptions {
  durable: DurableTier;
  clock?: Clock;
}

/** What the calls of language models cost: see README.md. */
export interface LlmCosts {
  /** The spend of one day in UTC. */
  spend(query?: SpendQuery): Promise<Spend>;
  /** Totals, by model and by day, of the requests after `as_of` − `days` × 24 hours. */
  usage(query: UsageQuery): Promise<Usage>;
}

/** Which side of a grouping set a row belongs to: the bits that PostgreSQL's grouping(model, day) sets. */
const TOTAL = 3;
const BY_MODEL = 1;

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

export function createLlmCosts({ durable, clock = systemClock }: LlmCostsOptions): LlmCosts {
  const database = durable.kysely<LlmCostsDatabase>();

  return {
    async spend({ date, as_of } = {}) {
      const day = date ?? utcDay(as_of ?? clock());
      const { rows } = await sql<Sums>`
        select ${sums}
        from llm_requests
        where created_at >= ${day}::date::timestamp at time zone 'UTC'
          and created_at < (${day}::date + 1)::timestamp at time zone 'UTC'
          and ${upTo(as_of)}`.execute(database);
      return { date: day, ...totals(rows[0]) };
    },

    async usage({ days, as_of }) {
      const until = as_of ?? clock().toISOString();
      // One statement: totals, models and days come from one scan of one snapshot, and so always add up.
      const { rows } = await sql<Sums & { side: number; model: string; day: string }>`
        select grouping(model, day) as side, model, day, ${sums}
        from (
          select model, (created_at at time zone 'UTC')::date as day, tokens_input, tokens_output, cost_usd
          from llm_requests
          where created_at > ${until}::timestamptz - make_interval(hours => ${days * 24}::int)
            and ${upTo(as_of)}
        ) as request
        group by grouping sets ((), (model), (day))
        order by sum(cost_usd) desc nulls last, model`.execute(database);
      const total = rows.find((row) => row.side === TOTAL);
      return {
        period_days: days,
        as_of: until,
        ...totals(total),
        avg_cost_per_request: total?.average ?? '0',
        by_model: rows
          .filter((row) => row.side === BY_MODEL)
          .map((row) => ({ model: row.model, requests: jsonInteger(row.requests), cost_usd: row.cost })),
        daily_breakdown: rows
          .filter((row) => row.side !== TOTAL && row.side !== BY_MODEL)
          .map((row) => ({ date: row.day, requests: jsonInteger(row.requests), cost_usd: row.cost }))
          .sort((a, b) => (a.date < b.date ? 1 : -1)),
      };
    },
  };
}

/** An aggregate over all rows always answers with one row, so that nothing recorded is a row of zeros. */
function totals(row: Sums | undefined) {
  if (row === undefined) throw new TypeError('an aggregate without GROUP BY gave no row');
  return {
    total_cost_usd: row.cost,
    total_requests: jsonInteger(row.requests),
    total_input_tokens: jsonInteger(row.tokens_input),
    total_output_tokens: jsonInteger(row.tokens_output),
    unpriced_requests: jsonInteger(row.unpriced),
  };
}

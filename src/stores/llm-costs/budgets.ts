import type { Clock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import { utcDay } from '../../core/iso-time.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { writeAudit } from './audit.ts';
import { type BudgetItem, budgetInput, type BudgetInput, type BudgetQuery } from './budget-schema.ts';
import type { BudgetsPage, BudgetStatus } from './budget-schema.ts';
import { parsed } from './parse.ts';
import type { Spend, SpendQuery } from './schema.ts';
import { figuresOf, type Standing, standingOf } from './standing.ts';

export interface Budgets {
  /** How a day's spend stands beside a budget: the one given, else the daily one of `all`. @throws StockroomError NOT_FOUND */
  budget(query: BudgetQuery): Promise<BudgetStatus>;
  budgets(query?: { as_of?: string | undefined }): Promise<BudgetsPage>;
  /** Sets both caps of a scope. @param actor for the audit log. @throws StockroomError INVALID_INPUT */
  putBudget(input: BudgetInput, actor: string): Promise<BudgetItem>;
  /** @returns false when there was none */
  deleteBudget(scope: string, actor: string): Promise<boolean>;
}

export interface BudgetsOptions {
  readonly durable: DurableTier;
  readonly clock: Clock;
  readonly spend: (query: SpendQuery) => Promise<Spend>;
}

export function createBudgets({ durable, clock, spend }: BudgetsOptions): Budgets {
  const standing = async (scopes?: readonly string[]): Promise<Standing[]> =>
    standingOf(durable, clock().toISOString(), scopes === undefined ? {} : { scopes });
  return {
    async budget({ daily_usd, as_of }) {
      const cap = daily_usd ?? (await standing(['all']))[0]?.daily_usd;
      if (cap === undefined || cap === null) {
        throw new StockroomError(
          'NOT_FOUND',
          'No daily budget is set for all requests; give daily_usd, or set one with PUT /v1/llm/budgets',
        );
      }
      const until = as_of ?? clock().toISOString();
      const spent = await spend(as_of === undefined ? { date: utcDay(until) } : { as_of });
      return {
        date: spent.date,
        as_of: until,
        ...figuresOf(spent.total_cost_usd, cap, spent.unpriced_requests),
      };
    },

    async budgets({ as_of } = {}) {
      const now = as_of ?? clock().toISOString();
      const items = (await standingOf(durable, now, { exact: as_of !== undefined })).map((row) =>
        itemOf(row, now),
      );
      return { as_of: now, items, next_cursor: null };
    },

    async putBudget(input, actor) {
      const { scope, daily_usd = null, monthly_usd = null } = parsed(budgetInput, input);
      const now = clock();
      return durable.transaction(async (session) => {
        await session.query(
          `insert into llm_budgets (scope, daily_usd, monthly_usd, updated_at) values ($1, $2, $3, $4)
           on conflict (scope) do update set daily_usd = excluded.daily_usd, monthly_usd = excluded.monthly_usd,
             updated_at = excluded.updated_at`,
          [scope, daily_usd, monthly_usd, now],
        );
        const detail = { daily_usd, monthly_usd };
        await writeAudit(session, { actor, action: 'llm-budget', subject: `llm-budget:${scope}`, detail });
        const [row] = await standingOf(session, now.toISOString(), { scopes: [scope] });
        return itemOf(row!, now.toISOString());
      });
    },

    async deleteBudget(scope, actor) {
      return durable.transaction(async (session) => {
        const { count } = await session.query('delete from llm_budgets where scope = $1', [scope]);
        if (count === 0) return false;
        const subject = `llm-budget:${scope}`;
        await writeAudit(session, { actor, action: 'llm-budget-removed', subject, detail: {} });
        return true;
      });
    },
  };
}

function itemOf(row: Standing, now: string): BudgetItem {
  const day = utcDay(now);
  const { scope, daily_usd, monthly_usd, updated_at, held_usd } = row;
  const periods: BudgetItem['periods'] = [];
  if (daily_usd !== null) {
    const figures = figuresOf(row.day_usd, daily_usd, row.day_unpriced);
    periods.push({ period: 'day', starts: day, ...figures, held_usd });
  }
  if (monthly_usd !== null) {
    const figures = figuresOf(row.month_usd, monthly_usd, row.month_unpriced);
    periods.push({ period: 'month', starts: `${day.slice(0, 7)}-01`, ...figures, held_usd });
  }
  return { scope, daily_usd, monthly_usd, updated_at, periods };
}

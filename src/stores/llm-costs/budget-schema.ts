import { z } from 'zod';
import { timeInput } from '../../core/inputs.ts';
import { capInput, count, keyInput, money, moneyInput, nameInput, tokensInput } from './inputs.ts';
import { tagsInput } from './request-schema.ts';

const LIFE_DEFAULT_MS = 120_000;
const LIFE_MAX_MS = 86_400_000;

const scopeExpected = 'all, or model:, tag: or user: with a name behind it (model:gpt-4)';
const scopeInput = z
  .string(scopeExpected)
  .refine(
    (scope) => scope === 'all' || nameInput.safeParse(/^(?:model|tag|user):(.+)$/s.exec(scope)?.[1]).success,
    scopeExpected,
  )
  .meta({ description: scopeExpected });

export const budgetInput = z
  .strictObject({
    scope: scopeInput,
    daily_usd: capInput.nullish().describe('For a day in UTC; null: none'),
    monthly_usd: capInput.nullish().describe('For a month in UTC; null: none'),
  })
  .refine(({ daily_usd, monthly_usd }) => (daily_usd ?? monthly_usd ?? null) !== null, {
    path: ['daily_usd'],
    message: 'daily_usd, monthly_usd or both; a budget is removed by DELETE',
  });

export const budgetsQuery = z.strictObject({
  as_of: timeInput.optional().describe('Count what was recorded up to this time; now by default'),
});
export const budgetScopeQuery = z.strictObject({ scope: scopeInput });

const dailyExpected = 'US dollars as a decimal (12.50)';
export const budgetQuery = z.strictObject({
  daily_usd: z
    .string(dailyExpected)
    .regex(/^-?\d{1,18}(\.\d{1,18})?$/, dailyExpected)
    .optional()
    .describe('The budget of a day; absent: the one that was set for all. 0 or less is no budget'),
  as_of: timeInput.optional().describe('Count what was recorded up to this time; now by default'),
});

export const statuses = ['OK', 'CAUTION', 'WARNING', 'EXCEEDED'] as const;

const figures = {
  status: z.enum(statuses).describe('CAUTION from 50 %, WARNING from 80 %, EXCEEDED from 100 % on'),
  spent_usd: money,
  budget_usd: money,
  remaining_usd: money.describe('Below zero once more was spent'),
  percentage_used: z.number().describe('To 12 decimals'),
  unpriced_requests: count.describe('Requests whose price was not known; the spend does not hold them'),
};

export const budgetStatus = z.object({ date: z.string(), as_of: z.string(), ...figures });

const periodStatus = z.object({
  period: z.enum(['day', 'month']),
  starts: z.string(),
  ...figures,
  held_usd: money.describe('Reserved for calls that were not settled yet'),
});

export const budgetItem = z.object({
  scope: z.string(),
  daily_usd: money.nullable(),
  monthly_usd: money.nullable(),
  updated_at: z.string(),
  periods: z.array(periodStatus),
});
export const budgetsPage = z.object({
  as_of: z.string(),
  items: z.array(budgetItem),
  next_cursor: z.null(),
});
export const budgetDeleted = z.object({ scope: z.string(), deleted: z.boolean() });

export const reservationInput = z
  .strictObject({
    model: nameInput.nullish(),
    user_id: nameInput.nullish(),
    tags: tagsInput.nullish(),
    provider: nameInput.nullish(),
    amount_usd: moneyInput.nullish().describe('What the call may cost'),
    tokens_input: tokensInput.nullish().describe('An estimate, instead of an amount; with model'),
    tokens_output: tokensInput.nullish().describe('An estimate, instead of an amount; with model'),
    life_ms: z
      .number(`a whole number of milliseconds from 1 to ${LIFE_MAX_MS}`)
      .refine(
        (value) => Number.isSafeInteger(value) && value >= 1 && value <= LIFE_MAX_MS,
        `a whole number of milliseconds from 1 to ${LIFE_MAX_MS}`,
      )
      .default(LIFE_DEFAULT_MS)
      .meta({ type: 'integer', minimum: 1, maximum: LIFE_MAX_MS })
      .describe('After this time it holds nothing any more'),
    idempotency_key: keyInput.nullish(),
  })
  .refine(
    ({ amount_usd, model, tokens_input, tokens_output }) =>
      typeof amount_usd === 'string' ||
      (typeof model === 'string' && typeof tokens_input === 'number' && typeof tokens_output === 'number'),
    {
      path: ['amount_usd'],
      message: 'an amount, or model, tokens_input and tokens_output to estimate it from',
    },
  );

export const reservation = z.object({
  id: count,
  amount_usd: money,
  expires_at: z.string(),
  repeated: z.boolean(),
});
export const released = z.object({ id: count, state: z.enum(['released', 'settled']) });

export type BudgetInput = z.input<typeof budgetInput>;
export type BudgetQuery = z.output<typeof budgetQuery>;
export type BudgetStatus = z.output<typeof budgetStatus>;
export type BudgetItem = z.output<typeof budgetItem>;
export type BudgetsPage = z.output<typeof budgetsPage>;
export type ReservationInput = z.input<typeof reservationInput>;
export type ReservationRequest = z.output<typeof reservationInput>;
export type Reservation = z.output<typeof reservation>;
export type Released = z.output<typeof released>;

import { z } from 'zod';
import { dataAge } from '../../core/data-age.ts';
import {
  cursorInput,
  dateInput,
  flagInput,
  limitInput,
  timeInput,
  wholeNumberOr,
} from '../../core/inputs.ts';
import { count, money } from './inputs.ts';

/** Ten years: longer than any bill is asked for, and short enough that the cutoff stays a date. */
const USAGE_MAX_DAYS = 3_650;

export const spendQuery = z.strictObject({
  date: dateInput.optional().describe('A day in UTC; today by default'),
  as_of: timeInput.optional().describe('Count what was recorded up to this time'),
});

export const usageQuery = z.strictObject({
  days: wholeNumberOr(30, 1, USAGE_MAX_DAYS).describe('How many times 24 hours to look back'),
  as_of: timeInput.optional().describe('Look back from this time; now by default'),
});

export const requestsQuery = z.strictObject({
  priced: flagInput.optional().describe('true: with a price alone; false: without one alone'),
  from: timeInput.optional().describe('Made at this time or later'),
  to: timeInput.optional().describe('Made before this time'),
  as_of: timeInput.optional().describe('Made up to this time'),
  limit: limitInput,
  cursor: cursorInput.optional(),
});

export const loggedRequest = z.object({
  id: count,
  model: z.string(),
  provider: z.string().nullable(),
  tokens_input: count.nullable(),
  tokens_output: count.nullable(),
  cached_read_tokens: count.nullable(),
  cached_write_tokens: count.nullable(),
  reasoning_tokens: count.nullable(),
  cost_usd: money.nullable().describe('Null: the price is not known'),
  priced_by: z.string().nullable().describe('Null where there is no price, and of migrated rows'),
  created_at: z.string(),
  tags: z.array(z.string()).nullable(),
  user_id: z.string().nullable(),
  response_id: z.string().nullable(),
});

export const requestsPage = z.object({ items: z.array(loggedRequest), next_cursor: z.string().nullable() });

export const spend = z.object({
  date: z.string(),
  total_cost_usd: money,
  total_requests: count,
  total_input_tokens: count,
  total_output_tokens: count,
  unpriced_requests: count.describe('Requests whose price was not known; the cost does not hold them'),
});

export const usage = z.object({
  period_days: z.number(),
  as_of: z.string(),
  data_age_seconds: dataAge,
  total_requests: count,
  total_input_tokens: count,
  total_output_tokens: count,
  total_cost_usd: money,
  avg_cost_per_request: money.describe('Of the requests with a price, to 12 decimals'),
  unpriced_requests: count,
  by_model: z
    .array(z.object({ model: z.string(), requests: count, cost_usd: money }))
    .describe('Highest cost first'),
  daily_breakdown: z
    .array(z.object({ date: z.string(), requests: count, cost_usd: money }))
    .describe('Days in UTC, newest first'),
  by_tag: z
    .array(z.object({ tag: z.string(), requests: count, cost_usd: money }))
    .describe('Highest cost first; a request with several tags counts for each, one without for none'),
});

export type RequestsQuery = z.output<typeof requestsQuery>;
export type LoggedRequest = z.output<typeof loggedRequest>;
export type SpendQuery = z.output<typeof spendQuery>;
export type UsageQuery = z.output<typeof usageQuery>;
export type Spend = z.output<typeof spend>;
export type Usage = z.output<typeof usage>;

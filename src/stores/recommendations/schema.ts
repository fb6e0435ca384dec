import { z } from 'zod';
import { cursorInput, flagInput, limitInput, textInput, timeInput } from '../../core/inputs.ts';

export const listQuery = z.strictObject({
  symbol: textInput.optional().describe('As stored, or in any case where it is stored in upper case'),
  mode: textInput.optional().describe('As stored, or in any case where it is stored in title case'),
  universe: textInput.optional().describe('As stored, or in any case where it is stored in upper case'),
  source: textInput.optional(),
  evaluated: flagInput.optional().describe('Evaluated ones alone, or the others alone; both by default'),
  from: timeInput.optional().describe('Generated at this time or later'),
  to: timeInput.optional().describe('Generated before this time'),
  limit: limitInput,
  cursor: cursorInput.optional(),
  as_of: timeInput
    .optional()
    .describe('What was known at this time: later rows are absent, later evaluations are not shown'),
});

const id = z
  .union([z.number(), z.string()])
  .meta({ description: 'A whole number; a string of digits from 2^53 on' });
const price = z.number().nullable();

export const recommendation = z.object({
  id,
  symbol: z.string(),
  mode: z.string(),
  universe: z.string(),
  source: z.string(),
  recommendation: z.string(),
  direction: z.string(),
  generated_at: z.string(),
  entry_price: price,
  stop_loss_price: price,
  target_price: price,
  score_blend: z.number().nullable(),
  confidence: z.string().nullable(),
  risk_profile: z.string().nullable(),
  run_id: z.string().nullable(),
  rank_in_run: id.nullable(),
  policy_version: z.string().nullable(),
  features: z.unknown(),
  evaluated: z.boolean(),
  evaluated_at: z.string().nullable(),
  exit_price: price,
  exit_time: z.string().nullable(),
  exit_reason: z.string().nullable(),
  pnl_pct: z.number().nullable(),
  max_drawdown_pct: z.number().nullable(),
  alpha_vs_benchmark: z.number().nullable(),
  labels: z.unknown(),
  legacy_source: z.string().nullable().describe('The file that a migrated row came from'),
  legacy_id: id.nullable().describe('The id that it had there'),
});

export const recommendationsPage = z.object({
  items: z.array(recommendation),
  next_cursor: z.string().nullable(),
});

export type ListQuery = z.output<typeof listQuery>;
export type Recommendation = z.output<typeof recommendation>;

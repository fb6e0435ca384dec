import { z } from 'zod';
import { engineTime } from '../../core/engine-time.ts';
import { cursorInput, flagInput, formOf, limitInput, textInput, timeInput } from '../../core/inputs.ts';
import { numberField, priceField, textField } from './fields.ts';

const numberExpected = 'a number (62.5)';
const numberInput = z
  .string(numberExpected)
  .meta({ description: numberExpected, type: 'number' })
  .transform((text, context): number => {
    const value = /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: numberExpected });
    return z.NEVER;
  });

export const listQuery = z.strictObject({
  symbol: textInput.optional().describe('As stored, or in any case where it is stored in upper case'),
  mode: textInput.optional().describe('As stored, or in any case where it is stored in title case'),
  universe: textInput.optional().describe('As stored, or in any case where it is stored in upper case'),
  source: textInput.optional(),
  run_id: textInput.optional().describe('The recommendations of one run'),
  confidence: textInput.optional().describe('As stored, or in any case where it is stored in title case'),
  min_score: numberInput.optional().describe('score_blend at least so high; rows without a score are absent'),
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

/** Of `unevaluated`. */
export const unevaluatedQuery = z.strictObject({
  mode: textInput.optional(),
  before: timeInput.optional().describe('Generated before this time'),
  limit: limitInput,
  cursor: cursorInput.optional(),
});

export const idParams = z.strictObject({
  id: z
    .string()
    .regex(/^\d{1,18}$/, 'the id of a recommendation, a whole number')
    .transform(BigInt)
    .meta({ description: 'The id of a recommendation' }),
});

export const oneQuery = z.strictObject({
  as_of: timeInput.optional().describe('What was known at this time: a later evaluation is not shown'),
});

const ITEMS_MAX = 5_000;
const EXITS_MAX = 500;

const payloadItem = z
  .looseObject({
    symbol: textField(200).describe('Stored in upper case'),
    recommendation: textField(200).describe('SHORT when it contains "sell", else LONG'),
    rank: z.int('a whole number').nullish().describe('Its place in the list when absent'),
    price: numberField.nullish().describe('The entry price, except in Scalping'),
    entry_price: numberField.nullish().describe('The entry price in Scalping, before price'),
    score_blend: numberField.nullish().describe('The score; null stays null'),
    blend_score: numberField.nullish().describe('The score when there is no score_blend'),
    confidence: z.union([textField(200), numberField], 'text or a number').nullish(),
    risk_profile: textField(200).nullish(),
    exit_strategy: z
      .looseObject(
        { stop_loss_price: numberField.nullish(), target_price: numberField.nullish() },
        'an object',
      )
      .nullish(),
  })
  .describe('A pick; what is not named here is kept as a feature where the engine gives it, or passed over');

const items = z.array(payloadItem).max(ITEMS_MAX, `at most ${ITEMS_MAX} items`);

/** A top-picks payload as the engine, its archive files and its API have it. */
export const topPicksPayload = z
  .looseObject({
    items: items.optional().describe('The picks; the first 50 are logged'),
    picks: items.optional().describe('The same, by the name that the stored runs have'),
    mode: textField(50).describe('Stored in title case'),
    universe: textField(200).nullish().describe('Stored in upper case; UNKNOWN when absent'),
    generated_at: engineTime.nullish(),
    as_of: engineTime.nullish().describe('The same, by the name that the archive files have'),
    run_id: textField(500).nullish().describe('The same run logged twice is logged once'),
    source: textField(200).nullish().describe('Who logs it; top_picks when absent'),
    risk_profile: textField(200).nullish(),
    policy_version: z.union([textField(200), numberField], 'text or a number').nullish(),
    elapsed_seconds: numberField.nullish(),
    metadata: z
      .looseObject(
        {
          policy_version: z.union([textField(200), numberField], 'text or a number').nullish(),
          elapsed_seconds: numberField.nullish(),
          analysis_time_seconds: numberField.nullish(),
        },
        'an object',
      )
      .nullish(),
  })
  .refine(({ items: given, picks }) => given !== undefined || picks !== undefined, {
    path: ['items'],
    message: 'the picks, as items or as picks',
  });

const outcome = {
  exit_price: priceField,
  exit_time: engineTime,
  exit_reason: textField(200),
  pnl_pct: numberField.nullish().describe('By the direction from entry to exit price when absent'),
  max_drawdown_pct: numberField.nullish(),
  alpha_vs_benchmark: numberField.nullish(),
  labels: z.record(z.string(), z.unknown(), 'an object').nullish(),
};

/** How a recommendation ended. */
export const evaluation = z.strictObject(outcome);

export const scalpingExit = z.strictObject({
  symbol: textField(200),
  ...outcome,
  entry_time: engineTime
    .nullish()
    .describe('Its day in India is the day of the recommendation; any day when absent'),
  entry_price: priceField.nullish().describe('Used where the recommendation has none'),
  return_pct: numberField.nullish().describe('The same as pnl_pct, by the name that the exit tracker has'),
});

const exitList = z
  .array(scalpingExit)
  .min(1, 'at least one exit')
  .max(EXITS_MAX, `at most ${EXITS_MAX} exits`);

export const scalpingExits = exitList;

const wrappedExits = z.strictObject({ exits: exitList }, 'an exit, or an array of them');

/** One exit, an array of them, or `{ exits }`. Not a union: that could not say which field of which exit is wrong. */
export const scalpingExitsBody = z
  .unknown()
  .meta(formOf(z.union([exitList, wrappedExits, scalpingExit])))
  .transform((body, context): z.output<typeof exitList> => {
    const form = formIn(body);
    const parsed = form.safeParse(body);
    if (!parsed.success) {
      // Of the form of the issues that the context takes: with `input` in place of what zod leaves out of the finished ones.
      for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: body } as never);
      return z.NEVER;
    }
    const { data } = parsed;
    if (Array.isArray(data)) return data;
    return 'exits' in data ? data.exits : [data];
  });

function formIn(body: unknown) {
  if (Array.isArray(body)) return exitList;
  const isWrapped = typeof body === 'object' && body !== null && 'exits' in body;
  return isWrapped || typeof body !== 'object' ? wrappedExits : scalpingExit;
}

export const exitResult = z.object({
  symbol: z.string(),
  result: z
    .enum(['matched', 'repeated', 'unmatched'])
    .describe(
      'repeated: this exit was applied before; unmatched: no open recommendation, the exit can be sent again',
    ),
  id: id.nullable().describe('The recommendation'),
  reason: z.string().nullable().describe('Why nothing matched'),
  pnl_pct: z.number().nullable(),
});

export const exitResults = z.object({
  items: z.array(exitResult).describe('In the order of the exits'),
  matched: z.number(),
  repeated: z.number(),
  unmatched: z.number(),
});

export const logHeaders = z.looseObject({
  'idempotency-key': textField(200)
    .optional()
    .describe('The same key with the same payload is logged once; with another one it is refused'),
});

export const loggedRun = z.object({
  run_id: z.string(),
  logged: z.number().describe('Recommendations that are new'),
  repeated: z.number().describe('Recommendations that were there already'),
  dropped: z.number().describe('Picks beyond the first 50'),
  items: z.array(recommendation),
});

export type TopPicksPayload = z.input<typeof topPicksPayload>;
export type Evaluation = z.input<typeof evaluation>;
export type ScalpingExit = z.input<typeof scalpingExit>;
export type ExitResult = z.output<typeof exitResult>;
export type ExitResults = z.output<typeof exitResults>;
export type LoggedRun = z.output<typeof loggedRun>;
export type UnevaluatedQuery = z.output<typeof unevaluatedQuery>;
export type ListQuery = z.output<typeof listQuery>;
export type Recommendation = z.output<typeof recommendation>;

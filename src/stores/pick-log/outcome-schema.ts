import { z } from 'zod';
import { engineTime } from '../../core/engine-time.ts';
import { dateInput, textInput, titleCase } from '../../core/inputs.ts';
import { documentField, figureField, oneOrMany, priceField, textField } from './fields.ts';

/** Exits that one call may report. */
export const EXITS_MAX = 500;
/** The longest horizon: a year of sessions. */
const SESSIONS_MAX = 250;

export const labels = ['WIN', 'LOSS', 'BREAKEVEN'] as const;

const number = z.number().nullable();

export const outcome = z.object({
  evaluation_horizon: z.string(),
  horizon_end_ts: z.string(),
  price_close: number,
  price_high: number,
  price_low: number,
  ret_close_pct: number,
  max_runup_pct: number,
  max_drawdown_pct: number,
  benchmark_symbol: z.string().nullable(),
  benchmark_ret_pct: number,
  ret_vs_benchmark_pct: number,
  hit_target: z.boolean().nullable(),
  hit_stop: z.boolean().nullable(),
  outcome_label: z.string().nullable(),
  capture_ratio: number.describe('The return as a part of the run-up, 0 to 1'),
  notes: z.unknown(),
  known_at: z.string().describe('When it became known; of a migrated outcome the end of its horizon'),
});

const horizonExpected = 'a horizon of 1 to 32 letters, digits, _ or - (EOD, 5D, SCALPING)';
const horizonName = z
  .string(horizonExpected)
  .transform((text) => text.toUpperCase())
  .refine((text) => /^[A-Z0-9_-]{1,32}$/.test(text), horizonExpected)
  .meta({ description: horizonExpected });

export const outcomeParams = z.strictObject({ uuid: textInput, horizon: horizonName });

const figure = figureField.nullish();
const price = priceField.nullish();

export const outcomeInput = z
  .strictObject({
    horizon_end_ts: engineTime
      .optional()
      .describe("Without it the close of the horizon's last session, for EOD and <n>D"),
    price_close: price,
    price_high: price,
    price_low: price,
    ret_close_pct: figure.describe('In the direction of the pick; without it from price_close'),
    max_runup_pct: figure,
    max_drawdown_pct: figure,
    benchmark_symbol: textField(200).nullish(),
    benchmark_ret_pct: figure,
    ret_vs_benchmark_pct: figure,
    hit_target: z.boolean().nullish(),
    hit_stop: z.boolean().nullish(),
    outcome_label: z
      .enum(labels, `one of ${labels.join(', ')}`)
      .optional()
      .describe('The return decides it; another one is refused'),
    notes: documentField.nullish(),
  })
  .refine((given) => typeof (given.price_close ?? given.ret_close_pct) === 'number', {
    path: ['price_close'],
    message: 'price_close or ret_close_pct',
  })
  .refine((given) => (given.price_low ?? 0) <= (given.price_high ?? Number.POSITIVE_INFINITY), {
    path: ['price_low'],
    message: 'a number not above price_high',
  });

const symbol = textField(200).transform((text) => text.toUpperCase());

export const exitInput = z.strictObject({
  exit_id: textField(200).optional().describe('Which exit it is; without it, what it says'),
  symbol,
  mode: textField(200).transform(titleCase).default('Scalping'),
  entry_time: engineTime
    .nullish()
    .describe('Its day in UTC is the day of the pick; without it that of exit_time'),
  entry_price: price,
  exit_time: engineTime,
  exit_price: priceField,
  exit_reason: textField(200).nullish(),
  pnl_pct: figure.describe("In the direction of the pick; without it from the entry's price"),
  return_pct: figure.describe('The same as pnl_pct, by the name that the exit tracker has'),
  max_drawdown_pct: figure,
  max_runup_pct: figure,
  alpha_vs_benchmark: figure,
  labels: documentField.nullish().describe('Kept among the notes'),
  notes: documentField.nullish(),
});

export const exitsBody = oneOrMany(exitInput, 'exits', EXITS_MAX);

export const exitResult = z.object({
  symbol: z.string(),
  exit_time: z.string(),
  result: z
    .enum(['matched', 'repeated', 'unmatched'])
    .describe('repeated: it had closed that pick before, and nothing was written'),
  pick_uuid: z.string().nullable(),
  distance: z.number().nullable().describe('How far it was from its pick: 0 at the same minute and price'),
});

export const exitResults = z.object({
  items: z.array(exitResult),
  next_cursor: z.null(),
  matched: z.number(),
  repeated: z.number(),
  unmatched: z.number(),
});

const computableExpected = `EOD, or 1D to ${SESSIONS_MAX}D: whole sessions after the signal`;

/** Whole sessions after the signal, or 0 for the rest of the day; undefined for a horizon that candles do not decide. */
export function sessionsOf(horizon: string): number | undefined {
  if (horizon === 'EOD') return 0;
  const count = Number(/^([1-9]\d{0,2})D$/.exec(horizon)?.[1] ?? Number.NaN);
  return count <= SESSIONS_MAX ? count : undefined;
}

export const computeInput = z
  .strictObject({
    from: dateInput.describe('The first trade date'),
    to: dateInput.describe('The last trade date'),
    horizon: z
      .string(computableExpected)
      .transform((text) => text.toUpperCase())
      .refine((text) => sessionsOf(text) !== undefined, computableExpected)
      .meta({ description: computableExpected }),
    mode: textField(200).transform(titleCase).optional().describe('Picks of this mode alone'),
    benchmark: symbol.optional().describe('The symbol to compare with'),
  })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'a date not before from' });

export const outcomesReport = z.object({
  from: z.string(),
  to: z.string(),
  horizon: z.string(),
  picks: z.number().describe('Picks in the range'),
  done: z.number().describe('Picks looked at'),
  computed: z.number(),
  existing: z.number().describe('Had an outcome already, which stays'),
  pending: z.number().describe('Could not be computed yet'),
  pending_reasons: z.object({
    horizon_open: z.number().describe('Its last session is not over'),
    no_session: z.number().describe('The calendar does not reach that far'),
    no_candles: z.number(),
    no_benchmark: z.number().describe('The benchmark has no candles'),
    no_price: z.number().describe('The pick itself has no price above 0'),
  }),
  failures: z
    .array(z.object({ symbol: z.string(), reason: z.string() }))
    .describe('Symbols whose candles could not be read, the first ones'),
  complete: z.boolean().describe('Every pick was looked at; else call again to go on'),
});

export type Outcome = z.output<typeof outcome>;
export type OutcomeInput = z.output<typeof outcomeInput>;
export type ExitInput = z.output<typeof exitInput>;
export type ExitResult = z.output<typeof exitResult>;
export type ExitResults = z.output<typeof exitResults>;
export type ComputeInput = z.output<typeof computeInput>;
export type OutcomesReport = z.output<typeof outcomesReport>;

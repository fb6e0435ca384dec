import { z } from 'zod';
import { textInput, timeInput } from '../../core/inputs.ts';
import { parseIsoDate } from '../../core/iso-time.ts';
import { type Method, methods } from './formulas.ts';
import { type Scope, scopes } from './periods.ts';

/** A text in any case that is one of the names. */
function oneOf<Name extends string>(names: readonly Name[], expected: string) {
  return z
    .string(expected)
    .meta({ enum: names, description: `${expected}; any case` })
    .transform((text, context): Name => {
      const plain = text.trim().toLowerCase();
      const found = names.find((name) => name.toLowerCase() === plain);
      if (found !== undefined) return found;
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    });
}

/** Half of a surrogate pair would be stored as another character. */
export const symbolInput = textInput
  .refine((text) => text.isWellFormed(), 'Unicode text')
  .transform((text) => text.toUpperCase());
export const scopeInput = oneOf<Scope>(scopes, 'Y, M, W or D (year, month, week, day)');
export const methodInput = oneOf<Method>(methods, methods.join(', ').replace(/, (\w+)$/, ' or $1'));

const PRICE = 'a number such as 1538.35';
const priceInput = z
  .string(PRICE)
  .meta({ type: 'number' })
  .transform((text, context): number => {
    const value = /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isFinite(value)) return value;
    context.addIssue({ code: 'custom', message: PRICE });
    return z.NEVER;
  });

const asOf = timeInput
  .optional()
  .describe(
    'Levels as they were known at this time, or as the sessions closed by then give them; now by default',
  );

export const levelsParams = z.strictObject({ symbol: symbolInput.describe('Any case') });

export const levelsQuery = z.strictObject({
  scope: scopeInput.default('D'),
  method: methodInput.default('floor'),
  price: priceInput.optional().describe('To be scored against the levels'),
  as_of: asOf,
});

export const scoreQuery = z.strictObject({
  scope: scopeInput.default('D'),
  method: methodInput.default('floor'),
  price: priceInput,
  as_of: asOf,
});

export const putQuery = z.strictObject({ scope: scopeInput, method: methodInput.default('floor') });

const figure = z.number('a finite number');
const SESSIONS = 'a whole number from 1 to 100000';
const DAY = 'a day (2026-11-20)';
export const putBody = z.strictObject({
  p: figure,
  r1: figure,
  r2: figure,
  r3: figure,
  s1: figure,
  s2: figure,
  s3: figure,
  r4: figure.nullish(),
  s4: figure.nullish(),
  computed_at: timeInput.optional().describe('Now by default'),
  sessions: z
    .int(SESSIONS)
    .min(1, SESSIONS)
    .max(100_000, SESSIONS)
    .nullish()
    .describe('How many sessions they were made of'),
  last_session: z
    .string(DAY)
    .refine((text) => parseIsoDate(text) !== undefined, DAY)
    .nullish()
    .describe('The day of the last of them'),
});

const level = z.number().nullable();

export const levels = z.object({
  symbol: z.string(),
  timeframe_scope: z.string(),
  method: z.string(),
  p: level,
  r1: level,
  r2: level,
  r3: level,
  s1: level,
  s2: level,
  s3: level,
  r4: level.describe('Camarilla and Woodie alone'),
  s4: level.describe('Camarilla and Woodie alone'),
  computed_at: z.string(),
  sessions: z
    .number()
    .nullable()
    .describe(
      'How many sessions they were made of: 252, 22, 5 or 1, or as many as there were; null: unknown',
    ),
  last_session: z.string().nullable().describe('The day of the last of them'),
  stale: z
    .boolean()
    .describe('Of an earlier India day, ISO week, month or year, since computing new ones failed'),
  stale_reason: z.string().nullable().describe('The code of that failure'),
});

const scoring = z.number().describe('10 at the third resistance or above, to 95 below the second support');
export const scoredLevels = levels.extend({
  price: z.number().optional(),
  score: scoring.optional().describe('With price'),
});

export const priceScore = z.object({
  symbol: z.string(),
  timeframe_scope: z.string(),
  method: z.string(),
  price: z.number(),
  score: scoring.describe('50 without levels'),
  levels: levels.nullable(),
});

export interface LevelsQuery {
  readonly symbol: string;
  readonly scope: Scope;
  readonly method?: Method | undefined;
  readonly as_of?: string | undefined;
}

export type LevelsInput = z.input<typeof putBody> & Omit<LevelsQuery, 'as_of'>;
export type Levels = z.output<typeof levels>;
export type PriceScore = z.output<typeof priceScore>;

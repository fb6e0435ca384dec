import { z } from 'zod';
import { engineTime } from '../../core/engine-time.ts';
import {
  cursorInput,
  dateInput,
  flagInput,
  limitInput,
  textInput,
  timeInput,
  titleCase,
} from '../../core/inputs.ts';
import { documentField, figureField, oneOrMany, priceField, textField } from './fields.ts';
import { outcome } from './outcome-schema.ts';

/** Picks that one call may log. */
export const PICKS_MAX = 500;
const CONTRIBUTIONS_MAX = 100;

const hex32 = /^[0-9a-f]{32}$/;

/** A UUID in either of its forms as 32 hex digits in lower case; anything else as it is. */
export function normalUuid(text: string): string {
  const plain = text.replaceAll('-', '').toLowerCase();
  return hex32.test(plain) ? plain : text;
}

const uuidExpected = 'a UUID of 32 hex digits';
const pickUuid = z
  .string(uuidExpected)
  .transform(normalUuid)
  .refine((text) => hex32.test(text), uuidExpected)
  .meta({ description: uuidExpected });

const name = textField(200);
const word = textField(100).nullish();
const price = priceField.nullish();

const directionExpected = 'LONG or SHORT';
const direction = z
  .string(directionExpected)
  .transform((text) => text.toUpperCase())
  .pipe(z.enum(['LONG', 'SHORT'], directionExpected))
  .meta({ description: directionExpected });

const contributionInput = z.strictObject({
  agent_name: name,
  score: figureField.nullish(),
  confidence: word,
  metadata: documentField.nullish(),
});

/** The price of a pick: its own, else the entry's, else the price of the moment, in every mode. */
export function priceOf(given: {
  signal_price?: number | null | undefined;
  entry_price?: number | null | undefined;
  price?: number | null | undefined;
}): number | undefined {
  return given.signal_price ?? given.entry_price ?? given.price ?? undefined;
}

export const pickInput = z
  .strictObject({
    pick_uuid: pickUuid.optional().describe('Made when it is not given; the same one means the same pick'),
    symbol: name.transform((text) => text.toUpperCase()),
    direction: direction.optional().describe('Without it SHORT when the recommendation contains "sell"'),
    source: name.default('API'),
    mode: name.transform(titleCase),
    signal_ts: engineTime.optional().describe('Now by default'),
    trade_date: dateInput
      .optional()
      .describe("The exchange's day of the signal, or a later one; the former by default"),
    signal_price: price.describe('Without it entry_price, else price'),
    entry_price: price,
    price,
    recommended_entry: price.describe('Without it entry_price'),
    recommended_target: price,
    recommended_stop: price,
    time_horizon: word,
    blend_score: figureField.nullish(),
    recommendation: word,
    confidence: word,
    regime: word,
    risk_profile_bucket: word,
    mode_bucket: word,
    universe: textField(200)
      .transform((text) => text.toLowerCase())
      .nullish(),
    extra_context: documentField.nullish(),
    contributions: z.array(contributionInput).max(CONTRIBUTIONS_MAX).default([]),
  })
  .refine((pick) => typeof priceOf(pick) === 'number', {
    path: ['signal_price'],
    message: 'a price: signal_price, entry_price or price',
  });

export const picksBody = oneOrMany(pickInput, 'picks', PICKS_MAX);

const integer = z
  .union([z.number(), z.string()])
  .meta({ description: 'A whole number; a string of digits from 2^53 on' });

export const loggedPick = z.object({
  id: integer,
  pick_uuid: z.string(),
  symbol: z.string(),
  direction: z.string(),
  mode: z.string(),
  signal_ts: z.string(),
  trade_date: z.string(),
  signal_price: z.number().nullable(),
  repeated: z.boolean().describe('It was logged before: nothing was written'),
});

export const loggedPicks = z.object({ items: z.array(loggedPick), next_cursor: z.null() });

export const picksQuery = z.strictObject({
  symbol: textInput.optional().describe('As stored, or in any case where it is stored in upper case'),
  mode: textInput.optional().describe('As stored, or in any case where it is stored in title case'),
  universe: textInput.optional().describe('As stored, or in any case where it is stored in one'),
  source: textInput.optional().describe('As stored, or in any case where it is stored in upper case'),
  direction: textInput.optional().describe('LONG or SHORT, in any case'),
  from: timeInput.optional().describe('Signalled at this time or later'),
  to: timeInput.optional().describe('Signalled before this time'),
  trade_date: dateInput.optional().describe("The exchange's day (2026-11-20)"),
  with_outcomes: flagInput
    .optional()
    .describe('Picks with an outcome alone, or those without; both by default. Outcomes are always shown'),
  limit: limitInput,
  cursor: cursorInput.optional(),
  as_of: timeInput
    .optional()
    .describe('What was known at this time: later picks are absent, later outcomes are not shown'),
});

export const pickParams = z.strictObject({ uuid: textInput });
export const pickQuery = z.strictObject({
  as_of: timeInput.optional().describe('What was known at this time; now by default'),
});

const number = z.number().nullable();
const text = z.string().nullable();

export const contribution = z.object({
  agent_name: z.string(),
  score: number,
  confidence: text,
  metadata: z.unknown(),
});

export const pick = z.object({
  id: integer,
  pick_uuid: z.string(),
  symbol: z.string(),
  direction: z.string(),
  source: z.string(),
  mode: z.string(),
  signal_ts: z.string(),
  trade_date: z.string(),
  signal_price: number,
  recommended_entry: number,
  recommended_target: number,
  recommended_stop: number,
  time_horizon: text,
  blend_score: number,
  recommendation: text,
  confidence: text,
  regime: text,
  risk_profile_bucket: text,
  mode_bucket: text,
  universe: text,
  extra_context: z.unknown(),
  contributions: z.array(contribution).describe('In the order in which they were given'),
  outcomes: z.array(outcome).describe('By the end of their horizon'),
  legacy_source: text.describe('The file that a migrated row came from'),
  legacy_id: integer.nullable().describe('The id that it had there'),
});

export const picksPage = z.object({ items: z.array(pick), next_cursor: z.string().nullable() });

export type PickInput = z.output<typeof pickInput>;
export type LoggedPick = z.output<typeof loggedPick>;
export type PicksQuery = z.output<typeof picksQuery>;
export type Pick = z.output<typeof pick>;
export type Contribution = z.output<typeof contribution>;

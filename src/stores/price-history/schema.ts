import { z } from 'zod';
import { textInput, timeInput, wholeNumberInput } from '../../core/inputs.ts';
import { findInterval, intervalForm } from './intervals.ts';

/** Candles in one PUT. */
export const PUT_MAX = 10_000;
/** A hundred years. */
const HOURS_MAX = 876_600;

/** As the old stores wrote symbols: what is not ASCII stays as it is, which is also how PostgreSQL compares them here. */
export function upperCase(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

const plainText = textInput.refine((text) => text.isWellFormed(), 'text without halves of surrogate pairs');
export const symbolInput = plainText.transform(upperCase);
export const intervalInput = textInput.refine((text) => findInterval(text) !== undefined, intervalForm);
export const sourceInput = plainText;

const interval = intervalInput.describe(
  '1m, 3m, 5m, 15m, 30m, 1h, 1d, 1wk, 1mo; minute, 60minute and day are names of the same',
);

export const pricesParams = z.strictObject({ symbol: symbolInput.describe('Any case') });

export const pricesQuery = z.strictObject({
  interval: interval.default('1d').describe('1d by default'),
  from: timeInput
    .optional()
    .describe(
      'Candles that begin at this time or later; by default a year before `to` for days and longer, 30 days from 10m on, 5 days for less',
    ),
  to: timeInput
    .optional()
    .describe(
      'Candles that begin before this time; now by default. At most 60 years, 732 days from 10m on, 93 from 3m on, 31 days',
    ),
  source: sourceInput
    .optional()
    .describe('auto by default: any, of the same candle the one that was written last'),
  as_of: timeInput.optional().describe('Candles that were over at this time'),
});

export const putQuery = z.strictObject({
  interval,
  from: timeInput.optional().describe('With `to`: the candles are all that there is in this range'),
  to: timeInput.optional(),
  source: sourceInput.optional().describe('Whose candles they are; `manual` by default'),
});

const time = z.string('an ISO 8601 time with a zone, or for days a date').max(40, 'an ISO 8601 time');
const price = z.number('a finite number');

export const candleInput = z.strictObject({
  time: time.describe(
    'When it begins: ISO 8601 with a zone; for days and longer also the date of the exchange',
  ),
  open: price,
  high: price,
  low: price,
  close: price,
  volume: z.number('a number from 0, or null').min(0, 'a number from 0, or null').nullable().optional(),
});

export const putBody = z.strictObject({
  candles: z.array(candleInput, 'a list of candles').max(PUT_MAX, `at most ${PUT_MAX} candles`),
});

export const removeQuery = z.strictObject({
  interval: intervalInput.optional().describe('All of them by default'),
  older_than_hours: wholeNumberInput(0, HOURS_MAX)
    .optional()
    .describe('Candles that were written more than so many hours ago; all by default'),
});

const range = z.object({ from: z.string(), to: z.string() });

export const candle = z.object({
  time: z.string().describe('When it begins, in UTC'),
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number().nullable().describe('null: not known'),
});

export const prices = z.object({
  symbol: z.string(),
  interval: z.string().describe('As it was asked for'),
  source: z.string(),
  candles: z.array(candle).describe('In the order of time'),
  coverage: z.array(range).describe('What of the range is known; `from` is in, `to` is not'),
  gaps: z
    .array(range)
    .describe('What of the range is missing or no longer believed; times without a session are no gap'),
  fetched: z.number().describe('Candles that a provider gave for this answer'),
  stale: z.boolean().describe('Candles lie in a gap: they may have changed since'),
  error: z.string().optional().describe('Why a gap could not be filled'),
  as_of: z.string(),
});

export const putAnswer = z.object({
  symbol: z.string(),
  interval: z.string(),
  source: z.string(),
  written: z.number(),
  coverage: z.array(range).describe('What these candles cover'),
});

export const removed = z.object({
  symbol: z.string(),
  candles: z.number().describe('How many were removed'),
  ranges: z.number().describe('Ranges of coverage that were removed'),
});

const counter = z.number().nullable().describe('null while Redis cannot be reached; lost with Redis');

export const stats = z.object({
  series: z.number().describe('Symbols by interval and source'),
  symbols: z.number(),
  chunks: z.number(),
  candles: z.number(),
  bytes: z.number().describe('Of the candles, as PostgreSQL stores them'),
  ranges: z.number().describe('Ranges of coverage'),
  waiting: z.number().describe('Migrated answers whose candles no read has needed yet'),
  hits: counter.describe('Reads that had everything; null while Redis cannot be reached, lost with Redis'),
  misses: counter.describe('Reads that found something missing'),
  writes: counter.describe('Answers of providers and puts'),
  hit_rate: z.number().nullable().describe('hits / (hits + misses); null before the first read'),
  as_of: z.string(),
});

export type Prices = z.output<typeof prices>;
export type PutAnswer = z.output<typeof putAnswer>;
export type Removed = z.output<typeof removed>;
export type PriceStats = z.output<typeof stats>;

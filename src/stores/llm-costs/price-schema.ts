import { z } from 'zod';
import { timeInput } from '../../core/inputs.ts';
import { count, money, moneyInput, nameInput } from './inputs.ts';

const ratesInput = {
  valid_from: timeInput.nullish().describe('From when on; now by default'),
  input_usd_per_1k: moneyInput,
  output_usd_per_1k: moneyInput,
  cached_read_usd_per_1k: moneyInput.nullish().describe('As other input by default'),
  cached_write_usd_per_1k: moneyInput.nullish().describe('As other input by default'),
};

export const modelParams = z.strictObject({ model: nameInput });
export const priceQuery = z.strictObject({
  provider: nameInput.optional().describe('Where several sell the same model'),
  as_of: timeInput.optional().describe('The price at this time; now by default'),
});
export const overrideBody = z.strictObject(ratesInput);
export const overrideInput = z.strictObject({ model: nameInput, ...ratesInput });

export const overrideItem = z.object({
  model: z.string(),
  valid_from: z.string(),
  input_usd_per_1k: money,
  output_usd_per_1k: money,
  cached_read_usd_per_1k: money.nullable(),
  cached_write_usd_per_1k: money.nullable(),
});
export const overridesPage = z.object({ items: z.array(overrideItem), next_cursor: z.null() });

const rate = z
  .object({
    usd_per_1k: money,
    tiers: z
      .array(z.object({ above_input_tokens: z.number(), usd_per_1k: money }))
      .describe('For the whole call, once its input is longer'),
  })
  .nullable()
  .describe('Null: not known by itself');

export const modelPrice = z.object({
  model: z.string(),
  as_of: z.string(),
  provider: z.string().nullable(),
  priced_by: z.string().describe('override, or the price list with its version'),
  input: rate,
  output: rate,
  cached_read: rate.describe('Null: as other input'),
  cached_write: rate.describe('Null: as other input'),
  reasoning: rate.describe('Null: as other output'),
  usd_per_request: money,
});

export const repriceInput = z
  .strictObject({
    from: timeInput.describe('Requests made at or after this time'),
    to: timeInput.describe('… and before this one'),
    only_unpriced: z.boolean('true or false').default(false).describe('Leave those alone that have a price'),
    include_migrated: z
      .boolean('true or false')
      .default(false)
      .describe('Also what was loaded from old files, which then differs from them'),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'a time after from' });

export const repriced = z.object({
  audit_subject: z.string().describe('Where audit_log has the row of this run'),
  examined: count,
  changed: count,
  unpriced: count.describe('Still without a price'),
  kept: count.describe('Priced by their caller, and left alone'),
  sum_before_usd: money.describe('Of those examined'),
  sum_after_usd: money,
});

export type PriceQuery = z.output<typeof priceQuery>;
export type OverrideInput = z.output<typeof overrideInput>;
export type OverrideItem = z.output<typeof overrideItem>;
export type ModelPrice = z.output<typeof modelPrice>;
export type RepriceInput = z.output<typeof repriceInput>;
export type Repriced = z.output<typeof repriced>;

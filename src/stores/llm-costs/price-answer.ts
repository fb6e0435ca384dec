import { moneyText } from './money.ts';
import type { ModelPrice } from './price-schema.ts';
import type { Rate, Rates } from './pricing.ts';

/** Rates per 1,000 tokens, as overrides have them. */
export function modelPriceOf(model: string, at: string, rates: Rates): ModelPrice {
  return {
    model,
    as_of: at,
    provider: rates.provider,
    priced_by: rates.source,
    input: answerOf(rates.input),
    output: answerOf(rates.output),
    cached_read: answerOf(rates.cachedRead),
    cached_write: answerOf(rates.cachedWrite),
    reasoning: answerOf(rates.reasoning),
    usd_per_request: moneyText(rates.call),
  };
}

function answerOf(rate: Rate | undefined): ModelPrice['input'] {
  if (rate === undefined) return null;
  return {
    usd_per_1k: moneyText(rate.base.dividedBy(1_000)),
    tiers: rate.tiers.map(({ above, price }) => ({
      above_input_tokens: above,
      usd_per_1k: moneyText(price.dividedBy(1_000)),
    })),
  };
}

import { calcPrice, type ModelPrice } from '@pydantic/genai-prices';
import { LRUCache } from 'lru-cache';
import { readFileSync } from 'node:fs';
import type { Override } from './overrides.ts';
import { Exact, moneyText } from './money.ts';

/** US dollars per million tokens; a tier is of the whole call once its input is longer than `above`. */
export interface Rate {
  readonly base: Exact;
  readonly tiers: readonly { readonly above: number; readonly price: Exact }[];
}

/** What a model costs at some time. A rate that is absent is not known. */
export interface Rates {
  /** `override`, or the price list with its version. */
  readonly source: string;
  readonly provider: string | null;
  readonly input: Rate | undefined;
  readonly output: Rate | undefined;
  readonly cachedRead: Rate | undefined;
  readonly cachedWrite: Rate | undefined;
  readonly reasoning: Rate | undefined;
  /** US dollars a call, besides its tokens. */
  readonly call: Exact;
}

/** Counts as `llm_requests` has them: cached tokens are a part of the input, reasoning tokens of the output. */
export interface TokenCounts {
  readonly tokens_input: number | bigint | null;
  readonly tokens_output: number | bigint | null;
  readonly cached_read_tokens?: number | bigint | null | undefined;
  readonly cached_write_tokens?: number | bigint | null | undefined;
  readonly reasoning_tokens?: number | bigint | null | undefined;
}

export interface PricedModel {
  readonly model: string;
  readonly provider?: string | null | undefined;
}

/** The list ships with the code, and is never fetched: the same call has the same price in every process. */
const LIST = `genai-prices ${listVersion()}`;
const MILLION = new Exact(1_000_000);
const THOUSAND = new Exact(1_000);

/**
 * The rates of a model at a time: of an override from its `valid_from` on, else of the price list.
 * @param at ISO time in UTC with six decimals
 * @param overrides of this model, the newest first
 * @returns undefined when nobody knows them
 */
export function ratesOf(
  { model, provider }: PricedModel,
  at: string,
  overrides: readonly Override[],
): Rates | undefined {
  const override = overrides.find(({ valid_from }) => valid_from <= at);
  return override === undefined ? listed(model, provider ?? undefined, at) : ofOverride(override);
}

/** @returns US dollars, exactly; undefined where a rate that the call needs is not known */
export function costOf(rates: Rates, counts: TokenCounts): string | undefined {
  if (counts.tokens_input === null || counts.tokens_output === null) return undefined;
  if (rates.input === undefined && rates.output === undefined) return undefined;
  const exact = (tokens: number | bigint | null | undefined): Exact => new Exact(String(tokens ?? 0));
  const input = exact(counts.tokens_input);
  const read = exact(counts.cached_read_tokens);
  const written = exact(counts.cached_write_tokens);
  const reasoning = exact(counts.reasoning_tokens);
  const parts: [Exact, Rate | undefined][] = [
    [input.minus(read).minus(written), rates.input],
    [read, rates.cachedRead ?? rates.input],
    [written, rates.cachedWrite ?? rates.input],
    [exact(counts.tokens_output).minus(reasoning), rates.output],
    [reasoning, rates.reasoning ?? rates.output],
  ];
  let sum = rates.call;
  for (const [tokens, rate] of parts) {
    if (tokens.isZero()) continue;
    // A count that does not add up, or a part whose rate nobody knows: the sum is not known either.
    if (tokens.isNegative() || rate === undefined) return undefined;
    const tier = rate.tiers.findLast(({ above }) => input.greaterThan(above));
    sum = sum.plus(tokens.times(tier?.price ?? rate.base).dividedBy(MILLION));
  }
  return moneyText(sum);
}

function ofOverride(override: Override): Rates {
  const rate = (perThousand: string | null): Rate | undefined =>
    perThousand === null ? undefined : { base: new Exact(perThousand).times(THOUSAND), tiers: [] };
  return {
    source: 'override',
    provider: null,
    input: rate(override.input_usd_per_1k),
    output: rate(override.output_usd_per_1k),
    cachedRead: rate(override.cached_read_usd_per_1k),
    cachedWrite: rate(override.cached_write_usd_per_1k),
    reasoning: undefined,
    call: new Exact(0),
  };
}

/** The newest answers of the list: a price of the list may begin at any second. */
const answers = new LRUCache<string, { readonly rates: Rates | undefined }>({ max: 1_000 });

function listed(model: string, provider: string | undefined, at: string): Rates | undefined {
  const second = at.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length);
  const key = JSON.stringify([model, provider, second]);
  const known = answers.get(key);
  if (known !== undefined) return known.rates;
  const rates = askList(model, provider, `${second}Z`);
  answers.set(key, { rates });
  return rates;
}

function askList(model: string, provider: string | undefined, at: string): Rates | undefined {
  const found = calcPrice({}, model, {
    timestamp: new Date(at),
    ...(provider === undefined ? {} : { providerId: provider }),
  });
  if (found === null) return undefined;
  const { model_price: price } = found;
  return {
    source: LIST,
    provider: found.provider.id,
    input: listedRate(price, 'input_mtok'),
    output: listedRate(price, 'output_mtok'),
    cachedRead: listedRate(price, 'cache_read_mtok'),
    cachedWrite: listedRate(price, 'cache_write_mtok'),
    reasoning: listedRate(price, 'output_reasoning_mtok'),
    call: (listedRate(price, 'requests_kcount')?.base ?? new Exact(0)).dividedBy(THOUSAND),
  };
}

/** Numbers of the list are doubles whose shortest text is the price as it was written down. */
function listedRate(prices: ModelPrice, name: string): Rate | undefined {
  const price = prices[name];
  if (price === undefined) return undefined;
  if (typeof price === 'number') return { base: new Exact(price), tiers: [] };
  return {
    base: new Exact(price.base),
    tiers: price.tiers
      .map((tier) => ({ above: tier.start, price: new Exact(tier.price) }))
      .sort((a, b) => a.above - b.above),
  };
}

function listVersion(): string {
  const manifest = new URL('../package.json', import.meta.resolve('@pydantic/genai-prices'));
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

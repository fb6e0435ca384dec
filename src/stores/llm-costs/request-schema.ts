import { z } from 'zod';
import { timeInput } from '../../core/inputs.ts';
import { count, keyInput, money, moneyInput, nameInput, tokensInput } from './inputs.ts';

export const REQUESTS_MAX = 1_000;
const TAGS_MAX = 20;

export const tagsInput = z
  .array(nameInput)
  .max(TAGS_MAX, `at most ${TAGS_MAX} tags`)
  .transform((tags) => [...new Set(tags)]);

/** A call of a language model, as its caller tells it. */
export const llmRequest = z
  .strictObject({
    model: nameInput.describe('As the provider names it'),
    tokens_input: tokensInput.describe('All of the input, cached tokens included'),
    tokens_output: tokensInput.describe('All of the output, reasoning tokens included'),
    cached_read_tokens: tokensInput.nullish().describe('The part of the input that was read from a cache'),
    cached_write_tokens: tokensInput.nullish().describe('The part of the input that was written to a cache'),
    reasoning_tokens: tokensInput.nullish().describe('The part of the output that was reasoning'),
    tags: tagsInput.nullish().describe('What it was for'),
    user_id: nameInput.nullish(),
    provider: nameInput.nullish().describe('openai, anthropic, google, …: where several sell the same model'),
    response_id: nameInput
      .nullish()
      .describe("The id of the provider's response: the idempotency key where no other is given"),
    cost_usd: moneyInput.nullish().describe('What it cost, where the caller knows; kept as given'),
    created_at: timeInput.nullish().describe('When it was made; now by default'),
    idempotency_key: keyInput.nullish(),
  })
  .superRefine((request, context) => {
    const cached = (request.cached_read_tokens ?? 0) + (request.cached_write_tokens ?? 0);
    if (cached > request.tokens_input) {
      context.addIssue({
        code: 'custom',
        path: ['tokens_input'],
        message: `at least the ${cached} tokens read from and written to a cache, which are a part of it`,
      });
    }
    if ((request.reasoning_tokens ?? 0) > request.tokens_output) {
      context.addIssue({
        code: 'custom',
        path: ['tokens_output'],
        message: `at least the ${request.reasoning_tokens} reasoning tokens, which are a part of it`,
      });
    }
  });

export const llmRequests = z.strictObject({
  requests: z
    .array(llmRequest, `1 to ${REQUESTS_MAX} requests`)
    .min(1, `1 to ${REQUESTS_MAX} requests`)
    .max(REQUESTS_MAX, `1 to ${REQUESTS_MAX} requests`),
});

export const logged = z.object({
  id: count,
  created_at: z.string(),
  cost_usd: money.nullable().describe('Null: the price is not known'),
  priced: z.boolean(),
  priced_by: z
    .string()
    .nullable()
    .describe('caller, override, or the price list with its version; null where there is no price'),
  repeated: z.boolean().describe('It was there already, by the same idempotency key'),
});

export const loggedMany = z.object({ items: z.array(logged), next_cursor: z.null() });

/** What a caller may leave out, or give as null. */
export type LlmRequestInput = z.input<typeof llmRequest>;
export type LlmRequest = z.output<typeof llmRequest>;
export type Logged = z.output<typeof logged>;

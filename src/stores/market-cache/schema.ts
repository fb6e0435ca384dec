import { z } from 'zod';
import { timeInput } from '../../core/inputs.ts';
import { exchanges } from '../../market/index.ts';
import type { JsonValue } from '../../tiers/state/index.ts';
import type { Entry } from './entry.ts';
import { KEY_MAX, regions, TAG_MAX, TAGS_MAX, TTL_DEFAULT_SECONDS, TTL_MAX_SECONDS } from './names.ts';

/** As an entry stands in Redis; what is not of this form is a miss. Its value was checked when it was stored. */
export const storedEntry: z.ZodType<Entry> = z.object({
  id: z.string(),
  value: z.custom<JsonValue>((value) => value !== undefined),
  market: z.enum([...exchanges, 'Global']),
  tags: z.array(z.string()),
  cachedAt: z.number(),
  freshUntil: z.number(),
  copy: z.boolean(),
});

function name(what: string, max: number) {
  const expected = `${what} of 1 to ${max} characters without NUL`;
  return z
    .string(expected)
    .min(1, expected)
    .max(max, expected)
    .refine((text) => !text.includes('\0') && text.isWellFormed(), expected);
}

const key = name('a key', KEY_MAX);
const tag = name('a tag', TAG_MAX);
const exchange = z.enum(exchanges, `one of ${exchanges.join(', ')}`);
const region = z.enum(regions, `one of ${regions.join(', ')}`);
const market = {
  exchange: exchange.optional().describe('Whose hours it goes by; not with region'),
  region: region
    .optional()
    .describe('India is XNSE, US is XNYS, Global is Monday to Friday in UTC. India by default'),
};

function notBoth({ exchange: one, region: other }: { exchange?: unknown; region?: unknown }): boolean {
  return one === undefined || other === undefined;
}
const oneMarket = { path: ['exchange'], message: 'an exchange or a region, not both' };

export const keyParams = z.strictObject({ key });

export const setBody = z
  .strictObject({
    value: z
      .unknown()
      .refine((value) => value !== undefined, 'a JSON value')
      .describe('Any JSON of at most 1,000,000 characters'),
    ttl_seconds: z
      .number(`a number above 0, to ${TTL_MAX_SECONDS}`)
      .positive(`a number above 0, to ${TTL_MAX_SECONDS}`)
      .max(TTL_MAX_SECONDS, `a number above 0, to ${TTL_MAX_SECONDS}`)
      .optional()
      .describe(`How long it is fresh while the market is open; ${TTL_DEFAULT_SECONDS} by default`),
    ...market,
    tags: z.array(tag).max(TAGS_MAX, `at most ${TAGS_MAX} tags`).optional(),
  })
  .refine(notBoth, oneMarket);

export const getQuery = z
  .strictObject({
    ...market,
    allow_stale: z
      .enum(['true', 'false'], 'true or false')
      .optional()
      .describe('Gives the copy while the market is open too'),
    as_of: timeInput.optional().describe('What would have been answered at this time, from what is kept now'),
  })
  .refine(notBoth, oneMarket);

export const invalidateBody = z
  .strictObject({
    tag: tag.optional().describe('Every value with this tag'),
    prefix: name('a prefix', KEY_MAX).optional().describe('Every value whose key begins so'),
  })
  .refine((body) => (body.tag === undefined) !== (body.prefix === undefined), {
    path: ['tag'],
    message: 'a tag or a prefix',
  });

export const storedAnswer = z.object({
  key: z.string(),
  cached_at: z.string(),
  fresh_until: z.string(),
  acknowledged: z.boolean().describe('Whether Redis has it; its copy in PostgreSQL is kept in any case'),
});

export const cacheAnswer = z.object({
  key: z.string(),
  value: z.unknown().describe('A dictionary from a copy has _cached and _cached_timestamp besides'),
  cached: z.boolean(),
  stale: z.boolean().describe('The market has traded since it was stored'),
  last_trading_day: z.boolean().describe('A copy of an earlier trading time, at most 7 whole days old'),
  reason: z.enum(['market_closed', 'fetch_failed', 'allowed']).nullable().describe('Why a copy was given'),
  cached_at: z.string(),
  fresh_until: z.string().nullable(),
});

export const removed = z.object({
  removed: z.number().describe('Copies that there were'),
  acknowledged: z.boolean().describe('Whether Redis dropped the fresh entries'),
});

export const cacheStats = z.object({
  copies: z.number().describe('Keys with a copy that may be given'),
  migrated: z.number().describe('Those of them that are files of the old application'),
  oldest: z.string().nullable(),
  newest: z.string().nullable(),
  fresh_hits: z.number(),
  copies_given: z.number(),
  misses: z.number(),
  fetches: z.number(),
  fetch_failures: z.number(),
  copy_failures: z.number(),
  writes: z.number(),
  invalidations: z.number(),
});

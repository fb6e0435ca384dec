import { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import {
  cursorInput,
  limitInput,
  timeInput,
  wholeNumberOr,
  PAGE_DEFAULT,
  PAGE_MAX,
} from '../../core/inputs.ts';
import { CACHE_TTL_SECONDS } from './memories.ts';
import { NAME_MAX_CHARACTERS } from './names.ts';
import { SESSION_TTL_MIN_SECONDS, TTL_MAX_SECONDS } from './sessions.ts';

/** Taken as it is, spaces too: it is a name that somebody else chose. */
const nameExpected = `text of 1 to ${NAME_MAX_CHARACTERS} characters without NUL`;
const name = z
  .string(nameExpected)
  .min(1, nameExpected)
  .max(NAME_MAX_CHARACTERS, nameExpected)
  .refine((text) => !text.includes('\0') && text.isWellFormed(), nameExpected);
const value = z
  .unknown()
  .refine((given) => given !== undefined, 'a JSON value')
  .meta({ description: 'Any JSON value' });
const ttlExpected = `a number of seconds above 0, up to ${TTL_MAX_SECONDS}`;
const ttl = z.number(ttlExpected).positive(ttlExpected).max(TTL_MAX_SECONDS, ttlExpected).optional();
const sessionTtlExpected = `a number of seconds from ${SESSION_TTL_MIN_SECONDS} to ${TTL_MAX_SECONDS}`;
const sessionTtl = z
  .number(sessionTtlExpected)
  .min(SESSION_TTL_MIN_SECONDS, sessionTtlExpected)
  .max(TTL_MAX_SECONDS, sessionTtlExpected)
  .optional();

export const sessionParams = z.strictObject({ session: name });
export const sessionKeyParams = z.strictObject({ session: name, key: name });
export const keyParams = z.strictObject({ key: name });
export const typeParams = z.strictObject({ type: name });

export const sessionBody = z.strictObject({
  value,
  ttl_seconds: sessionTtl.describe('How long the whole session lives; as it was, or 3600'),
  sliding: z
    .boolean('true or false')
    .optional()
    .describe('Each use gives the whole session its life again; as it was, or true'),
});
export const cacheBody = z.strictObject({
  value,
  ttl_seconds: ttl.describe(`How long it lives; ${CACHE_TTL_SECONDS} by default`),
});
export const workingBody = z.strictObject({
  value,
  ttl_seconds: ttl.describe('How long it lives; for ever by default'),
});

/** The tier below knows the form of its cursors. */
const CURSOR_MAX_CHARACTERS = 4_000;
const cursorExpected = 'the next_cursor of the page before';
export const pageQuery = z.strictObject({
  limit: wholeNumberOr(PAGE_DEFAULT, 1, PAGE_MAX),
  cursor: z
    .string(cursorExpected)
    .max(CURSOR_MAX_CHARACTERS, cursorExpected)
    .optional()
    .describe(cursorExpected),
});

const sessionFields = {
  session: z.string(),
  ttl_seconds: z.number(),
  sliding: z.boolean(),
  started_at: z.string(),
  expires_at: z.string().describe('Of a sliding one: unless somebody uses it'),
};
export const session = z.object(sessionFields);
export const sessionKept = z.object({ ...sessionFields, key: z.string() });
export const sessionValue = z.object({ session: z.string(), key: z.string(), value: z.unknown() });
export const sessionPage = z.object({
  ...sessionFields,
  items: z.array(z.object({ key: z.string(), value: z.unknown() })),
  next_cursor: z.string().nullable(),
});
export const sessionsPage = z.object({ items: z.array(session), next_cursor: z.string().nullable() });
export const deleted = z.object({ deleted: z.boolean().describe('Whether there was one') });
export const ended = z.object({ ended: z.boolean().describe('Whether there was one') });
export const cacheKept = z.object({ key: z.string(), ttl_seconds: z.number() });
export const cacheValue = z.object({ key: z.string(), value: z.unknown() });
export const workingKept = z.object({ type: z.string(), ttl_seconds: z.number().nullable() });
export const workingValue = z.object({ type: z.string(), value: z.unknown() });
export const workingPage = z.object({ items: z.array(workingValue), next_cursor: z.string().nullable() });

const count = z.union([z.number(), z.string()]).meta({ description: 'A whole number' });
const hits = z.object({
  hits: z.number(),
  misses: z.number(),
  hit_rate: z.number().nullable().describe('Null: nothing was read'),
});
export const memoryStatistics = z.object({
  as_of: z.string(),
  sessions: z.object({ live: count, keys: count }),
  working: z.object({ entries: count }),
  cache: z.object({ entries: count }),
  analyses: count,
  preferences: count,
  reads: z
    .object({ session: hits, working: hits, cache: hits })
    .nullable()
    .describe('Of all processes, kept in Redis and lost with it; null: Redis is away'),
  state: z
    .object({ queued: z.number(), oldest_ms: z.number() })
    .describe('What this process has in Redis and PostgreSQL does not have yet'),
});
export type MemoryStatistics = z.output<typeof memoryStatistics>;

export const analysisInput = z.strictObject({
  symbol: name,
  agent_type: name,
  result: value,
  created_at: timeInput.optional().describe('Now by default'),
  idempotency_key: name.optional(),
});
export type AnalysisInput = z.input<typeof analysisInput>;

export const analysesQuery = z.strictObject({
  symbol: name,
  agent_type: name.optional(),
  from: timeInput.optional().describe('At this time or later'),
  to: timeInput.optional().describe('Before this time'),
  limit: limitInput,
  cursor: cursorInput.optional(),
});
export type AnalysesQuery = z.input<typeof analysesQuery>;

/** @throws StockroomError INVALID_INPUT naming the field */
export function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.')}: expected ${message}`);
  throw new StockroomError('INVALID_INPUT', faults.join('; '), { cause: result.error });
}

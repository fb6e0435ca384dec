import { z } from 'zod';
import {
  cursorInput,
  limitInput,
  textInput,
  timeInput,
  wholeNumberInput,
  wholeNumberOr,
} from '../../core/inputs.ts';
import { nameField, oneOrMany, proseField } from './fields.ts';

const NAME_MAX = 200;
/** As long as the old application's longest keys were, and as one part of a path may be. */
const KEY_MAX = 400;
const ANALYSES_MAX = 500;
const PREFERENCES_MAX = 500;
const TTL_MAX_SECONDS = 10 * 366 * 86_400;
export const TTL_DEFAULT_SECONDS = 3_600;

const asOf = timeInput.optional().describe('What was known at this time; now by default');
const document = z.unknown().describe('Any JSON');
const idOf = z
  .union([z.number(), z.string()])
  .meta({ description: 'A whole number; a string of digits from 2^53 on' });

export const analysisInput = z.strictObject(
  {
    symbol: nameField(NAME_MAX),
    agent_type: nameField(NAME_MAX),
    score: z.number('a number').nullish(),
    confidence: proseField(NAME_MAX).nullish(),
    signals: document.optional(),
    reasoning: proseField(200_000).nullish(),
    metadata: document.optional(),
    global_context: document.optional(),
    policy_context: document.optional(),
    created_at: timeInput.optional().describe('Now by default'),
  },
  'an analysis: an object with symbol and agent_type',
);
export const analysesBody = oneOrMany(analysisInput, ANALYSES_MAX);

export const idempotencyHeaders = z.looseObject({
  'idempotency-key': nameField(NAME_MAX)
    .optional()
    .describe('The same key with the same payload writes once; with another payload it is refused'),
});

export const analysis = z.object({
  id: idOf,
  symbol: z.string(),
  agent_type: z.string(),
  score: z.number().nullable(),
  confidence: z.string().nullable(),
  signals: z.unknown(),
  reasoning: z.string().nullable(),
  metadata: z.unknown(),
  global_context: z.unknown(),
  policy_context: z.unknown(),
  created_at: z.string(),
});
export const loggedAnalysis = analysis.extend({
  repeated: z.boolean().describe('It had been written before: nothing was written now'),
});
export const loggedAnalyses = z.object({ items: z.array(loggedAnalysis), next_cursor: z.null() });
export const analysesPage = z.object({ items: z.array(analysis), next_cursor: z.string().nullable() });

export const latestQuery = z.strictObject({
  symbol: textInput,
  agent_type: textInput,
  max_age_minutes: wholeNumberInput(1, 5_270_400)
    .optional()
    .describe('An older one is not found; of any age by default'),
  as_of: asOf,
});

export const historyQuery = z.strictObject({
  symbol: textInput,
  agent_type: textInput.optional().describe('All by default'),
  days: wholeNumberOr(30, 1, 3_660).describe('Times 24 hours, up to as_of or now'),
  limit: limitInput,
  cursor: cursorInput.optional(),
  as_of: asOf,
});

export const memoryParams = z.strictObject({ type: nameField(NAME_MAX), key: nameField(KEY_MAX) });
export const memoryTypeParams = z.strictObject({ type: nameField(NAME_MAX) });

const versionExpected = 'a version: a whole number, 0 where nothing may stand';
const version = z
  .union(
    [z.int(versionExpected).min(0, versionExpected), z.string().regex(/^\d{1,18}$/, versionExpected)],
    versionExpected,
  )
  .describe('Writes only while this version stands there; 0: only while nothing does');

export const memoryPut = z.strictObject({
  value: z.unknown().refine((value) => value !== undefined, 'any JSON'),
  ttl_seconds: z
    .int(`a whole number of seconds from 1 to ${TTL_MAX_SECONDS}`)
    .min(1, `a whole number of seconds from 1 to ${TTL_MAX_SECONDS}`)
    .max(TTL_MAX_SECONDS, `a whole number of seconds from 1 to ${TTL_MAX_SECONDS}`)
    .default(TTL_DEFAULT_SECONDS),
  expected_version: version.optional(),
});

const tagExpected = 'an ETag as an answer gave it ("12")';
const tag = z.string().regex(/^(W\/)?"\d{1,18}"$/, tagExpected);
export const memoryHeaders = z.looseObject({
  'if-match': tag.optional().describe('expected_version as the ETag that an answer gave'),
  'if-none-match': z.literal('*', '*').optional().describe('*: only while nothing stands there'),
});

export const memoryEntry = z.object({
  type: z.string(),
  key: z.string(),
  value: z.unknown(),
  version: idOf.describe('Another one after every write'),
  created_at: z.string().nullable(),
  expires_at: z.string().nullable().describe('null: never'),
});
export const memoryKey = memoryEntry.omit({ value: true });
/** Holds a whole key, in base64. */
const CURSOR_MAX = 3_000;
const cursorExpected = 'the next_cursor of the page before';
export const memoryKeysQuery = z.strictObject({
  limit: limitInput,
  cursor: z.string().min(1, cursorExpected).max(CURSOR_MAX, cursorExpected).optional(),
});
export const memoryKeys = z.object({ items: z.array(memoryKey), next_cursor: z.string().nullable() });

/** An object of preferences cannot have that one: to JavaScript it is something else. */
const preferenceKey = nameField(KEY_MAX).refine((key) => key !== '__proto__', 'another name than __proto__');
export const userParams = z.strictObject({ user_id: nameField(KEY_MAX) });
export const preferenceParams = z.strictObject({ user_id: nameField(KEY_MAX), key: preferenceKey });
export const preferencePut = memoryPut.pick({ value: true });
export const preferencesPut = z.strictObject({
  preferences: z
    .record(preferenceKey, z.unknown(), 'an object of values by their key')
    .refine(
      (values) => Object.keys(values).length <= PREFERENCES_MAX,
      `at most ${PREFERENCES_MAX} preferences`,
    ),
});
export const preference = z.object({ user_id: z.string(), key: z.string(), value: z.unknown() });
export const savedPreference = preference.extend({ updated_at: z.string() });
export const preferences = z.object({
  user_id: z.string(),
  preferences: z.record(z.string(), z.unknown()).describe('Values by their key; empty where there are none'),
});

const share = z.number('a share from 0 to 1').min(0, 'a share from 0 to 1').max(1, 'a share from 0 to 1');
const samplesExpected = 'a whole number from 1 to 1000000000';
export const learnInput = z
  .strictObject(
    {
      agent_type: nameField(NAME_MAX),
      pattern: proseField(20_000),
      correct: z.boolean('true or false').optional().describe('Whether the agent was right'),
      accuracy: share.optional().describe('The share in which it was right'),
      samples: z
        .int(samplesExpected)
        .min(1, samplesExpected)
        .max(1_000_000_000, samplesExpected)
        .default(1)
        .describe('How many outcomes that is'),
    },
    'what was learnt: an object with agent_type, pattern and correct or accuracy',
  )
  .refine(({ correct, accuracy }) => (correct === undefined) !== (accuracy === undefined), {
    path: ['correct'],
    message: 'either correct or accuracy',
  });
export const learning = z.object({
  id: idOf,
  agent_type: z.string(),
  pattern: z.string().nullable(),
  accuracy: z.number().nullable(),
  sample_size: idOf.nullable(),
  last_updated: z.string().nullable(),
});
export const learnt = learning.extend({
  repeated: z.boolean().describe('It had been counted before: nothing was counted now'),
});
export const learningsQuery = z.strictObject({
  agent_type: textInput.optional().describe('All by default'),
  limit: limitInput,
  cursor: cursorInput.optional(),
});
export const learningsPage = z.object({ items: z.array(learning), next_cursor: z.string().nullable() });

export interface Idempotent {
  readonly idempotencyKey?: string | undefined;
}
export type AnalysisInput = z.input<typeof analysisInput>;
export type Analysis = z.output<typeof analysis>;
export type LoggedAnalysis = z.output<typeof loggedAnalysis>;
export type LatestQuery = z.output<typeof latestQuery>;
export type HistoryQuery = z.output<typeof historyQuery>;
export type MemoryPut = z.input<typeof memoryPut>;
export type Version = z.output<typeof version>;
export type MemoryEntry = z.output<typeof memoryEntry>;
export type MemoryKey = z.output<typeof memoryKey>;
export type SavedPreference = z.output<typeof savedPreference>;
export type LearnInput = z.input<typeof learnInput>;
export type Learning = z.output<typeof learning>;
export type Learnt = z.output<typeof learnt>;
export type LearningsQuery = z.output<typeof learningsQuery>;

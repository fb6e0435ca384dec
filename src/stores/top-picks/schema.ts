import { z } from 'zod';
import { cursorInput, limitInput, textInput, timeInput, titleCase } from '../../core/inputs.ts';
import { parseIsoTime } from '../../core/iso-time.ts';

const universeInput = textInput.transform((text) => text.toLowerCase());
const mode = textInput.transform(titleCase);
const asOf = timeInput.optional().describe('What was known at this time; now by default');

export const latestQuery = z.strictObject({
  universe: universeInput.describe('Any case'),
  mode: mode.describe('Any case'),
  as_of: asOf,
});

export const runParams = z.strictObject({ run_id: textInput });
export const runQuery = z.strictObject({ as_of: asOf });

export const runsQuery = z.strictObject({
  universe: universeInput.optional().describe('Any case'),
  mode: mode.optional().describe('Any case'),
  trigger: textInput.optional().describe('What started the run (hourly, manual, …)'),
  from: timeInput.optional().describe('Generated at this time or later'),
  to: timeInput.optional().describe('Generated before this time'),
  limit: limitInput,
  cursor: cursorInput.optional(),
  as_of: asOf,
});

const count = z
  .union([z.number(), z.string()])
  .nullable()
  .meta({ description: 'A whole number; a string of digits from 2^53 on' });

export const runSummary = z.object({
  id: count,
  run_id: z.string(),
  universe: z.string(),
  mode: z.string(),
  generated_at: z.string(),
  trigger: z.string().nullable(),
  total_analyzed: count,
  filtered_count: count,
  picks_count: count,
  elapsed_sec: z.number().nullable(),
});

export const run = runSummary.extend({
  payload: z.unknown().describe('What the engine gave, as it gave it: items, as_of, universe, mode, …'),
});

/** What the old application answered, with what says which run it is. */
export const latest = runSummary.extend({
  items: z.array(z.unknown()).describe('The picks, best first, as the engine gave them'),
  as_of: z
    .string()
    .describe(
      'When the engine says it looked, as it wrote it: a time in India without a zone. generated_at is in UTC',
    ),
  elapsed_seconds: z.number().nullable(),
});

export const universe = z.object({
  universe: z.string(),
  mode: z.string(),
  latest: runSummary.nullable().describe('The newest run that picked anything; null: none has'),
});

/** One page always: there are not many. */
export const universesPage = z.object({ items: z.array(universe), next_cursor: z.null() });

export const runsPage = z.object({ items: z.array(runSummary), next_cursor: z.string().nullable() });

/** Checks alone: what was sent is kept as it is. */
function textField(max: number) {
  const expected = `text of 1 to ${max} characters without NUL`;
  return z
    .string(expected)
    .refine((text) => text.trim() !== '' && !text.includes('\0') && text.isWellFormed(), expected)
    .max(max, expected)
    .meta({ minLength: 1 });
}

const IST = '+05:30';
const timeExpected = 'an ISO 8601 time (2026-11-22T08:29:24.408900), in India where it names no zone';

/** @returns the time in UTC with six decimals; undefined when it is none, or a date alone */
export function engineTime(text: string): string | undefined {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? undefined : (parseIsoTime(text) ?? parseIsoTime(text + IST));
}

const timeField = z
  .string(timeExpected)
  .refine((text) => engineTime(text) !== undefined, timeExpected)
  .meta({ description: timeExpected });

const wholeNumber = z.int('a whole number').min(0, 'a whole number from 0 on');
const secondsField = z.number('a number of seconds').min(0, 'a number of seconds, 0 or more');
const runId = textField(400);
const triggerField = textField(200);
const picks = z.array(z.unknown(), 'a list of picks').max(50_000, 'at most 50,000 picks');

/** What the engine gives of a run. */
export const savePayload = z
  .looseObject(
    {
      universe: textField(200).describe('Stored in lower case'),
      mode: textField(200).describe('Stored in title case'),
      items: picks.nullish().describe('The picks, best first'),
      picks: picks.nullish().describe('The same by its older name; items come first'),
      generated_at: timeField.nullish(),
      as_of: timeField.nullish().describe('Where there is no generated_at'),
      run_id: runId.nullish().describe('universe:Mode:time of saving when absent'),
      trigger: triggerField.nullish().describe('What started the run (hourly, manual, …)'),
      total_analyzed: wholeNumber.nullish(),
      filtered_count: wholeNumber.nullish(),
      passed_filter: wholeNumber.nullish().describe('filtered_count by its older name'),
      elapsed_seconds: secondsField.nullish(),
      metadata: z
        .looseObject(
          { elapsed_seconds: secondsField.nullish(), analysis_time_seconds: secondsField.nullish() },
          'an object',
        )
        .nullish(),
    },
    'a top-picks payload: an object with universe, mode and items',
  )
  .refine((payload) => payload.items != null || payload.picks != null, {
    path: ['items'],
    message: 'a list of picks, as items or picks',
  })
  .describe('What is not named here is kept as it is');

/** Each comes before what the payload says. */
export const saveOptions = z.strictObject({
  trigger: triggerField.optional(),
  run_id: runId.optional(),
  generated_at: timeField.optional(),
  elapsed_sec: secondsField.optional(),
  /** Without one, a run id that was given is the key. */
  idempotencyKey: textField(200).optional(),
});

export const saveHeaders = z.looseObject({
  'idempotency-key': textField(200)
    .optional()
    .describe('The same key with the same payload saves once; with another payload it is refused'),
});

export const savedRun = z.looseObject({
  ...runSummary.shape,
  repeated: z.boolean().describe('It had been saved before: nothing was written now'),
});

export type SavePayload = z.input<typeof savePayload>;
export type SaveOptions = z.input<typeof saveOptions>;
export type SavedRun = RunSummary & { repeated: boolean };
/** What subscribers are told. */
export type RunNotice = Pick<RunSummary, 'run_id' | 'universe' | 'mode' | 'generated_at' | 'picks_count'>;
export type LatestQuery = z.output<typeof latestQuery>;
export type RunQuery = z.output<typeof runQuery>;
export type RunsQuery = z.output<typeof runsQuery>;
export type Universe = z.output<typeof universe>;
export type RunSummary = z.output<typeof runSummary>;
export type Latest = z.output<typeof latest>;
export type Run = z.output<typeof run>;

import { z } from 'zod';
import { cursorInput, limitInput, textInput, timeInput, titleCase } from '../../core/inputs.ts';

const universe = textInput.transform((text) => text.toLowerCase());
const mode = textInput.transform(titleCase);
const asOf = timeInput.optional().describe('What was known at this time; now by default');

export const latestQuery = z.strictObject({
  universe: universe.describe('Any case'),
  mode: mode.describe('Any case'),
  as_of: asOf,
});

export const runParams = z.strictObject({ run_id: textInput });
export const runQuery = z.strictObject({ as_of: asOf });

export const runsQuery = z.strictObject({
  universe: universe.optional().describe('Any case'),
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

export const runsPage = z.object({ items: z.array(runSummary), next_cursor: z.string().nullable() });

export type LatestQuery = z.output<typeof latestQuery>;
export type RunQuery = z.output<typeof runQuery>;
export type RunsQuery = z.output<typeof runsQuery>;
export type RunSummary = z.output<typeof runSummary>;
export type Latest = z.output<typeof latest>;
export type Run = z.output<typeof run>;

import { z } from 'zod';
import { flagInput, formOf, textInput, timeInput, wholeNumberOr } from '../../core/inputs.ts';

/** How many scores one call takes. */
export const PUT_MAX = 5_000;
export const LIFE_HOURS = 6;
const SYMBOLS_MAX = 5_000;
const TOP_MAX = 500;
export const TOP_DEFAULT = 10;
const CONFIDENCE_MAX_LENGTH = 50;

/** Half of a surrogate pair would be stored as another character. */
export const symbolInput = textInput
  .refine((text) => text.isWellFormed(), 'Unicode text')
  .transform((text) => text.toUpperCase());

const confidence = z
  .string('a text such as Low, Medium or High')
  .max(CONFIDENCE_MAX_LENGTH, `at most ${CONFIDENCE_MAX_LENGTH} characters`);

/** A score as the engine gives it. Members that are not named here are kept as they are. */
export const scoreInput = z.looseObject({
  symbol: symbolInput.describe('Stored in upper case'),
  blend_score: z.number('a finite number'),
  confidence: confidence.nullish(),
  recommendation: z.string('text').nullish(),
  is_actionable: z.boolean('true or false').nullish(),
  agents: z.array(z.unknown(), 'a list of {agent, score, …}').nullish(),
  analyzed_at: timeInput
    .optional()
    .describe('When it was made: its six hours count from here; now by default'),
  timestamp: timeInput.optional().describe('The same, for a score without analyzed_at'),
});

/** A list of scores; or, as the old file had it, an object of them by symbol. */
const scoresInput = z
  .unknown()
  .meta(formOf(z.union([z.array(scoreInput).max(PUT_MAX), z.record(z.string(), scoreInput)])))
  .transform((given, context): z.output<typeof scoreInput>[] => {
    const entries = entriesOf(given);
    if (entries === undefined || entries.length > PUT_MAX) {
      context.addIssue({
        code: 'custom',
        message: `at most ${PUT_MAX} scores: a list, or an object of them by symbol`,
      });
      return z.NEVER;
    }
    return entries.flatMap(([place, score]) => {
      const parsed = scoreInput.safeParse(score);
      if (!parsed.success) {
        for (const { message, path } of parsed.error.issues) {
          context.addIssue({ code: 'custom', message, path: [place, ...path] });
        }
        return [];
      }
      if (typeof place === 'string' && place.trim().toUpperCase() !== parsed.data.symbol) {
        context.addIssue({
          code: 'custom',
          message: 'the symbol that it is filed under',
          path: [place, 'symbol'],
        });
      }
      return [parsed.data];
    });
  })
  .meta({
    description: `At most ${PUT_MAX} scores: a list, or, as the old file had them, an object by symbol`,
  });

export const putBody = z.strictObject({
  scores: scoresInput,
  timestamp: timeInput.optional().describe('The time of scores that have none of their own; now by default'),
  ttl_hours: z
    .number(`more than 0 and at most ${LIFE_HOURS} hours`)
    .positive(`more than 0 and at most ${LIFE_HOURS} hours`)
    .max(LIFE_HOURS, `more than 0 and at most ${LIFE_HOURS} hours`)
    .optional()
    .describe(`How long they live; ${LIFE_HOURS} by default`),
});

const asOf = timeInput
  .optional()
  .describe('Scores made by then whose time was not over then. Only the newest score of a symbol is kept');

export const scoreParams = z.strictObject({ symbol: symbolInput.describe('Any case') });
export const scoreQuery = z.strictObject({ as_of: asOf });

const levels = ['low', 'medium', 'high'] as const;
export type Confidence = (typeof levels)[number];
const confidenceInput = z.string('low, medium or high').transform((text, context): Confidence => {
  const found = levels.find((level) => level === text.trim().toLowerCase());
  if (found !== undefined) return found;
  context.addIssue({ code: 'custom', message: 'low, medium or high' });
  return z.NEVER;
});

const symbolsInput = z.string('symbols with commas between them').transform((text, context): string[] => {
  const parts = text.split(',');
  const parsed = parts.map((part) => symbolInput.safeParse(part).data);
  const symbols = parsed.filter((symbol) => symbol !== undefined);
  if (symbols.length === parts.length && parts.length <= SYMBOLS_MAX) return symbols;
  context.addIssue({ code: 'custom', message: `1 to ${SYMBOLS_MAX} symbols with commas between them` });
  return z.NEVER;
});

export const topQuery = z.strictObject({
  symbols: symbolsInput.optional().describe('A universe: symbols with commas between them; all by default'),
  n: wholeNumberOr(TOP_DEFAULT, 1, TOP_MAX),
  min_confidence: confidenceInput.optional().describe('low < medium < high, any case'),
  actionable: flagInput.optional().describe('Actionable ones alone, or the others alone; both by default'),
  as_of: asOf,
});

export const score = z
  .looseObject({
    symbol: z.string(),
    blend_score: z.number().nullable(),
    confidence: z.unknown(),
    recommendation: z.unknown(),
    is_actionable: z.unknown(),
    agents: z.unknown(),
    analyzed_at: z.unknown().describe('As it was given; of a migrated score as the old file had it'),
    timestamp: z.string().describe('The time of the score, from which its life counts'),
    expires_at: z.string().nullable(),
  })
  .describe('The score as the engine gave it, with its times');

export const rankedScore = score.extend({
  rank: z.number().describe('Within this answer, from 1 on'),
  global_rank: z.number().describe('Among all scores that live, from 1 on: the same in every universe'),
});

/** One page always: there is no further one, but a larger n. */
export const topPage = z.object({ items: z.array(rankedScore), next_cursor: z.null() });

export const putAnswer = z.object({
  stored: z.number(),
  older: z.array(z.string()).describe('Symbols of which a newer score was there, which stays'),
  expired: z.array(z.string()).describe('Symbols whose score was stored, though its time is over'),
});

export const clearAnswer = z.object({ removed: z.number().describe('Scores whose time was not over') });

export type ScoreInput = z.input<typeof scoreInput>;
export type ParsedScore = z.output<typeof scoreInput>;
export type TopQuery = Partial<z.output<typeof topQuery>>;
export type ScoreItem = z.output<typeof score>;
export type RankedScore = z.output<typeof rankedScore>;
export type TopPage = z.output<typeof topPage>;
export type PutAnswer = z.output<typeof putAnswer>;
export type ClearAnswer = z.output<typeof clearAnswer>;

function entriesOf(given: unknown): [number | string, unknown][] | undefined {
  if (Array.isArray(given)) return given.map((each: unknown, index) => [index, each]);
  if (typeof given !== 'object' || given === null) return undefined;
  return Object.entries(given).map(([symbol, each]: [string, unknown]) => [
    symbol,
    typeof each === 'object' && each !== null && !('symbol' in each) ? { symbol, ...each } : each,
  ]);
}

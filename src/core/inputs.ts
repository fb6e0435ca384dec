/**
 * Values as text gives them: query strings of the HTTP API and flags of the command line. The message of every issue is
 * what was expected; whoever reports it adds the name and what was found.
 */
import { z } from 'zod';
import { parseIsoDate, parseIsoTime } from './iso-time.ts';
import { decodeCursor } from './page.ts';

const TEXT_MAX_LENGTH = 200;
export const PAGE_MAX = 500;
export const PAGE_DEFAULT = 100;

/** Text turned into a value by `parse`; undefined from it means that the text is not of the expected form. */
function parsed<T>(expected: string, meta: Record<string, unknown>, parse: (text: string) => T | undefined) {
  return z
    .string(expected)
    .meta({ description: expected, ...meta })
    .transform((text, context): T => {
      const value = parse(text);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    });
}

/** Resolves to UTC with six decimals. */
export const timeInput = parsed(
  'an ISO 8601 time with a zone (2026-11-22T02:59:24Z or 2026-11-22T08:29:24%2B05:30) or a date (2026-11-22)',
  { format: 'date-time' },
  parseIsoTime,
);

export const dateInput = parsed('a date in UTC (2026-11-22)', { format: 'date' }, parseIsoDate);

export const flagInput = parsed('true or false', { type: 'boolean' }, (text) => {
  if (text === 'true') return true;
  return text === 'false' ? false : undefined;
});

export const cursorInput = parsed('the next_cursor of the page before', {}, decodeCursor);

export function wholeNumberInput(min: number, max: number, meta: Record<string, unknown> = {}) {
  return parsed(
    `a whole number from ${min} to ${max}`,
    { type: 'integer', minimum: min, maximum: max, ...meta },
    (text) => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  );
}

/** `fallback` when nothing is given; the description says so, which a default behind a transformation does not do by itself. */
export function wholeNumberOr(fallback: number, min: number, max: number) {
  return wholeNumberInput(min, max, { default: fallback }).default(fallback);
}

export const limitInput = wholeNumberOr(PAGE_DEFAULT, 1, PAGE_MAX);

/** PostgreSQL holds no NUL in text: a filter with one could match nothing, and would fail instead of saying so. */
export const textInput = parsed(
  `text of 1 to ${TEXT_MAX_LENGTH} characters without NUL`,
  { minLength: 1, maxLength: TEXT_MAX_LENGTH },
  (text) => {
    const plain = text.trim();
    return plain !== '' && plain.length <= TEXT_MAX_LENGTH && !plain.includes('\0') ? plain : undefined;
  },
);

/** As Python's str.title() has it, by which the old application wrote its modes: `SCALPING` becomes `Scalping`. */
export function titleCase(text: string): string {
  return text.replace(/\p{L}+/gu, (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase());
}

/** For `meta` of a schema that takes anything and looks itself: what it takes, as the description of the API has it. */
export function formOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...form } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return form;
}

import { z } from 'zod';
import { parseIsoTime } from './iso-time.ts';

/** India has had no summer time since 1945. */
const INDIA_ZONE = '+05:30';

/**
 * A time as the engine of picks writes it: without a zone it is India's. A date alone is its first instant there.
 * @returns UTC with six decimals; undefined when it is no time
 */
export function parseEngineTime(text: string): string | undefined {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return parseIsoTime(`${text}T00:00${INDIA_ZONE}`);
  return parseIsoTime(text) ?? parseIsoTime(`${text}${INDIA_ZONE}`);
}

/** Days are counted from these times, and beyond the first and the last year there are none to be counted. */
const FIRST = '1900-01-01';
const END = '2200-01-01';

function isOfOurDays(time: string): boolean {
  return time >= FIRST && time < END;
}

const expected =
  'an ISO 8601 time (2026-11-22T08:29:24+05:30) between 1900 and 2200; without a zone it is India time, as the engine writes it';

/** Resolves to UTC with six decimals. */
export const engineTime = z
  .string(expected)
  .meta({ description: expected })
  .transform((text, context): string => {
    const value = parseEngineTime(text);
    if (value !== undefined && isOfOurDays(value)) return value;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });

import type { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import { FIRST_MS, instantOf, LAST_MS } from './candles.ts';
import type { Interval } from './intervals.ts';
import { DAY } from './intervals.ts';
import type { Range } from './ranges.ts';
import { sourceInput, symbolInput } from './schema.ts';

/** @throws StockroomError INVALID_INPUT */
export const symbolOf = (value: unknown): string => checked('symbol', symbolInput, value);
/** @throws StockroomError INVALID_INPUT */
export const sourceOf = (value: unknown): string => checked('source', sourceInput, value);

function checked<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw new StockroomError('INVALID_INPUT', `${name}: expected ${error.issues[0]!.message}`);
}

/** Milliseconds since 1970. @throws StockroomError INVALID_INPUT */
export function timeOf(name: string, value: string | Date): number {
  const ms = typeof value === 'string' ? instantOf(value) : value.getTime();
  if (ms !== undefined && ms >= FIRST_MS && ms < LAST_MS) return ms;
  throw new StockroomError(
    'INVALID_INPUT',
    `${name}: expected an ISO 8601 time with a zone between 1900 and 2200, found ${JSON.stringify(value)}`,
  );
}

/**
 * A range that one answer, or one write, may have.
 * @throws StockroomError INVALID_INPUT when it is empty or longer than that
 */
export function rangeOf(interval: Interval, from: number | undefined, to: number): Range {
  const begin = from ?? Math.max(FIRST_MS, to - interval.spanMs);
  if (begin >= to) {
    const [first, last] = [begin, to].map((ms) => new Date(ms).toISOString());
    throw new StockroomError('INVALID_INPUT', `from: expected a time before to, found ${first} and ${last}`);
  }
  if (to - begin <= interval.spanMaxMs) return { from: begin, to };
  throw new StockroomError(
    'INVALID_INPUT',
    `from: expected at most ${interval.spanMaxMs / DAY} days before to for candles of ${interval.name}, found ` +
      `${Math.ceil((to - begin) / DAY)}; do it in parts: the to of one is the from of the next`,
  );
}

/** Fields of the bodies of requests and of what the library is given. The message of an issue is what was expected. */
import { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';

export const INDIA_OFFSET_MS = 330 * 60_000;
export const DAY_MS = 86_400_000;

/** Text that PostgreSQL keeps, without the blanks around it. */
export function textField(maxLength: number) {
  const expected = `text of 1 to ${maxLength} characters without NUL`;
  return z
    .string(expected)
    .trim()
    .min(1, expected)
    .max(maxLength, expected)
    .refine((text) => !text.includes('\0') && text.isWellFormed(), expected);
}

const NUMBER_MAX = 1e12;
const PRICE_MIN = 1e-6;
const numberExpected = `a number from ${-NUMBER_MAX} to ${NUMBER_MAX}`;
const priceExpected = `a price, a number from ${PRICE_MIN} to ${NUMBER_MAX}`;

/** Bounded, so that no sum and no quotient of them leaves what a double holds. */
export const numberField = z
  .number(numberExpected)
  .min(-NUMBER_MAX, numberExpected)
  .max(NUMBER_MAX, numberExpected);
export const priceField = z
  .number(priceExpected)
  .min(PRICE_MIN, priceExpected)
  .max(NUMBER_MAX, priceExpected);

/** The calendar day in India at a time in UTC; India has had no summer time since 1945. */
export function indiaDay(time: string): string {
  return new Date(Date.parse(time) + INDIA_OFFSET_MS).toISOString().slice(0, 10);
}

/** The instants between which a day in India lies, the second excluded. */
export function indiaDayBounds(day: string): readonly [from: string, to: string] {
  const start = Date.parse(`${day}T00:00:00+05:30`);
  return [new Date(start).toISOString(), new Date(start + DAY_MS).toISOString()];
}

/** @throws StockroomError INVALID_INPUT naming every field that is not as expected */
export function checked<S extends z.ZodType>(schema: S, value: unknown, about: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${[about, ...path].join('.')}: ${message}`);
  throw new StockroomError('INVALID_INPUT', faults.join('; '), { details: { faults } });
}

/** Python's NaN and Infinity, which SQLite and JSON do not hold either: null. */
export function withoutNaN(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map(withoutNaN);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutNaN(member)]));
}

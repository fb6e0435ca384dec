import type { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';

/**
 * Values of the library's callers; those of the HTTP API were checked at its own edge, where their fields are named.
 * @throws StockroomError INVALID_INPUT that names every field that was refused
 */
export function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    ({ path, message }) =>
      `${path.length === 0 ? 'the value' : path.map(String).join('.')}: expected ${message}`,
  );
  throw new StockroomError('INVALID_INPUT', faults.join('; '));
}

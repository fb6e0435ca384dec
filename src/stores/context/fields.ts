import { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import { formOf } from '../../core/inputs.ts';

/** A name, kept as it was given. */
export function nameField(maxLength: number) {
  const expected = `text of 1 to ${maxLength} characters without NUL`;
  return z
    .string(expected)
    .min(1, expected)
    .max(maxLength, expected)
    .refine((text) => text.trim() !== '' && isKept(text), expected);
}

/** Text of people and models, which may be empty. */
export function proseField(maxLength: number) {
  const expected = `text of at most ${maxLength} characters without NUL`;
  return z.string(expected).max(maxLength, expected).refine(isKept, expected);
}

/** PostgreSQL takes neither NUL nor half of a surrogate pair. */
function isKept(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** @throws StockroomError INVALID_INPUT naming every field that is not as expected */
export function checked<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues
    .flatMap(named)
    .map(({ path, message }) => `${path.join('.') || 'input'}: expected ${message}`);
  throw new StockroomError('INVALID_INPUT', faults.join('; '), { details: { faults } });
}

interface Named {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** A name that is not known is a fault of its own, at that name. */
function named(issue: z.core.$ZodIssue): Named[] {
  const { path, message } = issue;
  if (issue.code !== 'unrecognized_keys') return [{ path, message }];
  return issue.keys.map((key) => ({ path: [...path, key], message: 'no such field' }));
}

/** One or many: the issues are those of the one form that was meant, by the names of its fields. */
export function oneOrMany<S extends z.ZodType>(one: S, max: number) {
  const expected = `1 to ${max} of them`;
  const many = z.array(one).min(1, expected).max(max, expected);
  return z
    .unknown()
    .meta(formOf(z.union([one, many])))
    .transform((value, context): z.output<S> | z.output<S>[] => {
      const result = (Array.isArray(value) ? many : one).safeParse(value);
      if (result.success) return result.data;
      for (const fault of result.error.issues.flatMap(named)) context.addIssue({ code: 'custom', ...fault });
      return z.NEVER;
    })
    .meta({ description: `One, or a list of ${expected}` });
}

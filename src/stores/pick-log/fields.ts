/** Values in JSON bodies, as PostgreSQL can hold them. The message of every issue is what was expected. */
import { z } from 'zod';
import { formOf } from '../../core/inputs.ts';

const DOCUMENT_DEPTH_MAX = 64;
const PRICE_MIN = 1e-6;
const PRICE_MAX = 1e12;
const FIGURE_MAX = 1e12;

/** PostgreSQL holds neither NUL nor half of a surrogate pair. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** Trimmed text. */
export function textField(maxLength: number) {
  const expected = `text of 1 to ${maxLength} characters without NUL`;
  return z
    .string(expected)
    .refine((text) => isStorable(text), expected)
    .transform((text) => text.trim())
    .refine((text) => text !== '' && text.length <= maxLength, expected)
    .meta({ description: expected });
}

const priceExpected = `a number from ${PRICE_MIN} to ${PRICE_MAX}`;
export const priceField = z.number(priceExpected).min(PRICE_MIN, priceExpected).max(PRICE_MAX, priceExpected);

const figureExpected = `a number from ${-FIGURE_MAX} to ${FIGURE_MAX}`;
/** A score or a percentage. */
export const figureField = z
  .number(figureExpected)
  .min(-FIGURE_MAX, figureExpected)
  .max(FIGURE_MAX, figureExpected);

const documentExpected = `JSON at most ${DOCUMENT_DEPTH_MAX} levels deep, without NUL or half surrogates in its texts`;

function isDocument(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= DOCUMENT_DEPTH_MAX) return false;
  return Object.entries(value).every(([name, part]) => isStorable(name) && isDocument(part, depth + 1));
}

/** An object with anything in it. */
export const documentField = z
  .record(z.string(), z.unknown(), documentExpected)
  .refine((value) => isDocument(value), documentExpected);

/**
 * A body that is one item, a list of them, or a list under a name. The answer to one bad item names its field as the caller
 * sent it, which a union of the three forms would not.
 */
export function oneOrMany<S extends z.ZodType>(item: S, name: string, max: number) {
  const expected = `1 to ${max} items`;
  const many = z.array(item, expected).min(1, expected).max(max, expected);
  const named = z.strictObject({ [name]: many });
  return z
    .unknown()
    .meta(formOf(z.union([item, many, named])))
    .transform((body, context): { items: z.output<S>[]; many: boolean } => {
      const isList = Array.isArray(body);
      const isNamed = !isList && typeof body === 'object' && body !== null && name in body;
      const schema = isList ? many : isNamed ? named : item;
      const parsed = schema.safeParse(body);
      if (!parsed.success) {
        for (const issue of parsed.error.issues) {
          const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
          for (const key of unknown) {
            context.addIssue({ code: 'custom', path: [...issue.path, key], message: 'a name that is known' });
          }
          if (unknown.length > 0) continue;
          context.addIssue({ code: 'custom', path: [...issue.path], message: issue.message });
        }
        return z.NEVER;
      }
      if (isList) return { items: parsed.data as z.output<S>[], many: true };
      if (isNamed) return { items: (parsed.data as Record<string, z.output<S>[]>)[name]!, many: true };
      return { items: [parsed.data as z.output<S>], many: false };
    });
}

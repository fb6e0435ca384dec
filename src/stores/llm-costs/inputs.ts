import { z } from 'zod';

const NAME_MAX_LENGTH = 200;
const KEY_MAX_LENGTH = 255;

/** PostgreSQL holds neither NUL nor half of a surrogate pair. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

function plain(max: number) {
  const expected = `text of 1 to ${max} characters, not blank, without NUL`;
  return z
    .string(expected)
    .max(max, expected)
    .refine((text) => text.trim() !== '' && isStorable(text), expected);
}

export const nameInput = plain(NAME_MAX_LENGTH);
export const keyInput = plain(KEY_MAX_LENGTH);

const tokensExpected = `a whole number of tokens from 0 to ${Number.MAX_SAFE_INTEGER}`;
export const tokensInput = z
  .number(tokensExpected)
  .refine((value) => Number.isSafeInteger(value) && value >= 0, tokensExpected)
  .meta({ type: 'integer', minimum: 0 });

const moneyExpected =
  'US dollars as a decimal string, at most 18 digits before the point and 18 behind it ("0.0125")';
/** Not below zero. */
export const moneyInput = z
  .string(moneyExpected)
  .regex(/^\d{1,18}(\.\d{1,18})?$/, moneyExpected)
  .meta({ description: moneyExpected });

export const capInput = moneyInput.refine((text) => /[1-9]/.test(text), 'a decimal string above 0');

/** The id of a row, in a path. */
export const idInput = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, 'an id: a whole number from 1 on')
  .meta({ type: 'integer', minimum: 1 })
  .transform(BigInt);

export const money = z
  .string()
  .meta({ description: 'US dollars as an exact decimal', pattern: '^-?\\d+(\\.\\d+)?$' });
export const count = z
  .union([z.number(), z.string()])
  .meta({ description: 'A whole number; a string of digits from 2^53 on' });

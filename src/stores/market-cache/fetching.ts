import { StockroomError } from '../../core/errors.ts';
import { jsonText } from '../../tiers/state/json.ts';
import type { JsonValue } from '../../tiers/state/index.ts';
import { refused } from './names.ts';

/** Characters of a value's JSON. */
export const VALUE_MAX_CHARACTERS = 1_000_000;

/** A fetcher gave what cannot be kept: an error of the program, which a copy would hide. */
export class UnusableValue extends StockroomError {
  constructor(cause: unknown) {
    super('INVALID_INPUT', cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'UnusableValue';
  }
}

/** @throws INVALID_INPUT naming the place of what jsonb cannot keep */
export function checkValue(value: unknown): JsonValue {
  if (value === undefined) throw refused('value', 'a JSON value', 'undefined');
  jsonText(value, 'value', VALUE_MAX_CHARACTERS);
  return value as JsonValue;
}

/** @throws UnusableValue */
export function checkFetched(value: unknown): JsonValue {
  try {
    return checkValue(value);
  } catch (error) {
    throw new UnusableValue(error);
  }
}

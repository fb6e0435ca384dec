import { StockroomError } from '../../core/errors.ts';

const codes: ReadonlySet<string> = new Set(['HOT_UNAVAILABLE', 'HOT_TIMEOUT', 'HOT_REFUSED']);

/** The hot tier could not be asked: the cache does without it. Anything else is a fault. */
export function isHotError(error: unknown): boolean {
  return error instanceof StockroomError && codes.has(error.code);
}

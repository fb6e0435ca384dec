import { codeOf } from '../../core/errors.ts';

const codes: ReadonlySet<string> = new Set(['HOT_UNAVAILABLE', 'HOT_TIMEOUT', 'HOT_REFUSED']);

/** Redis is away, or refuses: what cannot be done there is done without it. Anything else is a fault. */
export function isHotError(error: unknown): boolean {
  return codes.has(codeOf(error));
}

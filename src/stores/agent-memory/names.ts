import { StockroomError } from '../../core/errors.ts';

export const NAME_MAX_CHARACTERS = 200;

/** The families of short-lived state that this store keeps: see README.md. */
export const families = {
  session: 'session',
  sessionValue: 'session-value',
  working: 'working-memory',
  cache: 'agent-cache',
} as const;

/**
 * A name that callers choose. @throws StockroomError INVALID_INPUT when it is empty or too long; what PostgreSQL cannot keep is refused by
 * the tier
 */
export function checkName(what: string, name: string): void {
  if (typeof name === 'string' && name !== '' && name.length <= NAME_MAX_CHARACTERS) return;
  const expected = `text of 1 to ${NAME_MAX_CHARACTERS} characters`;
  const found = typeof name === 'string' ? `${name.length} characters` : typeof name;
  throw new StockroomError('INVALID_INPUT', `${what}: expected ${expected}, found ${found}`, {
    details: { path: what, expected, found },
  });
}

/**
 * A part of the key of a state. Parts are joined by `/`, which none of them holds any more: `a/b` and `c` never give the key of `a` and
 * `b/c`, and what begins with a part and a `/` is all that is of it.
 */
export function segment(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('/', '%2F');
}

/** The name that `segment` made this of. */
export function nameOf(segment: string): string {
  return segment.replaceAll('%2F', '/').replaceAll('%25', '%');
}

import { StockroomError } from '../../core/errors.ts';

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** As deep as documents are that the migration loads as they are. */
const DEPTH_MAX = 256;

/**
 * A value as JSON text that jsonb keeps.
 *
 * @param at where it is, for the message
 * @throws StockroomError INVALID_INPUT naming the place of what jsonb cannot keep: NUL, half of a surrogate pair, a number that is
 *   none, what is no JSON; or when it is too long or too deep
 */
export function jsonText(value: unknown, at: string, maxCharacters: number): string {
  check(value, at, 0);
  const text = JSON.stringify(value);
  if (text.length <= maxCharacters) return text;
  throw refused(at, `JSON of at most ${maxCharacters} characters`, `${text.length} characters`);
}

/** @throws StockroomError INVALID_INPUT when PostgreSQL cannot keep the text */
export function checkText(text: string, at: string): void {
  if (text.includes('\0')) throw refused(at, 'text without NUL', String.raw`\u0000`);
  if (!text.isWellFormed()) throw refused(at, 'Unicode text', 'half of a surrogate pair');
}

function check(value: unknown, at: string, depth: number): void {
  if (depth > DEPTH_MAX) throw refused(at, `at most ${DEPTH_MAX} levels`, 'more');
  if (typeof value === 'string') checkText(value, at);
  else if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw refused(at, 'a finite number', String(value));
  } else if (Array.isArray(value)) {
    // By index: a hole is undefined, which is no JSON.
    for (let index = 0; index < value.length; index += 1) check(value[index], `${at}[${index}]`, depth + 1);
  } else if (typeof value === 'object' && value !== null) checkObject(value, at, depth);
  else if (typeof value !== 'boolean' && value !== null) throw refused(at, 'JSON', nameOf(value));
}

function checkObject(value: object, at: string, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm has another Object.prototype, which alone of all has none above it.
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!plain || 'toJSON' in value) throw refused(at, 'JSON', `an instance of ${value.constructor.name}`);
  for (const [name, member] of Object.entries(value)) {
    const place = `${at}.${name}`;
    checkText(name, `the name of ${JSON.stringify(place)}`);
    check(member, place, depth + 1);
  }
}

function nameOf(value: unknown): string {
  return value === undefined ? 'undefined' : `a ${typeof value}`;
}

function refused(at: string, expected: string, found: string): StockroomError {
  return new StockroomError('INVALID_INPUT', `${at}: expected ${expected}, found ${found}`, {
    details: { path: at, expected, found },
  });
}

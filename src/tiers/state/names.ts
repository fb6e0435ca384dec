import { StockroomError } from '../../core/errors.ts';
import { keyPart } from '../hot/index.ts';
import { checkText } from './json.ts';
import type { Name } from './state.ts';

const FAMILY = /^[a-z][a-z0-9-]{0,49}$/;
/** What an index of PostgreSQL takes of a row is 2,704 bytes. */
const KEY_MAX_BYTES = 2_000;
/** A hundred years. */
const LIFE_MAX_MS = 36_525 * 86_400_000;

/** @throws StockroomError INVALID_INPUT */
export function nameOf(prefix: string, family: string, key: string): Name {
  checkFamily(family);
  checkText(key, 'key');
  const bytes = Buffer.byteLength(key);
  if (bytes > KEY_MAX_BYTES) throw refused('key', `at most ${KEY_MAX_BYTES} bytes`, `${bytes} bytes`);
  return { family, key, fullKey: `${prefix}state:${family}:${keyPart(key)}` };
}

/** @throws StockroomError INVALID_INPUT */
export function checkFamily(family: string): void {
  if (!FAMILY.test(family)) {
    throw refused('family', 'a name of lower-case letters, digits and hyphens', JSON.stringify(family));
  }
}

/** @throws StockroomError INVALID_INPUT */
export function checkLife(lifeMs: number): number {
  if (lifeMs > 0 && lifeMs <= LIFE_MAX_MS) return lifeMs;
  throw refused('lifeMs', `more than 0 ms and at most ${LIFE_MAX_MS}`, String(lifeMs));
}

/** @throws StockroomError INVALID_INPUT */
export function checkLimit(limit: number, max: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return limit;
  throw refused('limit', `a whole number from 1 to ${max}`, String(limit));
}

/** A place in a list: an opaque text. */
export function cursorOf(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** @throws StockroomError INVALID_INPUT */
export function keyOfCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (key !== '' && !key.includes('\0') && cursorOf(key) === cursor) return key;
  throw refused('cursor', 'the next_cursor of the page before', JSON.stringify(cursor));
}

function refused(what: string, expected: string, found: string): StockroomError {
  return new StockroomError('INVALID_INPUT', `${what}: expected ${expected}, found ${found}`, {
    details: { expected, found },
  });
}

import { randomBytes } from 'node:crypto';
import type { Entry } from '../port.ts';
import { INCARNATION_LENGTH } from './session.ts';

/**
 * How an entry stands in Redis: a kind (`V` value, `L` claim), the version of this form, the incarnation of the server that it
 * was written to, an id that never comes back, then the body. All but the body has a fixed length, and is its version.
 */
const FORM = '1';
const ID_LENGTH = 12;
const ID_FROM = 2 + INCARNATION_LENGTH;
export const VERSION_LENGTH = ID_FROM + ID_LENGTH;

/** 60 random bits for each 4,096 ids, then the number among them: quick to make, and never made twice. */
const PART_LENGTH = ID_LENGTH - 2;
const numbers = Array.from({ length: 64 * 64 }, (_, at) => digit(at >> 6) + digit(at & 63));
let part = '';
let next = numbers.length;

function digit(value: number): string {
  return 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[value]!;
}

function nextId(): string {
  if (next === numbers.length) {
    part = randomBytes(PART_LENGTH).toString('base64url').slice(0, PART_LENGTH);
    next = 0;
  }
  next += 1;
  return part + numbers[next - 1]!;
}

export function newVersion(kind: 'V' | 'L', incarnation: string): string {
  return kind + FORM + incarnation + nextId();
}

/**
 * What the text of a key means. Undefined: another form, another program, or written to another life of the server, which may be
 * older than what was acknowledged since.
 */
export function entryOf(text: string, incarnation: string | undefined): Entry | undefined {
  if (text.length < VERSION_LENGTH || text[1] !== FORM) return undefined;
  if (incarnation === undefined || !text.startsWith(incarnation, 2)) return undefined;
  const version = text.slice(0, VERSION_LENGTH);
  if (text[0] === 'V') return { kind: 'value', version, body: text.slice(VERSION_LENGTH) };
  return text[0] === 'L' ? { kind: 'claim', version } : undefined;
}

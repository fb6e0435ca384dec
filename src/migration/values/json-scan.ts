/* oxlint-disable max-lines -- one scanner over shared state: its parts make no sense apart */
/**
 * Reads a JSON text once and says whether jsonb would keep it exactly, and the hash of what it means: members of an
 * object in any order, numbers by value (`1e2` is `100`), strings by the UTF-8 of their characters. PostgreSQL's own text of
 * the same document therefore has the same hash, and nothing has to be parsed into objects to prove that they agree.
 *
 * It runs over bytes, once for every document that is copied and once for every one that is verified: loops keep their
 * state in locals, and the module's own variables carry only what passes between the functions.
 */

/** The document is not JSON. */
export const MALFORMED = 1;
/** `\u0000`, which jsonb refuses. */
export const NUL = 2;
/** Half of a surrogate pair, which jsonb refuses. */
export const LONE_SURROGATE = 4;
/** A key that stands twice in one object, of which jsonb keeps the last. */
export const DUPLICATE_KEY = 8;
/** `-0`, of which NUMERIC keeps no sign. */
export const NEGATIVE_ZERO = 16;
/** A number outside what jsonb's NUMERIC can hold. */
export const HUGE_NUMBER = 32;
/** Nested deeper than {@link MAX_DEPTH}. */
export const TOO_DEEP = 64;

/** Levels of nesting that are loaded as a document: within the stack of every driver, and of any sane document. */
export const MAX_DEPTH = 256;
/** Powers of ten: far inside NUMERIC's range, far outside a double's. */
export const MAX_EXPONENT = 1000;
const LINEAR_KEYS = 32;

let text: Uint8Array = new Uint8Array(0);
let limit = 0;
let at = 0;
let flags = 0;
let depth = 0;
let h1 = 0;
let h2 = 0;
/** The hashes of the keys of all open objects, and how many there are. */
const keys1: number[] = [];
const keys2: number[] = [];
let keyCount = 0;

export interface JsonScan {
  /** What stands in the way of keeping the document exactly: an OR of the flags, 0 when nothing does. */
  flags: number;
  /** The two lanes of the hash; meaningless when the document is malformed. */
  a: number;
  b: number;
}

const result: JsonScan = { flags: 0, a: 0, b: 0 };

/** Scans a whole document. The answer is one object, reused by the next call. */
export function scanJson(document: string): JsonScan {
  const bytes = Buffer.from(document, 'utf8');
  return scanJsonBytes(bytes, 0, bytes.length);
}

/** As {@link scanJson}, of a document in UTF-8 between two offsets. */
export function scanJsonBytes(bytes: Uint8Array, start: number, end: number): JsonScan {
  text = bytes;
  at = start;
  limit = end;
  flags = 0;
  depth = 0;
  keyCount = 0;
  space();
  if (value()) {
    space();
    if (at !== limit) flags |= MALFORMED;
  } else if ((flags & TOO_DEEP) === 0) flags |= MALFORMED;
  result.flags = flags;
  result.a = h1;
  result.b = h2;
  return result;
}

function mix(x: number, y: number): void {
  const a = Math.imul((h1 ^ x) + 0x7f4a7c15, 0x9e3779b1);
  h1 = a ^ (a >>> 15);
  const b = Math.imul((h2 ^ y) + h1, 0x85ebca77);
  h2 = b ^ (b >>> 13);
}

/** The byte at `at`; 0, which no JSON holds, at the end. */
function peek(): number {
  return at < limit ? text[at]! : 0;
}

function space(): void {
  let i = at;
  while (i < limit) {
    const code = text[i]!;
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) break;
    i++;
  }
  at = i;
}

/** One value at `at`; leaves its hash in h1, h2. False when there is none. */
function value(): boolean {
  const code = peek();
  if (code === 34) return string();
  if (code === 123) return object();
  if (code === 91) return array();
  if (code === 45 || (code >= 48 && code <= 57)) return number();
  if (code === 110) return word(NULL, 0x3c6ef372);
  if (code === 116) return word(TRUE, 0x510e527f);
  if (code === 102) return word(FALSE, 0x1f83d9ab);
  return false;
}

const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

function word(expected: Uint8Array, tag: number): boolean {
  if (at + expected.length > limit) return false;
  for (let index = 0; index < expected.length; index++)
    if (text[at + index] !== expected[index]) return false;
  at += expected.length;
  h1 = tag;
  h2 = ~tag;
  mix(expected.length, tag);
  return true;
}

const stepA = (a: number, byte: number): number => Math.imul(a ^ byte, 0x01000193);
const stepB = (b: number, byte: number): number => Math.imul(b + byte, 0x9e3779b1) ^ (b >>> 17);

function string(): boolean {
  const bytes = text;
  const end = limit;
  let a = 0x5bd1e995;
  let b = 0x2545f491;
  let i = at + 1;
  for (;;) {
    if (i >= end) return false;
    const code = bytes[i++]!;
    if (code === 34) break;
    if (code < 32) return false;
    if (code !== 92) {
      a = stepA(a, code);
      b = stepB(b, code);
      continue;
    }
    at = i;
    const character = escape();
    if (character < 0) return false;
    i = at;
    if (character < 0x80) {
      a = stepA(a, character);
      b = stepB(b, character);
      continue;
    }
    // An escaped character counts as the UTF-8 that stands for it where it is not escaped.
    const length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (let part = length - 1; part >= 0; part--) {
      const bits = character >>> (6 * part);
      const byte = part === length - 1 ? bits | ((0xf00 >> length) & 0xff) : (bits & 0x3f) | 0x80;
      a = stepA(a, byte);
      b = stepB(b, byte);
    }
  }
  at = i;
  h1 = a;
  h2 = b;
  mix(0x0a54ff53, 0x53a09e66);
  return true;
}

/** The character of an escape whose backslash was read; -1 when it is none. */
function escape(): number {
  const code = peek();
  at++;
  switch (code) {
    case 34:
    case 47:
    case 92:
      return code;
    case 98:
      return 8;
    case 102:
      return 12;
    case 110:
      return 10;
    case 114:
      return 13;
    case 116:
      return 9;
    case 117:
      return character();
    default:
      return -1;
  }
}

/** The character of `\uXXXX`, of a surrogate pair together. */
function character(): number {
  const code = unicode();
  if (code === 0) flags |= NUL;
  if ((code & 0xf800) !== 0xd800 || code < 0) return code;
  if (code < 0xdc00 && peek() === 92 && text[at + 1] === 117) {
    const back = at;
    at += 2;
    const low = unicode();
    if (low >= 0xdc00 && low <= 0xdfff) return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    at = back;
  }
  flags |= LONE_SURROGATE;
  return code;
}

function unicode(): number {
  if (at + 4 > limit) return -1;
  let code = 0;
  for (let index = 0; index < 4; index++) {
    const digit = text[at++]!;
    if (digit >= 48 && digit <= 57) code = code * 16 + digit - 48;
    else if (digit >= 97 && digit <= 102) code = code * 16 + digit - 87;
    else if (digit >= 65 && digit <= 70) code = code * 16 + digit - 55;
    else return -1;
  }
  return code;
}

let digitsHash1 = 0;
let digitsHash2 = 0;
/** Zeros seen since the last other digit: they count only when another follows. */
let zeros = 0;
let significant = false;

/** Takes a run of digits into the hash of the number; how many there were. */
function digits(): number {
  const start = at;
  let i = at;
  let a = digitsHash1;
  let b = digitsHash2;
  let pending = zeros;
  for (; i < limit; i++) {
    const digit = text[i]! - 48;
    if (digit < 0 || digit > 9) break;
    if (digit === 0) {
      if (significant) pending++;
      continue;
    }
    significant = true;
    for (; pending > 0; pending--) a = Math.imul(a ^ 11, 0x01000193);
    a = Math.imul(a ^ (digit + 1), 0x01000193);
    b = (Math.imul(b, 31) + a) ^ (b >>> 15);
  }
  digitsHash1 = a;
  digitsHash2 = b;
  zeros = pending;
  at = i;
  return i - start;
}

function number(): boolean {
  const negative = peek() === 45;
  if (negative) at++;
  digitsHash1 = 0x811c9dc5;
  digitsHash2 = 0x1b873593;
  zeros = 0;
  significant = false;
  const leadingZero = peek() === 48;
  const whole = digits();
  if (whole === 0 || (leadingZero && whole > 1)) return false;
  let fraction = 0;
  if (peek() === 46) {
    at++;
    fraction = digits();
    if (fraction === 0) return false;
  }
  let exponent = 0;
  const mark = peek();
  if (mark === 101 || mark === 69) {
    const read = exponentPart();
    if (read === null) return false;
    exponent = read;
  }
  if (Math.abs(exponent) > MAX_EXPONENT || whole > MAX_EXPONENT || fraction > MAX_EXPONENT) {
    flags |= HUGE_NUMBER;
  }
  if (!significant) {
    if (negative) flags |= NEGATIVE_ZERO;
    h1 = 0x13198a2e;
    h2 = 0x03707344;
  } else {
    h1 = digitsHash1;
    h2 = digitsHash2;
    mix(exponent - fraction + zeros, negative ? 0x45d9f3b : 0x119de1f3);
  }
  mix(0x510e52, 0x9b0568);
  return true;
}

function exponentPart(): number | null {
  at++;
  let sign = 1;
  const code = peek();
  if (code === 43 || code === 45) {
    at++;
    if (code === 45) sign = -1;
  }
  let exponent = 0;
  const start = at;
  for (;;) {
    const digit = peek() - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    at++;
    exponent = Math.min(exponent * 10 + digit, 1e9);
  }
  return at === start ? null : sign * exponent;
}

function enter(): boolean {
  if (++depth > MAX_DEPTH) {
    flags |= TOO_DEEP;
    return false;
  }
  at++;
  space();
  return true;
}

function array(): boolean {
  if (!enter()) return false;
  let a = 0x6c078965;
  let b = 0x5851f42d;
  if (peek() === 93) at++;
  else {
    for (;;) {
      if (!value()) return false;
      a = Math.imul((a ^ h1) + 0x165667b1, 0x85ebca6b);
      a = (a << 7) | (a >>> 25);
      b = Math.imul((b ^ h2) + a, 0xc2b2ae3d);
      space();
      const code = peek();
      at++;
      if (code === 93) break;
      if (code !== 44) return false;
      space();
    }
  }
  depth--;
  h1 = a;
  h2 = b;
  mix(0x27d4eb2f, 0x9e3779b1);
  return true;
}

function object(): boolean {
  if (!enter()) return false;
  const first = keyCount;
  let seen: Set<string> | undefined;
  // Members are added up, so that their order does not matter.
  let a = 0x60bee2be;
  let b = 0x1b56c4e9;
  if (peek() === 125) at++;
  else {
    for (;;) {
      if (peek() !== 34 || !string()) return false;
      const k1 = h1;
      const k2 = h2;
      seen = remember(k1, k2, first, seen);
      space();
      if (peek() !== 58) return false;
      at++;
      space();
      if (!value()) return false;
      // Keys go in bent: else a key and its text could change places, or both change alike, and nobody would see it.
      mix(Math.imul(k1, 0xcc9e2d51), Math.imul(k2, 0x1b873593));
      a = (a + h1) | 0;
      b = (b + h2) | 0;
      space();
      const code = peek();
      at++;
      if (code === 125) break;
      if (code !== 44) return false;
      space();
    }
  }
  keyCount = first;
  depth--;
  h1 = a;
  h2 = b;
  mix(0x2c1b3c6d, 0x297a2d39);
  return true;
}

/** Notes a key of the open object and flags it when it was there; big objects look it up in a set. */
function remember(
  k1: number,
  k2: number,
  first: number,
  seen: Set<string> | undefined,
): Set<string> | undefined {
  if (keyCount - first < LINEAR_KEYS) {
    for (let index = first; index < keyCount; index++) {
      if (keys1[index] === k1 && keys2[index] === k2) flags |= DUPLICATE_KEY;
    }
    keys1[keyCount] = k1;
    keys2[keyCount] = k2;
    keyCount++;
    return seen;
  }
  const set =
    seen ?? new Set(keys1.slice(first, keyCount).map((key, index) => `${key}:${keys2[first + index]}`));
  const key = `${k1}:${k2}`;
  if (set.has(key)) flags |= DUPLICATE_KEY;
  set.add(key);
  return set;
}

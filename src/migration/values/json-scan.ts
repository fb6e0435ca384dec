/**
 * Reads a JSON text once and says whether jsonb would keep it exactly, and the hash of what it means: members of an
 * object in any order, numbers by value (`1e2` is `100`), strings by their characters. PostgreSQL's own text of the same
 * document therefore has the same hash, and nothing has to be parsed into objects to prove that they agree.
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

let text = '';
let at = 0;
let flags = 0;
let depth = 0;
let h1 = 0;
let h2 = 0;
const keys1: number[] = [];
const keys2: number[] = [];

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
  text = document;
  at = 0;
  flags = 0;
  depth = 0;
  keys1.length = 0;
  keys2.length = 0;
  space();
  if (value()) {
    space();
    if (at !== text.length) flags |= MALFORMED;
  } else if ((flags & TOO_DEEP) === 0) flags |= MALFORMED;
  text = '';
  result.flags = flags;
  result.a = h1;
  result.b = h2;
  return result;
}

function mix(x: number, y: number): void {
  h1 = Math.imul((h1 ^ x) + 0x7f4a7c15, 0x9e3779b1);
  h1 ^= h1 >>> 15;
  h2 = Math.imul((h2 ^ y) + h1, 0x85ebca77);
  h2 ^= h2 >>> 13;
}

function space(): void {
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 10 || code === 13 || code === 9) at++;
    else return;
  }
}

/** One value at `at`; leaves its hash in h1, h2. False when there is none. */
function value(): boolean {
  const code = text.charCodeAt(at);
  if (code === 34) return string();
  if (code === 123) return object();
  if (code === 91) return array();
  if (code === 45 || (code >= 48 && code <= 57)) return number();
  if (text.startsWith('null', at)) return word(4, 0x3c6ef372);
  if (text.startsWith('true', at)) return word(4, 0x510e527f);
  if (text.startsWith('false', at)) return word(5, 0x1f83d9ab);
  return false;
}

function word(length: number, tag: number): boolean {
  at += length;
  h1 = tag;
  h2 = ~tag;
  mix(length, tag);
  return true;
}

function string(): boolean {
  let a = 0x5bd1e995;
  let b = 0x2545f491;
  let high = false;
  const end = text.length;
  at++;
  for (;;) {
    if (at >= end) return false;
    let code = text.charCodeAt(at++);
    if (code === 34) break;
    if (code < 32) return false;
    if (code === 92) {
      code = escape();
      if (code < 0) return false;
    }
    if ((code & 0xf800) === 0xd800 || high) high = surrogate(code, high);
    a = Math.imul(a ^ code, 0x01000193);
    a = (a << 5) | (a >>> 27);
    b = Math.imul(b + code, 0x9e3779b1) ^ (b >>> 17);
  }
  if (high) flags |= LONE_SURROGATE;
  h1 = a;
  h2 = b;
  mix(0x0a54ff53, 0x53a09e66);
  return true;
}

/** Follows surrogate pairs; says whether the first half of one is open. */
function surrogate(code: number, high: boolean): boolean {
  const isHigh = (code & 0xfc00) === 0xd800;
  const isLow = (code & 0xfc00) === 0xdc00;
  if (high !== isLow) flags |= LONE_SURROGATE;
  return isHigh;
}

/** The character of an escape whose backslash was read; -1 when it is none. */
function escape(): number {
  const code = text.charCodeAt(at++);
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
      return unicode();
    default:
      return -1;
  }
}

function unicode(): number {
  let code = 0;
  for (let index = 0; index < 4; index++) {
    const digit = text.charCodeAt(at++);
    if (digit >= 48 && digit <= 57) code = code * 16 + digit - 48;
    else if (digit >= 97 && digit <= 102) code = code * 16 + digit - 87;
    else if (digit >= 65 && digit <= 70) code = code * 16 + digit - 55;
    else return -1;
  }
  if (code === 0) flags |= NUL;
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
  for (;;) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return at - start;
    at++;
    if (digit === 0) {
      if (significant) zeros++;
      continue;
    }
    significant = true;
    for (; zeros > 0; zeros--) digitsHash1 = Math.imul(digitsHash1 ^ 11, 0x01000193);
    digitsHash1 = Math.imul(digitsHash1 ^ (digit + 1), 0x01000193);
    digitsHash2 = (Math.imul(digitsHash2, 31) + digitsHash1) ^ (digitsHash2 >>> 15);
  }
}

function number(): boolean {
  const negative = text.charCodeAt(at) === 45;
  if (negative) at++;
  digitsHash1 = 0x811c9dc5;
  digitsHash2 = 0x1b873593;
  zeros = 0;
  significant = false;
  const leadingZero = text.charCodeAt(at) === 48;
  const whole = digits();
  if (whole === 0 || (leadingZero && whole > 1)) return false;
  let fraction = 0;
  if (text.charCodeAt(at) === 46) {
    at++;
    fraction = digits();
    if (fraction === 0) return false;
  }
  let exponent = 0;
  const mark = text.charCodeAt(at);
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
  const code = text.charCodeAt(at);
  if (code === 43 || code === 45) {
    at++;
    if (code === 45) sign = -1;
  }
  let exponent = 0;
  const start = at;
  for (;;) {
    const digit = text.charCodeAt(at) - 48;
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
  if (text.charCodeAt(at) === 93) at++;
  else {
    for (;;) {
      if (!value()) return false;
      a = Math.imul((a ^ h1) + 0x165667b1, 0x85ebca6b);
      a = (a << 7) | (a >>> 25);
      b = Math.imul((b ^ h2) + a, 0xc2b2ae3d);
      space();
      const code = text.charCodeAt(at++);
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
  const first = keys1.length;
  let seen: Set<string> | undefined;
  // Members are added up, so that their order does not matter.
  let a = 0x60bee2be;
  let b = 0x1b56c4e9;
  if (text.charCodeAt(at) === 125) at++;
  else {
    for (;;) {
      if (text.charCodeAt(at) !== 34 || !string()) return false;
      const k1 = h1;
      const k2 = h2;
      seen = remember(k1, k2, first, seen);
      space();
      if (text.charCodeAt(at++) !== 58) return false;
      space();
      if (!value()) return false;
      mix(k1, k2);
      a = (a + h1) | 0;
      b = (b + h2) | 0;
      space();
      const code = text.charCodeAt(at++);
      if (code === 125) break;
      if (code !== 44) return false;
      space();
    }
  }
  keys1.length = first;
  keys2.length = first;
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
  const count = keys1.length - first;
  if (count < LINEAR_KEYS) {
    for (let index = first; index < keys1.length; index++) {
      if (keys1[index] === k1 && keys2[index] === k2) flags |= DUPLICATE_KEY;
    }
    keys1.push(k1);
    keys2.push(k2);
    return seen;
  }
  const set = seen ?? new Set(keys1.slice(first).map((key, index) => `${key}:${keys2[first + index]}`));
  const key = `${k1}:${k2}`;
  if (set.has(key)) flags |= DUPLICATE_KEY;
  set.add(key);
  return set;
}

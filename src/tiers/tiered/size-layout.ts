/**
 * Bytes that V8 gives a value on a 64-bit machine, as Node.js builds it (no pointer compression): every slot is a word
 * of 8 bytes, a number that is no 32-bit integer is a box of its own, hash tables grow by doubling. Found in V8's
 * object layouts (`src/objects`) and confirmed by measuring the heap over many copies.
 */
const WORD = 8;
/** A number that is no 32-bit integer, wherever its slot is not a double's. */
export const BOXED_NUMBER = 16;
const STRING_HEADER = 16;
const OBJECT_HEADER = 24;
const ARRAY_HEADER = 32;
const ELEMENTS_HEADER = 16;
const TABLE_HEADER = 16;
const DICTIONARY_HEADER = 80;
/** Objects of more properties than this are hash tables; the others share the list of their keys with their like. */
export const FAST_PROPERTIES = 127;
const DATE = 112;
const VIEW = 104;
const BUFFER = 88;
const BIGINT_HEADER = 16;
/** A symbol, a function: what a cache is not made for. */
const OTHER = 64;

const WIDE = /[\u0100-\uffff]/;

function words(bytes: number): number {
  return Math.ceil(bytes / WORD) * WORD;
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

/** One byte a character, or two when one of them is beyond Latin-1. V8 answers that at once for a one-byte string. */
export function stringBytes(text: string): number {
  return STRING_HEADER + words(text.length * (WIDE.test(text) ? 2 : 1));
}

/** What a primitive takes beside its slot: numbers as in a property, where a double has no room. */
export function primitiveBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return stringBytes(value);
    case 'number':
      return isSmallInteger(value) ? 0 : BOXED_NUMBER;
    case 'bigint':
      return BIGINT_HEADER + words(value.toString(16).length / 2);
    case 'symbol':
    case 'function':
      return OTHER;
    case 'boolean':
    case 'undefined':
    case 'object':
      return 0;
  }
}

export function isSmallInteger(value: number): boolean {
  return (value | 0) === value && (value !== 0 || 1 / value > 0);
}

/** An object with its slots, without what they point to. */
export function objectBytes(properties: number): number {
  if (properties <= FAST_PROPERTIES) return OBJECT_HEADER + WORD * properties;
  // Key, value and details for each place, a third of the places free.
  return OBJECT_HEADER + DICTIONARY_HEADER + 3 * WORD * powerOfTwo(properties * 1.5);
}

/** An array with its slots, without what they point to. */
export function arrayBytes(length: number): number {
  return length === 0 ? ARRAY_HEADER : ARRAY_HEADER + ELEMENTS_HEADER + WORD * length;
}

/** A Map (`slots` 2) or a Set (`slots` 1) with its table: the slots and a link for each place, a bucket for two places. */
export function tableBytes(size: number, slots: 1 | 2): number {
  const places = powerOfTwo(Math.max(4, size));
  return ARRAY_HEADER + TABLE_HEADER + WORD * (3 + places / 2 + places * (slots + 1));
}

export const dateBytes = DATE;
/** A typed array or DataView, without its buffer. */
export const viewBytes = VIEW;

/** An ArrayBuffer with its bytes, which stand outside of the heap. */
export function bufferBytes(byteLength: number): number {
  return BUFFER + words(byteLength);
}

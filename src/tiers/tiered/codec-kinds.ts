/** The values that JSON cannot say and that hold no other values, each as a tag: a name and its text or number. */
import { Buffer } from 'node:buffer';
import { types } from 'node:util';
import { StockroomError } from '../../core/errors.ts';
import { prototypeDepth } from './plain.ts';

/** See codec-tagged.ts for how a tag stands in JSON. */
export type Tag = [name: string, ...parts: unknown[]];

/** Bytes stand in the order of the machine, which is little-endian on nearly all of them. */
const typedArrays = new Map(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].map((constructor) => [constructor.name, constructor]),
);

const specialNumbers: readonly number[] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** Whether JSON holds a number: not when it is NaN, infinite or -0. */
export function isPlainNumber(value: number): boolean {
  // NaN and the infinities differ from themselves by NaN.
  return value - value === 0 && (value !== 0 || 1 / value > 0);
}

/** The error for what no `encode` gave. It never quotes it: a cached value may be a secret. */
export function unreadable(reason: string): StockroomError {
  return new StockroomError('INVALID_INPUT', `a stored value cannot be read: ${reason}`);
}

/** The tag of a Date, typed array or ArrayBuffer; undefined for every other object, an instance of a subclass too. */
export function objectTag(value: object): Tag | undefined {
  const depth = prototypeDepth(value);
  if (types.isTypedArray(value)) {
    const name = value[Symbol.toStringTag];
    const direct = depth === 3 || (depth === 4 && Buffer.isBuffer(value));
    return direct && typedArrays.has(name)
      ? [name, base64(value.buffer, value.byteOffset, value.byteLength)]
      : undefined;
  }
  if (depth !== 2) return undefined;
  if (types.isDate(value)) return ['Date', value.getTime()];
  return types.isArrayBuffer(value) ? ['ArrayBuffer', base64(value, 0, value.byteLength)] : undefined;
}

/** The tag of a number that is not plain. */
export function numberTag(value: number): Tag {
  return ['number', value === 0 ? '-0' : String(value)];
}

/** In hexadecimal, which takes time in proportion to the digits; decimal would take more. */
export function bigintTag(value: bigint): Tag {
  return ['bigint', value.toString(16)];
}

export const undefinedTag: Tag = ['undefined'];

/** The value of a tag that `objectTag`, `numberTag`, `bigintTag` or `undefinedTag` gave. @throws when it is none */
export function valueOfTag([name, part]: Tag): unknown {
  switch (name) {
    case 'undefined':
      return undefined;
    case 'number':
      return part === '-0' ? -0 : specialNumber(part);
    case 'bigint':
      return bigintOf(part);
    case 'Date':
      return dateOf(part);
    case 'ArrayBuffer':
      return bytesOf(part);
    default:
      return typedArrayOf(name, part);
  }
}

function base64(buffer: ArrayBufferLike, offset: number, length: number): string {
  return Buffer.from(buffer, offset, length).toString('base64');
}

function specialNumber(part: unknown): number {
  const number = specialNumbers.find((special) => String(special) === part);
  if (number === undefined) throw unreadable('a number in it is none');
  return number;
}

function bigintOf(part: unknown): bigint {
  const [, sign, digits] = /^(-?)([0-9a-f]+)$/.exec(String(part)) ?? [];
  if (digits === undefined) throw unreadable('a bigint in it is none');
  const magnitude = BigInt(`0x${digits}`);
  return sign === '-' ? -magnitude : magnitude;
}

/** JSON writes the NaN of an invalid Date as null. */
function dateOf(part: unknown): Date {
  if (part !== null && typeof part !== 'number') throw unreadable('a Date in it is none');
  return new Date(part ?? Number.NaN);
}

/** In memory of its own: what Buffer.from gives may be a slice of a pool that others write to. */
function bytesOf(part: unknown): ArrayBuffer {
  if (typeof part !== 'string' || part.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(part)) {
    throw unreadable('bytes in it are not base64');
  }
  return new Uint8Array(Buffer.from(part, 'base64')).buffer;
}

function typedArrayOf(name: string, part: unknown): unknown {
  const constructor = typedArrays.get(name);
  if (constructor === undefined) throw unreadable('a tag in it has no known name');
  const bytes = bytesOf(part);
  if (bytes.byteLength % constructor.BYTES_PER_ELEMENT !== 0) {
    throw unreadable('a typed array in it has a part of an element');
  }
  return new constructor(bytes);
}

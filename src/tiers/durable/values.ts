import { StockroomError } from '../../core/errors.ts';
import { parseArray } from './array-literal.ts';
import type { Param } from './port.ts';
import { parseDate, parseTimestamp, timestampLiteral } from './times.ts';

/**
 * Both drivers hand over what PostgreSQL wrote as text, and this file alone turns it into JavaScript values and
 * back: a value cannot come out differently on the two of them.
 */
export type Decoder = (text: string) => unknown;

const oid = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  json: 114,
  float4: 700,
  float8: 701,
  date: 1082,
  timestamptz: 1184,
  jsonb: 3802,
} as const;

/** Array types by the type of their elements; an array of any other type stays the text that PostgreSQL wrote. */
const arrayOid = {
  bool: 1000,
  bytea: 1001,
  name: 1003,
  int2: 1005,
  int4: 1007,
  text: 1009,
  bpchar: 1014,
  varchar: 1015,
  int8: 1016,
  float4: 1021,
  float8: 1022,
  date: 1182,
  timestamptz: 1185,
  json: 199,
  numeric: 1231,
  uuid: 2951,
  jsonb: 3807,
} as const;

const text: Decoder = (value) => value;
const bool: Decoder = (value) => value === 't';
/** PostgreSQL writes NaN, Infinity and -Infinity as JavaScript reads them. */
const float: Decoder = Number;
const json: Decoder = (value) => JSON.parse(value) as unknown;

/** `\x` and hexadecimal digits; a copy, so that the caller does not hold a slice of Node's buffer pool. */
const bytea: Decoder = (value) => new Uint8Array(Buffer.from(value.slice(2), 'hex'));

const decoders = new Map<number, Decoder>([
  [oid.bool, bool],
  [oid.bytea, bytea],
  [oid.int8, BigInt],
  [oid.int2, Number],
  [oid.int4, Number],
  [oid.json, json],
  [oid.float4, float],
  [oid.float8, float],
  [oid.date, parseDate],
  [oid.timestamptz, parseTimestamp],
  [oid.jsonb, json],
]);

for (const [name, arrayType] of Object.entries(arrayOid)) {
  const element = decoders.get((oid as Record<string, number>)[name] ?? 0) ?? text;
  decoders.set(arrayType, (value) => parseArray(value, element));
}

/** The decoder of a column by the OID of its type. */
export function decoderOf(typeOid: number): Decoder {
  return decoders.get(typeOid) ?? text;
}

/**
 * A parameter as the text that PostgreSQL reads for a value of whatever type the statement asks for.
 * A lone surrogate becomes U+FFFD, as in every UTF-8 encoder; whoever must keep it keeps the bytes.
 *
 * @throws StockroomError INVALID_INPUT for `undefined`, an invalid date and an object that is not a parameter
 */
export function encodeParam(value: Param): string | null {
  if (typeof value === 'string' || value === null) return value;
  // String(-0) is '0', and the sign of a float would be lost.
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'object') return encodeObject(value);
  throw notAParameter(value);
}

/** Every parameter of a statement; an error says which one it was. */
export function encodeParams(params: readonly Param[]): (string | null)[] {
  return params.map((value, index) => {
    try {
      return encodeParam(value);
    } catch (error) {
      if (!(error instanceof StockroomError)) throw error;
      throw new StockroomError(error.code, `Parameter $${index + 1}: ${error.message}`, { cause: error });
    }
  });
}

function encodeObject(value: Date | Uint8Array | readonly (string | null)[]): string {
  if (value instanceof Date) return timestampLiteral(value);
  if (value instanceof Uint8Array) {
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  }
  if (Array.isArray(value)) return `{${value.map(encodeElement).join(',')}}`;
  throw notAParameter(value);
}

function encodeElement(element: unknown): string {
  if (element === null) return 'NULL';
  if (typeof element !== 'string') throw notAParameter(element);
  return `"${element.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function notAParameter(value: unknown): StockroomError {
  const found = Array.isArray(value) ? 'an array' : value === undefined ? 'undefined' : `a ${typeof value}`;
  return new StockroomError(
    'INVALID_INPUT',
    `expected text, a number, a boolean, a date, bytes, null or an array of texts, found ${found}; ` +
      'give documents as JSON text and numbers in arrays as text',
  );
}

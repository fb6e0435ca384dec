import type { Column, RawValue } from '../source.ts';
import {
  decodeText,
  toBoolean,
  toDays,
  toDecimal,
  toFloat,
  toInstant,
  toInteger,
  toKey,
  toText,
} from '../values/coerce.ts';
import { repairJson } from '../values/json-repair.ts';
import { scanJson } from '../values/json-scan.ts';

/**
 * A value as PostgreSQL holds it, by the kind of its column: text, key and json as text, money as decimal text, float as
 * number, integer as bigint, time as microseconds since 1970 (bigint), date as days since 1970 (number), boolean.
 */
export type LoadedValue = null | string | number | bigint | boolean;

/** Text in an old database whose bytes are not UTF-8. */
export class InvalidText {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A value for an old database: of SQLite's storage class, a bigint being an INTEGER and a number a REAL. */
export type OldValue = RawValue | InvalidText;

const unnoted = (): void => undefined;

/** What a text value says to a reader that replaces what is not UTF-8. */
export function readable(value: OldValue): RawValue {
  return value instanceof InvalidText ? decodeText(value.bytes).text : value;
}

/**
 * What an old value is loaded as. `forced` is the zone that was given for the column, null when none was.
 *
 * @throws RejectedValue when it cannot be loaded
 */
export function loadedAs(column: Column, value: OldValue, forced: string | null): LoadedValue {
  const raw = readable(value);
  switch (column.kind) {
    case 'text':
      return toText(raw, unnoted);
    case 'key':
      return toKey(raw, unnoted);
    case 'float':
      return toFloat(raw, unnoted);
    case 'integer':
      return toInteger(raw, unnoted);
    case 'money':
      return toDecimal(raw, unnoted);
    case 'time': {
      const micros = toInstant(raw, column.zone, forced, unnoted);
      return micros === null ? null : BigInt(micros);
    }
    case 'date':
      return toDays(raw, unnoted);
    case 'boolean':
      return toBoolean(raw, unnoted);
    case 'json':
      return documentOf(raw);
  }
}

/** A document as jsonb takes it. */
function documentOf(raw: RawValue): string | null {
  if (raw === null) return null;
  let text: string;
  if (typeof raw === 'string') text = raw;
  else if (raw instanceof Uint8Array) text = decodeText(raw).text;
  else text = Object.is(raw, -0) ? '-0' : Number.isFinite(Number(raw)) ? String(raw) : 'NaN';
  return scanJson(text).flags === 0 ? text : repairJson(text).text;
}

/** Whether two values of a column are one: doubles by their bits, decimals by value, documents by what they mean. */
export function sameLoaded(column: Pick<Column, 'kind'>, a: LoadedValue, b: LoadedValue): boolean {
  if (a === null || b === null) return a === b;
  if (column.kind === 'json') return sameDocument(String(a), String(b));
  if (column.kind === 'money') return sameDecimal(String(a), String(b));
  return Object.is(a, b);
}

export function sameDocument(a: string, b: string): boolean {
  if (a === b) return true;
  // A scan answers with one object that the next one changes.
  const { a: lane, b: other } = scanJson(a);
  const second = scanJson(b);
  return lane === second.a && other === second.b;
}

/** Whether two decimal texts, with exponents or without, are the same number. */
export function sameDecimal(a: string, b: string): boolean {
  return a === b || canonicalDecimal(a) === canonicalDecimal(b);
}

/** Sign, digits without outer zeros, and the power of ten of the last digit. */
function canonicalDecimal(text: string): string {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  if (digits === '') return '0';
  const power = Number(exponent) - fraction.length + (all.length - digits.length);
  return `${sign === '-' ? '-' : ''}${digits}e${power}`;
}

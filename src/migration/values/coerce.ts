import type { RawValue } from '../source.ts';
import { storableText } from './json-repair.ts';
import { exactMicros, parseDate, parseTime, localToUtc, MICROS_PER_MINUTE, type ParsedTime } from './time.ts';

/** A value that its column cannot take: the row is quarantined. */
export class RejectedValue extends Error {
  readonly reason: string;
  readonly detail: string;
  constructor(reason: string, detail: string) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}

/** Called when a value is loaded as the nearest one that its column holds. */
export type Alter = (reason: string) => void;

const MIN_INT8 = -(2n ** 63n);
const MAX_INT8 = 2n ** 63n - 1n;
/** Of a number written as text: with an exponent of four digits still far inside NUMERIC's range. */
const MAX_DIGITS = 1000;
const numberText = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?$/;
const integerText = /^[+-]?\d{1,30}$/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const looseUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** A short description of a value for a reason: its type and its beginning. */
export function describe(value: RawValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `the text ${quote(value)}`;
  if (value instanceof Uint8Array) return `a BLOB of ${value.length} bytes`;
  return `the number ${value}`;
}

function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
}

/** Bytes as text: strictly where they are UTF-8, with U+FFFD for what is not. */
export function decodeText(bytes: Uint8Array): { text: string; valid: boolean } {
  try {
    return { text: strictUtf8.decode(bytes), valid: true };
  } catch {
    // The decoder says "not UTF-8" by throwing; there is nothing else it could mean.
    return { text: looseUtf8.decode(bytes), valid: false };
  }
}

/** A text as a text column holds it. */
export function toText(value: RawValue, alter: Alter): string | null {
  if (value === null) return null;
  if (typeof value === 'string') {
    const nul = value.includes('\u0000');
    if (!nul && value.isWellFormed()) return value;
    alter(nul ? 'NUL_IN_TEXT' : 'LONE_SURROGATE');
    return storableText(value);
  }
  if (value instanceof Uint8Array) {
    const { text, valid } = decodeText(value);
    alter(valid ? 'BLOB_IN_TEXT' : 'INVALID_UTF8');
    return text.replaceAll('\u0000', '\uFFFD');
  }
  alter('NUMBER_IN_TEXT');
  return String(value);
}

/** A text that identifies. A number is taken as its text; anything else that is not plain text is refused. */
export function toKey(value: RawValue, alter: Alter): string | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) throw new RejectedValue('BAD_KEY', 'a key must be text, found a BLOB');
  const text = toText(value, alter)!;
  if (typeof value === 'string' && text !== value) {
    throw new RejectedValue(
      'BAD_KEY',
      'a key must be text without NUL characters and halves of surrogate pairs',
    );
  }
  return text;
}

/** A double with all its bits. */
export function toFloat(value: RawValue, alter: Alter): number | null {
  if (value === null) return null;
  let number: number;
  if (typeof value === 'number') number = value;
  else if (typeof value === 'bigint') {
    number = Number(value);
    if (BigInt(number) !== value) alter('PRECISION');
  } else {
    const text = numericText(value, alter);
    if (text === null) return null;
    number = Number(text);
  }
  if (!Number.isFinite(number))
    throw new RejectedValue('NOT_FINITE', `expected a finite number, found ${describe(value)}`);
  return number;
}

/** A whole number of 64 bits. */
export function toInteger(value: RawValue, alter: Alter): bigint | null {
  if (value === null) return null;
  if (typeof value === 'bigint') return inRange(value);
  if (typeof value === 'number') {
    if (!Number.isInteger(value))
      throw new RejectedValue('NOT_INTEGER', `expected a whole number, found ${describe(value)}`);
    if (Object.is(value, -0)) alter('NEGATIVE_ZERO');
    return inRange(BigInt(value));
  }
  const text = numericText(value, alter);
  if (text === null) return null;
  if (!integerText.test(text))
    throw new RejectedValue('NOT_INTEGER', `expected a whole number, found ${describe(value)}`);
  return inRange(BigInt(text));
}

function inRange(value: bigint): bigint {
  if (value < MIN_INT8 || value > MAX_INT8)
    throw new RejectedValue('OUT_OF_RANGE', `${value} does not fit into 64 bits`);
  return value;
}

/** An exact decimal: of a double its shortest text, which is what was written. */
export function toDecimal(value: RawValue, alter: Alter): string | null {
  if (value === null) return null;
  if (typeof value === 'number') {
    if (!Number.isFinite(value))
      throw new RejectedValue('NOT_FINITE', `expected an amount, found ${describe(value)}`);
    if (Object.is(value, -0)) alter('NEGATIVE_ZERO');
  }
  return typeof value === 'string' || value instanceof Uint8Array ? numericText(value, alter) : String(value);
}

function numericText(value: string | Uint8Array, alter: Alter): string | null {
  if (value === '') {
    alter('EMPTY_TO_NULL');
    return null;
  }
  if (typeof value !== 'string' || !numberText.test(value)) {
    throw new RejectedValue('NOT_A_NUMBER', `expected a number, found ${describe(value)}`);
  }
  if (value.length > MAX_DIGITS)
    throw new RejectedValue(
      'OUT_OF_RANGE',
      `expected at most ${MAX_DIGITS} digits, found ${describe(value)}`,
    );
  alter('TEXT_IN_NUMBER');
  return value;
}

export function toBoolean(value: RawValue, alter: Alter): boolean | null {
  if (value === '') {
    alter('EMPTY_TO_NULL');
    return null;
  }
  if (value === null) return null;
  if (Object.is(value, -0)) alter('NEGATIVE_ZERO');
  if (value === 0n || value === 0) return false;
  if (value === 1n || value === 1) return true;
  if (value === '0' || value === '1') {
    alter('TEXT_IN_NUMBER');
    return value === '1';
  }
  throw new RejectedValue('NOT_A_BOOLEAN', `expected 0 or 1, found ${describe(value)}`);
}

/**
 * An instant, in microseconds since 1970. `zone` is where a time without an offset was written; `forced` is where every
 * time of the column was written whatever its Z claims, null when nobody said so.
 */
export function toInstant(
  value: RawValue,
  zone: string,
  forced: string | null,
  alter: Alter,
): number | bigint | null {
  if (value === '') {
    alter('EMPTY_TO_NULL');
    return null;
  }
  if (value === null) return null;
  const time = typeof value === 'string' ? parseTime(value) : null;
  if (time === null) {
    throw new RejectedValue(
      'NOT_A_TIME',
      `expected YYYY-MM-DD HH:MM:SS or ISO 8601, found ${describe(value)}`,
    );
  }
  if (time.inexact) alter('PRECISION');
  return exactMicros(instant(time, zone, forced, alter), time.fraction);
}

/** As {@link toInstant}, to what a double holds of it: for times to reckon with. */
export function toMicros(value: RawValue, zone: string, forced: string | null, alter: Alter): number | null {
  const micros = toInstant(value, zone, forced, alter);
  return micros === null ? null : Number(micros);
}

function instant(time: ParsedTime, zone: string, forced: string | null, alter: Alter): number {
  if (forced !== null && (time.offsetMinutes === null || time.zulu)) {
    const corrected = localToUtc(time.localMicros, forced);
    if (corrected !== localToUtc(time.localMicros, time.zulu ? 'UTC' : zone)) alter('TIMEZONE_APPLIED');
    return corrected;
  }
  if (time.offsetMinutes === null) return localToUtc(time.localMicros, zone);
  return time.localMicros - time.offsetMinutes * MICROS_PER_MINUTE;
}

/** A calendar day, as days since 1970. */
export function toDays(value: RawValue, alter: Alter): number | null {
  if (value === '') {
    alter('EMPTY_TO_NULL');
    return null;
  }
  if (value === null) return null;
  const days = typeof value === 'string' ? parseDate(value) : null;
  if (days === null) throw new RejectedValue('NOT_A_DATE', `expected YYYY-MM-DD, found ${describe(value)}`);
  return days;
}

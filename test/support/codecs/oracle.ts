import { exactNumber } from '../decimals.ts';
import { meaning } from '../json-documents.ts';
import { readJson } from '../json-reader.ts';
import type { Kind, TestColumn, TestTable } from './tables.ts';

/** A value as SQLite holds it; text by its bytes. */
export type Held =
  | { type: 'null' }
  | { type: 'integer'; value: bigint }
  | { type: 'real'; value: number }
  | { type: 'text' | 'blob'; bytes: Buffer };

const numberText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/;

/** The text of a value that is one and is valid UTF-8, else null. */
export function textOf(held: Held): string | null {
  if (held.type !== 'text') return null;
  const text = held.bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(held.bytes) ? text : null;
}

export function doubleBits(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}

/** Whether a row with this value must be quarantined: a guess at it would be a wrong bill, a wrong trade, another's row. */
export function isRefused({ kind, required }: TestColumn, held: Held, zone: TestTable['zone']): boolean {
  if (held.type === 'null') return required;
  const text = textOf(held);
  if (kind === 'text' || kind === 'json') return false;
  if (kind === 'key')
    return held.type === 'blob' || (held.type === 'text' && (text === null || text.includes('\0')));
  // An empty text was meant as NULL.
  if (text === '') return required;
  switch (kind) {
    case 'float':
    case 'money':
    case 'integer':
      return numberOf(kind, held, text) === null;
    case 'boolean': {
      const number =
        held.type === 'integer' || held.type === 'real'
          ? Number(held.value)
          : text === '1' || text === '0'
            ? 0
            : 2;
      return number !== 0 && number !== 1;
    }
    case 'time':
      return text === null || instant(text, zone) === null;
    case 'date':
      return text === null || !isDay(text);
  }
}

/** The number that a value is, as {@link exactNumber}; null when it is none that the column can take. */
function numberOf(kind: Kind, held: Held, text: string | null): string | null {
  let digits: string;
  if (held.type === 'integer') digits = String(held.value);
  else if (held.type === 'real') digits = Object.is(held.value, -0) ? '-0' : String(held.value);
  else if (text !== null && numberText.test(text) && text.length <= 1000) digits = text;
  else return null;
  if (!numberText.test(digits)) return null;
  if (kind === 'float' && !Number.isFinite(Number(digits))) return null;
  if (kind === 'integer') {
    if (held.type === 'text' && !/^[+-]?\d{1,30}$/.test(digits)) return null;
    const whole =
      held.type === 'real' ? (Number.isInteger(held.value) ? BigInt(held.value) : null) : BigInt(digits);
    if (whole === null || whole >= 2n ** 63n || whole < -(2n ** 63n)) return null;
  }
  return exactNumber(digits);
}

const isDay = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) &&
  !text.startsWith('0000') &&
  !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
  new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);

/** Picoseconds since 1970 of a time as the old data writes it; 'unknown' where this oracle does not know the zone's past. */
function instant(text: string, zone: TestTable['zone']): bigint | 'unknown' | null {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?\s?(?:([Zz])|([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?)?)?$/.exec(
      text,
    );
  if (!match || !isDay(match[1]!)) return null;
  const [, date, hour = '00', minute = '00', second = '00', fraction = '', zulu, sign, ...offset] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const seconds = BigInt(Date.parse(`${date}T${hour}:${minute}:${second}Z`) / 1000);
  const local = seconds * 10n ** 12n + BigInt(fraction.padEnd(12, '0'));
  if (zulu) return local;
  if (sign) {
    const [hours, minutes, rest] = offset.map((part) => Number(part ?? 0)) as [number, number, number];
    const east = hours * 3600 + minutes * 60 + rest;
    if (minutes > 59 || rest > 59 || east > 16 * 3600) return null;
    return local - BigInt(sign === '-' ? -east : east) * 10n ** 12n;
  }
  if (zone === 'UTC') return local;
  // India has had one offset since 1945.
  return date! < '1950' ? 'unknown' : local - 19_800n * 10n ** 12n;
}

/** Whether what is loaded is the value itself. `loaded` is as {@link selectOf} has PostgreSQL write it. */
export function isExact(kind: Kind, held: Held, loaded: string | null, zone: TestTable['zone']): boolean {
  if (held.type === 'null' || loaded === null) return held.type === 'null' && loaded === null;
  const text = textOf(held);
  switch (kind) {
    case 'text':
    case 'key':
      return text === loaded;
    case 'float':
      if (held.type === 'real') return loaded === doubleBits(held.value);
      return (
        held.type === 'integer' &&
        loaded === doubleBits(Number(held.value)) &&
        BigInt(Number(held.value)) === held.value
      );
    case 'integer':
    case 'money':
      return (
        (held.type === 'integer' || held.type === 'real') &&
        numberOf(kind, held, null) === exactNumber(loaded)
      );
    case 'boolean':
      return (
        (held.type === 'integer' || held.type === 'real') &&
        Object.is(Number(held.value), Number(loaded === 'true'))
      );
    case 'time': {
      const time = text === null ? null : instant(text, zone);
      return time === 'unknown' || time === BigInt(loaded) * 10n ** 6n;
    }
    case 'date':
      return text === loaded;
    case 'json':
      return sameDocument(held, loaded, text);
  }
}

function sameDocument(held: Held, loaded: string, text: string | null): boolean {
  const kept = meaning(readJson(loaded)!);
  const digits = digitsOf(held);
  if (digits !== null) return kept === `#${exactNumber(digits)}`;
  const document = text === null ? null : readJson(text);
  return document !== null && meaning(document) === kept;
}

/** A finite number's digits; the infinities have none. */
function digitsOf(held: Held): string | null {
  if (held.type === 'integer') return String(held.value);
  if (held.type !== 'real' || !Number.isFinite(held.value)) return null;
  return Object.is(held.value, -0) ? '-0' : String(held.value);
}

/** Whether a member of legacy_extra is the value itself; the column's name is data too. */
export function isExactExtra(name: string, held: Held, loaded: string | null): boolean {
  const object = loaded === null ? null : readJson(loaded);
  const member = object?.kind === 'object' ? object.members.find(([key]) => key === name)?.[1] : undefined;
  if (member === undefined) return false;
  if (held.type === 'null') return member.kind === 'word' && member.text === 'null';
  if (held.type === 'integer' || held.type === 'real')
    return sameDocument(held, member.kind === 'number' ? member.text : '""', null);
  return member.kind === 'string' && member.value === textOf(held);
}

/** Whether bytes that were kept say what the value was: of text and blobs they are the bytes, of a number its text. */
export function isOriginal(held: Held, bytes: Uint8Array): boolean {
  if (held.type === 'null') return false;
  if (held.type === 'text' || held.type === 'blob') return Buffer.compare(held.bytes, bytes) === 0;
  const text = Buffer.from(bytes).toString('utf8');
  if (held.type === 'integer') return text === String(held.value);
  return held.type === 'real' && text !== '' && Object.is(Number(text), held.value);
}

/** A value in a quarantined row, decoded from its JSON and compared. */
export function isQuarantined(held: Held, member: unknown): boolean {
  if (held.type === 'null') return member === null;
  if (typeof member === 'string')
    return held.type === 'text' && Buffer.from(member, 'utf8').equals(held.bytes);
  const tagged = (member ?? {}) as Record<string, string>;
  switch (held.type) {
    case 'integer':
      return tagged['integer'] === String(held.value);
    case 'real':
      return tagged['bits'] === doubleBits(held.value);
    case 'text':
      return Buffer.from(tagged['text'] ?? '', 'hex').equals(held.bytes) && tagged['text'] !== undefined;
    case 'blob':
      return Buffer.from(tagged['blob'] ?? '', 'hex').equals(held.bytes) && tagged['blob'] !== undefined;
  }
}

/** SQL that has PostgreSQL write a column as this oracle reads it. */
export function selectOf({ kind, target }: TestColumn): string {
  if (kind === 'float') return `encode(float8send(${target}), 'hex')`;
  if (kind === 'time') return `(extract(epoch FROM ${target}) * 1000000)::numeric(40, 0)::text`;
  if (kind === 'date') return `to_char(${target}, 'YYYY-MM-DD')`;
  return `${target}::text`;
}

import type { Alteration, RawValue } from '../source.ts';
import { decodeText } from './coerce.ts';
import { storableText } from './json-repair.ts';
import { originalBytes } from './original.ts';

/** Columns that no schema knows, as one JSON object. What JSON cannot say is kept beside it, byte for byte. */
export function extraJson(
  extra: ReadonlyMap<string, RawValue>,
  alter: (alteration: Alteration) => void,
): string {
  const members: string[] = [];
  for (const [name, value] of extra) {
    members.push(
      `${JSON.stringify(storableText(name))}: ${member(value, (reason) =>
        alter({ column: name, bytes: originalBytes(value), reason }),
      )}`,
    );
  }
  return `{${members.join(', ')}}`;
}

function member(value: RawValue, alter: (reason: string) => void): string {
  if (value === null) return 'null';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return String(value);
    alter(Number.isFinite(value) ? 'NEGATIVE_ZERO' : 'JSON_NAN');
    return Number.isFinite(value) ? '0' : 'null';
  }
  if (value instanceof Uint8Array) {
    const { text, valid } = decodeText(value);
    alter(valid ? 'BLOB_IN_TEXT' : 'INVALID_UTF8');
    return JSON.stringify(storableText(text));
  }
  const stored = storableText(value);
  if (stored !== value) alter('NUL_IN_TEXT');
  return JSON.stringify(stored);
}

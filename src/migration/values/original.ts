import type { RawValue, SourceRow } from '../source.ts';

/**
 * The bytes of a value as its file holds them: text in UTF-8, a number as its shortest text. Text with half of a
 * surrogate pair, which only an escape in a file of JSON can hold, is no UTF-8: it stays a JSON string.
 */
export function originalBytes(value: RawValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string' && !value.isWellFormed()) return Buffer.from(JSON.stringify(value), 'utf8');
  return Buffer.from(value === null ? '' : Object.is(value, -0) ? '-0.0' : String(value), 'utf8');
}

/**
 * A whole row as it was found, for the quarantine: one JSON object, a member a column. Text is a string, NULL is null,
 * and what JSON cannot say is tagged: `{"integer": "…"}`, `{"real": "…", "bits": "…"}`, `{"blob": "…"}` and, for text that
 * is not UTF-8, `{"text": "…"}` (both hexadecimal).
 */
export function originalRow(names: readonly string[], row: SourceRow): Uint8Array {
  const bytes = new Map((row.altered ?? []).map((one) => [one.column, one]));
  const member = (name: string, value: RawValue): readonly [string, unknown] => {
    const invalid = bytes.get(name);
    return [
      name,
      invalid?.reason === 'INVALID_UTF8'
        ? { text: Buffer.from(invalid.bytes).toString('hex') }
        : tagged(value),
    ];
  };
  const members = names.map((name, index) => member(name, row.values[index] ?? null));
  for (const [name, value] of row.extra ?? []) members.push(member(name, value));
  return Buffer.from(JSON.stringify(Object.fromEntries(members)), 'utf8');
}

function tagged(value: RawValue): unknown {
  if (typeof value === 'bigint') return { integer: String(value) };
  if (typeof value === 'number') return { real: String(value), bits: doubleBits(value) };
  if (value instanceof Uint8Array) return { blob: Buffer.from(value).toString('hex') };
  return value;
}

function doubleBits(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}

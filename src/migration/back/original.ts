import { decodeText } from '../values/coerce.ts';
import { InvalidText, type OldValue } from './loaded.ts';

/** The bytes of a value that its column could not keep, and why it could not. */
export interface Original {
  readonly bytes: Uint8Array;
  readonly reason: string;
}

const wholeNumber = /^-?\d+$/;

/**
 * The old value whose bytes were kept. The reason tells its storage class; where two classes have the same bytes, the
 * likelier one is taken: text that is not UTF-8 rather than such a BLOB, an INTEGER rather than a REAL without a fraction.
 * `isExtra`: it stood in a column that no source knows.
 */
export function originalValue({ bytes, reason }: Original, isExtra = false): OldValue {
  if (reason === 'BLOB_IN_TEXT') return Buffer.from(bytes);
  const { text, valid } = decodeText(bytes);
  if (!valid) return new InvalidText(Buffer.from(bytes));
  switch (reason) {
    case 'NEGATIVE_ZERO':
      return -0;
    case 'NUMBER_IN_TEXT':
      return numberOf(text);
    case 'PRECISION':
      return wholeNumber.test(text) ? BigInt(text) : text;
    case 'JSON_NAN':
      return isExtra ? Number(text) : text;
    default:
      return text;
  }
}

/** A number out of its shortest text: whole ones that fit into 64 bits are INTEGER. */
export function numberOf(text: string): bigint | number {
  if (!wholeNumber.test(text)) return Number(text);
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : Number(text);
}

import { createHash } from 'node:crypto';
import { compareBytes } from './values/order.ts';

/**
 * What became of a source row; `gone` and `goneBad` were loaded and quarantined, and are at the source no more.
 * The numbers stand in stored ledgers: never reuse one.
 */
export const OUTCOME = {
  loaded: 0,
  altered: 1,
  quarantined: 2,
  expired: 3,
  duplicate: 4,
  gone: 5,
  goneBad: 6,
} as const;
export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];

export type RowKey = bigint | string;

export interface LedgerEntry {
  key: RowKey;
  /** The two lanes of the row's hash, as int32. */
  a: number;
  b: number;
  outcome: Outcome;
}

export const isGone = (outcome: Outcome): boolean => outcome === OUTCOME.gone || outcome === OUTCOME.goneBad;
export const isLoaded = (outcome: Outcome): boolean =>
  outcome === OUTCOME.loaded || outcome === OUTCOME.altered;

/**
 * What happened to every row of a chunk: 17 bytes a row with an integer key. It lets a later run see which source rows
 * changed since, which loaded rows were changed here, and a certificate be checked without the source.
 */
export class Ledger {
  readonly entries: LedgerEntry[] = [];

  add(key: RowKey, a: number, b: number, outcome: Outcome): void {
    this.entries.push({ key, a, b, outcome });
  }

  /** Brings the entries into the order of their keys. */
  sort(): void {
    this.entries.sort((x, y) => compareKeys(x.key, y.key));
  }

  count(...outcomes: readonly Outcome[]): number {
    let count = 0;
    for (const entry of this.entries) if (outcomes.includes(entry.outcome)) count++;
    return count;
  }

  get loaded(): number {
    return this.count(OUTCOME.loaded, OUTCOME.altered);
  }

  get firstKey(): RowKey {
    return this.entries[0]!.key;
  }

  get lastKey(): RowKey {
    return this.entries.at(-1)!.key;
  }

  /** SHA-256 over the keys and hashes of the loaded rows, in their order: what a certificate states of the chunk. */
  sha256(): Buffer {
    return digest(this.entries.filter((entry) => isLoaded(entry.outcome)));
  }

  /** Keys as int64 (kind 0) or as length-prefixed UTF-8 (kind 1), the two lanes, the outcome. */
  encode(): Buffer {
    const textual = typeof this.entries[0]?.key === 'string';
    const keys = textual ? this.entries.map(({ key }) => Buffer.from(key as string, 'utf8')) : null;
    const size = keys ? keys.reduce((sum, key) => sum + 4 + key.length + 9, 1) : 1 + this.entries.length * 17;
    const bytes = Buffer.allocUnsafe(size);
    let at = bytes.writeUInt8(textual ? 1 : 0, 0);
    this.entries.forEach((entry, index) => {
      if (keys) {
        at = bytes.writeUInt32LE(keys[index]!.length, at);
        at += keys[index]!.copy(bytes, at);
      } else at = bytes.writeBigInt64LE(entry.key as bigint, at);
      at = bytes.writeInt32LE(entry.a, at);
      at = bytes.writeInt32LE(entry.b, at);
      at = bytes.writeUInt8(entry.outcome, at);
    });
    return bytes;
  }

  static decode(stored: Uint8Array): Ledger {
    const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
    const ledger = new Ledger();
    const textual = bytes[0] === 1;
    let at = 1;
    while (at < bytes.length) {
      let key: RowKey;
      if (textual) {
        const length = bytes.readUInt32LE(at);
        key = bytes.toString('utf8', at + 4, at + 4 + length);
        at += 4 + length;
      } else {
        key = bytes.readBigInt64LE(at);
        at += 8;
      }
      ledger.add(key, bytes.readInt32LE(at), bytes.readInt32LE(at + 4), bytes.readUInt8(at + 8) as Outcome);
      at += 9;
    }
    return ledger;
  }
}

/** Integers by value, text by its bytes. */
export function compareKeys(a: RowKey, b: RowKey): number {
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : Number(a > b);
  return compareBytes(String(a), String(b));
}

/** SHA-256 over keys (integers as int64, text as UTF-8 with its length before it) and hashes. */
export function digest(rows: readonly Pick<LedgerEntry, 'key' | 'a' | 'b'>[]): Buffer {
  const hash = createHash('sha256');
  const bytes = Buffer.allocUnsafe(16 * 512);
  let at = 0;
  for (const { key, a, b } of rows) {
    if (at + 16 > bytes.length) {
      hash.update(bytes.subarray(0, at));
      at = 0;
    }
    if (typeof key === 'bigint') at = bytes.writeBigInt64LE(key, at);
    else {
      hash.update(bytes.subarray(0, at));
      hash.update(`${Buffer.byteLength(key)}:${key}`);
      at = 0;
    }
    at = bytes.writeInt32LE(a, at);
    at = bytes.writeInt32LE(b, at);
  }
  hash.update(bytes.subarray(0, at));
  return hash.digest();
}

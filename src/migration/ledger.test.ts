import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareKeys,
  digest,
  isLoaded,
  Ledger,
  OUTCOME,
  type LedgerEntry,
  type Outcome,
  type RowKey,
} from './ledger.ts';

const outcome = fc.constantFrom<Outcome>(...Object.values(OUTCOME));
const entries = <K extends RowKey>(key: fc.Arbitrary<K>): fc.Arbitrary<LedgerEntry[]> =>
  fc.array(fc.record({ key, a: fc.integer(), b: fc.integer(), outcome }), { minLength: 1, maxLength: 40 });
const wholeKey = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const textKey = fc.string({ unit: 'binary' });

function ledgerOf(list: readonly LedgerEntry[]): Ledger {
  const ledger = new Ledger();
  for (const { key, a, b, outcome: became } of list) ledger.add(key, a, b, became);
  return ledger;
}

describe('Ledger', () => {
  it.each([
    ['whole numbers', entries(wholeKey)],
    ['text', entries(textKey)],
  ])('reads what it wrote, with keys of %s', (_, list) => {
    fc.assert(
      fc.property(list, (given) => {
        const stored = ledgerOf(given).encode();
        // As a driver hands bytes over: somewhere in a larger buffer.
        const elsewhere = Buffer.concat([Buffer.alloc(5), stored, Buffer.alloc(3)]).subarray(
          5,
          5 + stored.length,
        );
        expect(Ledger.decode(elsewhere).entries).toEqual(given);
      }),
    );
  });

  it('takes 17 bytes a row with a key that is a number', () => {
    expect(ledgerOf([{ key: 1n, a: -1, b: 2, outcome: OUTCOME.loaded }]).encode().length).toBe(18);
  });

  it('is empty where nothing is stored', () => {
    expect(Ledger.decode(new Ledger().encode()).entries).toEqual([]);
  });

  it('counts what became of the rows', () => {
    fc.assert(
      fc.property(entries(wholeKey), (given) => {
        const ledger = ledgerOf(given);
        for (const one of Object.values(OUTCOME)) {
          expect(ledger.count(one)).toBe(given.filter((entry) => entry.outcome === one).length);
        }
        expect(ledger.loaded).toBe(
          given.filter((entry) => entry.outcome === 0 || entry.outcome === 1).length,
        );
        expect([ledger.firstKey, ledger.lastKey]).toEqual([given[0]!.key, given.at(-1)!.key]);
      }),
    );
    expect(Object.values(OUTCOME).filter(isLoaded)).toEqual([OUTCOME.loaded, OUTCOME.altered]);
  });

  it('brings rows into the order of their keys', () => {
    fc.assert(
      fc.property(entries(wholeKey), (given) => {
        const ledger = ledgerOf(given);
        ledger.sort();
        const keys = ledger.entries.map((entry) => entry.key as bigint);
        expect(keys.every((key, index) => index === 0 || keys[index - 1]! <= key)).toBe(true);
        expect(new Set(ledger.entries)).toEqual(new Set(given));
      }),
    );
  });
});

describe('the order of keys', () => {
  it('of numbers is by value, of text by the bytes of its UTF-8', () => {
    fc.assert(
      fc.property(wholeKey, wholeKey, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
    fc.assert(
      fc.property(textKey, textKey, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    // By UTF-16, as JavaScript has it, these two would stand the other way round.
    expect(compareKeys('\uffee', '\u{1f600}')).toBeLessThan(0);
    expect(compareKeys(9n, 10n)).toBeLessThan(0);
  });
});

/** What a certificate states of rows: SHA-256 over each key, in its length or as an int64, and the two lanes. */
function stated(rows: readonly Pick<LedgerEntry, 'key' | 'a' | 'b'>[]): string {
  const hash = createHash('sha256');
  for (const { key, a, b } of rows) {
    const bytes = Buffer.alloc(typeof key === 'bigint' ? 16 : 8);
    if (typeof key === 'bigint') bytes.writeBigInt64LE(key, 0);
    else hash.update(`${Buffer.byteLength(key)}:${key}`);
    bytes.writeInt32LE(a, bytes.length - 8);
    bytes.writeInt32LE(b, bytes.length - 4);
    hash.update(bytes);
  }
  return hash.digest('hex');
}

describe('the digest', () => {
  it('is SHA-256 over keys and hashes', () => {
    fc.assert(
      fc.property(entries(fc.oneof(wholeKey, textKey)), (given) => {
        expect(digest(given).toString('hex')).toBe(stated(given));
      }),
    );
  });

  it('of a ledger covers the loaded rows, and changes with any of them', () => {
    fc.assert(
      fc.property(entries(wholeKey), fc.nat(), fc.integer({ min: 0, max: 31 }), (given, at, bit) => {
        const before = ledgerOf(given).sha256().toString('hex');
        const index = at % given.length;
        const entry = given[index]!;
        const changed = [
          { ...entry, a: entry.a ^ (1 << bit) },
          { ...entry, b: entry.b ^ (1 << bit) },
          { ...entry, key: (entry.key as bigint) ^ 1n },
        ];
        for (const other of changed) {
          const after = ledgerOf(given.with(index, other)).sha256().toString('hex');
          expect(after === before).toBe(!isLoaded(entry.outcome));
        }
      }),
    );
  });

  it('of more rows than are hashed at once is the same as of all of them', () => {
    const many = Array.from({ length: 3000 }, (_, index) => ({ key: BigInt(index), a: index, b: -index }));
    expect(digest(many).toString('hex')).toBe(stated(many));
  });
});

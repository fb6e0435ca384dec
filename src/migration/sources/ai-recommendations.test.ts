import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RawValue } from '../source.ts';
import { aiRecommendations } from './ai-recommendations.ts';

const SECOND = 1_000_000n;
const INDIA = 330n * 60n * SECOND;
/** When the run was stored, as its id says: 2026-01-09 10:00:00.5 UTC, in microseconds. */
const STORED = BigInt(Date.UTC(2026, 0, 9, 10)) * 1000n + 500_000n;

/** ISO without an offset, with six decimals, made without the code under test. */
function iso(micros: bigint): string {
  const seconds = micros / SECOND;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${String(micros % SECOND).padStart(6, '0')}`;
}

interface Row {
  /** How long the run took by its two times, in microseconds: what the proof calls r. */
  length?: bigint;
  /** By how much the row's time is ahead of the truth. */
  offset?: bigint;
  elapsed?: string | undefined;
  suffix?: string;
  runId?: RawValue;
  features?: RawValue;
}

/** What a row's time is loaded as, in microseconds, where it is corrected. */
function corrected(row: Row): bigint | null {
  const { length = 10n * SECOND, offset = INDIA, elapsed, suffix = 'Z' } = row;
  const metadata = elapsed === undefined ? '{}' : `{"elapsed_seconds": ${elapsed}}`;
  const values: Record<string, RawValue> = {
    generated_at_utc: `${iso(STORED - length + offset)}${suffix}`,
    run_id: row.runId === undefined ? `nifty50:Swing:${iso(STORED)}` : row.runId,
    features_json: row.features === undefined ? `{"rsi": NaN, "metadata": ${metadata}}` : row.features,
  };
  const [first, ...more] = aiRecommendations.adjust!((name) => values[name] ?? null, undefined);
  expect(more).toEqual([]);
  if (first === undefined) return null;
  expect(first).toMatchObject({ column: 'generated_at_utc', reason: 'TIMESTAMP_SKEW' });
  const [, to, fraction] = /^(.{19})\.(\d{6})\+00:00$/.exec(String(first.value))!;
  return BigInt(Date.parse(`${to}Z`)) * 1000n + BigInt(fraction!);
}

const proven = (row: Row): boolean => {
  const time = corrected(row);
  if (time !== null) expect(time).toBe(STORED - (row.length ?? 10n * SECOND));
  return time !== null;
};

describe('a row that states how long its run took', () => {
  it.each<[string, string, bigint, boolean]>([
    ['stored the moment it ended', '10', 10n * SECOND, true],
    ['half a second later', '9.5', 10n * SECOND, true],
    ['120 s later, the most', '10', 130n * SECOND, true],
    ['a microsecond more than that', '10', 130n * SECOND + 1n, false],
    ['stored before it ended', '10', 10n * SECOND - 1n, false],
    ['0 s and at once', '0', 0n, true],
    ['0 s and 120 s later', '0', 120n * SECOND, true],
    ['0 s and 120.000001 s later', '0', 120n * SECOND + 1n, false],
    ['0 s, stored before it began', '0', -1n, false],
    ['an hour', '3600.25', 3601n * SECOND, true],
    ['an hour, where five minutes would do without a statement', '3600.25', 200n * SECOND, false],
    ['a whole day', '86400', 86_410n * SECOND, true],
  ])('%s', (_, elapsed, length, is) => {
    expect(proven({ elapsed, length })).toBe(is);
  });
});

describe('a row that does not state it', () => {
  it.each<[string, bigint, boolean]>([
    ['at once', 0n, true],
    ['after 5 minutes, the most', 300n * SECOND, true],
    ['after a microsecond more', 300n * SECOND + 1n, false],
    ['before it began', -1n, false],
  ])('stored %s', (_, length, is) => {
    expect(proven({ length })).toBe(is);
    for (const elapsed of ['null', 'NaN', '"12"', 'Infinity']) expect(proven({ length, elapsed })).toBe(is);
    for (const features of [
      null,
      '',
      'nonsense',
      '[]',
      '{"metadata": 5}',
      '{"elapsed_seconds": 400}',
      Buffer.from('{}'),
    ]) {
      expect(proven({ length, features })).toBe(is);
    }
  });
});

describe('what is no proof', () => {
  it('any offset but that of the exchange, whatever the row states', () => {
    const minutes = fc.constantFrom(0n, 60n, -300n, 345n, 315n, 336n, 660n, -330n, 270n);
    fc.assert(
      fc.property(minutes, fc.integer({ min: 0, max: 120 }), fc.boolean(), (offset, delay, states) => {
        const row = { offset: offset * 60n * SECOND, length: (10n + BigInt(delay)) * SECOND };
        expect(corrected(states ? { ...row, elapsed: '10' } : row)).toBeNull();
      }),
    );
  });

  it('a run id far away in time, or one without a time', () => {
    for (const day of [-1n, 1n, 365n, -365n]) {
      expect(corrected({ length: 10n * SECOND + day * 86_400n * SECOND, elapsed: '10' })).toBeNull();
    }
    for (const runId of [
      null,
      '',
      'nifty50:Swing:',
      'nifty50:Swing:2026-01-09',
      'x',
      5n,
      Buffer.from(iso(STORED)),
    ]) {
      expect(corrected({ runId })).toBeNull();
    }
  });

  it('a time that states an offset of its own, or that is none', () => {
    expect(corrected({ suffix: '+05:30' })).toBeNull();
    expect(corrected({ suffix: ' or so' })).toBeNull();
  });
});

describe('what is proven', () => {
  it('whatever the form: Z, +00:00 or no offset, and a run id with an offset', () => {
    for (const suffix of ['Z', '', '+00:00', 'z']) expect(proven({ suffix, elapsed: '10' })).toBe(true);
    for (const suffix of ['Z', '+00:00'])
      expect(proven({ runId: `a:b:c:${iso(STORED)}${suffix}` })).toBe(true);
    expect(proven({ runId: `nifty50:Swing:${iso(STORED + INDIA)}+05:30` })).toBe(true);
  });

  it('is corrected to the microsecond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 300n * SECOND }), (length) => {
        expect(proven({ length })).toBe(true);
      }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.bigInt({ min: 0n, max: 119n * SECOND }),
        (elapsed, delay) => {
          expect(
            proven({ elapsed: `${elapsed}.5`, length: BigInt(elapsed) * SECOND + 500_000n + delay }),
          ).toBe(true);
        },
      ),
    );
  });
});

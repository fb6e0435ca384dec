import * as fc from 'fast-check';
import { anyJson, anyStyle, nearlyJson, write } from '../json-documents.ts';
import type { Kind, TestColumn, TestTable } from './tables.ts';

/** A value to put into SQLite; `text` are the bytes of a text, which need not be UTF-8. */
export type Given = null | bigint | number | string | Uint8Array | { text: Uint8Array };

export type GivenRow = Record<string, Given>;

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const edges = [0, -0, 5e-324, 2 ** -1022, Number.MAX_VALUE, 0.1 + 0.2, 2 ** 53 + 2, 1, 1e21, 1e-7] as const;
const double = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(...edges));
const text = fc.string({ unit: 'binary', maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 12 });

const two = (value: number): string => String(value).padStart(2, '0');
const anyTime = fc
  .tuple(
    fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    }),
    fc.constantFrom('T', ' '),
    fc.oneof(
      fc.constant(''),
      fc.nat({ max: 999_999 }).map((micros) => `.${String(micros).padStart(6, '0')}`),
      fc.nat({ max: 999_999_999 }).map((fraction) => `.${fraction}`),
    ),
    fc.oneof(
      fc.constantFrom('', '', 'Z', 'z', ' Z', '+05:30', '-08', '+0000', '+99:00', ' IST'),
      fc
        .tuple(fc.constantFrom('+', '-'), fc.nat({ max: 18 }), fc.nat({ max: 70 }))
        .map(([s, h, m]) => `${s}${two(h)}:${two(m)}`),
    ),
  )
  .map(
    ([date, separator, fraction, zone]) =>
      date.toISOString().slice(0, 19).replace('T', separator) + fraction + zone,
  );
const modernTime = fc
  .date({ min: new Date('1990-01-01T00:00:00Z'), max: new Date('2090-01-01T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 23));
const day = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const json = fc.tuple(anyJson, anyStyle).map(([document, style]) => write(document, style));

/** Anything that SQLite can hold: every storage class, and text that looks like something else. */
export const anyValue: fc.Arbitrary<Given> = fc.oneof(
  fc.constant(null),
  fc.constantFrom(
    '',
    '0',
    '1',
    '-0',
    '12',
    '12x',
    '1e400',
    '.5',
    '+7',
    'NaN',
    '\u0000',
    '\ufffd',
    'a\u0000b',
    '2026-02-30',
  ),
  int64,
  fc.constantFrom(0n, 1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n),
  double,
  text,
  fc.tuple(double, fc.constantFrom('', ' ', 'x', '0')).map(([value, after]) => `${value}${after}`),
  int64.map(String),
  anyTime,
  day,
  json,
  nearlyJson,
  fc.constantFrom(
    '['.repeat(300),
    `${'['.repeat(300)}${']'.repeat(300)}`,
    '{"a": NaN}',
    '{"a": 1, "a": -0.0}',
  ),
  bytes,
  bytes.map((value) => ({ text: value })),
  fc.tuple(text, bytes).map(([start, end]) => ({ text: Buffer.concat([Buffer.from(start), end]) })),
);

/** What the old application would have put there. */
const natural: Record<Kind, fc.Arbitrary<Given>> = {
  text: fc.oneof(
    fc.constantFrom('TCS', 'M&M', 'Buy', 'Strong Sell', '₹ \u{1f600}', ''),
    fc.string({ maxLength: 12 }),
  ),
  key: fc.oneof(
    { weight: 5, arbitrary: fc.uuid().map((uuid) => uuid.replaceAll('-', '')) },
    // Few enough to stand on several rows: only the first of them can load.
    { weight: 2, arbitrary: fc.constantFrom<Given>('TCS', 'M&M:%', '5', 5n, 5) },
  ),
  float: fc.double({ noNaN: true, noDefaultInfinity: true }),
  integer: fc.oneof(int64, fc.nat().map(BigInt)),
  money: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0.00042, 0.1 + 0.2, 12),
  ),
  time: fc.oneof(
    modernTime,
    anyTime.filter((value) => /[0-9]$/.test(value) && !/[+-]\d\d:\d\d$/.test(value)),
  ),
  date: day,
  boolean: fc.constantFrom(0n, 1n),
  json,
};

function naturalValue({ kind, required }: TestColumn): fc.Arbitrary<Given> {
  const value = natural[kind];
  return required
    ? value
    : fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) });
}

/** A time that lies as the old engine's did, with the run id that proves it. */
const lie = fc
  .tuple(fc.integer({ min: 1_600_000_000, max: 1_800_000_000 }), fc.nat({ max: 400 }))
  .map(([stored, length]) => {
    const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19);
    return {
      generated_at_utc: `${iso(stored - length + 330 * 60)}Z`,
      run_id: `u:Swing:${iso(stored)}`,
      features_json: null,
    };
  });

/** An id where nothing forces it to be one: mostly a number, some of them twice. */
export const looseId: fc.Arbitrary<Given> = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: -50n, max: 50n }) },
  { weight: 1, arbitrary: anyValue },
);

/** A row of natural values, a few of them replaced by anything at all. */
export function anyRow(table: TestTable, extras: readonly string[]): fc.Arbitrary<GivenRow> {
  const names = [...table.columns.map(({ name }) => name), ...extras];
  const plain = fc.record<GivenRow>({
    ...Object.fromEntries(table.columns.map((column) => [column.name, naturalValue(column)])),
    ...Object.fromEntries(extras.map((name) => [name, anyValue])),
  });
  const replaced = fc.array(fc.tuple(fc.constantFrom(...names), anyValue), { maxLength: 3 });
  const lying = table.name === 'ai_recommendations' ? fc.option(lie, { freq: 5 }) : fc.constant(null);
  return fc.tuple(plain, lying, replaced).map(([row, lies, changes]) => ({
    ...row,
    ...lies,
    ...Object.fromEntries(changes),
  }));
}

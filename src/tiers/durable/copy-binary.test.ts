import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainDecimal } from '../../../test/support/decimals.ts';
import { freshTier, type TestTier } from '../../../test/support/durable.ts';
import {
  COPY_HEADER,
  COPY_TRAILER,
  fieldInt8,
  fieldText,
  frame,
  JSONB_TEXT,
  readTuples,
  TupleWriter,
  type TupleView,
} from './copy-binary.ts';

let tier: TestTier;
beforeAll(async () => {
  tier = await freshTier('server');
});
afterAll(() => tier.remove());

/** Sends one value a row through COPY and gives back what `select` makes of it, and the bytes that COPY gives out. */
async function roundTrip<T>(
  type: string,
  values: readonly T[],
  write: (writer: TupleWriter, value: T) => void,
  select: string,
): Promise<{ shown: (string | null)[]; same: boolean }> {
  const writer = new TupleWriter(16);
  values.forEach((value, index) => {
    writer.startTuple(2);
    writer.int8(BigInt(index));
    write(writer, value);
  });
  const sent = Buffer.from(writer.buffer.subarray(0, writer.position));
  return tier.durable.session(async (session) => {
    await session.query(`DROP TABLE IF EXISTS pg_temp.copied; CREATE TEMP TABLE copied (n int8, v ${type})`);
    expect(await session.copyIn('COPY copied', [COPY_HEADER, sent, COPY_TRAILER])).toBe(values.length);
    const { rows } = await session.query<{ shown: string | null }>(
      `SELECT (${select})::text AS shown FROM copied ORDER BY n`,
    );
    const out: Uint8Array[] = [];
    for await (const chunk of session.copyOut('COPY (SELECT * FROM copied ORDER BY n)')) out.push(chunk);
    const whole = Buffer.concat(out);
    return {
      shown: rows.map((row) => row.shown),
      same: whole.subarray(COPY_HEADER.length, -COPY_TRAILER.length).equals(sent),
    };
  });
}

/** Many values in one COPY; what comes out must be the very bytes that went in, which is what rows are hashed by. */
async function property<T>(
  type: string,
  value: fc.Arbitrary<T>,
  write: (writer: TupleWriter, value: T) => void,
  select: string,
  expected: (value: T) => string,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 60, maxLength: 200 }), async (values) => {
      const { shown, same } = await roundTrip(type, values, write, select);
      expect(shown).toEqual(values.map(expected));
      expect(same).toBe(true);
    }),
    { numRuns: 8 },
  );
}

const bits = (value: number): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return `\\x${bytes.toString('hex')}`;
};
const edges = [
  0,
  -0,
  5e-324,
  -5e-324,
  2 ** -1022,
  Number.MAX_VALUE,
  0.1,
  1 / 3,
  2 ** 53 + 2,
  Number.POSITIVE_INFINITY,
];
const anyDouble = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(...edges));

describe('a value comes back from PostgreSQL as it was sent', () => {
  it('float8, by its bits', () =>
    property('float8', anyDouble, (w, v) => w.float8(v), 'float8send(v)', bits));

  it('int8', () => {
    const value = fc.oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n),
    );
    return property('int8', value, (w, v) => w.int8(v), 'v', String);
  });

  it('int8 from a double that holds it', () => {
    const value = fc.oneof(
      fc.maxSafeInteger(),
      fc.constantFrom(2 ** 53, -(2 ** 53), 2 ** 32, -(2 ** 32), 2 ** 31, -1, 0),
    );
    return property('int8', value, (w, v) => w.int8FromNumber(v), 'v', String);
  });

  it('int4 and bool', async () => {
    await property('int4', fc.integer(), (w, v) => w.int4(v), 'v', String);
    await property('bool', fc.boolean(), (w, v) => w.bool(v), 'v', String);
  });

  it('numeric: every double has the exact decimal of its shortest text', () => {
    const decimal = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => String(value));
    return property(
      'numeric',
      decimal,
      (w, v) => w.numeric(v),
      'v',
      (text) => plainDecimal(text),
    );
  });

  it('numeric: digits, scale and sign of any decimal text', async () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), maxLength: 40 });
    const text = fc
      .tuple(
        fc.constantFrom('', '-', '+'),
        digits,
        digits,
        fc.option(fc.integer({ min: -60, max: 60 }), { nil: 0 }),
      )
      .map(
        ([sign, whole, fraction, exponent]) =>
          `${sign}${whole || '0'}.${fraction}${exponent === 0 ? '' : `e${exponent}`}`,
      );
    await property(
      'numeric',
      text,
      (w, v) => w.numeric(v),
      'v',
      (value) => plainDecimal(value),
    );
    const hard = [
      '0.0001',
      '10000',
      '9999.9999',
      '1e-4',
      '1e4',
      '0.00',
      '-0',
      '0001.2300',
      '1e-400',
      '1e400',
      '123456789',
    ];
    const { shown, same } = await roundTrip('numeric', hard, (w, v) => w.numeric(v), 'v');
    expect(shown).toEqual(hard.map(plainDecimal));
    expect(same).toBe(true);
    expect(() => new TupleWriter().numeric('12x')).toThrow(RangeError);
  });

  it('timestamptz, to the microsecond', () => {
    const value = fc.oneof(
      fc.integer({ min: -8_000_000_000_000_000, max: 8_000_000_000_000_000 }),
      fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }).map((seconds) => seconds * 1_000_000),
      fc.constantFrom(0, -1, 946_684_800_000_000, 946_684_799_999_999),
    );
    // Counted by PostgreSQL itself, in whole numbers.
    return property(
      'timestamptz',
      value,
      (w, v) => w.timestamptz(v),
      `(extract(epoch FROM v) * 1000000)::numeric(40, 0)`,
      (micros) => String(BigInt(micros)),
    );
  });

  it('date', () => {
    const day = fc.integer({ min: -719_162, max: 2_932_896 });
    const shown = (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10);
    return property('date', day, (w, v) => w.date(v), `to_char(v, 'YYYY-MM-DD')`, shown);
  });

  it('text, bytea and jsonb', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 80 }).map((value) => value.replaceAll('\u0000', ''));
    await property(
      'text',
      text,
      (w, v) => w.text(v),
      'v',
      (value) => value,
    );
    await property(
      'bytea',
      fc.uint8Array(),
      (w, v) => w.bytea(v),
      'v',
      (bytes) => `\\x${Buffer.from(bytes).toString('hex')}`,
    );
    const document = '{"a": [1.50, "₹\u{1f600}"]}';
    const { shown, same } = await roundTrip('jsonb', [document], (w, v) => w.jsonb(v), 'v');
    expect([shown, same]).toEqual([[document], true]);
  });

  it('null, whatever the type', async () => {
    for (const type of ['text', 'float8', 'numeric', 'timestamptz', 'jsonb', 'date', 'bool']) {
      expect(await roundTrip(type, [null], (writer) => writer.null(), 'v')).toEqual({
        shown: [null],
        same: true,
      });
    }
  });
});

describe('TupleWriter', () => {
  it('grows, and takes back what a bad row wrote', () => {
    const writer = new TupleWriter(8);
    writer.startTuple(1);
    writer.text('kept '.repeat(100));
    const end = writer.position;
    writer.startTuple(1);
    writer.text('₹'.repeat(1000));
    writer.rewind(end);
    expect(writer.position).toBe(end);
    expect(writer.buffer.toString('utf8', 6, end)).toBe('kept '.repeat(100));
    writer.reset();
    expect(writer.position).toBe(0);
  });

  it('writes text of any length in UTF-8, ASCII or not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (text) => {
        const writer = new TupleWriter(4);
        writer.text(text);
        const bytes = Buffer.from(text, 'utf8');
        expect(writer.buffer.readInt32BE(0)).toBe(bytes.length);
        expect(writer.buffer.subarray(4, writer.position).equals(bytes)).toBe(true);
      }),
    );
  });
});

describe('readTuples', () => {
  async function* inPieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
    let from = 0;
    for (const cut of [...cuts].sort((a, b) => a - b)) {
      // As a stream does it: each piece somewhere in a larger buffer.
      yield Buffer.concat([Buffer.alloc(3), bytes.subarray(from, cut)]).subarray(3);
      from = cut;
    }
    yield bytes.subarray(from);
  }

  it('finds every tuple, wherever the stream is cut', async () => {
    const row = fc.tuple(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.option(fc.string({ unit: 'binary' })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row), fc.array(fc.nat()), async (rows, cuts) => {
        const writer = new TupleWriter(16);
        for (const [id, text] of rows) {
          writer.startTuple(2);
          writer.int8(id);
          if (text === null) writer.null();
          else writer.text(text);
        }
        const bytes = Buffer.concat([COPY_HEADER, writer.buffer.subarray(0, writer.position), COPY_TRAILER]);
        const found: [bigint, string | null][] = [];
        await readTuples(
          inPieces(
            bytes,
            cuts.map((cut) => cut % (bytes.length + 1)),
          ),
          2,
          (view) => {
            found.push([fieldInt8(view, 0), fieldText(view, 1)]);
          },
        );
        expect(found).toEqual(rows);
      }),
    );
  });

  it('refuses a stream that breaks off, and a tuple of another width', async () => {
    const writer = new TupleWriter();
    writer.startTuple(1);
    writer.text('a');
    const tuple = Buffer.from(writer.buffer.subarray(0, writer.position));
    const read = (bytes: Uint8Array, fields: number): Promise<void> =>
      readTuples(inPieces(bytes, []), fields, () => undefined);
    await expect(read(Buffer.concat([COPY_HEADER, tuple]), 1)).rejects.toThrow('before its trailer');
    await expect(read(Buffer.concat([COPY_HEADER, tuple.subarray(0, 5), COPY_TRAILER]), 1)).rejects.toThrow(
      'before its trailer',
    );
    await expect(read(COPY_HEADER.subarray(0, 7), 1)).rejects.toThrow('before its trailer');
    await expect(read(Buffer.concat([COPY_HEADER, tuple, COPY_TRAILER]), 2)).rejects.toThrow(
      'a tuple of 1 fields',
    );
  });

  it('frames a tuple that is there, and says when it is not', () => {
    const writer = new TupleWriter();
    writer.startTuple(2);
    writer.jsonb('{}');
    writer.null();
    const view: TupleView = { buffer: writer.buffer, offsets: new Int32Array(3), fields: 2 };
    expect(frame(writer.buffer, 2, view)).toBe(writer.position);
    expect(writer.buffer.toString('utf8', view.offsets[0]! + JSONB_TEXT, view.offsets[1])).toBe('{}');
    expect(fieldText(view, 1)).toBeNull();
    expect(frame(writer.buffer.subarray(0, writer.position - 1), 2, view)).toBe(-1);
  });
});

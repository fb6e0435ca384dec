/**
 * PostgreSQL's binary COPY format, written and read (PostgreSQL documentation, COPY, "Binary Format"). Binary because it
 * is exact (a double travels as its 64 bits, a time as its microseconds) and cheaper on both sides than text.
 */
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');

/** Signature, flags and header extension: what every binary COPY stream begins with. */
export const COPY_HEADER: Uint8Array = Buffer.concat([SIGNATURE, Buffer.alloc(8)]);
/** A field count of -1: what every binary COPY stream ends with. */
export const COPY_TRAILER: Uint8Array = Buffer.from([0xff, 0xff]);

/** Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch. */
export const POSTGRES_EPOCH_MICROS = 946_684_800_000_000;
/** Days from 1970-01-01 to 2000-01-01. */
const POSTGRES_EPOCH_DAYS = 10_957;
const JSONB_VERSION = 1;
/** Where the text of a jsonb field begins: after its length word and the version of the format. */
export const JSONB_TEXT = 5;
const SHORT_TEXT = 32;
const TWO_32 = 4_294_967_296;

/** Writes tuples one after the other into a buffer that grows; the caller takes slices of it. */
export class TupleWriter {
  buffer: Buffer;
  /** Where the next byte goes. */
  position = 0;

  constructor(initialBytes = 1 << 20) {
    this.buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  reset(): void {
    this.position = 0;
  }

  /** Takes back everything from `position` on: a row that turned out to be bad. */
  rewind(position: number): void {
    this.position = position;
  }

  startTuple(fields: number): void {
    this.reserve(2);
    this.buffer[this.position++] = fields >> 8;
    this.buffer[this.position++] = fields & 0xff;
  }

  null(): void {
    this.reserve(4);
    this.int32(-1);
  }

  bool(value: boolean): void {
    this.reserve(5);
    this.int32(1);
    this.buffer[this.position++] = value ? 1 : 0;
  }

  float8(value: number): void {
    this.reserve(12);
    this.int32(8);
    this.position = this.buffer.writeDoubleBE(value, this.position);
  }

  int4(value: number): void {
    this.reserve(8);
    this.int32(4);
    this.int32(value);
  }

  int8(value: bigint): void {
    this.reserve(12);
    this.int32(8);
    this.position = this.buffer.writeBigInt64BE(value, this.position);
  }

  /** A whole number that a double holds exactly, as int8. */
  int8FromNumber(value: number): void {
    this.reserve(12);
    this.int32(8);
    const high = Math.floor(value / TWO_32);
    this.int32(high);
    this.int32((value - high * TWO_32) | 0);
  }

  /** `micros`: microseconds since 1970-01-01 UTC; a bigint where a double would not hold them all. */
  timestamptz(micros: number | bigint): void {
    if (typeof micros === 'bigint') this.int8(micros - BigInt(POSTGRES_EPOCH_MICROS));
    else this.int8FromNumber(micros - POSTGRES_EPOCH_MICROS);
  }

  /** `days`: days since 1970-01-01. */
  date(days: number): void {
    this.reserve(8);
    this.int32(4);
    this.int32(days - POSTGRES_EPOCH_DAYS);
  }

  text(value: string): void {
    const at = this.position;
    this.reserve(4 + value.length * 3);
    this.position += 4;
    this.utf8(value);
    this.length(at);
  }

  /** A JSON text that PostgreSQL will accept. */
  jsonb(value: string): void {
    const at = this.position;
    this.reserve(5 + value.length * 3);
    this.position += 4;
    this.buffer[this.position++] = JSONB_VERSION;
    this.utf8(value);
    this.length(at);
  }

  bytea(value: Uint8Array): void {
    this.reserve(4 + value.length);
    this.int32(value.length);
    this.buffer.set(value, this.position);
    this.position += value.length;
  }

  /** A finite decimal, as NUMERIC: base-10,000 digits with the scale that its text has. */
  numeric(decimal: string): void {
    const { negative, digits, weight, scale } = numericDigits(decimal);
    this.reserve(12 + digits.length * 2);
    this.int32(8 + digits.length * 2);
    for (const word of [digits.length, weight, negative ? 0x4000 : 0, scale, ...digits]) {
      this.position = this.buffer.writeUInt16BE(word & 0xffff, this.position);
    }
  }

  private utf8(value: string): void {
    const start = this.position;
    if (value.length <= SHORT_TEXT) {
      let position = start;
      let index = 0;
      for (; index < value.length; index++) {
        const code = value.charCodeAt(index);
        if (code > 0x7f) break;
        this.buffer[position++] = code;
      }
      if (index === value.length) {
        this.position = position;
        return;
      }
    }
    this.position = start + this.buffer.write(value, start, 'utf8');
  }

  private length(at: number): void {
    const end = this.position;
    this.position = at;
    this.int32(end - at - 4);
    this.position = end;
  }

  private int32(value: number): void {
    const { buffer } = this;
    buffer[this.position++] = value >>> 24;
    buffer[this.position++] = value >>> 16;
    buffer[this.position++] = value >>> 8;
    buffer[this.position++] = value;
  }

  private reserve(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
  }
}

/** Splits a decimal text (`-12.50`, `1e-7`) into what NUMERIC's binary form is made of. */
function numericDigits(decimal: string): {
  negative: boolean;
  digits: number[];
  weight: number;
  scale: number;
} {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(decimal);
  if (!match) throw new RangeError(`not a decimal: ${decimal}`);
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  const scale = Math.max(0, fraction.length - exponent);
  // All digits, and where the point stands among them once the exponent is applied.
  let all = whole + fraction;
  let point = whole.length + exponent;
  if (point > all.length) all += '0'.repeat(point - all.length);
  if (point < 0) {
    all = '0'.repeat(-point) + all;
    point = 0;
  }
  const left = (4 - (point % 4)) % 4;
  all = '0'.repeat(left) + all;
  point += left;
  all += '0'.repeat((4 - (all.length % 4)) % 4);
  const digits: number[] = [];
  for (let index = 0; index < all.length; index += 4) digits.push(Number(all.slice(index, index + 4)));
  let weight = point / 4 - 1;
  while (digits[0] === 0) {
    digits.shift();
    weight--;
  }
  while (digits.at(-1) === 0) digits.pop();
  if (digits.length === 0) weight = 0;
  return { negative: sign === '-' && digits.length > 0, digits, weight, scale };
}

/** A tuple in a buffer: where each field's length word stands. Reused between tuples: copy what must stay. */
export interface TupleView {
  buffer: Buffer;
  /** Offset of the length word of each field; the last entry is the end of the tuple. */
  offsets: Int32Array;
  fields: number;
}

/** Reads a binary COPY stream and calls `onTuple` with a view of each tuple, in order. */
export async function readTuples(
  stream: AsyncIterable<Uint8Array>,
  fields: number,
  onTuple: (view: TupleView) => void,
): Promise<void> {
  const view: TupleView = { buffer: Buffer.alloc(0), offsets: new Int32Array(fields + 1), fields };
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  let ended = false;
  for await (const chunk of stream) {
    const piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const buffer: Buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let position = 0;
    if (!started) {
      if (buffer.length < COPY_HEADER.length) {
        rest = buffer;
        continue;
      }
      position = COPY_HEADER.length;
      started = true;
    }
    view.buffer = buffer;
    for (;;) {
      if (position + 2 > buffer.length) break;
      const count = buffer.readInt16BE(position);
      if (count === -1) {
        ended = true;
        position += 2;
        break;
      }
      if (count !== fields) throw new RangeError(`a tuple of ${count} fields where ${fields} were asked for`);
      const end = frame(buffer, position + 2, view);
      if (end === -1) break;
      onTuple(view);
      position = end;
    }
    rest = buffer.subarray(position);
  }
  if (!ended) throw new RangeError('the COPY stream ended before its trailer');
}

/** Fills in the offsets of the tuple whose first field begins at `start`; -1 when the buffer ends before it does. */
export function frame(buffer: Buffer, start: number, view: TupleView): number {
  let position = start;
  for (let field = 0; field < view.fields; field++) {
    if (position + 4 > buffer.length) return -1;
    view.offsets[field] = position;
    const length = buffer.readInt32BE(position);
    position += 4 + (length < 0 ? 0 : length);
    if (position > buffer.length) return -1;
  }
  view.offsets[view.fields] = position;
  return position;
}

/** The text of a field, or null. */
export function fieldText(view: TupleView, field: number): string | null {
  const at = view.offsets[field]!;
  if (view.buffer.readInt32BE(at) < 0) return null;
  return view.buffer.toString('utf8', at + 4, view.offsets[field + 1]);
}

/** The int8 in a field; throws when it is null. */
export function fieldInt8(view: TupleView, field: number): bigint {
  return view.buffer.readBigInt64BE(view.offsets[field]! + 4);
}

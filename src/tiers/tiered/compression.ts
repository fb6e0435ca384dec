import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import { StockroomError } from '../../core/errors.ts';

/** What `decompress` gives at most, in bytes; `compress` leaves what is longer as it is. */
export const MAX_BYTES = 64 * 1024 * 1024;
/** A compressed form that is longer than this part of the original is not worth inflating on every read. */
const WORTHWHILE = 0.9;
/**
 * Level 1: higher ones save at most a tenth more and take up to three times as long. Brotli compresses JSON a third
 * faster and inflates it half as fast, and a cache reads more often than it writes.
 */
const LEVEL = 1;
/** The length of the original, which lets `decompress` do all in one step: three times as fast for long values. */
const LENGTH_BYTES = 4;
/** Deflate cannot do better (zlib's technical details, "maximum compression factor"). */
const MAX_RATIO = 1032;

/** In zlib's format, not raw deflate: its check sum costs six bytes and makes damage known. */
const deflateAsync = promisify(deflate);
const inflateAsync = promisify(inflate);

/**
 * Compresses bytes on zlib's threads when they are more than `aboveBytes` and at least a tenth of them is saved.
 * The bytes must not change before it resolves.
 *
 * @returns the compressed form, or the bytes given and `compressed: false`
 */
export async function compress(
  bytes: Uint8Array,
  aboveBytes: number,
): Promise<{ bytes: Uint8Array; compressed: boolean }> {
  if (bytes.length <= aboveBytes || bytes.length > MAX_BYTES) return { bytes, compressed: false };
  const deflated = await deflateAsync(bytes, { level: LEVEL });
  if (LENGTH_BYTES + deflated.length > bytes.length * WORTHWHILE) return { bytes, compressed: false };
  const whole = Buffer.allocUnsafe(LENGTH_BYTES + deflated.length);
  whole.writeUInt32BE(bytes.length);
  whole.set(deflated, LENGTH_BYTES);
  return { bytes: whole, compressed: true };
}

/**
 * The bytes that `compress` made smaller.
 * @throws StockroomError INVALID_INPUT when they are damaged or would be more than `MAX_BYTES`
 */
export async function decompress(bytes: Uint8Array): Promise<Uint8Array> {
  const deflated = bytes.subarray(LENGTH_BYTES);
  const length = declaredLength(bytes);
  if (length > MAX_BYTES) throw refusal(`it is longer than ${MAX_BYTES} bytes`);
  // Checked before memory is taken for it.
  if (length > deflated.length * MAX_RATIO) throw refusal('it is damaged');
  const inflated = await inflateBounded(deflated, length);
  if (inflated.length !== length) throw refusal('it is damaged');
  return inflated;
}

function declaredLength(bytes: Uint8Array): number {
  if (bytes.length < LENGTH_BYTES) throw refusal('it is damaged');
  return new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getUint32(0);
}

async function inflateBounded(deflated: Uint8Array, length: number): Promise<Buffer> {
  try {
    // One byte more than needed: zlib asks for another chunk whenever one is full.
    return await inflateAsync(deflated, { chunkSize: Math.max(64, length + 1), maxOutputLength: length + 1 });
  } catch (error) {
    throw refusal('it is damaged', error);
  }
}

function refusal(reason: string, cause?: unknown): StockroomError {
  return new StockroomError('INVALID_INPUT', `a compressed value cannot be read: ${reason}`, { cause });
}

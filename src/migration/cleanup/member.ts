import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { codeOf, messageOf } from '../../core/errors.ts';
import { type ArchivedFile, damaged, memberOf } from './manifest.ts';

/** Called with how many bytes were done since it was last called. */
export type OnBytes = (bytes: number) => void;

/** Everything is streamed: memory is that of a few such pieces, whatever the size of a file. */
const PIECE_BYTES = 256 << 10;

interface Counted {
  bytes: number;
  sha256: string;
}

/** Passes everything on, and knows its hash and length when it is over; more than `maxBytes` are an error. */
class Meter extends Transform {
  private readonly hash: Hash = createHash('sha256');
  private readonly onBytes: OnBytes | undefined;
  private readonly maxBytes: number;
  private bytes = 0;

  constructor(onBytes?: OnBytes, maxBytes = Number.POSITIVE_INFINITY) {
    super({ highWaterMark: PIECE_BYTES });
    this.onBytes = onBytes;
    this.maxBytes = maxBytes;
  }

  override _transform(piece: Buffer, _encoding: string, done: TransformCallback): void {
    this.hash.update(piece);
    this.bytes += piece.length;
    if (this.bytes > this.maxBytes) return done(new TooMuch('more bytes than expected'));
    this.onBytes?.(piece.length);
    done(null, piece);
  }

  result(): Counted {
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }
}

class TooMuch extends Error {}

/** What takes the bytes at the end of a pipeline. */
type Sink = (pieces: AsyncIterable<Buffer>) => Promise<void>;

const nowhere: Sink = async (pieces) => {
  for await (const _ of pieces);
};

const into =
  (handle: FileHandle): Sink =>
  (pieces) =>
    writeFile(handle, pieces);

const read = (path: string): Readable => createReadStream(path, { highWaterMark: PIECE_BYTES });

export async function hashOf(path: string, onBytes?: OnBytes): Promise<Counted> {
  const meter = new Meter(onBytes);
  await pipeline(read(path), meter, nowhere);
  return meter.result();
}

/** Compresses a file into its member, which is on the disk when this ends. The member has the old file's time and rights. */
export async function writeMember(
  archive: string,
  source: string,
  about: Pick<ArchivedFile, 'path' | 'mode' | 'mtime_ns'>,
  onBytes?: OnBytes,
): Promise<Pick<ArchivedFile, 'bytes' | 'sha256' | 'member_bytes' | 'member_sha256'>> {
  const target = join(archive, memberOf(about));
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const plain = new Meter(onBytes);
  const packed = new Meter();
  const handle = await open(target, 'wx', 0o600);
  try {
    await pipeline(read(source), plain, createGzip(), packed, into(handle));
    await handle.utimes(...timesOf(about.mtime_ns));
    await handle.chmod((about.mode & 0o777) | 0o400);
    await handle.sync();
  } finally {
    await handle.close();
  }
  const { bytes, sha256 } = plain.result();
  const member = packed.result();
  return { bytes, sha256, member_bytes: member.bytes, member_sha256: member.sha256 };
}

/** Reads a member back from the disk. @throws StockroomError ARCHIVE_INVALID when it is not what was written, or holds something else */
export async function proveMember(archive: string, file: ArchivedFile, onBytes?: OnBytes): Promise<void> {
  await pour(archive, file, nowhere, onBytes);
}

/**
 * Unpacks a member into a file. What was written is to be thrown away when this throws.
 *
 * @throws StockroomError ARCHIVE_INVALID
 */
export async function unpack(
  archive: string,
  file: ArchivedFile,
  target: FileHandle,
  onBytes?: OnBytes,
): Promise<void> {
  await pour(archive, file, into(target), onBytes);
}

async function pour(archive: string, file: ArchivedFile, sink: Sink, onBytes?: OnBytes): Promise<void> {
  const path = join(archive, memberOf(file));
  const packed = new Meter();
  // Whatever it would unpack to: more than the file had is wrong, and is not written.
  const plain = new Meter(onBytes, file.bytes);
  try {
    await pipeline(read(path), packed, createGunzip(), plain, sink);
  } catch (error) {
    const isBad = error instanceof TooMuch || codeOf(error).startsWith('Z_');
    if (isBad) throw damaged(`${path} cannot be unpacked (${messageOf(error)})`, path, error);
    if (isMissing(error, path)) throw damaged(`${path} is not there`, path, error);
    throw error;
  }
  const member = packed.result();
  const found = plain.result();
  if (member.sha256 !== file.member_sha256 || member.bytes !== file.member_bytes) {
    throw damaged(`${path} is not what was written`, path);
  }
  if (found.sha256 !== file.sha256 || found.bytes !== file.bytes) {
    throw damaged(`${path} does not hold the bytes of ${file.path}`, path);
  }
}

function isMissing(error: unknown, path: string): boolean {
  return codeOf(error) === 'ENOENT' && (error as NodeJS.ErrnoException).path === path;
}

/** Seconds, as the file system is told them: exact to a microsecond, in the middle of which a fraction is cut off. */
export function timesOf(mtimeNs: string): [atime: number, mtime: number] {
  const seconds = (Number(BigInt(mtimeNs) / 1000n) + 0.5) / 1e6;
  return [seconds, seconds];
}

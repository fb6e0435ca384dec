import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { StockroomError } from '../../core/errors.ts';

/**
 * A directory as one file, `.tar.gz` (POSIX ustar), so that `tar` reads it too: empty directories, which PostgreSQL needs, would get
 * lost on the way through most stores of files. Names and sizes are those of an embedded database: short, and below 8 GiB.
 */

const BLOCK = 512;
const NAME_MAX = 100;
const SIZE_DIGITS = 11;
/** The hashes and the database tell of damage; the level is for speed. */
const GZIP_LEVEL = 3;

export async function packDirectory(directory: string, file: string, signal?: AbortSignal): Promise<void> {
  await pipeline(
    Readable.from(entriesOf(directory), { objectMode: false }),
    createGzip({ level: GZIP_LEVEL }),
    createWriteStream(file, { mode: 0o600 }),
    ...(signal === undefined ? [] : [{ signal }]),
  );
}

/** @param directory is made; nothing is written outside of it */
export async function unpackDirectory(file: string, directory: string, signal?: AbortSignal): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await pipeline(
    createReadStream(file),
    createGunzip(),
    (source: AsyncIterable<Buffer>) => unpack(source, directory),
    ...(signal === undefined ? [] : [{ signal }]),
  );
}

async function* entriesOf(root: string, below = ''): AsyncGenerator<Buffer> {
  for (const entry of (await readdir(join(root, below), { withFileTypes: true })).sort(byName)) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      yield header(`${name}/`, 0, '5');
      yield* entriesOf(root, name);
    } else if (entry.isFile()) {
      yield* fileOf(root, name);
    } else {
      throw new StockroomError(
        'CONFLICT',
        `${join(root, name)}: expected a file or a directory, found neither`,
      );
    }
  }
  // Two empty blocks end it.
  if (below === '') yield Buffer.alloc(2 * BLOCK);
}

async function* fileOf(root: string, name: string): AsyncGenerator<Buffer> {
  const path = join(root, name);
  const { size } = await stat(path);
  yield header(name, size, '0');
  let sent = 0;
  if (size > 0) {
    // Not beyond the size that the header tells: a file that grows as fast as it is read would have no end.
    for await (const chunk of createReadStream(path, { end: size - 1 }) as AsyncIterable<Buffer>) {
      sent += chunk.length;
      yield chunk;
    }
  }
  if (sent !== size || (await stat(path)).size !== size)
    throw new StockroomError('CONFLICT', `${path} changed while it was read: somebody writes to it`);
  if (size % BLOCK !== 0) yield Buffer.alloc(BLOCK - (size % BLOCK));
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function header(name: string, size: number, type: '0' | '5'): Buffer {
  const digits = size.toString(8);
  if (Buffer.byteLength(name) > NAME_MAX || digits.length > SIZE_DIGITS)
    throw new StockroomError('CONFLICT', `${name}: longer or larger than the archive can hold`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void =>
    void block.write(value.toString(8).padStart(length, '0'), at, 'latin1');
  block.write(name, 0, 'utf8');
  octal(type === '5' ? 0o700 : 0o600, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, SIZE_DIGITS);
  octal(0, 136, SIZE_DIGITS);
  block.write(type, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(checksum(block), 148, 6);
  block.write('\0 ', 154, 'latin1');
  return block;
}

/** The sum of the bytes, with spaces where it stands itself. */
function checksum(block: Buffer): number {
  let sum = 8 * 32;
  for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += block[at]!;
  return sum;
}

async function unpack(source: AsyncIterable<Buffer>, directory: string): Promise<void> {
  const reader = new Blocks(source);
  for (;;) {
    const block = await reader.take(BLOCK);
    if (block === undefined || block.every((byte) => byte === 0)) break;
    const { name, size, type } = entryOf(block);
    const path = join(directory, name);
    if (type === '5') {
      await mkdir(path, { recursive: true, mode: 0o700 });
      continue;
    }
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFrom(reader, path, size);
  }
  await reader.drain();
}

async function writeFrom(reader: Blocks, path: string, size: number): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for (let left = size; left > 0; ) {
      const part = await reader.some(left);
      await file.writeFile(part);
      left -= part.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (size % BLOCK !== 0) await reader.take(BLOCK - (size % BLOCK));
}

function entryOf(block: Buffer): { name: string; size: number; type: string } {
  const text = (from: number, to: number): string =>
    block.toString('utf8', from, to).replace(/\0.*$/s, '').trim();
  const name = text(0, NAME_MAX);
  const type = text(156, 157);
  const outside = name === '' || name.startsWith('/') || name.split('/').includes('..');
  if (outside || (type !== '0' && type !== '5') || Number.parseInt(text(148, 156), 8) !== checksum(block))
    throw new StockroomError(
      'ARCHIVE_INVALID',
      `The archive of the embedded database has an entry of another form`,
    );
  return { name, size: Number.parseInt(text(124, 136), 8), type };
}

/** Bytes of a stream in the portions that are asked for. */
class Blocks {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** So many; undefined at the end. @throws StockroomError ARCHIVE_INVALID when it ends in the middle */
  async take(length: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for (let left = length; left > 0; ) {
      if (left === length && this.#rest.length === 0 && !(await this.#more())) return undefined;
      const part = await this.some(left);
      parts.push(part);
      left -= part.length;
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  /** At least one and at most so many. */
  async some(most: number): Promise<Buffer> {
    if (this.#rest.length === 0 && !(await this.#more()))
      throw new StockroomError('ARCHIVE_INVALID', 'The archive of the embedded database ends in the middle');
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  async drain(): Promise<void> {
    while (await this.#more());
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done === true) return false;
    this.#rest = value;
    return value.length > 0 || this.#more();
  }
}

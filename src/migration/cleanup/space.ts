import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, StockroomError } from '../../core/errors.ts';

/** Bytes that may still be written where a directory is, or would be made. */
export type FreeBytes = (directory: string) => Promise<number>;

/** Each member begins a block of its own, and has a name in a folder. */
const OVERHEAD_BYTES = 8 << 10;
const MARGIN_BYTES = 1 << 20;

export const freeBytesIn: FreeBytes = async (directory) => {
  for (let at = directory; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || dirname(at) === at) throw error;
    }
  }
};

/** What an archive of files takes when nothing in them can be compressed. */
export function neededFor(files: readonly { bytes: number }[]): number {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return Math.ceil(bytes * 1.001) + files.length * OVERHEAD_BYTES + MARGIN_BYTES;
}

/** @throws StockroomError CONFLICT */
export async function requireSpace(
  directory: string,
  needed: number,
  freeBytes: FreeBytes = freeBytesIn,
): Promise<void> {
  const free = await freeBytes(directory);
  if (free < needed) throw noSpace(directory, needed, free);
}

function noSpace(directory: string, needed: number, free: number): StockroomError {
  return new StockroomError(
    'CONFLICT',
    `not enough space in ${directory}: up to ${needed} bytes are needed and ${free} are free; make room, or name another place`,
    { details: { directory, needed, free } },
  );
}

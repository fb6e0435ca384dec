import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, StockroomError } from '../../core/errors.ts';

/** Of a file, read as a stream. */
export async function sha256Of(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** The content is on the disk when it resolves. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until what others wrote to a file is on the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * A directory for a backup, made if need be. For the owner alone: a backup holds everything.
 *
 * @param first a file that is made in it: of two backups at once the later one finds it there
 * @throws StockroomError TARGET_EXISTS when something is in it; CONFLICT when it cannot be written
 */
export async function takeNewDirectory(directory: string, first: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if ((await readdir(directory)).length === 0) return await makeOwnFile(join(directory, first));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' && codeOf(error) !== 'ENOTDIR')
      throw unusable(directory, 'a backup', error);
  }
  throw new StockroomError(
    'TARGET_EXISTS',
    `${directory}: expected an empty directory or none, found something in it. Each backup has a directory of its own.`,
    { details: { directory } },
  );
}

/** What a disk answers that cannot be written, or is full. */
const diskErrors: ReadonlySet<string> = new Set([
  'EACCES',
  'EDQUOT',
  'EFBIG',
  'EIO',
  'ENOSPC',
  'EPERM',
  'EROFS',
]);

export function isOfDisk(error: unknown): boolean {
  return diskErrors.has(codeOf(error) ?? '');
}

/** Of a directory that cannot be written, or is full. */
export function unusable(directory: string, what: string, cause: unknown): StockroomError {
  return new StockroomError('CONFLICT', `${directory} cannot be used for ${what}: ${messageOf(cause)}`, {
    cause,
    details: { directory },
  });
}

/** Makes a file that is for its owner alone, for a program that writes to it. */
export async function makeOwnFile(path: string): Promise<void> {
  await (await open(path, 'wx', 0o600)).close();
}

/** Removes what an attempt made; what somebody else put beside it meanwhile stays. */
export async function removeMade(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(directory, name), { recursive: true, force: true });
}

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
 * @throws StockroomError TARGET_EXISTS when something is in it
 */
export async function takeNewDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if ((await readdir(directory)).length === 0) return;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' && codeOf(error) !== 'ENOTDIR') {
      throw new StockroomError('CONFLICT', `${directory} cannot be used for a backup: ${messageOf(error)}`, {
        cause: error,
        details: { directory },
      });
    }
  }
  throw new StockroomError(
    'TARGET_EXISTS',
    `${directory}: expected an empty directory or none, found something in it. Each backup has a directory of its own.`,
    { details: { directory } },
  );
}

/** Removes what an attempt made in a directory that was empty. */
export async function emptyDirectory(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    await rm(join(directory, name), { recursive: true, force: true });
}

import { createHash } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf, messageOf, StockroomError } from '../../../core/errors.ts';

const MODE_BITS = 0o7777;

/** A file that was written beside the one that it is to replace. */
export class Replacement {
  /** Where the new bytes are until they are put in place. */
  readonly path: string;
  private readonly target: string;

  private constructor(target: string, path: string) {
    this.target = target;
    this.path = path;
  }

  /**
   * Writes the bytes beside `file`, through to the disk, with the mode and the owner of what is there.
   *
   * @throws StockroomError SOURCE_NOT_WRITABLE; nothing is left behind then
   */
  static write(file: string, bytes: Uint8Array): Replacement {
    return writing(file, () => {
      mkdirSync(dirname(file), { recursive: true });
      const target = resolved(file);
      // One name a target: what a killed process left is replaced by the next.
      const mark = createHash('md5').update(basename(target)).digest('hex').slice(0, 16);
      const path = join(dirname(target), `.stockroom-${mark}.tmp`);
      try {
        writeWhole(path, bytes, statSync(target, { throwIfNoEntry: false }));
      } catch (error) {
        rmSync(path, { force: true });
        throw error;
      }
      return new Replacement(target, path);
    });
  }

  /** Puts the new bytes in place: whoever opens the file gets the old ones or the new ones, whole. */
  commit(): void {
    writing(this.target, () => {
      try {
        renameSync(this.path, this.target);
      } catch (error) {
        this.discard();
        throw error;
      }
      syncDirectory(dirname(this.target));
    });
  }

  discard(): void {
    rmSync(this.path, { force: true });
  }
}

/** @throws StockroomError SOURCE_NOT_WRITABLE */
export function removeFile(file: string): void {
  writing(file, () => {
    rmSync(file, { force: true });
    if (statSync(dirname(file), { throwIfNoEntry: false }) !== undefined) syncDirectory(dirname(file));
  });
}

/** The file itself where its name is a link. */
function resolved(file: string): string {
  return statSync(file, { throwIfNoEntry: false }) === undefined ? file : realpathSync(file);
}

function writeWhole(path: string, bytes: Uint8Array, like: ReturnType<typeof statSync>): void {
  rmSync(path, { force: true });
  const descriptor = openSync(path, 'wx');
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    if (like !== undefined) {
      keepOwner(descriptor, Number(like.uid), Number(like.gid));
      fchmodSync(descriptor, Number(like.mode) & MODE_BITS);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function keepOwner(descriptor: number, uid: number, gid: number): void {
  try {
    fchownSync(descriptor, uid, gid);
  } catch (error) {
    // Only root gives files away; a user who may write the folder is let replace its files all the same.
    if (!/^(?:EPERM|EINVAL|ENOSYS)$/.test(codeOf(error))) throw error;
  }
}

function syncDirectory(directory: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(directory, 'r');
  } catch (error) {
    // A directory that may be written and not read: the system writes its entries in its own time.
    if (codeOf(error) === 'EACCES') return;
    throw error;
  }
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function writing<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (codeOf(error) === '' || error instanceof StockroomError) throw error;
    throw notWritable(file, wayOut(error), error);
  }
}

function wayOut(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no space is left where it lies: make room and go on';
    case 'EACCES':
    case 'EPERM':
      return 'no permission to write in its directory: run as a user who may';
    case 'EROFS':
      return 'its file system is mounted read-only: mount it for writing';
    case 'ENAMETOOLONG':
      return 'its name is longer than the file system takes';
    default:
      return messageOf(error);
  }
}

/** The file stays as it was. */
export function notWritable(file: string, why: string, cause?: unknown): StockroomError {
  return new StockroomError('SOURCE_NOT_WRITABLE', `${file} was not written: ${why}. It is as it was`, {
    cause,
    details: { file, cause: codeOf(cause) },
  });
}

import { type BigIntStats, lstatSync } from 'node:fs';
import { join } from 'node:path';

/** SQLite's index of a -wal: it is made anew from it, and readers change it. */
export const isIndex = (path: string): boolean => path.endsWith('-shm');

/**
 * What a file is at this moment, as far as that is known without reading it; null when there is none. Every write changes
 * it, also one whose writer puts the old time of change back.
 */
export function identityOf(directory: string, path: string): string | null {
  const stat = statOf(directory, path);
  if (stat === null) return null;
  const { dev, ino, size, mtimeNs, ctimeNs } = stat;
  // SQLite gives a -wal or a journal the database's owner when it opens it: that is no write.
  const isBeside = /-(?:wal|journal)$/.test(path);
  return [dev, ino, size, mtimeNs, isBeside ? '' : ctimeNs].join(' ');
}

/** Of a regular file alone: a link that took its place is another thing. */
export function statOf(directory: string, path: string): BigIntStats | null {
  const stat = lstatSync(join(directory, path), { bigint: true, throwIfNoEntry: false });
  return stat?.isFile() === true ? stat : null;
}

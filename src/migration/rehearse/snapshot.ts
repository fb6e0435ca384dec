import { copyFile, mkdir, statfs, utimes } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StockroomError } from '../../core/errors.ts';
import { copyDatabase } from '../../legacy/sqlite/copy.ts';
import { hasSqliteHeader } from '../../legacy/sqlite/database.ts';
import { type FoundFile, walk } from '../../legacy/walk.ts';
import { reasonOf } from '../discover.ts';
import type { Unreadable } from '../unit.ts';

/** How far a rehearsal is with one thing. */
export type OnStep = (step: { name: string; phase: string; done: number; total: number | undefined }) => void;

/** Set when a rehearsal is to end early: it is looked at between two pieces of work. */
export interface Stop {
  requested: boolean;
}

/** What of an old directory goes into a snapshot. */
export interface SnapshotPlan {
  readonly directory: string;
  readonly databases: readonly FoundFile[];
  readonly files: readonly FoundFile[];
  /** Bytes of the databases, with what stands in their companions. */
  readonly databaseBytes: number;
  readonly fileBytes: number;
  /** What cannot be copied, and why. */
  readonly unreadable: Unreadable[];
  /** What no source would take, by its name alone: it is not copied. */
  readonly unclaimed: string[];
}

const companion = /-(?:wal|shm|journal)$/;
const candidate = /\.(?:db|db3|sqlite|sqlite3|json|jsonl)$/i;

export function planSnapshot(directory: string): SnapshotPlan {
  const { files: found, special, unreadable } = walk(directory);
  const paths = new Set(found.map(({ path }) => path));
  const databases: FoundFile[] = [];
  const files: FoundFile[] = [];
  const unclaimed = [...special];
  for (const file of found) {
    const owner = file.path.replace(companion, '');
    if (owner !== file.path && paths.has(owner)) continue;
    try {
      if (file.bytes > 0 && hasSqliteHeader(file.absolute)) databases.push(file);
      else if (candidate.test(file.path)) files.push(file);
      else unclaimed.push(file.path);
    } catch (error) {
      unreadable.push({ file: file.path, reason: reasonOf(error) });
    }
  }
  const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const databaseBytes = databases.reduce(
    (sum, { absolute, bytes }) => sum + bytes + sizeOf(`${absolute}-wal`),
    0,
  );
  const fileBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  return { directory, databases, files, databaseBytes, fileBytes, unreadable, unclaimed };
}

/** An embedded database begins with this many bytes, and takes about this many for each byte of an old file. */
const EMBEDDED_BYTES = 64 << 20;
const EMBEDDED_FACTOR = 3;

/**
 * Bytes that a rehearsal needs in scratch: the snapshot, the old files written anew, the copy from which a database in
 * WAL mode is read, and the embedded database where that is the one.
 */
export function scratchBytesOf(plan: SnapshotPlan, embedded: boolean): number {
  const files = plan.databaseBytes * 3 + plan.fileBytes;
  const database = EMBEDDED_BYTES + (plan.databaseBytes + plan.fileBytes) * EMBEDDED_FACTOR;
  return files + (embedded ? database : 0);
}

export async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** @throws StockroomError CONFLICT when there is less space than is needed */
export function requireSpace(scratch: string, needed: number, free: number): void {
  if (free >= needed) return;
  const mebibytes = (bytes: number): string => `${Math.ceil(bytes / (1 << 20))} MiB`;
  throw new StockroomError(
    'CONFLICT',
    `a rehearsal needs about ${mebibytes(needed)} in ${scratch}, and ${mebibytes(free)} are free: make room, or set ` +
      'TMPDIR to a directory with more. Nothing was copied',
    { details: { scratch, needed_bytes: needed, free_bytes: free } },
  );
}

/**
 * Copies the files of a plan: each database as of one moment, with what its -wal held. Files that fail are added to the
 * plan's unreadable ones. @returns the bytes that were copied
 */
export async function takeSnapshot(
  plan: SnapshotPlan,
  target: string,
  onStep: OnStep,
  stop: Stop,
): Promise<number> {
  const all = [...plan.databases, ...plan.files];
  let done = 0;
  let bytes = 0;
  for (const file of all) {
    if (stop.requested) break;
    const copy = join(target, file.path);
    await mkdir(dirname(copy), { recursive: true });
    try {
      if (plan.databases.includes(file)) await copyDatabase(file.absolute, copy);
      else await copyFile(file.absolute, copy);
      const stat = statSync(file.absolute);
      await utimes(copy, stat.atime, stat.mtime);
      bytes += statSync(copy).size;
    } catch (error) {
      plan.unreadable.push({ file: file.path, reason: reasonOf(error) });
    }
    onStep({ name: 'snapshot', phase: 'take', done: ++done, total: all.length });
  }
  return bytes;
}

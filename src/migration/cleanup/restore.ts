import { lstatSync, realpathSync } from 'node:fs';
import { link, mkdir, open, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { codeOf, StockroomError } from '../../core/errors.ts';
import { meterOf, proveArchive } from './archive.ts';
import { statOf } from './identity.ts';
import { type ArchivedFile, directoriesUpTo, readManifest, syncDirectory } from './manifest.ts';
import { hashOf, type OnBytes, timesOf, unpack } from './member.ts';
import type { OnProgress, RestoreReport } from './report.ts';
import { type FreeBytes, requireSpace } from './space.ts';

export interface RestoreOptions {
  /** Where everything is written back to; made when it is not there. */
  directory: string;
  archive: string;
  freeBytes?: FreeBytes;
  onProgress?: OnProgress;
}

/**
 * Writes everything in an archive back, byte for byte. The whole archive is proven first, and nothing that stands in the directory
 * is replaced: what is there already as it was is passed over. Killed at any moment and started again it goes on.
 *
 * @throws StockroomError ARCHIVE_INVALID naming the file, CONFLICT naming what stands in the way; then nothing was written
 */
export async function restoreArchive(options: RestoreOptions): Promise<RestoreReport> {
  const started = performance.now();
  const archive = resolve(options.archive);
  const onProgress = options.onProgress ?? (() => undefined);
  const { files } = await readManifest(archive);
  await proveArchive(archive, files, onProgress);
  const directory = await realOrGiven(resolve(options.directory));
  const missing = await requireRoom(directory, files);
  const bytes = missing.reduce((sum, file) => sum + file.bytes, 0);
  await requireSpace(directory, bytes, options.freeBytes);
  await mkdir(directory, { recursive: true });
  const onBytes = meterOf('restore', missing, onProgress);
  for (const file of missing) await restore(archive, directory, file, onBytes);
  // What a run left that was killed when the file was in its place already.
  for (const file of files) await rm(unfinishedOf(directory, file), { force: true });
  const folders = new Set(missing.flatMap(({ path }) => directoriesUpTo(directory, join(directory, path))));
  for (const folder of folders) await syncDirectory(folder);
  return {
    ok: true,
    exit: 0,
    directory,
    archive,
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    restored: missing.length,
    there: files.length - missing.length,
    elapsed_ms: Math.round(performance.now() - started),
  };
}

async function realOrGiven(directory: string): Promise<string> {
  try {
    return await realpath(directory);
  } catch (error) {
    // It is made when everything else is known to be well.
    if (codeOf(error) === 'ENOENT') return directory;
    throw error;
  }
}

/** The files that are not there yet, companions before their database. @throws StockroomError CONFLICT */
async function requireRoom(directory: string, files: readonly ArchivedFile[]): Promise<ArchivedFile[]> {
  const conflicts: string[] = [];
  const missing: ArchivedFile[] = [];
  const paths = new Set(files.map(({ path }) => path));
  for (const file of files) {
    const { path, bytes, sha256, database } = file;
    const stat = statOf(directory, path);
    if (leadsOut(directory, path)) conflicts.push(`${path} (its folder is a link, or no folder)`);
    else if (stat === null && isThere(directory, path)) conflicts.push(`${path} (no file)`);
    else if (stat === null) missing.push(file);
    else if (Number(stat.size) !== bytes || (await hashOf(join(directory, path))).sha256 !== sha256)
      conflicts.push(path);
    if (path !== database) continue;
    // It would be taken for a part of the database.
    const foreign = [`${path}-wal`, `${path}-journal`].filter((beside) => !paths.has(beside));
    conflicts.push(...foreign.filter((beside) => (statOf(directory, beside)?.size ?? 0n) > 0n));
  }
  if (conflicts.length > 0) {
    const [first, ...more] = conflicts;
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    throw new StockroomError(
      'CONFLICT',
      `${directory} holds another ${first}${others}: move it away, or restore to another directory; nothing was written`,
      { details: { conflicts } },
    );
  }
  return missing.sort((a, b) => Number(a.path === a.database) - Number(b.path === b.database));
}

/** Whether the folder of a path is not where its name says. */
function leadsOut(directory: string, path: string): boolean {
  for (const folder of directoriesUpTo(directory, join(directory, path))) {
    try {
      return realpathSync(folder) !== folder || !lstatSync(folder).isDirectory();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return true;
    }
  }
  return false;
}

const isThere = (directory: string, path: string): boolean =>
  lstatSync(join(directory, path), { throwIfNoEntry: false }) !== undefined;

function unfinishedOf(directory: string, { path, sha256 }: ArchivedFile): string {
  return join(dirname(join(directory, path)), `.stockroom-restore-${sha256.slice(0, 16)}`);
}

/** Under a name of its own first, so that no reader meets a half of it; it never takes the place of another. */
async function restore(
  archive: string,
  directory: string,
  file: ArchivedFile,
  onBytes: OnBytes,
): Promise<void> {
  const target = join(directory, file.path);
  await mkdir(dirname(target), { recursive: true });
  const unfinished = unfinishedOf(directory, file);
  await rm(unfinished, { force: true });
  const handle = await open(unfinished, 'wx', 0o600);
  try {
    await unpack(archive, file, handle, onBytes);
    if (process.getuid?.() === 0) await handle.chown(file.uid, file.gid);
    await handle.chmod(file.mode);
    await handle.utimes(...timesOf(file.mtime_ns));
    await handle.sync();
    await link(unfinished, target);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new StockroomError('CONFLICT', `${target} came meanwhile: move it away, then restore again`, {
      cause: error,
    });
  } finally {
    await handle.close();
    await rm(unfinished, { force: true });
  }
}

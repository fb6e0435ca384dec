import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, StockroomError } from '../../core/errors.ts';
import { version } from '../../core/version.ts';
import { identityOf, isIndex, statOf } from './identity.ts';
import {
  type ArchivedFile,
  directoriesUpTo,
  type Manifest,
  memberOf,
  MEMBERS,
  nameOf,
  SUMS,
  sumOf,
  syncDirectory,
  UNFINISHED,
  writeDurably,
  writeManifest,
} from './manifest.ts';
import { hashOf, type OnBytes, proveMember, writeMember } from './member.ts';
import type { GoingFile } from './plan.ts';
import type { OnProgress } from './report.ts';

/** What the old files were when they were read, by path. */
export type Identities = Map<string, string>;

export interface ArchiveTask {
  /** Without symbolic links. */
  readonly directory: string;
  readonly root: string;
  readonly files: readonly GoingFile[];
  readonly time: Date;
  /** Where the rows are now, for people. */
  readonly database: string;
  readonly onProgress: OnProgress;
}

/**
 * Writes an archive and proves it: every member is read back from the disk, and is what stands in the directory then. The
 * manifest comes last, so that an archive that has one is whole and proven. When this throws, nothing of it is left.
 *
 * @throws StockroomError CONFLICT when a file is written meanwhile, ARCHIVE_INVALID when the disk gives back something else
 */
export async function writeArchive(
  task: ArchiveTask,
): Promise<{ archive: string; manifest: Manifest; identities: Identities }> {
  const { directory, root, time } = task;
  const archive = join(root, nameOf(time));
  await mkdir(root, { recursive: true, mode: 0o700 });
  await mkdir(archive, { mode: 0o700 });
  try {
    await writeDurably(join(archive, UNFINISHED), `${JSON.stringify({ directory })}\n`);
    await mkdir(join(archive, MEMBERS), { mode: 0o700 });
    const identities: Identities = new Map();
    const files = await writeMembers(task, archive, identities);
    await proveArchive(archive, files, task.onProgress);
    for (const [path, fault] of await compareOriginals(directory, files, identities))
      throw changed(path, fault);
    const manifest: Manifest = {
      form: 1,
      directory,
      database: task.database,
      tool_version: version,
      created_at: time.toISOString(),
      files,
      files_sha256: sumOf(files),
      removed: false,
    };
    await writeDurably(join(archive, SUMS), sums(files));
    await syncNames(root, archive, files);
    await writeManifest(archive, manifest);
    await rm(join(archive, UNFINISHED));
    return { archive, manifest, identities };
  } catch (error) {
    await rm(archive, { recursive: true, force: true });
    if (codeOf(error) !== 'ENOSPC') throw error;
    throw new StockroomError('CONFLICT', `the disk of ${root} is full: make room, or name another place`, {
      cause: error,
    });
  }
}

async function writeMembers(
  { directory, files, onProgress }: ArchiveTask,
  archive: string,
  identities: Identities,
): Promise<ArchivedFile[]> {
  const onBytes = meterOf('archive', files, onProgress);
  const written: ArchivedFile[] = [];
  for (const { path, stores, database } of files) {
    const stat = statOf(directory, path);
    const identity = identityOf(directory, path);
    if (stat === null || identity === null) throw changed(path, 'is gone');
    const about = {
      path,
      stores,
      database,
      mode: Number(stat.mode & 0o7777n),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mtime_ns: String(stat.mtimeNs),
    };
    const member = await writeMember(archive, join(directory, path), about, onBytes);
    if (!isIndex(path) && identityOf(directory, path) !== identity) throw changed(path, 'was written');
    identities.set(path, identity);
    written.push({ ...about, ...member });
  }
  return written;
}

/** Reads every member back. @throws StockroomError ARCHIVE_INVALID */
export async function proveArchive(
  archive: string,
  files: readonly ArchivedFile[],
  onProgress: OnProgress,
): Promise<void> {
  const onBytes = meterOf('prove', files, onProgress);
  for (const file of files) await proveMember(archive, file, onBytes);
}

/**
 * Compares what stands in the directory with the archive, byte for byte. `identities` are those at the time of archiving,
 * or empty: then they are filled. @returns what differs and how; a file that is gone differs only when it has an identity
 */
export async function compareOriginals(
  directory: string,
  files: readonly ArchivedFile[],
  identities: Identities,
): Promise<Map<string, string>> {
  const faults = new Map<string, string>();
  for (const { path, sha256, bytes } of files) {
    const before = identityOf(directory, path);
    const known = identities.get(path) ?? before;
    if (before === null) {
      if (known !== null) faults.set(path, 'is gone');
      continue;
    }
    identities.set(path, known ?? before);
    if (isIndex(path)) continue;
    const found = await hashOf(join(directory, path));
    const isSame = found.sha256 === sha256 && found.bytes === bytes;
    if (!isSame || before !== known || identityOf(directory, path) !== before)
      faults.set(path, 'was written');
  }
  return faults;
}

function changed(path: string, how: string): StockroomError {
  return new StockroomError(
    'CONFLICT',
    `${path} ${how} while it was archived: stop whoever writes it, then clean up again; nothing was removed`,
    { details: { file: path } },
  );
}

export function meterOf(
  phase: 'archive' | 'prove' | 'restore',
  files: readonly { bytes: number }[],
  onProgress: OnProgress,
): OnBytes {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  return (bytes) => {
    done += bytes;
    onProgress({ phase, unit: 'bytes', done, total });
  };
}

/** What `sha256sum -c` reads, once the members are unpacked. */
function sums(files: readonly ArchivedFile[]): string {
  const lines = files.map(({ path, sha256 }) => {
    const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
    return `${escaped === path ? '' : '\\'}${sha256}  ${escaped}\n`;
  });
  return lines.join('');
}

async function syncNames(root: string, archive: string, files: readonly ArchivedFile[]): Promise<void> {
  const folders = new Set(files.flatMap((file) => directoriesUpTo(archive, join(archive, memberOf(file)))));
  for (const folder of folders) await syncDirectory(folder);
  await syncDirectory(root);
  await syncDirectory(dirname(root));
}

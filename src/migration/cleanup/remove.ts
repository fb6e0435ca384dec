import { rmSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, messageOf } from '../../core/errors.ts';
import type { Identities } from './archive.ts';
import { Hold } from './hold.ts';
import { identityOf, isIndex, statOf } from './identity.ts';
import { type ArchivedFile, syncDirectory } from './manifest.ts';
import type { OnProgress, Removal } from './report.ts';

/**
 * Removes files that an archive was proven to hold, each only while it is what it was then. Databases are held against writers
 * meanwhile. A database and its companions go together or stay together.
 *
 * @param identities of the files as they were proven; one without any is gone already
 * @param faults files that differ from the archive
 * @throws StockroomError SOURCE_LOCKED when a database is being written; then nothing was removed
 */
export async function removeOriginals(
  directory: string,
  files: readonly ArchivedFile[],
  identities: Identities,
  faults: ReadonlyMap<string, string>,
  onProgress: OnProgress,
): Promise<Pick<Removal, 'removed' | 'kept'>> {
  const there = files.filter(({ path }) => statOf(directory, path) !== null);
  const databases = there.filter(({ path, database }) => path === database && !faults.has(path));
  const hold = new Hold(databases.map(({ path }) => join(directory, path)));
  const removal: Pick<Removal, 'removed' | 'kept'> = { removed: 0, kept: [] };
  const report = (): void =>
    onProgress({ phase: 'remove', unit: 'files', done: removal.removed, total: there.length });
  try {
    report();
    for (const group of groupsOf(there)) {
      const reason = whyKept(directory, group, identities, faults);
      if (reason !== null) {
        removal.kept.push(...group.map(({ path }) => ({ file: path, reason })));
        continue;
      }
      removeGroup(directory, group, removal, report);
    }
  } finally {
    hold.release();
  }
  const folders = new Set(there.map(({ path }) => dirname(join(directory, path))));
  for (const folder of folders) await syncDirectory(folder);
  return removal;
}

/** A database comes before its companions: without it they are nothing, and it without its -wal would be an older one. */
function groupsOf(files: readonly ArchivedFile[]): ArchivedFile[][] {
  const groups = new Map<string, ArchivedFile[]>();
  for (const file of files) {
    const key = file.database ?? file.path;
    const group = groups.get(key) ?? [];
    if (file.path === file.database) group.unshift(file);
    else group.push(file);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function whyKept(
  directory: string,
  group: readonly ArchivedFile[],
  identities: Identities,
  faults: ReadonlyMap<string, string>,
): string | null {
  for (const { path } of group) {
    const isChanged = !isIndex(path) && identityOf(directory, path) !== identities.get(path);
    if (faults.has(path) || isChanged) return `${path} was changed since it was archived`;
  }
  const { database } = group[0]!;
  if (database === null) return null;
  const archived = new Set(group.map(({ path }) => path));
  for (const path of [database, `${database}-wal`, `${database}-journal`]) {
    // One that came since: what it holds is in no archive.
    if (!archived.has(path) && (statOf(directory, path)?.size ?? 0n) > 0n) return `${path} came since`;
  }
  return null;
}

function removeGroup(
  directory: string,
  group: readonly ArchivedFile[],
  removal: Pick<Removal, 'removed' | 'kept'>,
  report: () => void,
): void {
  for (const [index, { path, database }] of group.entries()) {
    const reason = remove(join(directory, path));
    if (reason === null) removal.removed++;
    else {
      // A database that stays keeps its companions.
      const kept = path === database ? group.slice(index) : [{ path }];
      removal.kept.push(...kept.map((file) => ({ file: file.path, reason })));
      if (path === database) return;
    }
    report();
  }
  removeMade(directory, group);
}

/** @returns why it could not be removed, or null */
function remove(file: string): string | null {
  try {
    unlinkSync(file);
    return null;
  } catch (error) {
    // Somebody else removed it: that is what was wanted.
    return codeOf(error) === 'ENOENT' ? null : messageOf(error);
  }
}

/** What SQLite made beside a database to hold it: an index, and a -wal without anything in it. */
function removeMade(directory: string, group: readonly ArchivedFile[]): void {
  const { database } = group[0]!;
  if (database === null || statOf(directory, database) !== null) return;
  for (const suffix of ['-shm', '-wal']) {
    const file = join(directory, database + suffix);
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat !== undefined && (isIndex(file) || stat.size === 0)) rmSync(file, { force: true });
  }
}

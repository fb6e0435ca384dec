import { createHash } from 'node:crypto';
import { open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { codeOf, StockroomError } from '../../core/errors.ts';

/** What says that an archive is whole: it is written last, when everything else was proven. */
const MANIFEST = 'manifest.json';
/** Says whose an archive is that is not whole yet. */
export const UNFINISHED = 'unfinished.json';
/** Below the archive: one gzip file for each old file, of the same name and `.gz`. */
export const MEMBERS = 'files';
export const SUMS = 'SHA256SUMS';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.number().int().nonnegative();

/** A path that stays below the directory that it is joined to. */
const path = z
  .string()
  .refine(
    (text) => text !== '' && !text.includes('\0') && !text.split('/').some((part) => /^\.{0,2}$/.test(part)),
    'expected a relative path without . and ..',
  );

const archivedFile = z.object({
  path,
  stores: z.array(z.string()),
  /** The database that the file is, or is a companion of. */
  database: path.nullable(),
  bytes: size,
  mode: size,
  uid: size,
  gid: size,
  mtime_ns: z.string().regex(/^-?\d+$/),
  /** Of the old file's bytes. */
  sha256,
  member_bytes: size,
  /** Of the compressed file's bytes. */
  member_sha256: sha256,
});
/** An old file, and its member in the archive. */
export type ArchivedFile = z.output<typeof archivedFile>;

const manifestForm = z.object({
  form: z.literal(1),
  directory: z.string(),
  database: z.string(),
  tool_version: z.string(),
  created_at: z.string(),
  files: z.array(archivedFile),
  /** Of `files`, as JSON without spaces. */
  files_sha256: sha256,
  /** False until every file was removed, or found changed: the next run goes on with it. */
  removed: z.boolean(),
});
export type Manifest = z.output<typeof manifestForm>;

export const memberOf = (file: Pick<ArchivedFile, 'path'>): string => `${MEMBERS}/${file.path}.gz`;

export function sumOf(files: readonly ArchivedFile[]): string {
  // In the order of the form, whatever order their members were given in.
  const inOrder = files.map((file) => archivedFile.parse(file));
  return createHash('sha256').update(JSON.stringify(inOrder)).digest('hex');
}

/** The manifest of an archive. @throws StockroomError ARCHIVE_INVALID */
export async function readManifest(archive: string): Promise<Manifest> {
  const file = join(archive, MANIFEST);
  let manifest: Manifest;
  try {
    manifest = manifestForm.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const what = codeOf(error) === 'ENOENT' ? 'is not there' : 'is no manifest of an archive';
    throw damaged(`${file} ${what}`, file, error);
  }
  if (sumOf(manifest.files) !== manifest.files_sha256) throw damaged(`${file} was changed`, file);
  return manifest;
}

/** Whole or not at all: whoever reads it finds all of it, even after a power cut. */
export async function writeManifest(archive: string, manifest: Manifest): Promise<void> {
  await writeDurably(
    join(archive, `${MANIFEST}.part`),
    `${JSON.stringify(manifestForm.parse(manifest), null, 2)}\n`,
  );
  await rename(join(archive, `${MANIFEST}.part`), join(archive, MANIFEST));
  await syncDirectory(archive);
}

export async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the names in a directory as durable as the files that bear them. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Every directory from that of `file` up to `top`, which is included; the deepest comes first. */
export function directoriesUpTo(top: string, file: string): string[] {
  const found: string[] = [];
  for (let at = dirname(file); at.length > top.length; at = dirname(at)) found.push(at);
  return [...found, top];
}

const archiveName = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/;

export const nameOf = (time: Date): string => time.toISOString().replaceAll(/[:.]/g, '-');

const owner = z.object({ directory: z.string() });

/** The archives of a directory below a root, oldest first, and what killed runs left of others. */
export async function archivesOf(
  root: string,
  directory: string,
): Promise<{ whole: { archive: string; manifest: Manifest }[]; halves: string[] }> {
  const whole: { archive: string; manifest: Manifest }[] = [];
  const halves: string[] = [];
  for (const name of (await namesIn(root)).filter((each) => archiveName.test(each)).sort()) {
    const archive = join(root, name);
    const names = await namesIn(archive);
    if (names.includes(MANIFEST)) {
      const manifest = await readManifest(archive);
      if (manifest.directory === directory) whole.push({ archive, manifest });
    } else if (names.length === 0 || (await ownerOf(archive)) === directory) halves.push(archive);
  }
  return { whole, halves };
}

async function ownerOf(archive: string): Promise<string | null> {
  try {
    return owner.parse(JSON.parse(await readFile(join(archive, UNFINISHED), 'utf8'))).directory;
  } catch {
    // Not known to be ours: it stays where it is.
    return null;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}

export function damaged(what: string, file: string, cause?: unknown): StockroomError {
  return new StockroomError(
    'ARCHIVE_INVALID',
    `${what}: restore the archive from a copy, or move it away; nothing was removed or written because of it`,
    { cause, details: { file } },
  );
}

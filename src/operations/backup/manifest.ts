import { createHash } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf, messageOf, StockroomError } from '../../core/errors.ts';
import { version } from '../../core/version.ts';
import { sha256Of, writeDurably } from './files.ts';

/** What makes a directory a backup: it is written last, by rename. */
export const MANIFEST_FILE = 'manifest.json';
/** SHA-256 of the manifest, in the form of `sha256sum`: the manifest cannot hold its own. */
export const MANIFEST_SUM_FILE = 'manifest.json.sha256';
const UNFINISHED_FILE = `${MANIFEST_FILE}.unfinished`;
/** What an attempt may leave of a manifest. */
export const manifestFiles = [MANIFEST_FILE, MANIFEST_SUM_FILE, UNFINISHED_FILE] as const;
const FORMAT = 1;
/** Larger is none of ours. */
const MANIFEST_MAX_BYTES = 16 * 2 ** 20;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();

const tableForm = z.strictObject({ name: z.string(), rows: count, sha256 });
const fileForm = z.strictObject({
  // A plain name: a path would lead out of the directory.
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,99}$/),
  bytes: count,
  sha256,
});

const manifestForm = z.strictObject({
  format: z.literal(FORMAT),
  stockroom: z.string(),
  /** ISO time in UTC. */
  created_at: z.string(),
  durable: z.strictObject({
    kind: z.enum(['server', 'embedded']),
    location: z.string(),
    /** Version of PostgreSQL. */
    version: z.string(),
    schema: z.string(),
    schema_version: count,
    /** Of the schema as text: tables, indexes, triggers, functions, views and types. */
    schema_sha256: sha256,
    /** Every table, with its rows as they were in the snapshot that was dumped. */
    tables: z.array(tableForm),
  }),
  hot: z.strictObject({
    kind: z.enum(['redis', 'in-process']),
    topology: z.string(),
    location: z.string(),
    /** States that PostgreSQL did not have yet when they were read. */
    states: count,
    counters: count,
  }),
  files: z.array(fileForm),
});

export type Manifest = z.output<typeof manifestForm>;
export type BackupFile = Manifest['files'][number];
export type TableFingerprint = Manifest['durable']['tables'][number];

/** Makes the directory a backup. Its files are there and on the disk by now. */
export async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  const sum = createHash('sha256').update(text).digest('hex');
  await writeDurably(join(directory, MANIFEST_SUM_FILE), `${sum}  ${MANIFEST_FILE}\n`);
  const unfinished = join(directory, UNFINISHED_FILE);
  await writeDurably(unfinished, text);
  await rename(unfinished, join(directory, MANIFEST_FILE));
}

/**
 * The manifest of a backup whose files are all there and are, byte for byte, what was written.
 *
 * @param needed files that have to be among them
 * @throws StockroomError ARCHIVE_INVALID that names the file; CONFLICT when this user may not read it
 */
export async function readBackup(
  directory: string,
  needed: (manifest: Manifest) => readonly string[] = () => [],
): Promise<Manifest> {
  const manifest = await readManifest(directory);
  const unlisted = needed(manifest).find((one) => manifest.files.every(({ name }) => name !== one));
  if (unlisted !== undefined) throw damaged(directory, MANIFEST_FILE, `it does not list ${unlisted}`);
  for (const { name, bytes, sha256: expected } of manifest.files) {
    const found = await read(directory, name, () => sha256Of(join(directory, name)));
    if (found.bytes === bytes && found.sha256 === expected) continue;
    throw damaged(
      directory,
      name,
      `expected ${bytes} bytes with SHA-256 ${expected}, found ${found.bytes} bytes with ${found.sha256}`,
    );
  }
  return manifest;
}

async function readManifest(directory: string): Promise<Manifest> {
  const text = await read(directory, MANIFEST_FILE, () => readFile(join(directory, MANIFEST_FILE)));
  const line = await read(directory, MANIFEST_SUM_FILE, () =>
    readFile(join(directory, MANIFEST_SUM_FILE), 'utf8'),
  );
  const sum = createHash('sha256').update(text).digest('hex');
  if (line !== `${sum}  ${MANIFEST_FILE}\n`)
    throw damaged(directory, MANIFEST_FILE, `its SHA-256 is not the one in ${MANIFEST_SUM_FILE}`);
  const value = text.length > MANIFEST_MAX_BYTES ? undefined : json(text.toString());
  requireKnown(directory, value);
  const parsed = manifestForm.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? '' : ` (${issue.path.join('.')}: ${issue.message})`;
  throw damaged(directory, MANIFEST_FILE, `it has another form than this Stockroom reads${where}`);
}

/** A backup of a later Stockroom is not damaged. */
function requireKnown(directory: string, value: unknown): void {
  const later = z.object({ format: z.int().gt(FORMAT), stockroom: z.string() }).safeParse(value);
  if (!later.success) return;
  throw new StockroomError(
    'ARCHIVE_INVALID',
    `${directory} was made by Stockroom ${later.data.stockroom}, in a form that this one (${version}) does not read: restore it with that version.`,
    { details: { directory, format: later.data.format } },
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Refused by the form, which says so.
  }
}

async function read<T>(directory: string, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const missing = codeOf(error) === 'ENOENT';
    if (missing && name === MANIFEST_FILE) {
      throw new StockroomError(
        'ARCHIVE_INVALID',
        `${directory} is no backup: it has no ${MANIFEST_FILE}, which is written last. ` +
          'Check the path; a backup that was interrupted has to be made again.',
        { cause: error, details: { directory } },
      );
    }
    if (codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') {
      throw new StockroomError(
        'CONFLICT',
        `The backup in ${directory} cannot be read: ${messageOf(error)}. Restore as its owner, or give this user the right.`,
        { cause: error, details: { directory, file: name } },
      );
    }
    throw damaged(directory, name, missing ? 'it is missing' : messageOf(error), error);
  }
}

function damaged(directory: string, file: string, what: string, cause?: unknown): StockroomError {
  return new StockroomError(
    'ARCHIVE_INVALID',
    `The backup in ${directory} is damaged: ${file}: ${what}. Nothing was restored; use another copy of it.`,
    { ...(cause === undefined ? {} : { cause }), details: { directory, file } },
  );
}

import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, StockroomError } from '../../core/errors.ts';
import { openEmbedded } from '../../tiers/durable/embedded/open-embedded.ts';
import { takeOwnership } from '../../tiers/durable/embedded/owner.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { tableNames } from './fingerprint.ts';
import { isOfDisk, syncFile, unusable } from './files.ts';
import type { TableFingerprint } from './manifest.ts';
import { requireEmpty } from './server-restore.ts';
import { packDirectory, unpackDirectory } from './tar.ts';

/** The data directory of the embedded PostgreSQL, as it lies on the disk. */
export const EMBEDDED_FILE = 'postgresql.tar.gz';

/** The copy that is opened to be proven, for as long as that takes. */
export const PROOF_FOLDER = 'proof';

/** Where the embedded database of a data directory is: see `openDurable`. */
export const homeOf = (dataDir: string): string => join(dataDir, 'postgresql');

export interface EmbeddedPlace {
  readonly dataDir: string;
  readonly schema: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies the files of an embedded database that nobody uses, which is the one faithful copy of it there is: no program of PostgreSQL can
 * connect to it. The copy is then opened, and it is its rows that the manifest speaks of.
 *
 * @throws StockroomError EMBEDDED_IN_USE while a process has it open, CONFLICT when there is none
 */
export async function dumpEmbedded<T>(
  { dataDir, schema, signal }: EmbeddedPlace,
  directory: string,
  describe: (copy: DurableTier) => Promise<T>,
): Promise<T> {
  const home = homeOf(dataDir);
  if (!(await exists(join(home, 'data'))) || (await exists(join(home, 'unfinished')))) {
    throw new StockroomError(
      'CONFLICT',
      `There is no embedded database in ${dataDir}: name its directory with STOCKROOM_DATA_DIR, or a server with DATABASE_URL.`,
      { details: { directory: dataDir } },
    );
  }
  const file = join(directory, EMBEDDED_FILE);
  const owner = await takeOwnership(home);
  try {
    await packDirectory(join(home, 'data'), file, signal);
  } finally {
    await owner.release();
  }
  await syncFile(file);
  const proof = join(directory, PROOF_FOLDER);
  try {
    return await opened(file, proof, schema, signal, describe);
  } finally {
    await rm(proof, { recursive: true, force: true });
  }
}

/**
 * Unpacks and proves the database beside its place, and then moves it there: so what is in the place is all of it or nothing.
 *
 * @throws StockroomError EMBEDDED_IN_USE; TARGET_EXISTS when there is a database with rows; CONFLICT when the disk does not take it
 */
export async function restoreEmbedded(
  { dataDir, schema, signal }: EmbeddedPlace,
  directory: string,
  tables: readonly TableFingerprint[],
  finish: (copy: DurableTier) => Promise<void>,
): Promise<void> {
  const home = homeOf(dataDir);
  await requireNone(home, schema, tables);
  const scratch = join(dataDir, `restore-${randomBytes(6).toString('hex')}`);
  try {
    await opened(join(directory, EMBEDDED_FILE), scratch, schema, signal, finish);
    await mkdir(home, { recursive: true, mode: 0o700 });
    const owner = await takeOwnership(home);
    try {
      // What was there has no rows, and without it a new one is made: so the two steps need not be one.
      await rm(join(home, 'data'), { recursive: true, force: true });
      await rename(join(scratch, 'data'), join(home, 'data'));
      await rm(join(home, 'unfinished'), { force: true });
    } finally {
      await owner.release();
    }
  } catch (error) {
    throw isOfDisk(error) ? unusable(dataDir, 'a restore', error) : error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function requireNone(home: string, schema: string, tables: readonly TableFingerprint[]): Promise<void> {
  if (!(await exists(join(home, 'data'))) || (await exists(join(home, 'unfinished')))) return;
  const there = await openEmbedded({ dataDir: home, schema });
  try {
    await there.transaction(async (session) => {
      const names = await tableNames(session, schema);
      if (names.length > 0) await requireEmpty(session, schema, names, tables);
    });
  } finally {
    await there.close();
  }
}

/** Unpacks an archive into `place` and gives it to `work` as a tier of its own. */
async function opened<T>(
  file: string,
  place: string,
  schema: string,
  signal: AbortSignal | undefined,
  work: (copy: DurableTier) => Promise<T>,
): Promise<T> {
  await unpackDirectory(file, join(place, 'data'), signal);
  const copy = await openEmbedded({ dataDir: place, schema });
  try {
    return await work(copy);
  } finally {
    await copy.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

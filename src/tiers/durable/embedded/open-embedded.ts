import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, StockroomError } from '../../../core/errors.ts';
import { defaultLimits, type Limits, sessionSettings } from '../connection.ts';
import type { DurableTier } from '../port.ts';
import { createTier } from '../tier.ts';
import { EmbeddedDriver } from './driver.ts';
import { Engine } from './engine.ts';
import { takeOwnership } from './owner.ts';

export type EmbeddedOptions = {
  readonly schema: string;
  readonly limits?: Partial<Limits>;
  /** A file that `makeTemplate` wrote: a new database begins with what is in it, and is there sooner. */
  readonly template?: string;
} & (
  | { readonly dataDir: string; readonly memory?: false }
  /** Gone with the process. */
  | { readonly memory: true; readonly dataDir?: undefined }
);

/**
 * PostgreSQL's own defaults are for a machine of its own. 128 MB of buffers cost a process that much more memory, and
 * the operating system caches the files anyway; 1 GB of log would be most of what is on the disk, and long to replay
 * after a kill.
 */
const serverSettings = { shared_buffers: '8MB', min_wal_size: '32MB', max_wal_size: '128MB' };

/**
 * Opens the embedded database, and makes one when there is none. It survives a killed process, but not a power cut:
 * PGlite never calls fsync.
 *
 * @throws StockroomError EMBEDDED_IN_USE when another process owns the directory, EMBEDDED_FAILED
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<DurableTier> {
  const { schema, limits, template } = options;
  if (options.memory === true) {
    const engine = await startInMemory(schema, template);
    return createTier(new EmbeddedDriver(engine, schema, 'memory', nothing, limits));
  }
  const { dataDir } = options;
  const owner = await takeDirectory(dataDir);
  try {
    const engine = await startIn(dataDir, schema, template);
    return createTier(new EmbeddedDriver(engine, schema, dataDir, () => owner.release(), limits));
  } catch (error) {
    await owner.release();
    throw error;
  }
}

/**
 * Writes a template for `openEmbedded`: a database in which `prepare` did its work. To make a database from nothing
 * takes seconds, from a template a fraction of one.
 */
export async function makeTemplate(
  file: string,
  schema: string,
  prepare: (tier: DurableTier) => Promise<unknown>,
): Promise<void> {
  const engine = await startInMemory(schema, undefined);
  const tier = createTier(new EmbeddedDriver(engine, schema, 'memory', nothing));
  try {
    await prepare(tier);
    await writeFile(file, await engine.dump());
  } finally {
    await tier.close();
  }
}

async function takeDirectory(dataDir: string): Promise<{ release(): Promise<void> }> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    return await takeOwnership(dataDir);
  } catch (error) {
    if (error instanceof StockroomError) throw error;
    throw new StockroomError(
      'EMBEDDED_FAILED',
      `The embedded database cannot use the directory ${dataDir}: ${messageOf(error)}. ` +
        'Set STOCKROOM_DATA_DIR to a directory that can be written.',
      { cause: error, details: { location: dataDir } },
    );
  }
}

const nothing = (): Promise<void> => Promise.resolve();

function settingsFor(schema: string): Record<string, string> {
  return { ...serverSettings, ...sessionSettings(schema) };
}

function startInMemory(schema: string, template: string | undefined): Promise<Engine> {
  return Engine.start({ dataDir: 'memory://', template, settings: settingsFor(schema), location: 'memory' });
}

/**
 * A first start that is killed leaves a directory which looks like a database and is none. A file says that one is
 * being made; while it is there, nothing was ever stored, and the making starts over.
 */
async function startIn(dataDir: string, schema: string, template: string | undefined): Promise<Engine> {
  const data = join(dataDir, 'data');
  const unfinished = join(dataDir, 'unfinished');
  if (await exists(unfinished)) await rm(data, { recursive: true, force: true });
  const isNew = !(await exists(data));
  const options = { dataDir: data, settings: settingsFor(schema), location: dataDir };
  if (isNew) {
    await writeFile(unfinished, '');
    // The thread that makes a database takes 800 MB and keeps them, so it is not the one that goes on.
    const maker = await Engine.start({ ...options, template });
    await maker.close(defaultLimits.closeTimeoutMs);
    await rm(unfinished);
  }
  return await Engine.start(options);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

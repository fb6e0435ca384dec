import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Limits, sessionSettings } from '../connection.ts';
import type { DurableTier } from '../port.ts';
import { createTier } from '../tier.ts';
import { EmbeddedDriver } from './driver.ts';
import { Engine } from './engine.ts';
import { takeOwnership } from './owner.ts';

/** A directory of its own, or memory that is gone with the process. */
export type EmbeddedOptions = { readonly schema: string; readonly limits?: Partial<Limits> } & (
  | { readonly dataDir: string; readonly memory?: false }
  | { readonly memory: true; readonly dataDir?: undefined }
);

/**
 * PostgreSQL's own default of 128 MB costs a process that much more memory; the operating system caches the files
 * anyway.
 */
const serverSettings = { shared_buffers: '8MB' };

/**
 * Opens the embedded database, and makes one when there is none. It survives a killed process, but not a power cut:
 * PGlite never calls fsync.
 *
 * @throws StockroomError EMBEDDED_IN_USE when another process owns the directory, EMBEDDED_FAILED
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<DurableTier> {
  const settings = { ...serverSettings, ...sessionSettings(options.schema) };
  if (options.memory === true) {
    const engine = await Engine.start('memory://', settings, 'memory');
    const nothing = (): Promise<void> => Promise.resolve();
    return createTier(new EmbeddedDriver(engine, options.schema, 'memory', nothing, options.limits));
  }
  const { dataDir, schema } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const owner = await takeOwnership(dataDir);
  try {
    const engine = await startIn(dataDir, settings);
    return createTier(new EmbeddedDriver(engine, schema, dataDir, () => owner.release(), options.limits));
  } catch (error) {
    await owner.release();
    throw error;
  }
}

/**
 * A first start that is killed leaves a directory which looks like a database and is none. A file says that one is
 * being made; while it is there, nothing was ever stored, and the making starts over.
 */
async function startIn(dataDir: string, settings: Readonly<Record<string, string>>): Promise<Engine> {
  const data = join(dataDir, 'data');
  const unfinished = join(dataDir, 'unfinished');
  if (await exists(unfinished)) await rm(data, { recursive: true, force: true });
  const isNew = !(await exists(data));
  if (isNew) await writeFile(unfinished, '');
  const engine = await Engine.start(data, settings, dataDir);
  if (isNew) await rm(unfinished);
  return engine;
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

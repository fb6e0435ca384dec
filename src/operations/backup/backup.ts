import { createHash } from 'node:crypto';
import { join, resolve, sep } from 'node:path';
import type { Config } from '../../core/config.ts';
import { version } from '../../core/version.ts';
import { type DurableTier, openDurable, schemaSnapshot, schemaVersion } from '../../tiers/durable/index.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import { dumpEmbedded, EMBEDDED_FILE, homeOf, PROOF_FOLDER } from './embedded.ts';
import { isOfDisk, removeMade, sha256Of, takeNewDirectory, unusable } from './files.ts';
import { StockroomError } from '../../core/errors.ts';
import { fingerprint, type OnTable } from './fingerprint.ts';
import { dumpHot, HOT_FILE } from './hot.ts';
import {
  type Manifest,
  manifestFiles,
  readBackup,
  type TableFingerprint,
  writeManifest,
} from './manifest.ts';
import type { Environment } from './programs.ts';
import { dumpServer, SERVER_FILE } from './server-dump.ts';

export interface BackupOptions {
  readonly config: Pick<
    Config,
    'databaseUrl' | 'databaseReplicaUrl' | 'databasePoolMax' | 'dataDir' | 'schema'
  >;
  /** Stays open. */
  readonly hot: HotTier;
  /** A directory that is empty or not there. */
  readonly directory: string;
  /** Of the process: where programs are looked for, and what they inherit. */
  readonly env: Environment;
  /** Stops the work and removes what was made. */
  readonly signal?: AbortSignal | undefined;
  readonly onTable?: OnTable | undefined;
}

export interface BackupReport {
  readonly directory: string;
  readonly elapsedMs: number;
  readonly manifest: Manifest;
}

/** Everything that an attempt may leave. */
const madeFiles = [HOT_FILE, SERVER_FILE, EMBEDDED_FILE, PROOF_FOLDER, ...manifestFiles];

/**
 * Writes both tiers into a directory, reads what was written, and last writes the manifest that makes it a backup. What fails, or is
 * stopped, leaves the directory empty.
 *
 * @throws StockroomError TARGET_EXISTS; EMBEDDED_IN_USE while a service has the embedded database; CONFLICT when the directory cannot be
 *   written or is full, a program is missing or fails, there is nothing to back up, or the schema changed meanwhile; the errors of the tiers
 */
export async function backUp(options: BackupOptions): Promise<BackupReport> {
  const { directory, hot, signal } = options;
  const start = performance.now();
  requireApart(options);
  await takeNewDirectory(directory, HOT_FILE);
  try {
    // Before PostgreSQL: see dumpHot.
    const counts = await dumpHot(hot, directory, signal);
    const durable = await dumpDurable(options);
    const files = [];
    for (const name of filesOf(durable.kind))
      files.push({ name, ...(await sha256Of(join(directory, name))) });
    await writeManifest(directory, {
      format: 1,
      stockroom: version,
      created_at: new Date().toISOString(),
      durable,
      hot: { kind: hot.kind, topology: hot.topology, location: hot.location, ...counts },
      files,
    });
    return { directory, elapsedMs: performance.now() - start, manifest: await readBackup(directory) };
  } catch (error) {
    // What went wrong first is told, also where nothing can be removed either.
    await removeMade(directory, madeFiles).catch(() => undefined);
    throw isOfDisk(error) ? unusable(directory, 'a backup', error) : error;
  }
}

/** A copy of the embedded database must not become part of it. */
function requireApart({ config, directory }: BackupOptions): void {
  const home = homeOf(config.dataDir);
  if (config.databaseUrl !== undefined || !`${resolve(directory)}${sep}`.startsWith(`${resolve(home)}${sep}`))
    return;
  throw new StockroomError(
    'CONFLICT',
    `${directory} lies within the embedded database, ${home}: name a directory outside of it.`,
    { details: { directory } },
  );
}

/** What a backup consists of, beside its manifest. */
export function filesOf(kind: Manifest['durable']['kind']): string[] {
  return [kind === 'server' ? SERVER_FILE : EMBEDDED_FILE, HOT_FILE];
}

async function dumpDurable(options: BackupOptions): Promise<Manifest['durable']> {
  const { config, directory, env, signal, onTable } = options;
  const { databaseUrl, schema } = config;
  if (databaseUrl === undefined) {
    const described = await dumpEmbedded({ ...config, signal }, directory, (copy) =>
      describe(copy, () => copy.session((session) => fingerprint(session, schema, { signal, onTable }))),
    );
    // The copy lay elsewhere.
    return { ...described, location: config.dataDir };
  }
  const durable = await openDurable(config);
  try {
    return await describe(durable, () =>
      dumpServer({ durable, databaseUrl, env, directory, signal, onTable }),
    );
  } finally {
    await durable.close();
  }
}

async function describe(
  durable: DurableTier,
  dump: () => Promise<TableFingerprint[]>,
): Promise<Manifest['durable']> {
  const { kind, location, schema } = durable;
  const schemaNumber = await schemaVersion(durable);
  if (schemaNumber === 0) {
    throw new StockroomError(
      'CONFLICT',
      `There is nothing to back up at ${location}: it has no schema ${schema} of Stockroom. Check DATABASE_URL and STOCKROOM_SCHEMA.`,
      { details: { location, schema } },
    );
  }
  const before = await schemaHash(durable);
  const tables = await dump();
  if ((await schemaHash(durable)) !== before) {
    throw new StockroomError(
      'CONFLICT',
      `The schema ${schema} changed while it was backed up (an upgrade, or a move of a stage): make the backup again.`,
      { details: { schema } },
    );
  }
  const { version: postgres } = await durable.ping();
  return {
    kind,
    location,
    version: postgres,
    schema,
    schema_version: schemaNumber,
    schema_sha256: before,
    tables,
  };
}

export async function schemaHash(durable: DurableTier): Promise<string> {
  return createHash('sha256')
    .update(await schemaSnapshot(durable))
    .digest('hex');
}

import { StockroomError } from '../../core/errors.ts';
import { type DurableTier, migrate, openDurable, schemaVersion } from '../../tiers/durable/index.ts';
import { readMigrations, shippedDirectory } from '../../tiers/durable/migration-files.ts';
import { type BackupOptions, filesOf, schemaHash } from './backup.ts';
import { restoreEmbedded } from './embedded.ts';
import { differences, fingerprint } from './fingerprint.ts';
import { requireEmptyHot, restoreHot } from './hot.ts';
import { type Manifest, readBackup } from './manifest.ts';
import { restoreServer } from './server-restore.ts';

/** Differences that are told one by one. */
const SHOWN_MAX = 5;

export type RestoreOptions = BackupOptions;

export interface RestoreReport {
  readonly directory: string;
  readonly elapsedMs: number;
  readonly manifest: Manifest;
  readonly durable: { kind: 'server' | 'embedded'; location: string; schema: string };
  /** Compared with the manifest, and found the same. */
  readonly tables: number;
  readonly rows: number;
  /** Migrations of a newer Stockroom that were applied after the comparison. */
  readonly migrations: number;
  /** States and counters that PostgreSQL or Redis took. */
  readonly hot: { states: number; counters: number };
}

/**
 * Restores a backup into empty tiers and compares every table with the manifest. Nothing is touched before the whole backup was read
 * and found undamaged; what fails later is taken back.
 *
 * @throws StockroomError ARCHIVE_INVALID when a file is damaged or a table differs; TARGET_EXISTS when a tier is not empty;
 *   SCHEMA_TOO_NEW; CONFLICT when the target is of another kind or has another schema, or a program is missing or fails; the errors of
 *   the tiers
 */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const { config, directory, hot } = options;
  const start = performance.now();
  const manifest = await readBackup(directory, ({ durable }) => filesOf(durable.kind));
  await requireFitting(manifest, options);
  await requireEmptyHot(hot);
  let [migrations, put] = [0, { states: 0, counters: 0 }];
  // All of it can still be taken back: so there is nothing that was restored without its states.
  const finish = async (restored: DurableTier): Promise<void> => {
    await prove(restored, options, manifest);
    migrations = (await migrate(restored)).length;
    put = await restoreHot(directory, restored, hot);
  };
  if (manifest.durable.kind === 'embedded') {
    await restoreEmbedded({ ...config, signal: options.signal }, directory, manifest.durable.tables, finish);
  }
  const durable = await openDurable(config);
  try {
    if (config.databaseUrl !== undefined) {
      await restoreServer({
        ...options,
        durable,
        databaseUrl: config.databaseUrl,
        tables: manifest.durable.tables,
        finish: () => finish(durable),
      });
    }
    return {
      directory,
      manifest,
      durable: { kind: durable.kind, location: durable.location, schema: durable.schema },
      tables: manifest.durable.tables.length,
      rows: manifest.durable.tables.reduce((sum, { rows }) => sum + rows, 0),
      migrations,
      hot: put,
      elapsedMs: performance.now() - start,
    };
  } finally {
    await durable.close();
  }
}

async function requireFitting({ durable }: Manifest, { config }: RestoreOptions): Promise<void> {
  const kind = config.databaseUrl === undefined ? 'embedded' : 'server';
  if (durable.kind !== kind) {
    const way =
      durable.kind === 'server'
        ? 'set DATABASE_URL to an empty database'
        : 'unset DATABASE_URL and set STOCKROOM_DATA_DIR to where it is to be';
    throw new StockroomError(
      'CONFLICT',
      `The backup is of ${durable.kind === 'server' ? 'a PostgreSQL server' : 'the embedded PostgreSQL'}, and that is what it is restored into: ${way}.`,
      { details: { expected: durable.kind, found: kind } },
    );
  }
  if (durable.schema !== config.schema) {
    throw new StockroomError(
      'CONFLICT',
      `The backup is of the schema ${durable.schema}, and STOCKROOM_SCHEMA is ${config.schema}: set STOCKROOM_SCHEMA=${durable.schema}.`,
      { details: { expected: durable.schema, found: config.schema } },
    );
  }
  const shipped = (await readMigrations(shippedDirectory)).length;
  if (durable.schema_version > shipped) {
    throw new StockroomError(
      'SCHEMA_TOO_NEW',
      `The backup has the schema version ${durable.schema_version}, and this Stockroom knows ${shipped}. ` +
        'Restore it with the Stockroom that made it, or a newer one.',
      { details: { backup: durable.schema_version, shipped } },
    );
  }
}

async function prove(
  durable: DurableTier,
  { signal, onTable }: RestoreOptions,
  { durable: expected }: Manifest,
): Promise<void> {
  const found = await durable.transaction(async (session) => {
    // It reads whole tables: a bound that is meant for a service's statements would end it.
    await session.query('set local statement_timeout = 0');
    return fingerprint(session, durable.schema, { signal, onTable });
  });
  const different = differences(expected.tables, found);
  if ((await schemaVersion(durable)) !== expected.schema_version)
    different.push('the schema has another version');
  if ((await schemaHash(durable)) !== expected.schema_sha256)
    different.push('the schema differs (indexes, triggers or functions)');
  if (different.length === 0) return;
  const shown = different.slice(0, SHOWN_MAX).join('; ');
  const more = different.length > SHOWN_MAX ? ` and ${different.length - SHOWN_MAX} more` : '';
  throw new StockroomError(
    'ARCHIVE_INVALID',
    `What was restored is not what was backed up: ${shown}${more}. It was taken back. Was something else writing to the target?`,
    { details: { differences: different.slice(0, SHOWN_MAX) } },
  );
}

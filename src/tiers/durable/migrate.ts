import { createHash } from 'node:crypto';
import { StockroomError } from '../../core/errors.ts';
import { quoteName } from './connection.ts';
import { type Migration, readMigrations, shippedDirectory } from './migration-files.ts';
import type { DurableTier, Session } from './port.ts';

/** A migration as the database remembers it. */
interface Applied {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

export interface MigrateOptions {
  /** Where the numbered files are; the ones of this package when absent. */
  readonly directory?: string | undefined;
}

/** How long a migration waits for a lock: for another process that migrates, or for a table in use. */
const lockTimeoutMs = 120_000;

/**
 * Brings the schema up to date: every migration that is missing, in order, each in a transaction of its own. Several
 * processes may do so at once; one works, and the others find it done.
 *
 * @returns the migrations that were applied by this call
 * @throws StockroomError SCHEMA_TOO_NEW, SCHEMA_CHANGED; DATABASE_QUERY_FAILED with what a migration did wrong
 */
export async function migrate(tier: DurableTier, options: MigrateOptions = {}): Promise<Migration[]> {
  const shipped = await readMigrations(options.directory ?? shippedDirectory);
  const applied: Migration[] = [];
  for (;;) {
    const step = await tier.transaction((session) => applyNext(session, tier.schema, shipped));
    if (step === undefined) return applied;
    applied.push(step);
  }
}

/**
 * Migrations that the database lacks, without changing anything.
 *
 * @throws StockroomError SCHEMA_TOO_NEW, SCHEMA_CHANGED
 */
export async function pendingMigrations(
  tier: DurableTier,
  options: MigrateOptions = {},
): Promise<Migration[]> {
  const shipped = await readMigrations(options.directory ?? shippedDirectory);
  return missing(shipped, await readApplied(tier, tier.schema));
}

/** The number of the last migration that was applied; 0 before the first. */
export async function schemaVersion(tier: DurableTier): Promise<number> {
  return (await readApplied(tier, tier.schema)).at(-1)?.number ?? 0;
}

/**
 * For what must not change the schema itself.
 *
 * @throws StockroomError SCHEMA_OUTDATED, SCHEMA_TOO_NEW, SCHEMA_CHANGED
 */
export async function requireCurrentSchema(tier: DurableTier, options: MigrateOptions = {}): Promise<void> {
  const pending = await pendingMigrations(tier, options);
  if (pending.length === 0) return;
  throw new StockroomError(
    'SCHEMA_OUTDATED',
    `The database at ${tier.location} lacks ${pending.length} migrations of this Stockroom, from number ` +
      `${pending[0]!.number} on. Run \`stockroom start\`, which applies them.`,
    { details: { pending: pending.map(({ number }) => number) } },
  );
}

async function applyNext(
  session: Session,
  schema: string,
  shipped: readonly Migration[],
): Promise<Migration | undefined> {
  await session.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
  await session.query('SELECT pg_advisory_xact_lock($1)', [lockKey(schema)]);
  await prepare(session, schema);
  const next = missing(shipped, await readApplied(session, schema))[0];
  if (next === undefined) return undefined;
  await run(session, next);
  await session.query(
    `INSERT INTO ${quoteName(schema)}.migration_versions (number, name, checksum) VALUES ($1, $2, $3)`,
    [next.number, next.name, next.checksum],
  );
  return next;
}

async function run(session: Session, migration: Migration): Promise<void> {
  try {
    await session.query(migration.sql);
  } catch (error) {
    if (!(error instanceof StockroomError)) throw error;
    throw new StockroomError(
      error.code,
      `Migration ${migration.number} (${migration.name}) failed and was rolled back. ${error.message}`,
      { cause: error, details: error.details },
    );
  }
}

/**
 * Makes the schema and the table of versions. `CREATE SCHEMA IF NOT EXISTS` asks for the right to create one even
 * when it is there, and an administrator may have made it for a user without that right.
 */
async function prepare(session: Session, schema: string): Promise<void> {
  const name = quoteName(schema);
  const { rows } = await session.query<{ exists: boolean }>(
    'SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1) AS exists',
    [schema],
  );
  if (rows[0]?.exists !== true) await session.query(`CREATE SCHEMA ${name}`);
  await session.query(`SET LOCAL search_path = ${name}`);
  await session.query(
    `CREATE TABLE IF NOT EXISTS ${name}.migration_versions (
       number integer PRIMARY KEY,
       name text NOT NULL,
       checksum text NOT NULL,
       applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
     )`,
  );
}

async function readApplied(session: Session, schema: string): Promise<Applied[]> {
  const table = `${quoteName(schema)}.migration_versions`;
  const { rows: found } = await session.query<{ exists: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AS exists',
    [table],
  );
  if (found[0]?.exists !== true) return [];
  const { rows } = await session.query<Applied>(
    `SELECT number, name, checksum FROM ${table} ORDER BY number`,
  );
  return rows;
}

/** What is shipped and not applied, once both are known to agree on what is applied. */
function missing(shipped: readonly Migration[], applied: readonly Applied[]): Migration[] {
  for (const [index, { number, name, checksum }] of applied.entries()) {
    const ours = shipped[number - 1];
    if (ours === undefined) {
      throw new StockroomError(
        'SCHEMA_TOO_NEW',
        `The database has migration ${number} (${name}), and this Stockroom knows ${shipped.length}. ` +
          'Use the Stockroom that applied it, or a newer one.',
        { details: { database: applied.at(-1)!.number, shipped: shipped.length } },
      );
    }
    if (number !== index + 1 || ours.checksum !== checksum) {
      throw new StockroomError(
        'SCHEMA_CHANGED',
        `Migration ${number} (${name}) was applied to the database in another form than the one shipped as ` +
          `${ours.name}. Migrations are never edited: restore the file, and put the change into a new one.`,
        { details: { number } },
      );
    }
  }
  return shipped.slice(applied.length);
}

/** Advisory locks are numbers shared by a whole database: one from our name and the schema's. */
function lockKey(schema: string): bigint {
  return createHash('sha256').update(`stockroom migrations of ${schema}`).digest().readBigInt64BE();
}

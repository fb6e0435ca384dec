import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { messageOf, StockroomError } from '../../core/errors.ts';
import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import { shippedTables } from '../../tiers/durable/migration-files.ts';
import { quoted, tableNames } from './fingerprint.ts';
import { dropAside, emptySchema, occupied } from './schemas.ts';
import { type Environment, findProgram, libpqEnvironment, run } from './programs.ts';
import type { TableFingerprint } from './manifest.ts';
import { SERVER_FILE, serverMajor } from './server-dump.ts';

/** How long the target's tables are waited for: nobody else should use them. */
const LOCK_TIMEOUT_MS = 10_000;

export interface ServerRestore {
  readonly durable: DurableTier;
  readonly databaseUrl: string;
  readonly env: Environment;
  readonly directory: string;
  readonly tables: readonly TableFingerprint[];
  readonly signal?: AbortSignal | undefined;
  /** Compares what was restored, and completes it. When it throws, all of it is taken back. */
  readonly finish: () => Promise<void>;
}

/**
 * Restores the schema in one transaction of `pg_restore`. A schema of Stockroom without rows that stands in the way is kept under
 * another name until the restored one is proven; a failure at any point brings it back.
 *
 * @throws StockroomError TARGET_EXISTS when the schema holds anything, or something of somebody else hangs on it
 */
export async function restoreServer(options: ServerRestore): Promise<void> {
  const { durable, databaseUrl, env, directory, signal } = options;
  const program = await findProgram('pg_restore', await serverMajor(durable), env);
  const room = await durable.transaction((session) => makeRoom(session, durable.schema, options.tables));
  try {
    const libpq = libpqEnvironment(databaseUrl, env);
    const args = [
      '--single-transaction',
      '--exit-on-error',
      '--no-owner',
      '--no-privileges',
      '--no-password',
      `--schema=${durable.schema}`,
      `--dbname=${libpq['PGDATABASE'] ?? libpq['PGUSER'] ?? 'postgres'}`,
      join(directory, SERVER_FILE),
    ];
    await run({ path: program.path, args, env: libpq, signal });
    await options.finish();
    const { aside } = room;
    if (aside !== undefined)
      await durable.transaction((session) => dropAside(session, durable.schema, aside));
  } catch (error) {
    try {
      await durable.transaction((session) => takeBack(session, durable.schema, room));
    } catch (cause) {
      throw notTakenBack(durable.schema, room, error, cause);
    }
    throw error;
  }
}

/** Of a server that went away in the middle, for one. */
function notTakenBack(schema: string, { aside }: Room, error: unknown, cause: unknown): StockroomError {
  const code = error instanceof StockroomError ? error.code : 'INTERNAL';
  const way =
    aside === undefined
      ? `drop the schema ${schema}`
      : `drop the schema ${schema}, name ${aside}, which stood there, back to ${schema}`;
  return new StockroomError(
    code,
    `${messageOf(error).replace(/\.$/, '')}. What was restored could not be taken back (${messageOf(cause).replace(/\.$/, '')}): ` +
      `${way}, and restore again.`,
    { cause, details: { schema, ...(aside === undefined ? {} : { aside }) } },
  );
}

/** What was in the place of the schema: nothing at all, a bare schema, or one that is kept under the name of `aside`. */
interface Room {
  readonly was: 'nothing' | 'bare' | 'aside';
  readonly aside?: string;
}

/** Makes an empty schema. */
async function makeRoom(
  session: Session,
  schema: string,
  tables: readonly TableFingerprint[],
): Promise<Room> {
  await session.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  const { rows } = await session.query<{ exists: boolean }>(
    'select exists (select from pg_catalog.pg_namespace where nspname = $1) as exists',
    [schema],
  );
  if (rows[0]?.exists !== true) {
    await session.query(`create schema ${quoted(schema)}`);
    return { was: 'nothing' };
  }
  const names = await tableNames(session, schema);
  if (names.length === 0) {
    await requireBare(session, schema);
    return { was: 'bare' };
  }
  await requireEmpty(session, schema, names, tables);
  const aside = `before_restore_${randomBytes(6).toString('hex')}`;
  await session.query(
    `alter schema ${quoted(schema)} rename to ${quoted(aside)}; create schema ${quoted(schema)}`,
  );
  return { was: 'aside', aside };
}

async function takeBack(session: Session, schema: string, { was, aside }: Room): Promise<void> {
  // Only what was restored is in it.
  if (was === 'bare') return await emptySchema(session, schema);
  await session.query(`drop schema ${quoted(schema)} cascade`);
  if (aside !== undefined) await session.query(`alter schema ${quoted(aside)} rename to ${quoted(schema)}`);
}

/** A schema without tables may still hold what somebody else put there. */
async function requireBare(session: Session, schema: string): Promise<void> {
  const { rows } = await session.query<{ n: bigint }>(
    `select count(*) as n from pg_catalog.pg_depend
     where refclassid = 'pg_namespace'::regclass and refobjid = $1::regnamespace and deptype = 'n'`,
    [quoted(schema)],
  );
  if (rows[0]?.n !== 0n) throw occupied(schema, 'functions, types or views of somebody else');
}

/** Nobody writes to the tables until the transaction ends. A backup of an older Stockroom lacks some that the schema has by now. */
export async function requireEmpty(
  session: Session,
  schema: string,
  names: readonly string[],
  backup: readonly TableFingerprint[],
): Promise<void> {
  const known = new Set([...backup.map(({ name }) => name), ...(await shippedTables())]);
  const foreign = names.find((name) => !known.has(name));
  if (foreign !== undefined) throw occupied(schema, `the table ${foreign}, which is none of Stockroom's`);
  const tables = names.map((name) => `${quoted(schema)}.${quoted(name)}`);
  await session.query(`lock table ${tables.join(', ')} in access exclusive mode`);
  for (const [index, name] of names.entries()) {
    // It says which migrations made the tables, and holds nothing of the user's.
    if (name === 'migration_versions') continue;
    const { rows } = await session.query(`select 1 as one from ${tables[index]} limit 1`);
    if (rows.length > 0) throw occupied(schema, `rows in ${name}`);
  }
}

import { messageOf } from '../../core/errors.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { fail, type Found, ok, warn } from './finding.ts';
import { isThere, type Patient } from './patient.ts';

/** One for the locks of what runs, and two for `retention`. */
const POOL_FOR_JOBS = 3;

export async function postgresReach({ durable }: Patient): Promise<Found> {
  if (!isThere(durable) && durable.unmade === true) {
    return warn(
      'There is no database yet.',
      {},
      'Set DATABASE_URL, or let `stockroom start` make the embedded one in STOCKROOM_DATA_DIR.',
    );
  }
  if (!isThere(durable)) {
    return fail(
      `PostgreSQL cannot be used: ${messageOf(durable.away)}`,
      {},
      'Follow what the message says; everything about what is stored can only be checked then.',
    );
  }
  const { version } = await durable.ping();
  const answers = { location: durable.location, kind: durable.kind, version };
  return (await writesRefused(durable, answers)) ?? ok('PostgreSQL answers.', answers);
}

/** A standby, or a role that may only read. */
async function writesRefused(durable: DurableTier, answers: Found['evidence']): Promise<Found | undefined> {
  const { rows } = await durable.query<{
    standby: boolean;
    read_only: boolean;
    role: string;
    tables: string[];
  }>(
    `select pg_catalog.pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as read_only,
       current_user::text as role, array(
         select c.relname::text from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         where n.nspname = $1 and c.relkind in ('r', 'p') and not (
           has_table_privilege(c.oid, 'SELECT') and has_table_privilege(c.oid, 'INSERT')
           and has_table_privilege(c.oid, 'UPDATE') and has_table_privilege(c.oid, 'DELETE'))
         order by 1) as tables`,
    [durable.schema],
  );
  const { standby, read_only: readOnly, role, tables } = rows[0]!;
  if (readOnly)
    return fail(
      'PostgreSQL answers, and takes no writes.',
      { ...answers, standby },
      standby
        ? 'Set DATABASE_URL to the primary; DATABASE_REPLICA_URL may name this one.'
        : `Undo default_transaction_read_only: of the server, the database or the role ${role}.`,
    );
  if (tables.length === 0) return undefined;
  return fail(
    `PostgreSQL answers, and its role may not write to ${tables.length} tables.`,
    { ...answers, role, tables },
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${durable.schema} TO ${role}, or use the role that made them.`,
  );
}

export async function postgresVersion(
  durable: DurableTier,
  { thresholds: { oldestPostgres } }: Patient,
): Promise<Found> {
  const { version } = await durable.ping();
  if (Number.parseInt(version, 10) >= oldestPostgres) return ok('Its version can be used.', { version });
  return fail(
    `PostgreSQL is older than version ${oldestPostgres}.`,
    { version },
    `Upgrade the server to ${oldestPostgres} or newer.`,
  );
}

/** What a crash of the machine would cost. */
export async function postgresPersistence(durable: DurableTier): Promise<Found> {
  if (durable.kind === 'embedded') {
    return warn(
      'The embedded PostgreSQL survives a killed process, but not a power cut.',
      { location: durable.location },
      'For what must not be lost, set DATABASE_URL to a server; `stockroom backup` makes copies until then.',
    );
  }
  const settings = await settingsOf(durable, ['fsync', 'full_page_writes', 'synchronous_commit']);
  if (settings['fsync'] === 'off' || settings['full_page_writes'] === 'off') {
    return fail(
      'A power cut can destroy the database: it does not wait for its disk.',
      settings,
      'Set fsync = on and full_page_writes = on in postgresql.conf.',
    );
  }
  if (settings['synchronous_commit'] === 'off') {
    return warn(
      'A crash can lose what was acknowledged in the last moments.',
      settings,
      'Set synchronous_commit = on: Stockroom promises that nothing is acknowledged before it is durable.',
    );
  }
  return ok('What is committed is on the disk.', settings);
}

export async function postgresSettings(durable: DurableTier): Promise<Found> {
  const settings = await settingsOf(durable, ['server_encoding', 'autovacuum', 'jit']);
  if (settings['server_encoding'] !== 'UTF8') {
    return fail(
      'The database cannot hold every text: its encoding is not UTF8.',
      settings,
      "Create a database with ENCODING 'UTF8' TEMPLATE template0, and move there with backup and restore.",
    );
  }
  if (durable.kind === 'server' && settings['autovacuum'] === 'off') {
    return warn(
      'Autovacuum is off: tables that change grow for ever, and plans get worse.',
      settings,
      'Set autovacuum = on.',
    );
  }
  return ok('Its settings fit.', settings);
}

/** Whether the pool of one more process fits. */
export async function postgresConnections(
  durable: DurableTier,
  { config, thresholds: { connectionsWarnShare, connectionsSpare } }: Patient,
): Promise<Found> {
  if (durable.kind === 'embedded') return ok('The embedded database has one connection, which is shared.');
  const { rows } = await durable.query<{ max: number; used: bigint; ours: bigint; role_limit: number }>(
    `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as max,
       (select count(*) from pg_catalog.pg_stat_activity 
         where backend_type = 'client backend' or (backend_type is null and datid is not null)) as used,
       (select count(*) from pg_catalog.pg_stat_activity where application_name = 'stockroom') as ours,
       (select rolconnlimit from pg_catalog.pg_roles where rolname = current_user) as role_limit`,
  );
  const { max: all, used, ours, role_limit: ofRole } = rows[0]!;
  const max = ofRole >= 0 ? Math.min(all, ofRole) : all;
  const evidence = {
    pool_max: config.databasePoolMax,
    max_connections: max,
    in_use: Number(used),
    of_stockroom: Number(ours),
  };
  const remedy =
    'Lower DATABASE_POOL_MAX (2 to 3 a core of the server are enough), or raise max_connections.';
  if (config.databasePoolMax > max)
    return fail('The pool is larger than what the server lets in.', evidence, remedy);
  if (config.databasePoolMax + connectionsSpare > max || Number(used) > max * connectionsWarnShare)
    return warn('The server is nearly out of connections.', evidence, remedy);
  if (config.databasePoolMax < POOL_FOR_JOBS && config.schedules !== 'off') {
    return warn(
      'The pool is too small for scheduled work, which holds one connection while it runs; retention holds two.',
      evidence,
      `Raise DATABASE_POOL_MAX to ${POOL_FOR_JOBS} or more, or set STOCKROOM_SCHEDULES=off for this process.`,
    );
  }
  return ok('The pool fits into the server.', evidence);
}

async function settingsOf(durable: DurableTier, names: readonly string[]): Promise<Record<string, string>> {
  const { rows } = await durable.query<{ name: string; value: string }>(
    `select name, current_setting(name) as value from unnest($1::text[]) as name`,
    [names],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

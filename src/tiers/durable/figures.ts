import {
  LONG_STATEMENT_SECONDS,
  type PostgresFigures,
  type Replica,
  type StatementFigures,
  type TableFigures,
} from '../../core/server-figures.ts';
import { codeOf } from '../../core/errors.ts';
import { lagOf } from './analytics.ts';
import type { DurableTier, Session } from './port.ts';

/** A question that waits (for a lock, for a slow disk) gives its connection back after so long. */
const STATEMENT_TIMEOUT_MS = 2_000;
const TABLES_MAX = 200;
const REPLICAS_MAX = 16;
const STATEMENTS_MAX = 10;
/** Names of other programs come into a label. */
const NAME_MAX_LENGTH = 63;
/** The embedded database is no server to itself. Of connections of others not even this may be seen. */
const CLIENTS = ['client backend', 'standalone backend'];
/** Of the replica that DATABASE_REPLICA_URL names, as it says itself. */
const ANALYTICS = 'DATABASE_REPLICA_URL';

/**
 * What PostgreSQL says of itself, out of its statistics. Any role may ask; one without `pg_read_all_stats` sees the connections of
 * others without their state, and no replicas but that of DATABASE_REPLICA_URL.
 *
 * @throws StockroomError DATABASE_UNREACHABLE, …
 */
export async function readFigures(tier: DurableTier): Promise<PostgresFigures> {
  const { position, ...figures } = await tier.transaction(async (session) => {
    await session.query(`set local statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
    return {
      ...(await databaseOf(session)),
      ...(await activityOf(session)),
      tables: await tablesOf(session, tier.schema),
      replicas: await replicasOf(session),
      statements: await statementsOf(session),
    };
  });
  if (tier.analytics === tier || position === null) return figures;
  const lag = await tier.analytics.transaction((session) => lagOf(session, position)).catch(absent);
  if (lag === undefined) return figures;
  const replica = { name: ANALYTICS, lagBytes: lag.bytes, lagSeconds: lag.seconds ?? undefined };
  return { ...figures, replicas: [replica, ...figures.replicas] };
}

/** Without its replica the server still says all else; that the replica tells nothing any more has an alert of its own. */
function absent(error: unknown): undefined {
  if (codeOf(error) === 'DATABASE_UNREACHABLE' || codeOf(error) === 'UNAVAILABLE') return undefined;
  throw error;
}

async function databaseOf(session: Session) {
  const { rows } = await session.query<{
    bytes: bigint;
    commits: bigint;
    rollbacks: bigint;
    deadlocks: bigint;
    hit: bigint;
    read: bigint;
    temp: bigint;
    max: number;
    position: string | null;
  }>(
    `select pg_catalog.pg_database_size(datid) as bytes, xact_commit as commits, xact_rollback as rollbacks, deadlocks,
       blks_hit as hit, blks_read as read, temp_bytes as temp,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as max,
       case when pg_catalog.pg_is_in_recovery() then null else pg_catalog.pg_current_wal_lsn()::text end as position
     from pg_catalog.pg_stat_database where datname = current_database()`,
  );
  const row = rows[0]!;
  return {
    databaseBytes: Number(row.bytes),
    commits: Number(row.commits),
    rollbacks: Number(row.rollbacks),
    deadlocks: Number(row.deadlocks),
    blocksHit: Number(row.hit),
    blocksRead: Number(row.read),
    tempBytes: Number(row.temp),
    connectionsMax: row.max,
    position: row.position,
  };
}

/** Connections of the whole server, as they share its limit; transactions of all but the one that asks. */
async function activityOf(session: Session) {
  const { rows } = await session.query<{
    state: string;
    connections: bigint;
    oldest: number | null;
    long: bigint;
  }>(
    `select coalesce(state, 'unknown') as state, count(*) as connections,
       extract(epoch from max(clock_timestamp() - xact_start) filter (where pid <> pg_catalog.pg_backend_pid()))::float8 as oldest,
       count(*) filter (where state = 'active' and pid <> pg_catalog.pg_backend_pid()
         and clock_timestamp() - query_start > make_interval(secs => $1)) as long
     from pg_catalog.pg_stat_activity where backend_type = any($2) or (backend_type is null and datid is not null) group by 1`,
    [LONG_STATEMENT_SECONDS, CLIENTS],
  );
  return {
    connections: Object.fromEntries(rows.map(({ state, connections }) => [state, Number(connections)])),
    oldestTransactionSeconds: Math.max(0, ...rows.map(({ oldest }) => oldest ?? 0)),
    longStatements: rows.reduce((sum, { long }) => sum + Number(long), 0),
  };
}

async function tablesOf(session: Session, schema: string): Promise<TableFigures[]> {
  const { rows } = await session.query<{ name: string; live: bigint; dead: bigint; age: number | null }>(
    `select relname as name, n_live_tup as live, n_dead_tup as dead,
       extract(epoch from clock_timestamp() - last_autovacuum)::float8 as age
     from pg_catalog.pg_stat_user_tables where schemaname = $1 order by n_live_tup + n_dead_tup desc, relname limit ${TABLES_MAX}`,
    [schema],
  );
  return rows.map(({ name, live, dead, age }) => ({
    table: name,
    liveRows: Number(live),
    deadRows: Number(dead),
    autovacuumAgeSeconds: age ?? undefined,
  }));
}

/** Those that follow this server, by their name: of several with one name it is the last. */
async function replicasOf(session: Session): Promise<Replica[]> {
  const { rows } = await session.query<{ name: string; bytes: number | null; seconds: number | null }>(
    `select left(application_name, ${NAME_MAX_LENGTH}) as name,
       max(case when pg_catalog.pg_is_in_recovery() then null
         else pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn) end)::float8 as bytes,
       extract(epoch from max(coalesce(replay_lag, interval '0')))::float8 as seconds
     from pg_catalog.pg_stat_replication where replay_lsn is not null group by 1 order by 1 limit ${REPLICAS_MAX}`,
  );
  return rows.map(({ name, bytes, seconds }) => ({
    name,
    lagBytes: bytes ?? undefined,
    lagSeconds: seconds ?? undefined,
  }));
}

async function statementsOf(session: Session): Promise<StatementFigures[] | undefined> {
  // Made as an extension and not preloaded, it refuses every question.
  const { rows: found } = await session.query<{ view: string }>(
    `select format('%I.pg_stat_statements', nspname) as view
     from pg_catalog.pg_extension join pg_catalog.pg_namespace on pg_namespace.oid = extnamespace
     where extname = 'pg_stat_statements' and current_setting('pg_stat_statements.max', true) is not null
       and has_schema_privilege(nspname, 'usage')`,
  );
  const view = found[0]?.view;
  if (view === undefined) return undefined;
  const { rows } = await session.query<{ id: bigint; calls: number; seconds: number }>(
    `select queryid as id, sum(calls)::float8 as calls, sum(total_exec_time)::float8 / 1000 as seconds
     from ${view} where queryid is not null and dbid = (select oid from pg_catalog.pg_database where datname = current_database())
     group by queryid order by seconds desc limit ${STATEMENTS_MAX}`,
  );
  return rows.map(({ id, calls, seconds }) => ({ queryId: String(id), calls, seconds }));
}

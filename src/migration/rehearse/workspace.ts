import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  type DurableConfig,
  type DurableTier,
  migrate,
  openDurable,
  type Session,
} from '../../tiers/durable/index.ts';

const PREFIX = 'stockroom_rehearsal_';
/** Of a schema that is to stay: no later rehearsal removes it. */
const KEPT_PREFIX = 'stockroom_rehearsed_';
/** How long removing the schema waits for what an interruption cut off. */
const DROP_LOCK_TIMEOUT_MS = 30_000;

/** The database of a rehearsal: a schema of its own in the server, or an embedded database of its own. */
export interface Workspace {
  readonly tier: DurableTier;
  /** Removes what it holds, unless it is kept. */
  close(): Promise<void>;
}

/**
 * Opens an empty database, with the present schema, to rehearse in. On a server it also removes the schemas of rehearsals
 * whose process was killed.
 *
 * @throws StockroomError DATABASE_UNREACHABLE, DATABASE_TOO_OLD, DATABASE_QUERY_FAILED (no right to create a schema)
 */
export async function openWorkspace(
  config: DurableConfig,
  scratch: string,
  keep: boolean,
): Promise<Workspace> {
  if (config.databaseUrl === undefined) {
    const tier = await openDurable({ ...config, dataDir: join(scratch, 'database') });
    return prepared({ tier, close: () => tier.close() });
  }
  const schema = (keep ? KEPT_PREFIX : PREFIX) + randomBytes(6).toString('hex');
  const own = { ...config, schema, databaseReplicaUrl: undefined };
  const claim = await claimSchema(own, keep);
  try {
    const tier = await openDurable(own);
    const close = async (): Promise<void> => {
      try {
        await tier.close();
      } finally {
        await claim.release();
      }
    };
    return await prepared({ tier, close });
  } catch (error) {
    await claim.release();
    throw error;
  }
}

async function prepared(workspace: Workspace): Promise<Workspace> {
  try {
    await migrate(workspace.tier);
    return workspace;
  } catch (error) {
    await workspace.close();
    throw error;
  }
}

/** Holds the lock of a schema's name on a connection of its own for as long as the rehearsal lives. */
async function claimSchema(
  config: DurableConfig & { schema: string },
  keep: boolean,
): Promise<{ release(): Promise<void> }> {
  const tier = await openDurable({ ...config, databasePoolMax: 1 });
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let held: Promise<void> = Promise.resolve();
  try {
    await new Promise<void>((resolve, reject) => {
      held = tier.session(async (session) => {
        await tryLock(session, config.schema);
        await sweep(session);
        resolve();
        await ended;
        if (!keep) await dropSchema(session, config.schema);
      });
      held.catch(reject);
    });
  } catch (error) {
    await tier.close();
    throw error;
  }
  let released: Promise<void> | undefined;
  const release = async (): Promise<void> => {
    end();
    try {
      await held;
    } finally {
      await tier.close();
    }
  };
  return { release: () => (released ??= release()) };
}

async function sweep(session: Session): Promise<void> {
  const { rows } = await session.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_catalog.pg_namespace
     WHERE nspname ~ '^${PREFIX}[0-9a-f]{12}$' AND pg_get_userbyid(nspowner) = current_user`,
  );
  for (const { name } of rows) {
    if (!(await tryLock(session, name))) continue;
    await dropSchema(session, name);
    await session.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]);
  }
}

async function tryLock(session: Session, name: string): Promise<boolean> {
  const { rows } = await session.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
    [name],
  );
  return rows[0]?.locked ?? false;
}

async function dropSchema(session: Session, name: string): Promise<void> {
  await session.query(`SET lock_timeout = ${DROP_LOCK_TIMEOUT_MS}`);
  await session.query(`DROP SCHEMA IF EXISTS "${name}" CASCADE`);
}

/** Bytes of all tables and indexes in the schema of a tier. */
export async function databaseBytes(tier: DurableTier): Promise<number> {
  const { rows } = await tier.query<{ bytes: bigint }>(
    `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS bytes
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'm')`,
    [tier.schema],
  );
  return Number(rows[0]!.bytes);
}

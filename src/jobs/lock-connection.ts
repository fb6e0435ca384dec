import { StockroomError } from '../core/errors.ts';
import type { DurableTier, Param, QueryResult, Session } from '../tiers/durable/index.ts';

/**
 * The server finds out within half a minute that the machine behind the connection is gone, instead of after two hours, and does not
 * end the session because its process was suspended for a while.
 */
const SETTINGS = `
  set tcp_keepalives_idle = 10;
  set tcp_keepalives_interval = 5;
  set tcp_keepalives_count = 3;
  set idle_session_timeout = 0`;
const CLEAR = `
  select pg_advisory_unlock_all();
  reset tcp_keepalives_idle;
  reset tcp_keepalives_interval;
  reset tcp_keepalives_count;
  reset idle_session_timeout`;
const LOCK = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as locked';
const UNLOCK = 'select pg_advisory_unlock(hashtextextended($1, 0))';

/** A connection of the tier's pool, for locks that end with it. */
export interface LockConnection {
  /** @returns false: another connection has it */
  lock(name: string): Promise<boolean>;
  unlock(name: string): Promise<void>;
  query(sql: string, params?: readonly Param[]): Promise<QueryResult>;
  /** Resolves when it is the connection that it was, and so has its locks. @throws when it is not */
  prove(): Promise<void>;
  /** Gives it back without its locks. Never rejects; a server that hangs lets it wait. */
  end(): Promise<void>;
}

/** @throws as the durable tier does */
export function openLockConnection(durable: DurableTier): Promise<LockConnection> {
  return new Promise((resolve, reject) => {
    let end = (): void => undefined;
    const ended = new Promise<void>((over) => {
      end = over;
    });
    const lent = durable.session(async (session) => {
      await session.query(SETTINGS);
      const backend = await backendOf(session);
      resolve(connectionOver(session, backend, () => (end(), given)));
      await ended;
      await session.query(CLEAR);
    });
    // After it was opened: it cannot be cleared because the server has ended it, and its locks with it.
    const given = lent.catch(reject);
  });
}

function connectionOver(session: Session, backend: number, end: () => Promise<void>): LockConnection {
  return {
    async lock(name) {
      const { rows } = await session.query<{ locked: boolean }>(LOCK, [name]);
      return rows[0]!.locked;
    },
    async unlock(name) {
      await session.query(UNLOCK, [name]);
    },
    query: (sql, params) => session.query(sql, params),
    async prove() {
      if ((await backendOf(session)) === backend) return;
      const why = 'Statements of one session ran on two connections: something between pools them.';
      throw new StockroomError('DATABASE_UNREACHABLE', why);
    },
    end,
  };
}

async function backendOf(session: Session): Promise<number> {
  const { rows } = await session.query<{ backend: number }>('select pg_backend_pid() as backend');
  return rows[0]!.backend;
}

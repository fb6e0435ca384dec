import type { Kysely } from 'kysely';
import { typedSql } from '../../src/tiers/durable/dialect.ts';
import type { DurableTier, Param, QueryResult, Row, Session } from '../../src/tiers/durable/index.ts';
import { durableWith } from '../support/durable.ts';

/** A statement as a store sent it. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly Param[];
}

/** A tier that notes what goes through it, whichever way it goes. */
export interface Recorder {
  readonly durable: DurableTier;
  /** What was sent since the last call. */
  take(): Statement[];
}

export function recorderOf(tier: DurableTier): Recorder {
  let statements: Statement[] = [];
  const queryOf =
    (session: Session) =>
    <R = Row>(sql: string, params?: readonly Param[]): Promise<QueryResult<R>> => {
      statements.push({ sql, params: params ?? [] });
      return session.query<R>(sql, params);
    };
  const noting = (session: Session): Session => {
    const query = queryOf(session);
    const recorded: Session = {
      query,
      kysely: <T>(): Kysely<T> =>
        typedSql<T>(() => Promise.resolve({ session: recorded, release: () => Promise.resolve() })),
      copyIn: (sql, chunks) => session.copyIn(sql, chunks),
      copyOut: (sql) => session.copyOut(sql),
    };
    return recorded;
  };
  const noted = noting(tier);
  const durable: DurableTier = durableWith(tier, {
    query: (sql, params) => noted.query(sql, params),
    kysely: () => noted.kysely(),
    transaction: (work) => tier.transaction((session) => work(noting(session))),
    session: (work) => tier.session((session) => work(noting(session))),
    get analytics(): DurableTier {
      return durable;
    },
  });
  return {
    durable,
    take() {
      const taken = statements;
      statements = [];
      return taken;
    },
  };
}

import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import { StockroomError } from '../../core/errors.ts';
import type { Param, Session } from './port.ts';

/** A session for one statement, to be given back. */
export interface Borrowed {
  readonly session: Session;
  release(): Promise<void>;
}

/** Typed SQL over sessions that are borrowed statement by statement. */
export function typedSql<T>(borrow: () => Promise<Borrowed>): Kysely<T> {
  return new Kysely<T>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new SessionDriver(borrow),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

class SessionConnection implements DatabaseConnection {
  readonly #borrowed: Borrowed;

  constructor(borrowed: Borrowed) {
    this.#borrowed = borrowed;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, count } = await this.#borrowed.session.query<R>(
      query.sql,
      query.parameters as readonly Param[],
    );
    return { rows, numAffectedRows: BigInt(count) };
  }

  // oxlint-disable-next-line require-yield -- the interface asks for a generator
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new StockroomError(
      'INTERNAL',
      'A query cannot be streamed here. Read it in pages by key, or use copyOut of the tier.',
    );
  }

  release(): Promise<void> {
    return this.#borrowed.release();
  }
}

class SessionDriver implements Driver {
  readonly #borrow: () => Promise<Borrowed>;

  constructor(borrow: () => Promise<Borrowed>) {
    this.#borrow = borrow;
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return new SessionConnection(await this.#borrow());
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    return (connection as SessionConnection).release();
  }

  /**
   * One way to begin a transaction, and it is the tier's: it rolls back what was half done, notices a failed
   * COMMIT, and knows when the embedded database would wait for itself.
   */
  beginTransaction(): Promise<void> {
    return Promise.reject(
      new StockroomError(
        'INTERNAL',
        'Begin a transaction with `transaction` of the tier, and use `kysely()` of its session.',
      ),
    );
  }

  commitTransaction(): Promise<void> {
    return this.beginTransaction();
  }

  rollbackTransaction(): Promise<void> {
    return Promise.resolve();
  }

  /** The tier owns the connections; see `close` there. */
  destroy(): Promise<void> {
    return Promise.resolve();
  }
}

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely } from 'kysely';
import { StockroomError } from '../../core/errors.ts';
import type { PostgresFigures } from '../../core/server-figures.ts';
import type { Connection, Lease, TierDriver } from './connection.ts';
import { typedSql } from './dialect.ts';
import { readFigures } from './figures.ts';
import type { DurableTier, Param, QueryResult, Row, Session } from './port.ts';
import { ConnectionSession } from './session.ts';

/** The durable tier over a driver: everything that does not depend on which one it is. */
export function createTier(driver: TierDriver): DurableTier {
  return new ConnectionTier(driver);
}

class ConnectionTier implements DurableTier {
  readonly kind: 'server' | 'embedded';
  readonly schema: string;
  readonly location: string;
  readonly concurrency: number;
  readonly analytics: DurableTier;
  readonly #driver: TierDriver;
  /** Which session the running code holds: with one connection, asking for another would wait for itself. */
  readonly #holding = new AsyncLocalStorage<{ open: boolean }>();

  constructor(driver: TierDriver) {
    this.#driver = driver;
    this.kind = driver.kind;
    this.schema = driver.schema;
    this.location = driver.location;
    this.concurrency = driver.concurrency;
    this.analytics = driver.replica === undefined ? this : createTier(driver.replica);
  }

  query<R = Row>(sql: string, params?: readonly Param[]): Promise<QueryResult<R>> {
    return this.#once((session) => session.query<R>(sql, params));
  }

  kysely<T>(): Kysely<T> {
    return typedSql<T>(async () => {
      const { session, release } = await this.#acquire();
      return { session, release: () => release(true) };
    });
  }

  copyIn(sql: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    return this.#once((session) => session.copyIn(sql, chunks));
  }

  async *copyOut(sql: string): AsyncGenerator<Uint8Array, void, undefined> {
    const { session, release } = await this.#acquire();
    let done = false;
    try {
      const output = await session.openCopyOut(sql);
      if (output.detached) {
        // The consumer may use the tier between two chunks, and with one connection it would wait for itself.
        done = true;
        await release(true);
        yield* output.chunks;
        return;
      }
      yield* session.readCopyOut(output);
    } finally {
      if (!done) await release(false);
    }
  }

  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#hold(async (session) => {
      // Whatever it fails of, all that follows fails of as well.
      const begun = session.query('BEGIN');
      begun.catch(ignore);
      // When the work throws, what it did is rolled back as the connection is given back.
      const result = await work(session);
      await begun;
      await session.commit();
      return result;
    });
  }

  session<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#hold(work);
  }

  async ping(): Promise<{ latencyMs: number; version: string }> {
    const start = performance.now();
    const { rows } = await this.query<{ version: string }>(
      `SELECT current_setting('server_version') AS version`,
    );
    return { latencyMs: performance.now() - start, version: rows[0]?.version ?? 'unknown' };
  }

  figures(): Promise<PostgresFigures> {
    return readFigures(this);
  }

  async close(): Promise<void> {
    if (this.analytics !== this) await this.analytics.close();
    await this.#driver.close();
  }

  /** One statement: nothing of the caller's runs while the connection is held. */
  async #once<T>(work: (session: ConnectionSession) => Promise<T>): Promise<T> {
    const { session, release } = await this.#acquire();
    let done = false;
    try {
      const result = await work(session);
      done = true;
      return result;
    } finally {
      await release(done);
    }
  }

  async #hold<T>(work: (session: ConnectionSession) => Promise<T>): Promise<T> {
    const { session, release } = await this.#acquire();
    const holding = { open: true };
    let done = false;
    try {
      const result = await this.#within(holding, () => work(session));
      done = true;
      return result;
    } finally {
      holding.open = false;
      await release(done);
    }
  }

  /** Where no use has to be refused, nobody pays for knowing which code is inside: every promise of the process costs more with it. */
  #within<T>(holding: { open: boolean }, work: () => Promise<T>): Promise<T> {
    return this.kind === 'server' ? work() : this.#holding.run(holding, work);
  }

  async #acquire(): Promise<{ session: ConnectionSession; release: (done: boolean) => Promise<void> }> {
    this.#refuseNested();
    const lease = await this.#driver.acquire();
    const session = new ConnectionSession(lease.connection);
    return { session, release: (done) => giveBack(lease, session, done) };
  }

  #refuseNested(): void {
    if (this.kind === 'server' || this.#holding.getStore()?.open !== true) return;
    throw new StockroomError(
      'NESTED_POOL_USE',
      'The tier was used inside a transaction or session of its own, and the embedded database has one connection. ' +
        'Use the session that the work was given.',
    );
  }
}

/**
 * Ends a session. A transaction that was left open is rolled back; when the work itself had not failed (`done`),
 * that loss is an error.
 */
async function giveBack(lease: Lease, session: ConnectionSession, done: boolean): Promise<void> {
  await session.finish();
  const leftOpen = isOpen(lease.connection);
  await lease.release(session.spoiled);
  if (done && leftOpen) {
    throw new StockroomError(
      'INTERNAL',
      'A session ended with its transaction open; it was rolled back. Use `transaction`, which commits.',
    );
  }
}

function ignore(): void {}

function isOpen(connection: Connection): boolean {
  return connection.transactionState !== 'idle';
}

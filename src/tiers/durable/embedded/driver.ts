import { StockroomError } from '../../../core/errors.ts';
import { defaultLimits, type Lease, type Limits, type TierDriver } from '../connection.ts';
import { EmbeddedConnection } from './connection.ts';
import type { Engine } from './engine.ts';
import { Turns } from './turns.ts';

/** The embedded database as a driver: one connection, lent to one user after another. */
export class EmbeddedDriver implements TierDriver {
  readonly kind = 'embedded';
  readonly concurrency = 1;
  readonly schema: string;
  readonly location: string;
  readonly #engine: Engine;
  readonly #connection: EmbeddedConnection;
  readonly #turns = new Turns();
  readonly #afterClose: () => Promise<void>;
  readonly #limits: Limits;
  #closed: Promise<void> | undefined;

  /** `afterClose` gives up what the database was opened with. */
  constructor(
    engine: Engine,
    schema: string,
    location: string,
    afterClose: () => Promise<void>,
    limits: Partial<Limits> = {},
  ) {
    this.schema = schema;
    this.location = location;
    this.#engine = engine;
    this.#connection = new EmbeddedConnection(engine, location);
    this.#afterClose = afterClose;
    this.#limits = { ...defaultLimits, ...limits };
  }

  async acquire(): Promise<Lease> {
    this.#refuseClosed();
    const { acquireTimeoutMs } = this.#limits;
    const giveBack = await this.#turns.take(acquireTimeoutMs);
    if (giveBack === undefined) {
      throw new StockroomError(
        'UNAVAILABLE',
        `The embedded database stayed busy for ${acquireTimeoutMs} ms. Look for a transaction that takes long; ` +
          'for work side by side, set DATABASE_URL to a PostgreSQL server.',
      );
    }
    const connection = this.#connection;
    return {
      connection,
      release: async () => {
        try {
          if (connection.transactionState !== 'idle') await connection.execute('ROLLBACK', undefined);
        } finally {
          giveBack();
        }
      },
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Waits for work in flight, then cuts it off: what was not committed is rolled back at the next start. */
  async #close(): Promise<void> {
    try {
      const { closeTimeoutMs } = this.#limits;
      const turn = await this.#turns.take(closeTimeoutMs);
      if (turn === undefined) await this.#engine.kill('it was closed while a transaction was open');
      else await this.#engine.close(closeTimeoutMs);
    } finally {
      await this.#afterClose();
    }
  }

  #refuseClosed(): void {
    if (this.#closed !== undefined) throw new StockroomError('UNAVAILABLE', 'The durable tier was closed.');
  }
}

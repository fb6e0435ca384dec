import { setTimeout as delay } from 'node:timers/promises';
import { type Client, Pool, type PoolClient } from 'pg';
import { StockroomError } from '../../../core/errors.ts';
import { defaultLimits, type Lease, type Limits, type TierDriver } from '../connection.ts';
import type { Address } from './address.ts';
import { asker } from './ask.ts';
import { clientConfig, unreachable } from './client.ts';
import { ServerConnection } from './connection.ts';
import { PreparedNames } from './prepared.ts';
import { SilenceWatch } from './silence.ts';

/** After this time without use a connection is closed. */
const idleTimeoutMs = 30_000;
const SILENT = 'it takes connections and answers nothing';

export interface ServerDriverOptions {
  readonly schema: string;
  readonly poolMax: number;
  readonly replica?: TierDriver | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** The pool of one server. */
export class ServerDriver implements TierDriver {
  readonly kind = 'server';
  readonly schema: string;
  readonly location: string;
  readonly concurrency: number;
  readonly replica: TierDriver | undefined;
  readonly #pool: Pool;
  readonly #setting: string;
  readonly #limits: Limits;
  readonly #lent = new Set<PoolClient>();
  readonly #prepared = new PreparedNames();
  readonly #watch: SilenceWatch;
  #closed = false;

  constructor(address: Address, options: ServerDriverOptions) {
    this.schema = options.schema;
    this.location = address.location;
    this.concurrency = options.poolMax;
    this.replica = options.replica;
    this.#setting = address.setting;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#watch = new SilenceWatch(asker(address, this.#limits.connectTimeoutMs), this.#limits.silenceMs);
    this.#pool = new Pool({
      ...clientConfig(address),
      max: options.poolMax,
      pipeline: true,
      connectionTimeoutMillis: this.#limits.acquireTimeoutMs,
      idleTimeoutMillis: idleTimeoutMs,
      // Idle connections do not keep a process alive that has nothing else to do.
      allowExitOnIdle: true,
    });
    // A connection that dies while nobody uses it is replaced by the pool; without a listener it would end the
    // process. The pool takes its own listener away from a client that it lends out, so each needs one as well:
    // whoever uses the client gets the error from the statement in flight.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async acquire(): Promise<Lease> {
    if (this.#closed) throw new StockroomError('UNAVAILABLE', 'The durable tier was closed.');
    if (this.#watch.serverIsSilent) throw unreachable(new Error(SILENT), this.location, this.#setting);
    const client = await this.#connect();
    const connection = new ServerConnection(client, this.location, this.#prepared);
    this.#lent.add(client);
    this.#watch.add(connection);
    if (connection.isFromBefore(this.#watch.lastCut)) {
      this.#giveBack(client, connection, true);
      return this.acquire();
    }
    try {
      await connection.identify();
    } catch (error) {
      this.#giveBack(client, connection, true);
      throw error;
    }
    return {
      connection,
      release: async (spoiled) => {
        const clean = !spoiled && (connection.transactionState === 'idle' || (await connection.rollback()));
        this.#giveBack(client, connection, !clean);
      },
    };
  }

  #giveBack(client: PoolClient, connection: ServerConnection, destroy: boolean): void {
    this.#watch.remove(connection);
    this.#lent.delete(client);
    if (destroy) endAtOnce(client);
    client.release(destroy);
  }

  /** Waits for work in flight, then cuts off what is left. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch.close();
    const abort = new AbortController();
    const ended = this.#pool.end();
    const late = delay(this.#limits.closeTimeoutMs, true, { signal: abort.signal }).catch(() => false);
    if ((await Promise.race([ended, late])) === true) {
      await Promise.all(Array.from(this.#lent, (client) => endClient(client)));
    }
    abort.abort();
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      if (this.#isFull(error)) {
        throw new StockroomError(
          'UNAVAILABLE',
          `All ${this.concurrency} connections to PostgreSQL at ${this.location} stayed busy for ${this.#limits.acquireTimeoutMs} ms. ` +
            'Raise DATABASE_POOL_MAX, or look for transactions that take long.',
          { cause: error },
        );
      }
      throw unreachable(error, this.location, this.#setting);
    }
  }

  /** The pool's own timeout has neither a code nor a cause; that of a connection attempt has a cause. */
  #isFull(error: unknown): boolean {
    if (!(error instanceof Error) || 'code' in error || error.cause !== undefined) return false;
    return this.#pool.totalCount >= this.concurrency;
  }
}

/** `end` of a client of the pool, which its types leave out. */
function endClient(client: PoolClient): Promise<void> {
  endAtOnce(client);
  return (client as unknown as Client).end();
}

/** The end of a pipeline waits for its statements, of which one may never end: only without one it closes the socket under them. */
function endAtOnce(client: PoolClient): void {
  (client as { pipeline: boolean }).pipeline = false;
}

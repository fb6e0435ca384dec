import type { Socket } from 'node:net';
import type { FieldDef, PoolClient, QueryArrayResult } from 'pg';
import { from, to } from 'pg-copy-streams';
import type { Connection, CopyOutput, RawResult, TransactionState } from '../connection.ts';
import { databaseError, sqlState } from '../errors.ts';
import type { PreparedNames } from './prepared.ts';
import { pump } from './pump.ts';
import type { Watched } from './silence.ts';

/** Values are decoded by the tier, so the driver hands over PostgreSQL's text. */
const asText = { getTypeParser: () => (text: string) => text };

/** "cached plan must not change result type", among others. */
const CACHED_PLAN = '0A000';

type TextResult = QueryArrayResult<(string | null)[]>;

/** Which session of the server a connection is; a number of a process alone may be given again. */
export const BACKEND = `pid::text || ' of ' || backend_start::text`;
const IDENTIFY = `SELECT ${BACKEND} AS backend FROM pg_stat_activity WHERE pid = pg_backend_pid()`;

/** What is known of a client, which outlives what it is lent out for. */
const identities = new WeakMap<PoolClient, { readonly backend: string; readonly at: number }>();

/** A client of the pool as a connection. */
export class ServerConnection implements Connection, Watched {
  readonly #client: PoolClient;
  readonly #location: string;
  readonly #prepared: PreparedNames;
  /** Calls without an answer. */
  #open = 0;
  readonly pipelines = true;

  constructor(client: PoolClient, location: string, prepared: PreparedNames) {
    this.#client = client;
    this.#location = location;
    this.#prepared = prepared;
  }

  get backend(): string | undefined {
    return identities.get(this.#client)?.backend;
  }

  /** @param time in ms of `performance.now` */
  isFromBefore(time: number): boolean {
    const at = identities.get(this.#client)?.at;
    return at !== undefined && at < time;
  }

  get waiting(): boolean {
    return this.#open > 0;
  }

  get traffic(): number {
    const { bytesRead, bytesWritten } = this.#socket;
    return bytesRead + bytesWritten;
  }

  /** The socket, which the types leave out. */
  get #socket(): Socket {
    return (this.#client as unknown as { connection: { stream: Socket } }).connection.stream;
  }

  cut(cause: Error): void {
    this.#pipeline(false);
    this.#socket.destroy(cause);
  }

  /** Asks a new connection once which session it is. */
  async identify(): Promise<void> {
    if (this.backend !== undefined) return;
    const { rows } = await this.execute(IDENTIFY, undefined);
    const backend = rows[0]?.[0];
    if (typeof backend === 'string') identities.set(this.#client, { backend, at: performance.now() });
  }

  /** @returns false when it failed: closing the connection rolls back as well */
  async rollback(): Promise<boolean> {
    try {
      await this.#counted(() => this.#client.query('ROLLBACK'));
      return true;
    } catch {
      return false;
    }
  }

  get transactionState(): TransactionState {
    const status = this.#client.getTransactionStatus();
    if (status === 'E') return 'failed';
    return status === 'T' ? 'open' : 'idle';
  }

  execute(sql: string, params: readonly (string | null)[] | undefined): Promise<RawResult> {
    return this.#counted(() => this.#execute(sql, params));
  }

  async #execute(sql: string, params: readonly (string | null)[] | undefined): Promise<RawResult> {
    const name = params === undefined ? undefined : this.#prepared.nameOf(sql);
    try {
      return rawOf(await this.#run(sql, params, name));
    } catch (error) {
      await this.#settle();
      if (name !== undefined && sqlState(error) === CACHED_PLAN) {
        this.#prepared.retire(sql);
        // Nothing was done: the plan is refused before it runs. In a transaction nothing more can be.
        if (this.transactionState === 'idle') return this.#execute(sql, params);
      }
      throw databaseError(error, this.#location);
    }
  }

  async commit(): Promise<boolean> {
    try {
      const { command } = await this.#counted(() => this.#run('COMMIT', undefined, undefined));
      return command === 'COMMIT';
    } catch (error) {
      await this.#settle();
      throw databaseError(error, this.#location);
    }
  }

  async #run(
    sql: string,
    params: readonly (string | null)[] | undefined,
    name: string | undefined,
  ): Promise<TextResult> {
    const statement = params === undefined ? {} : { values: [...params], queryMode: 'extended' };
    const result = await this.#client.query<(string | null)[]>({
      ...(name === undefined ? {} : { name }),
      text: sql,
      rowMode: 'array',
      types: asText,
      ...statement,
    });
    // Several statements in one text give several results, which the types of the driver do not say.
    return Array.isArray(result) ? (result as TextResult[]).at(-1)! : result;
  }

  copyIn(sql: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    return this.#counted(async () => {
      this.#pipeline(false);
      try {
        const stream = this.#client.query(from(sql));
        await pump(chunks, stream, (error) => databaseError(error, this.#location));
        return stream.rowCount;
      } finally {
        this.#pipeline(true);
      }
    });
  }

  copyOut(sql: string): Promise<CopyOutput> {
    this.#pipeline(false);
    const stream = this.#client.query(to(sql));
    this.#open += 1;
    // The library emits an error without ending the stream: a reader that comes later would wait for ever.
    stream.on('error', (error) => stream.destroy(error));
    return Promise.resolve({ chunks: this.#read(stream), detached: false });
  }

  /** The driver refuses a COPY while it pipelines, and asks anew before each query whether it does. */
  #pipeline(on: boolean): void {
    (this.#client as { pipeline: boolean }).pipeline = on;
  }

  async *#read(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* stream;
    } catch (error) {
      throw databaseError(error, this.#location);
    } finally {
      this.#open -= 1;
      this.#pipeline(true);
    }
  }

  async #counted<T>(call: () => Promise<T>): Promise<T> {
    this.#open += 1;
    try {
      return await call();
    } finally {
      this.#open -= 1;
    }
  }

  /**
   * The driver reports an error before the server has said in which state the transaction is now. An empty statement
   * waits for that; on a lost connection it fails too, and the first error says it all.
   */
  async #settle(): Promise<void> {
    await this.#counted(() => this.#client.query('')).catch(() => undefined);
  }
}

function rawOf({ fields, rows, rowCount }: TextResult): RawResult {
  return { fields: fields.map(fieldOf), rows, count: rowCount ?? 0 };
}

function fieldOf(field: FieldDef): { name: string; typeOid: number } {
  return { name: field.name, typeOid: field.dataTypeID };
}

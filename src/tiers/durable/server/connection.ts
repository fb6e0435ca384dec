import type { FieldDef, PoolClient, QueryArrayResult } from 'pg';
import { from, to } from 'pg-copy-streams';
import type { Connection, CopyOutput, RawResult, TransactionState } from '../connection.ts';
import { databaseError } from '../errors.ts';
import { pump } from './pump.ts';

/** Values are decoded by the tier, so the driver hands over PostgreSQL's text. */
const asText = { getTypeParser: () => (text: string) => text };

type TextResult = QueryArrayResult<(string | null)[]>;

/** A client of the pool as a connection. */
export class ServerConnection implements Connection {
  readonly #client: PoolClient;
  readonly #location: string;

  constructor(client: PoolClient, location: string) {
    this.#client = client;
    this.#location = location;
  }

  get transactionState(): TransactionState {
    const status = this.#client.getTransactionStatus();
    if (status === 'E') return 'failed';
    return status === 'T' ? 'open' : 'idle';
  }

  async execute(sql: string, params: readonly (string | null)[] | undefined): Promise<RawResult> {
    const statement = params === undefined ? {} : { values: [...params], queryMode: 'extended' };
    try {
      const result = await this.#client.query<(string | null)[]>({
        text: sql,
        rowMode: 'array',
        types: asText,
        ...statement,
      });
      // Several statements in one text give several results, which the types of the driver do not say.
      const last = Array.isArray(result) ? (result as TextResult[]).at(-1)! : result;
      return { fields: last.fields.map(fieldOf), rows: last.rows, count: last.rowCount ?? 0 };
    } catch (error) {
      await this.#settle();
      throw databaseError(error, this.#location);
    }
  }

  async copyIn(sql: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    const stream = this.#client.query(from(sql));
    await pump(chunks, stream, (error) => databaseError(error, this.#location));
    return stream.rowCount;
  }

  copyOut(sql: string): Promise<CopyOutput> {
    const stream = this.#client.query(to(sql));
    // The library emits an error without ending the stream: a reader that comes later would wait for ever.
    stream.on('error', (error) => stream.destroy(error));
    return Promise.resolve({ chunks: this.#read(stream), detached: false });
  }

  async *#read(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* stream;
    } catch (error) {
      throw databaseError(error, this.#location);
    }
  }

  /**
   * The driver reports an error before the server has said in which state the transaction is now. An empty statement
   * waits for that; on a lost connection it fails too, and the first error says it all.
   */
  async #settle(): Promise<void> {
    await this.#client.query('').catch(() => undefined);
  }
}

function fieldOf(field: FieldDef): { name: string; typeOid: number } {
  return { name: field.name, typeOid: field.dataTypeID };
}

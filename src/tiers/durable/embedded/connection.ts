import type { Connection, CopyOutput, RawResult, TransactionState } from '../connection.ts';
import { databaseError } from '../errors.ts';
import type { Engine } from './engine.ts';
import { copyInQuery, type Reply, readReply, simpleQuery, statement } from './wire.ts';

/** Output of COPY is passed on in pieces of about this size: PostgreSQL makes one piece a row. */
const pieceBytes = 256 * 1024;

/** The one connection to the embedded database. */
export class EmbeddedConnection implements Connection {
  readonly #engine: Engine;
  readonly #location: string;
  readonly pipelines = false;
  #state: TransactionState = 'idle';

  constructor(engine: Engine, location: string) {
    this.#engine = engine;
    this.#location = location;
  }

  get transactionState(): TransactionState {
    return this.#state;
  }

  async execute(sql: string, params: readonly (string | null)[] | undefined): Promise<RawResult> {
    const { result } = await this.#ask(params === undefined ? simpleQuery(sql) : statement(sql, params));
    return result;
  }

  async commit(): Promise<boolean> {
    const failed = this.#state === 'failed';
    await this.execute('COMMIT', undefined);
    return !failed;
  }

  /** The embedded database takes a COPY whole: memory is bounded by what the caller puts into one. */
  async copyIn(sql: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    const data: Uint8Array[] = [];
    for await (const chunk of chunks) data.push(chunk);
    const { result } = await this.#ask(copyInQuery(sql, data));
    return result.count;
  }

  async copyOut(sql: string): Promise<CopyOutput> {
    const { copyData } = await this.#ask(simpleQuery(sql));
    return { chunks: inPieces(copyData), detached: true };
  }

  async #ask(request: Uint8Array<ArrayBuffer>): Promise<Reply> {
    const reply = readReply(await this.#engine.call(request));
    if (reply.state === undefined) {
      // PostgreSQL left its loop (a PANIC, or no memory): whatever it would answer next cannot be believed.
      this.#state = 'idle';
      throw await this.#engine.kill(reply.error?.message ?? 'it gave no answer');
    }
    this.#state = reply.state;
    if (reply.error !== undefined) throw databaseError(reply.error, this.#location);
    return reply;
  }
}

async function* inPieces(rows: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  let piece: Uint8Array[] = [];
  let size = 0;
  for (const row of rows) {
    piece.push(row);
    size += row.length;
    if (size >= pieceBytes) {
      yield Buffer.concat(piece, size);
      piece = [];
      size = 0;
    }
  }
  if (size > 0) yield Buffer.concat(piece, size);
}

import type { Kysely } from 'kysely';
import { durableQuery } from '../../core/diagnostics.ts';
import { messageOf, StockroomError } from '../../core/errors.ts';
import type { Connection, CopyOutput, RawResult } from './connection.ts';
import { typedSql } from './dialect.ts';
import { sqlState } from './errors.ts';
import type { Param, QueryResult, Row, Session } from './port.ts';
import { decoderOf, encodeParams } from './values.ts';

/**
 * One connection while it is lent out. Statements run in the order in which they were given, one at a time; where the connection
 * pipelines they do not wait for the answers of earlier ones.
 * A COPY that fails or is left before its end spoils the session: what is on the wire then is unknown, so later
 * statements are refused and the transaction cannot be committed.
 */
export class ConnectionSession implements Session {
  readonly #connection: Connection;
  /** Settled when every statement so far is. */
  #last: Promise<unknown> = Promise.resolve();
  /** Statements without an answer. */
  #open = 0;
  /** Those among them that wait, or that nothing may follow before they are answered. */
  #alone = 0;
  /** Of the first statement that failed since one succeeded. */
  #failure: unknown;
  #copying = false;
  #finished = false;
  #spoiledBy: { readonly cause: unknown } | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get spoiled(): boolean {
    return this.#spoiledBy !== undefined;
  }

  query<R = Row>(sql: string, params?: readonly Param[]): Promise<QueryResult<R>> {
    const work = (): Promise<QueryResult<R>> =>
      observed(
        sql,
        async () => {
          const encoded = params === undefined ? undefined : encodeParams(params);
          return decode<R>(await this.#connection.execute(sql, encoded));
        },
        ({ count }) => count,
      );
    return this.#inTurn(work, this.#connection.pipelines);
  }

  kysely<T>(): Kysely<T> {
    return typedSql<T>(() => Promise.resolve({ session: this, release: () => Promise.resolve() }));
  }

  copyIn(sql: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    const whole = `${sql} FROM STDIN WITH (FORMAT binary)`;
    return this.#inTurn(() =>
      this.#spoiling(() =>
        observed(
          whole,
          () => this.#connection.copyIn(whole, chunks),
          (count) => count,
        ),
      ),
    );
  }

  async *copyOut(sql: string): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.readCopyOut(await this.openCopyOut(sql));
  }

  /** The first half of `copyOut`: the tier frees the connection between the halves when the output is detached. */
  openCopyOut(sql: string): Promise<CopyOutput> {
    return this.#inTurn(() =>
      this.#spoiling(async () => {
        const output = await this.#connection.copyOut(`${sql} TO STDOUT WITH (FORMAT binary)`);
        this.#copying = true;
        return output;
      }),
    );
  }

  async *readCopyOut(output: CopyOutput): AsyncGenerator<Uint8Array, void, undefined> {
    let complete = false;
    try {
      yield* output.chunks;
      complete = true;
    } catch (error) {
      this.#spoiledBy = { cause: error };
      throw error;
    } finally {
      this.#copying = false;
      if (!complete && !output.detached) this.#spoiledBy ??= { cause: undefined };
    }
  }

  /**
   * @throws StockroomError DATABASE_QUERY_FAILED (25P02) when a statement was refused and its error ignored; the error of a statement
   *   that was still without an answer
   */
  commit(): Promise<void> {
    const inFlight = this.#open > 0;
    const before = this.#last;
    return this.#inTurn(async () => {
      // With others on their way it is not known yet.
      const state = this.#open > 1 ? 'open' : this.#connection.transactionState;
      if (state === 'idle') {
        throw new StockroomError('INTERNAL', 'The work ended a transaction that it did not begin.');
      }
      const committed = state === 'open' && (await this.#connection.commit());
      if (committed) return;
      await before;
      throw inFlight ? this.#failure : rolledBack();
    }, this.#connection.pipelines);
  }

  /** Takes no more statements, and waits for those in flight; their errors went to those who gave them. */
  async finish(): Promise<void> {
    this.#finished = true;
    await this.#last;
    if (this.#copying) this.#spoiledBy ??= { cause: undefined };
  }

  /** @param pipelined it may begin before earlier ones are answered, and others before it is */
  #inTurn<T>(work: () => Promise<T>, pipelined = false): Promise<T> {
    if (this.#finished) {
      const late = 'The session is over. Await every statement before the work that it was given to returns.';
      return Promise.reject(new StockroomError('INTERNAL', late));
    }
    const waits = this.#open > 0 && (!pipelined || this.#alone > 0);
    const counts = waits || !pipelined ? 1 : 0;
    this.#open += 1;
    this.#alone += counts;
    const turn = this.#turn(work, waits ? this.#last : undefined).finally(() => {
      this.#open -= 1;
      this.#alone -= counts;
    });
    this.#last = Promise.allSettled([this.#last, turn]);
    return turn;
  }

  async #turn<T>(work: () => Promise<T>, before: Promise<unknown> | undefined): Promise<T> {
    try {
      if (before !== undefined) await before;
      this.#refuseWhenUnusable();
      const result = await work();
      this.#failure = undefined;
      return result;
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  #refuseWhenUnusable(): void {
    if (this.#copying) {
      throw new StockroomError(
        'INTERNAL',
        'A COPY of this session is still being read. Read it to its end, or use another session.',
      );
    }
    if (this.#spoiledBy !== undefined) {
      const { cause } = this.#spoiledBy;
      const reason = cause === undefined ? 'was left before its end' : `failed: ${messageOf(cause)}`;
      throw new StockroomError(
        'DATABASE_QUERY_FAILED',
        `The session is over, because a COPY in it ${reason}`,
        {
          cause,
        },
      );
    }
  }

  async #spoiling<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#spoiledBy = { cause: error };
      throw error;
    }
  }
}

/** COMMIT would answer ROLLBACK, and the caller would take it for done. */
function rolledBack(): StockroomError {
  return new StockroomError(
    'DATABASE_QUERY_FAILED',
    'The transaction was rolled back: a statement in it had failed and its error was ignored. ' +
      'Let the error leave the transaction, or use a savepoint.',
    { details: { sqlState: '25P02' } },
  );
}

/** Tells who listens what ran, for how long and how it ended: see diagnostics.ts. */
async function observed<T>(sql: string, work: () => Promise<T>, rowsOf: (result: T) => number): Promise<T> {
  const start = performance.now();
  const tell = (rows: number | undefined, errorCode: string | undefined): void =>
    durableQuery.publish(() => ({ sql, durationMs: performance.now() - start, rows, errorCode }));
  try {
    const result = await work();
    tell(rowsOf(result), undefined);
    return result;
  } catch (error) {
    tell(undefined, sqlState(error) ?? (error instanceof StockroomError ? error.code : 'INTERNAL'));
    throw error;
  }
}

/** The one place where rows are made, whatever the driver: see values.ts. */
function decode<R>(raw: RawResult): QueryResult<R> {
  const columns = raw.fields.map(({ name, typeOid }) => ({ name, decode: decoderOf(typeOid) }));
  const rows = raw.rows.map((values) => {
    const row: Row = {};
    for (let index = 0; index < columns.length; index += 1) {
      const value = values[index] ?? null;
      const column = columns[index]!;
      row[column.name] = value === null ? null : column.decode(value);
    }
    return row as R;
  });
  return { rows, count: raw.count };
}

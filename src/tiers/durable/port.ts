import type { Kysely } from 'kysely';
import type { PostgresFigures } from '../../core/server-figures.ts';

/** A parameter of a statement. Objects and arrays of objects go as JSON through `JSON.stringify` of the caller. */
export type Param =
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | Uint8Array
  | readonly (string | null)[];

/**
 * A row as both drivers give it: int2/int4/float → number, int8 → bigint, numeric → string, bool → boolean,
 * timestamptz → ISO 8601 string in UTC with six decimals, date → YYYY-MM-DD, json/jsonb → parsed, bytea → Uint8Array,
 * everything else → string.
 */
export type Row = Record<string, unknown>;

export interface QueryResult<R = Row> {
  rows: R[];
  /** Rows that the statement changed or returned. */
  count: number;
}

/**
 * One connection to the database: statements in order, one transaction at the most. A COPY that fails, or is not read
 * to its end, ends the session: later statements are refused and its transaction is rolled back.
 */
export interface Session {
  /** Without `params` the text may hold several statements; the result is that of the last one. */
  query<R = Row>(sql: string, params?: readonly Param[]): Promise<QueryResult<R>>;
  /**
   * Typed SQL over this tier, or, on the session of a transaction, over that. `T` maps table names to their columns;
   * each store declares its own in its table.ts (there is no tables.ts here: the tier knows no store). Transactions
   * are begun with `transaction` of the tier alone.
   */
  kysely<T>(): Kysely<T>;
  /**
   * COPY … FROM STDIN in binary format. `sql` ends before the source clause:
   * `COPY t (a, b)`. Resolves to the number of rows.
   * The chunks are whole: header first, trailer last (see copy-binary.ts).
   */
  copyIn(sql: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number>;
  /** COPY … TO STDOUT in binary format of a query, as the raw stream: `COPY (SELECT …)`. */
  copyOut(sql: string): AsyncIterable<Uint8Array>;
}

/** PostgreSQL, wherever it runs. */
export interface DurableTier extends Session {
  readonly kind: 'server' | 'embedded';
  readonly schema: string;
  /** Where it is, for people; never with a password. */
  readonly location: string;
  /** How many transactions can make progress at once. */
  readonly concurrency: number;
  /**
   * Where reads go that may lag behind and may take long: the read replica when one is set, else this tier. The
   * replica refuses writes.
   */
  readonly analytics: DurableTier;
  /** Runs `work` on one session in a transaction; rolls back when it throws. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Runs `work` on one session without a transaction (advisory locks, several statements). */
  session<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Round trip and version of the server. */
  ping(): Promise<{ latencyMs: number; version: string }>;
  /** What the server says of itself. Takes a connection for some milliseconds. */
  figures(): Promise<PostgresFigures>;
  close(): Promise<void>;
}

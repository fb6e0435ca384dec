/** A result as PostgreSQL sent it: every value as text. */
export interface RawResult {
  readonly fields: readonly { readonly name: string; readonly typeOid: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly count: number;
}

/** `failed`: a statement of the transaction was refused, and only a rollback can follow. */
export type TransactionState = 'idle' | 'open' | 'failed';

/** What COPY … TO sends. `detached`: all of it is here, and the connection is free for other work. */
export interface CopyOutput {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly detached: boolean;
}

/**
 * One connection, as a driver gives it: no state of its own beyond PostgreSQL's, one call at a time unless it pipelines.
 * Everything thrown is a StockroomError.
 */
export interface Connection {
  /** Without parameters `sql` may hold several statements; the result is that of the last one. */
  execute(sql: string, params: readonly (string | null)[] | undefined): Promise<RawResult>;
  /** `sql` is whole: `COPY … FROM STDIN WITH (FORMAT binary)`. Resolves to the number of rows. */
  copyIn(sql: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number>;
  /** `sql` is whole: `COPY … TO STDOUT WITH (FORMAT binary)`. */
  copyOut(sql: string): Promise<CopyOutput>;
  /** COMMIT. @returns false when PostgreSQL rolled back instead, since a statement before it was refused */
  commit(): Promise<boolean>;
  /** As of the last answer. */
  readonly transactionState: TransactionState;
  /** Statements may be given before the answers of earlier ones are there; of COPY only one, and nothing beside it. */
  readonly pipelines: boolean;
}

/** A connection lent to one user at a time. */
export interface Lease {
  readonly connection: Connection;
  /**
   * Gives it back without anything open: what was not committed is rolled back. A `spoiled` one is not used again,
   * where the driver has more than one.
   */
  release(spoiled: boolean): Promise<void>;
}

/** What makes a tier of a driver. */
export interface TierDriver {
  readonly kind: 'server' | 'embedded';
  readonly schema: string;
  readonly location: string;
  readonly concurrency: number;
  /** @throws StockroomError UNAVAILABLE when none becomes free in time, DATABASE_UNREACHABLE, EMBEDDED_FAILED */
  acquire(): Promise<Lease>;
  /** Where analytic reads go, when that is elsewhere. */
  readonly replica?: TierDriver | undefined;
  close(): Promise<void>;
}

/** How long callers wait at the most. */
export interface Limits {
  /** For a connection: longer than any chunk of a bulk load takes. */
  readonly acquireTimeoutMs: number;
  /** In `close` for work in flight, which is then cut off. */
  readonly closeTimeoutMs: number;
  /** For the first connection to a server, which says whether it can be used. */
  readonly connectTimeoutMs: number;
  /** For a word of the server about a statement, before it is asked over another connection whether it still works on it. */
  readonly silenceMs: number;
}

export const defaultLimits: Limits = Object.freeze({
  acquireTimeoutMs: 30_000,
  closeTimeoutMs: 10_000,
  connectTimeoutMs: 10_000,
  silenceMs: 15_000,
});

/**
 * Settings of every session, on both drivers: the text of values depends on them, and the schema alone is searched,
 * so that a table of another application can never be taken for one of ours.
 */
export function sessionSettings(schema: string): Readonly<Record<string, string>> {
  return {
    search_path: quoteName(schema),
    TimeZone: 'UTC',
    DateStyle: 'ISO, MDY',
    IntervalStyle: 'postgres',
    bytea_output: 'hex',
    extra_float_digits: '1',
  };
}

/** A name as an SQL identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

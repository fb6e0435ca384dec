/**
 * What the servers behind the tiers say of themselves, for whoever watches them. Counters count since the server started, or since
 * its statistics were reset.
 */

/** One server of Redis that holds keys. */
export interface RedisServer {
  readonly location: string;
  /** Undefined: it gave no answer. */
  readonly figures: RedisFigures | undefined;
}

export interface RedisFigures {
  readonly version: string;
  readonly role: string;
  readonly uptimeSeconds: number;
  readonly keys: number;
  readonly memoryUsedBytes: number;
  /** 0: no limit. */
  readonly memoryLimitBytes: number;
  readonly evictedKeys: number;
  readonly expiredKeys: number;
  readonly hits: number;
  readonly misses: number;
  readonly commands: number;
  readonly clients: number;
  readonly clientsMax: number;
  readonly rejectedConnections: number;
  readonly snapshot: {
    readonly ok: boolean;
    /** Seconds since 1970, of the server's clock. */
    readonly savedAtSeconds: number;
    readonly changesSince: number;
  };
  /** `ok`: the last append and the last rewrite were written. */
  readonly appendOnly: { readonly enabled: boolean; readonly ok: boolean };
  readonly replicas: readonly Replica[];
}

/** A copy of a server that follows it. */
export interface Replica {
  readonly name: string;
  readonly lagBytes: number | undefined;
  readonly lagSeconds: number | undefined;
}

/** PostgreSQL. What its role may not see of other roles is not in it: see docs/operations.md. */
export interface PostgresFigures {
  readonly databaseBytes: number;
  /** Connections of clients to the whole server by their state; those whose state may not be seen are `unknown`. */
  readonly connections: Readonly<Record<string, number>>;
  /** Without those that are kept for superusers. */
  readonly connectionsMax: number;
  readonly oldestTransactionSeconds: number;
  /** Statements under way for longer than `LONG_STATEMENT_SECONDS`. */
  readonly longStatements: number;
  readonly commits: number;
  readonly rollbacks: number;
  readonly deadlocks: number;
  /** Pages found in memory, and pages asked of the system. */
  readonly blocksHit: number;
  readonly blocksRead: number;
  readonly tempBytes: number;
  readonly tables: readonly TableFigures[];
  readonly replicas: readonly Replica[];
  /** The statements that took the most time; undefined: nobody counts them (pg_stat_statements is not there). */
  readonly statements: readonly StatementFigures[] | undefined;
}

export interface TableFigures {
  readonly table: string;
  readonly liveRows: number;
  readonly deadRows: number;
  /** Undefined: it never was. */
  readonly autovacuumAgeSeconds: number | undefined;
}

export interface StatementFigures {
  /** PostgreSQL's own number for it: never its text. */
  readonly queryId: string;
  readonly calls: number;
  readonly seconds: number;
}

export const LONG_STATEMENT_SECONDS = 10;

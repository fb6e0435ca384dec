import type { DurableTier, Param, QueryResult } from '../tiers/durable/index.ts';
import { FleetLocks } from './fleet-locks.ts';
import type { JobSettings } from './settings.ts';

/**
 * The right to run a job, and to say how a run of it ended: one process of the fleet has it at a time. It ends with the process, whatever
 * the process ends of.
 */
export interface RunLock {
  readonly job: string;
  /** Aborted when another may have the right by now. */
  readonly lost: AbortSignal;
  /** What is written here is written while the right is held. @throws StockroomError DATABASE_UNREACHABLE when it is not */
  readonly query: (sql: string, params?: readonly Param[]) => Promise<QueryResult>;
  release(): Promise<void>;
}

export interface RunLocks {
  /** @returns undefined: somebody has it. @throws as the durable tier does; CONFIG_INVALID when its pool is too small */
  take(job: string): Promise<RunLock | undefined>;
  /** Gives up what is held. */
  close(): Promise<void>;
}

/** An expression that is true while a process of the fleet has the right to run the job that `name` gives. @param name SQL */
export function heldSql(durable: DurableTier, schema: string, name: string): string {
  // Who runs what in the one process is known without asking.
  if (durable.kind === 'embedded') return 'false';
  return `exists (
    select from pg_catalog.pg_locks
    where locktype = 'advisory' and objsubid = 1 and granted
      and database = (select oid from pg_catalog.pg_database where datname = current_database())
      and ((classid::bigint << 32) | objid::bigint) = hashtextextended('${schema}.run.' || ${name}, 0))`;
}

export function createRunLocks(durable: DurableTier, schema: string, settings: JobSettings): RunLocks {
  return durable.kind === 'embedded' ? new OwnLocks(durable) : new FleetLocks(durable, schema, settings);
}

const held = new WeakMap<DurableTier, Set<string>>();

/** The embedded database has one process: who has a right is known here, and nobody has one when it starts. */
class OwnLocks implements RunLocks {
  readonly #durable: DurableTier;
  readonly #held: Set<string>;

  constructor(durable: DurableTier) {
    this.#durable = durable;
    this.#held = held.get(durable) ?? new Set();
    held.set(durable, this.#held);
  }

  async take(job: string): Promise<RunLock | undefined> {
    if (this.#held.has(job)) return undefined;
    this.#held.add(job);
    return {
      job,
      lost: new AbortController().signal,
      query: (sql, params) => this.#durable.query(sql, params),
      release: async () => void this.#held.delete(job),
    };
  }

  async close(): Promise<void> {}
}

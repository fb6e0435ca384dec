import { createHash } from 'node:crypto';
import type PgBoss from 'pg-boss';
import { jobFailures } from '../core/job-diagnostics.ts';
import {
  type DurableTier,
  isRetryable,
  type Param,
  type QueryResult,
  retried,
  sqlState,
} from '../tiers/durable/index.ts';
import type { JobDefinition } from './job.ts';
import { gone } from './records.ts';
import { createRunLocks, heldSql, type RunLock, type RunLocks } from './run-lock.ts';
import { type JobSettings, KEEP_ARCHIVED_DAYS, KEEP_RUNS_SECONDS } from './settings.ts';

/** A run that is under way: the same run begun again is another attempt. */
export interface Attempt {
  readonly id: string;
  readonly attempt: number;
}

/** One run that this process has taken: nobody else has it while the lock is held. */
export interface Taken extends Attempt {
  readonly name: string;
  readonly lock: RunLock;
}

/** A job that there may be something to do about. */
export interface Look {
  readonly name: string;
  /** A run of it could begin now. */
  readonly due: boolean;
  /** The run that is under way. */
  readonly active: Attempt | undefined;
  /** Somebody in the fleet has the right to run it. */
  readonly held: boolean;
}

type Execute = (sql: string, params?: readonly Param[]) => Promise<QueryResult>;

/** pg-boss takes names of 50 characters. */
const SCHEMA_MAX = 50;

/** The PostgreSQL schema of the queue: beside Stockroom's own, which its migrations alone change. */
export function queueSchema(schema: string): string {
  const name = `${schema}_jobs`;
  if (name.length <= SCHEMA_MAX) return name;
  const hash = createHash('sha256').update(schema).digest('hex').slice(0, 8);
  return `${schema.slice(0, SCHEMA_MAX - hash.length - '__jobs'.length)}_${hash}_jobs`;
}

/**
 * The queue of the fleet: pg-boss over the connections of the durable tier. pg-boss keeps the rows, hands a run to one process, tries
 * again and gives up. What it is not used for: its own timer of schedules, which can do a time twice when two looks fall on both sides
 * of a minute (see `tickId`), and its own workers, whose note of an end is not awaited: with PostgreSQL away it would end the process.
 */
export class JobQueue {
  readonly schema: string;
  readonly #durable: DurableTier;
  readonly #jobs: readonly JobDefinition[];
  readonly #settings: JobSettings;
  readonly #maintains: boolean;
  readonly #locks: RunLocks;
  #opening: Promise<PgBoss> | undefined;

  /** @param maintains this process is one of those that look for runs that took too long */
  constructor(
    durable: DurableTier,
    jobs: readonly JobDefinition[],
    settings: JobSettings,
    maintains: boolean,
  ) {
    this.schema = queueSchema(durable.schema);
    this.#durable = durable;
    this.#jobs = jobs;
    this.#settings = settings;
    this.#maintains = maintains;
    this.#locks = createRunLocks(durable, this.schema, settings);
  }

  /**
   * Creates the queue when there is none: that takes the right to create a schema in the database, once.
   * @throws as the durable tier does; the next call tries again
   */
  async open(): Promise<PgBoss> {
    this.#opening ??= retried(() => this.#open(), { again });
    try {
      return await this.#opening;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  /** @returns the id; undefined when a run of that job waits already, or a run of that id was there before */
  async send(
    name: string,
    data: object,
    options: { id?: string; startAfterMs?: number; priority?: number } = {},
  ): Promise<string | undefined> {
    const boss = await this.open();
    const { startAfterMs = 0, ...rest } = options;
    const startAfter = startAfterMs === 0 ? {} : { startAfter: Math.ceil(startAfterMs / 1_000) };
    return (await boss.send(name, data, { ...rest, ...startAfter })) ?? undefined;
  }

  /** The run of that job that waits. */
  async waiting(name: string): Promise<string | undefined> {
    const { rows } = await this.#durable.query<{ id: string }>(
      `select id from ${this.schema}.job where name = $1 and state < 'active' order by state, created_on limit 1`,
      [name],
    );
    return rows[0]?.id;
  }

  /** Jobs of which a run waits or is under way. One statement: a process asks all day. */
  async look(): Promise<Look[]> {
    const { rows } = await this.#durable.query<{
      name: string;
      due: boolean;
      id: string | null;
      attempt: number;
      held: boolean;
    }>(
      `select wanted.name, active.id, active.retry_count as attempt,
         active.id is null and due.is as due, active.id is not null and ${heldSql(this.#durable, this.schema, 'wanted.name')} as held
       from unnest($1::text[]) as wanted (name)
       left join lateral (
         select id, retry_count from ${this.schema}.job where name = wanted.name and state = 'active' limit 1) as active on true
       cross join lateral (
         select exists (
           select from ${this.schema}.job where name = wanted.name and state < 'active' and start_after < now()) as is) as due
       where active.id is not null or due.is`,
      [this.#jobs.map(({ name }) => name)],
    );
    return rows.map(({ name, due, id, attempt, held }) => {
      return { name, due, held, active: id === null ? undefined : { id, attempt } };
    });
  }

  /**
   * @param options ahead: also one that is to wait
   * @param options orphan a run whose process is gone: it is this one that is taken, when it may be tried again
   * @returns undefined when there is none, or another process was faster
   */
  async take(
    name: string,
    { ahead = false, orphan }: { ahead?: boolean; orphan?: Attempt | undefined } = {},
  ): Promise<Taken | undefined> {
    const boss = await this.open();
    const lock = await this.#locks.take(name);
    if (lock === undefined) return undefined;
    let taken: Taken | undefined;
    try {
      const isFreed = orphan !== undefined && (await this.fail({ ...orphan, name, lock }, { error: gone }));
      const ignoreStartAfter = ahead || isFreed;
      const [job] = await boss.fetch(name, { ignoreStartAfter, includeMetadata: true, ...over(lock) });
      if (job !== undefined) taken = { id: job.id, attempt: job.retryCount, name, lock };
      return taken;
    } finally {
      if (taken === undefined) await lock.release();
    }
  }

  async complete(taken: Taken, output: object): Promise<void> {
    await this.#end(taken, (boss) => boss.complete(taken.name, taken.id, output, over(taken.lock)));
  }

  /**
   * It failed, or this process stops: it is tried again after a while, if it may be.
   * @returns false when it had ended, or was begun anew, before
   */
  fail(taken: Taken, output: object): Promise<boolean> {
    return this.#end(taken, (boss) => boss.fail(taken.name, taken.id, output, over(taken.lock)));
  }

  /** For a run whose lock was lost. @returns the run with the lock taken anew; as it was while somebody else has the lock */
  async lockAgain(taken: Taken): Promise<Taken> {
    const lock = await this.#locks.take(taken.name);
    return lock === undefined ? taken : { ...taken, lock };
  }

  /** Whether it is still under way, as far as the queue knows, and nobody has begun it anew. */
  async isCurrent(
    taken: Taken,
    execute: Execute = (...statement) => this.#durable.query(...statement),
  ): Promise<boolean> {
    const { count } = await execute(
      `select from ${this.schema}.job where name = $1 and id = $2 and state = 'active' and retry_count = $3`,
      [taken.name, taken.id, taken.attempt],
    );
    return count > 0;
  }

  async close(): Promise<void> {
    await this.#locks.close();
    const boss = await this.#opening?.catch(() => undefined);
    this.#opening = undefined;
    await boss?.stop({ graceful: false, close: false });
  }

  /** Over the connection that has the lock: no other process changes the run meanwhile. */
  async #end(taken: Taken, note: (boss: PgBoss) => Promise<void>): Promise<boolean> {
    const boss = await this.open();
    const isCurrent = await this.isCurrent(taken, taken.lock.query);
    if (isCurrent) await note(boss);
    return isCurrent;
  }

  async #open(): Promise<PgBoss> {
    // Not before it is needed: commands that run no job start without it.
    const { default: Boss } = await import('pg-boss');
    const boss = new Boss({
      db: dbOf((...statement) => this.#durable.query(...statement)),
      schema: this.schema,
      schedule: false,
      supervise: this.#maintains,
      maintenanceIntervalSeconds: Math.ceil(this.#settings.maintenanceMs / 1_000),
      archiveCompletedAfterSeconds: KEEP_RUNS_SECONDS,
      deleteAfterDays: KEEP_ARCHIVED_DAYS,
    });
    // Of its maintenance, which runs again by itself. Without a listener it would end the process.
    boss.on('error', (error) => jobFailures.publish(() => ({ error })));
    try {
      await boss.start();
      await this.#createQueues();
      for (const job of this.#jobs) await this.#bringUpToDate(boss, job);
      return boss;
    } catch (error) {
      await boss.stop({ graceful: false, close: false });
      throw error;
    }
  }

  /** Two processes that create them at once would wait for one another: one after the other, and seldom at all. */
  async #createQueues(): Promise<void> {
    const names = this.#jobs.map(({ name }) => name);
    await this.#durable.transaction(async (session) => {
      const lock = 'select pg_advisory_xact_lock(hashtextextended($1, 0))';
      await session.query(lock, [`${this.schema}.queue`]);
      const { rows } = await session.query<{ name: string }>(
        `select name from unnest($1::text[]) as wanted (name)
         where not exists (select from ${this.schema}.queue where queue.name = wanted.name)`,
        [names],
      );
      for (const job of this.#jobs.filter(({ name }) => rows.some((row) => row.name === name))) {
        const options = JSON.stringify(this.#optionsOf(job));
        await session.query(`select ${this.schema}.create_queue($1, $2::json)`, [job.name, options]);
      }
    });
  }

  async #bringUpToDate(boss: PgBoss, job: JobDefinition): Promise<void> {
    const wanted = this.#optionsOf(job);
    const found: object = (await boss.getQueue(job.name)) ?? {};
    const isSame = Object.entries(wanted).every(([name, value]) => Reflect.get(found, name) === value);
    if (!isSame) await boss.updateQueue(job.name, { name: job.name, ...wanted });
  }

  #optionsOf(job: JobDefinition) {
    return {
      // Of each job one run waits at the most, and one is under way.
      policy: 'stately',
      retryLimit: job.retries,
      retryDelay: Math.ceil(job.retryDelayMs / 1_000),
      retryBackoff: false,
      expireInSeconds: Math.ceil((job.limitMs + this.#settings.expiryMarginMs) / 1_000),
    } as const;
  }
}

/** For one call of pg-boss: over the connection that has the lock. */
function over(lock: RunLock): { db: PgBoss.Db } {
  return { db: dbOf(lock.query) };
}

/** As pg-boss asks: several statements without values, documents as objects. */
function dbOf(execute: Execute): PgBoss.Db {
  return {
    executeSql: (text, values: unknown[] | undefined) =>
      values === undefined || values.length === 0 ? execute(text) : execute(text, values.map(paramOf)),
  };
}

/** Two processes create the schema at once: the loser finds it there when it looks again. */
function again(error: unknown): boolean {
  return isRetryable(error) || ['23505', '42P06', '42P07', '42710'].includes(sqlState(error) ?? '');
}

function paramOf(value: unknown): Param {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || value instanceof Date || Array.isArray(value)) return value as Param;
  return JSON.stringify(value);
}

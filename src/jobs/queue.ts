import { createHash } from 'node:crypto';
import type PgBoss from 'pg-boss';
import { jobFailures } from '../core/job-diagnostics.ts';
import { type DurableTier, isRetryable, type Param, retried, sqlState } from '../tiers/durable/index.ts';
import type { JobDefinition } from './job.ts';
import { type JobSettings, KEEP_ARCHIVED_DAYS, KEEP_RUNS_SECONDS } from './settings.ts';

/** One run that this process has taken: nobody else has it before it expires. */
export interface Taken {
  readonly id: string;
  readonly name: string;
}

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
  #opening: Promise<PgBoss> | undefined;

  /** @param maintains this process is one of those that look for runs whose process is gone */
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

  /** Jobs of which a run could be taken now. One statement: a process asks all day. */
  async due(): Promise<string[]> {
    const { rows } = await this.#durable.query<{ name: string }>(
      `select distinct name from ${this.schema}.job as due
       where name = any($1::text[]) and state < 'active' and start_after < now()
         and not exists (select from ${this.schema}.job as other where other.name = due.name and other.state = 'active')`,
      [this.#jobs.map(({ name }) => name)],
    );
    return rows.map(({ name }) => name);
  }

  /**
   * @param ahead also one that is to wait
   * @returns undefined when there is none, or another process was faster
   */
  async take(name: string, ahead = false): Promise<Taken | undefined> {
    const boss = await this.open();
    const [job] = await boss.fetch(name, { ignoreStartAfter: ahead });
    return job === undefined ? undefined : { id: job.id, name };
  }

  async complete({ name, id }: Taken, output: object): Promise<void> {
    await (await this.open()).complete(name, id, output);
  }

  /** It failed, or this process stops: it is tried again after a while, if it may be. */
  async fail({ name, id }: Taken, output: object): Promise<void> {
    await (await this.open()).fail(name, id, output);
  }

  async close(): Promise<void> {
    const boss = await this.#opening?.catch(() => undefined);
    this.#opening = undefined;
    await boss?.stop({ graceful: false, close: false });
  }

  async #open(): Promise<PgBoss> {
    // Not before it is needed: commands that run no job start without it.
    const { default: Boss } = await import('pg-boss');
    const boss = new Boss({
      db: { executeSql: (text, values) => this.#execute(text, values as unknown[] | undefined) },
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

  /** As pg-boss asks: several statements without values, documents as objects. */
  async #execute(text: string, values: unknown[] | undefined): Promise<{ rows: unknown[] }> {
    const { rows } =
      values === undefined || values.length === 0
        ? await this.#durable.query(text)
        : await this.#durable.query(text, values.map(paramOf));
    return { rows };
  }
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

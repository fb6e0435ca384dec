import { type Clock, systemClock } from '../core/clock.ts';
import type { Schedules } from '../core/config-values.ts';
import { StockroomError } from '../core/errors.ts';
import { storesWithHistory } from '../datasets/tables.ts';
import type { StoreSystem } from '../system/index.ts';
import type { HotTier } from '../tiers/hot/index.ts';
import { definitions } from './definitions.ts';
import type { JobDefinition } from './job.ts';
import { JobQueue } from './queue.ts';
import { readRecords, type RunRecord } from './records.ts';
import type { Ran } from './run.ts';
import { JobRunner } from './runner.ts';
import { nextTick, overdueTick, schedulesOf } from './schedule.ts';
import { jobDefaults, type JobSettings } from './settings.ts';

/** A run that is begun by hand is kept from the services for so long: whoever asked for it takes it. */
const RESERVED_MS = 30_000;
const FIRST = 100;

export interface JobsOptions {
  /** With an up-to-date schema; it stays open when the jobs are closed, and has to be closed after them. */
  readonly system: StoreSystem;
  readonly hot: HotTier;
  readonly clock?: Clock | undefined;
  /** `off` (by default): nothing runs by itself in this process. */
  readonly schedules?: Schedules | undefined;
  /** False: the times are known, and nothing runs by itself all the same. */
  readonly runs?: boolean | undefined;
  readonly retentionDays?: Readonly<Record<string, number>> | undefined;
  /** Where the retention writes. */
  readonly archiveDirectory?: string | undefined;
  readonly settings?: Partial<JobSettings> | undefined;
  /** Other jobs than the service's own. */
  readonly definitions?: readonly JobDefinition[] | undefined;
}

export interface JobState {
  readonly name: string;
  readonly title: string;
  /** By this process's settings; null: it runs only when it is asked for. */
  readonly cron: string | null;
  readonly time_zone: string | null;
  readonly next_run_at: string | null;
  readonly state: 'idle' | 'waiting' | 'running';
  readonly last_success_at: string | null;
  readonly last_run: RunRecord | null;
}

/** The jobs of the fleet, seen from this process. Methods that take a name throw NOT_FOUND for one that there is not. */
export interface Jobs {
  readonly names: readonly string[];
  /** @throws as the durable tier does */
  list(): Promise<JobState[]>;
  /** Of each job with times: the last one of which its run ought to be over by now. */
  overdue(): ReadonlyMap<string, Date>;
  /**
   * Puts a run into the queue, for whichever process of the fleet is free.
   * @returns its id, or that of a run that waits already
   */
  enqueue(name: string, by: string): Promise<{ id: string }>;
  /** Runs it in this process, now. @throws StockroomError CONFLICT while it runs anywhere else */
  runHere(name: string, by: string): Promise<Ran & { readonly id: string }>;
  close(): Promise<void>;
}

/** @throws StockroomError CONFIG_INVALID for a time or a store that there is not */
export function createJobs(options: JobsOptions): Jobs {
  const { system, hot, clock = systemClock, schedules: given = 'off', retentionDays = {} } = options;
  const jobs = options.definitions ?? definitions;
  const settings = { ...jobDefaults, ...options.settings };
  const schedules = schedulesOf(jobs, given);
  checkStores(retentionDays);
  const { durable } = system;
  const runs = given !== 'off' && options.runs !== false;
  const queue = new JobQueue(durable, jobs, settings, runs);
  const archiveDirectory = options.archiveDirectory ?? 'archive';
  const runner = new JobRunner(queue, { system, hot, clock, retentionDays, archiveDirectory }, settings);
  if (runs) runner.start(schedules);
  const names = jobs.map(({ name }) => name);
  return {
    names,
    async list() {
      const records = await readRecords(durable, queue.schema, names);
      const now = new Date();
      return schedules.map(({ job, time }): JobState => {
        const record = records.find(({ name }) => name === job.name);
        const busy = record?.running === true ? 'running' : record?.waiting === true ? 'waiting' : 'idle';
        return {
          name: job.name,
          title: job.title,
          cron: time?.cron ?? null,
          time_zone: time?.zone ?? null,
          next_run_at: time === undefined ? null : nextTick(time, now).toISOString(),
          state: busy,
          last_success_at: record?.last_success_at ?? null,
          last_run: record?.last_run ?? null,
        };
      });
    },
    overdue() {
      const now = new Date();
      return new Map(
        schedules.flatMap((schedule) => {
          const tick = overdueTick(schedule, now);
          return tick === undefined ? [] : [[schedule.job.name, tick] as const];
        }),
      );
    },
    async enqueue(name, by) {
      jobOf(jobs, name);
      const id = (await queue.send(name, { by })) ?? (await queue.waiting(name));
      if (id !== undefined) return { id };
      throw new StockroomError('CONFLICT', `A run of ${name} that waited was begun just now; ask again.`);
    },
    async runHere(name, by) {
      const job = jobOf(jobs, name);
      await queue.send(name, { by }, { startAfterMs: RESERVED_MS, priority: FIRST });
      const taken = await queue.take(name, { ahead: true });
      if (taken !== undefined) return { ...(await runner.execute(job, taken)), id: taken.id };
      throw new StockroomError(
        'CONFLICT',
        `${name} runs in another process; \`stockroom jobs\` shows where.`,
      );
    },
    async close() {
      await runner.close();
      await queue.close();
    },
  };
}

/**
 * Finds out before anything is opened that a time or a store is not one.
 * @throws StockroomError CONFIG_INVALID
 */
export function checkJobSettings(given: Required<Pick<JobsOptions, 'schedules' | 'retentionDays'>>): void {
  schedulesOf(definitions, given.schedules ?? 'off');
  checkStores(given.retentionDays ?? {});
}

function jobOf(jobs: readonly JobDefinition[], name: string): JobDefinition {
  const job = jobs.find((one) => one.name === name);
  if (job !== undefined) return job;
  const known = jobs.map((one) => one.name).join(', ');
  throw new StockroomError('NOT_FOUND', `There is no job ${JSON.stringify(name)}; use one of ${known}`);
}

function checkStores(retentionDays: Readonly<Record<string, number>>): void {
  const unknown = Object.keys(retentionDays).find((store) => !storesWithHistory.includes(store));
  if (unknown === undefined) return;
  throw new StockroomError(
    'CONFIG_INVALID',
    `STOCKROOM_RETENTION_DAYS: expected stores of ${storesWithHistory.join(', ')}, found ${JSON.stringify(unknown)}`,
    { details: { variable: 'STOCKROOM_RETENTION_DAYS', store: unknown } },
  );
}

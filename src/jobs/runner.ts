import { isRetryable } from '../tiers/durable/index.ts';
import { jobFailures } from '../core/job-diagnostics.ts';
import { pause, within } from '../core/wait.ts';
import type { JobContext, JobDefinition } from './job.ts';
import { Orphans } from './orphans.ts';
import type { JobQueue, Look, Taken } from './queue.ts';
import { outputOf, type Ran, runJob } from './run.ts';
import { lastTicks, type Schedule, tickId } from './schedule.ts';
import type { JobSettings } from './settings.ts';

/** How long is waited before an end is noted again. */
const SETTLE_AGAIN_MS = 500;

/** Runs the jobs of a fleet in this process: puts runs whose time has come into the queue, and takes runs out of it. */
export class JobRunner {
  readonly #queue: JobQueue;
  readonly #context: JobContext;
  readonly #settings: JobSettings;
  /** Nothing new is begun. */
  readonly #closing = new AbortController();
  /** What is under way has to end. */
  readonly #stopping = new AbortController();
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #ticked = new Map<string, number>();
  readonly #orphans: Orphans;
  #looping: Promise<void> | undefined;
  #away = false;

  constructor(queue: JobQueue, context: JobContext, settings: JobSettings) {
    this.#queue = queue;
    this.#context = context;
    this.#settings = settings;
    // Of the embedded database this is the only process: what nobody runs here, nobody runs.
    const isAlone = context.system.durable.kind === 'embedded';
    this.#orphans = new Orphans(isAlone ? 0 : settings.takeoverMs);
  }

  start(schedules: readonly Schedule[]): void {
    this.#looping ??= this.#loop(schedules);
  }

  /** Runs one that was taken here. @throws as the durable tier does when the end could not be noted */
  async execute(job: JobDefinition, taken: Taken): Promise<Ran> {
    const work = this.#execute(job, taken);
    const tracked = work.catch(() => undefined).finally(() => this.#running.delete(taken.id));
    this.#running.set(taken.id, tracked);
    return await work;
  }

  /** Ends within `drainMs` and `graceMs`: what is under way is done by then, or given back to the others. */
  async close(): Promise<void> {
    this.#closing.abort();
    const idle = this.#idle();
    if ((await within(idle, this.#settings.drainMs)) === undefined) {
      this.#stopping.abort();
      await within(idle, 2 * this.#settings.graceMs);
    }
    this.#stopping.abort();
  }

  async #idle(): Promise<true> {
    await this.#looping;
    await Promise.all(this.#running.values());
    return true;
  }

  async #loop(schedules: readonly Schedule[]): Promise<void> {
    const jobs = new Map(schedules.map(({ job }) => [job.name, job]));
    const times = schedules.flatMap(({ job, time }) =>
      time === undefined ? [] : [{ name: job.name, last: lastTicks(time) }],
    );
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#queue.open();
        await this.#tick(times);
        for (const look of await this.#queue.look()) await this.#begin(jobs.get(look.name), look, signal);
        this.#away = false;
      } catch (error) {
        // PostgreSQL is away, or the queue may not be created: told once, and tried again for as long as it takes.
        if (!this.#away) jobFailures.publish(() => ({ error }));
        this.#away = true;
      }
      await pause(this.#settings.pollMs * (0.75 + Math.random() / 2), signal);
    }
  }

  /** Every process does so: see `tickId`. */
  async #tick(times: readonly { name: string; last: (now: Date) => Date }[]): Promise<void> {
    const now = new Date();
    for (const { name, last } of times) {
      const tick = last(now);
      const isOld = now.getTime() - tick.getTime() > this.#settings.catchUpMs;
      if (isOld || this.#ticked.get(name) === tick.getTime()) continue;
      await this.#queue.send(name, { due: tick.toISOString() }, { id: tickId(name, tick) });
      this.#ticked.set(name, tick.getTime());
    }
  }

  async #begin(job: JobDefinition | undefined, look: Look, closing: AbortSignal): Promise<void> {
    const orphan = this.#orphans.found(look);
    if (job === undefined || closing.aborted || (orphan === undefined && !look.due)) return;
    const taken = await this.#queue.take(job.name, { orphan });
    // What goes wrong in the end is told there; the run is begun again when its time is over.
    if (taken !== undefined) void this.execute(job, taken).catch((error: unknown) => this.#tell(error));
  }

  #tell(error: unknown): void {
    jobFailures.publish(() => ({ error }));
  }

  async #execute(job: JobDefinition, taken: Taken): Promise<Ran> {
    const { graceMs } = this.#settings;
    const ends = { stopping: this.#stopping.signal, lost: taken.lock.lost, graceMs };
    const { ran, over } = await runJob(job, this.#context, ends);
    const right = { taken };
    try {
      await this.#settle(right, ran);
    } finally {
      // Work that goes on although it was told to end keeps others from the same work.
      const released = over.then(() => right.taken.lock.release());
      await within(released, graceMs);
    }
    return ran;
  }

  /**
   * Notes the end, also when PostgreSQL is away for a while. Noting it twice changes nothing, and what another process has begun anew is
   * left as it is.
   * @param right gets the lock that was taken anew when the first was lost
   */
  async #settle(right: { taken: Taken }, ran: Ran): Promise<void> {
    const until = Date.now() + this.#settings.settleMs;
    for (;;) {
      try {
        if (right.taken.lock.lost.aborted) right.taken = await this.#queue.lockAgain(right.taken);
        if (!right.taken.lock.lost.aborted) return await this.#note(right.taken, ran);
        if (Date.now() > until || !(await this.#queue.isCurrent(right.taken))) return;
      } catch (error) {
        if (!isRetryable(error) || Date.now() > until || this.#stopping.signal.aborted) throw error;
      }
      await pause(SETTLE_AGAIN_MS, this.#stopping.signal);
    }
  }

  async #note(taken: Taken, ran: Ran): Promise<void> {
    const output = outputOf(ran);
    await (ran.outcome === 'done' ? this.#queue.complete(taken, output) : this.#queue.fail(taken, output));
  }
}

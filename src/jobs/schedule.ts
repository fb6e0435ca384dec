import { createHash } from 'node:crypto';
import cronParser from 'cron-parser';
import type { CronTime, JobName, Schedules } from '../core/config-values.ts';
import { messageOf, StockroomError } from '../core/errors.ts';
import type { JobDefinition } from './job.ts';

/** A job and when it runs; without a time it runs when it is asked for. */
export interface Schedule {
  readonly job: JobDefinition;
  readonly time: CronTime | undefined;
}

const SECOND_MS = 1_000;

/**
 * What the settings make of the jobs' own times.
 * @throws StockroomError CONFIG_INVALID for an expression or a time zone that there is not
 */
export function schedulesOf(jobs: readonly JobDefinition[], given: Schedules): Schedule[] {
  return jobs.map((job) => {
    const set = given === 'off' ? 'off' : (given[job.name as JobName] ?? job.time);
    const time = set === 'off' ? undefined : set;
    if (time !== undefined) checkTime(job.name, time);
    return { job, time };
  });
}

function checkTime(job: string, { cron, zone }: CronTime): void {
  try {
    cronParser.parseExpression(cron, { tz: zone }).next();
  } catch (error) {
    throw new StockroomError(
      'CONFIG_INVALID',
      `STOCKROOM_SCHEDULES: expected an expression of cron and a time zone for ${job}, ` +
        `found ${JSON.stringify(`${cron} ${zone}`)} (${messageOf(error)})`,
      { cause: error, details: { variable: 'STOCKROOM_SCHEDULES', job } },
    );
  }
}

/** The last time at or before `now`. */
export function lastTick({ cron, zone }: CronTime, now: Date): Date {
  // What stands behind the last full second counts as it; the parser looks before the time that it is given.
  const after = new Date(Math.floor(now.getTime() / SECOND_MS) * SECOND_MS + SECOND_MS);
  return cronParser.parseExpression(cron, { tz: zone, currentDate: after }).prev().toDate();
}

/**
 * `lastTick` for whoever asks every few seconds: the parser looks through a whole calendar, so it is asked again once the next time
 * has come.
 */
export function lastTicks(time: CronTime): (now: Date) => Date {
  let last: Date | undefined;
  let next: Date | undefined;
  return (now) => {
    if (last === undefined || next === undefined || now < last || now >= next) {
      last = lastTick(time, now);
      next = nextTick(time, now);
    }
    return last;
  };
}

/** The first time after `now`. */
export function nextTick({ cron, zone }: CronTime, now: Date): Date {
  return cronParser.parseExpression(cron, { tz: zone, currentDate: now }).next().toDate();
}

/** The last time of which the run ought to be over by `now`, with all that may be tried again; undefined: it has no times. */
export function overdueTick({ job, time }: Schedule, now: Date): Date | undefined {
  if (time === undefined) return undefined;
  const longestMs = (job.retries + 1) * job.limitMs + job.retries * job.retryDelayMs;
  return lastTick(time, new Date(now.getTime() - longestMs));
}

/**
 * The id of the run that is due at a time, as a UUID of version 8. Each process makes the same one, and a primary key takes it once:
 * that is what makes a schedule run once, however many processes see its time come.
 */
export function tickId(job: string, tick: Date): string {
  const hash = createHash('sha256').update(`${job} ${tick.toISOString()}`).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

import { codeOf, messageOf } from '../core/errors.ts';
import { jobFailures, jobRuns } from '../core/job-diagnostics.ts';
import type { Logger } from './logger.ts';

/** Writes how each run of a job ended. @returns the way to stop */
export function logJobs(logger: Logger): () => void {
  const stops = [
    jobRuns.subscribe((run) => {
      if (run.outcome === 'failed') logger.warn(run, 'a job failed');
      else if (run.outcome === 'handed_back') logger.info(run, 'a job is left to another process');
      else logger.debug(run, 'a job is done');
    }),
    jobFailures.subscribe(({ error }) => {
      const about = { code: codeOf(error), reason: messageOf(error) };
      logger.warn(about, 'the queue of the jobs cannot be used; it is tried again');
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

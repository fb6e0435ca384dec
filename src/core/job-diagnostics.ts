import { channel } from './diagnostics.ts';

/** How one run of a job ended: `handed_back` to another process, because this one stops. */
export const jobOutcomes = ['done', 'failed', 'handed_back'] as const;
export type JobOutcome = (typeof jobOutcomes)[number];

export interface JobRun {
  readonly job: string;
  readonly outcome: JobOutcome;
  readonly durationMs: number;
  /** What it did, in counts. */
  readonly did: Readonly<Record<string, unknown>>;
  /** Absent when it did not fail. */
  readonly errorCode: string | undefined;
  readonly reason: string | undefined;
}

/** A run that ended in this process. */
export const jobRuns = channel<JobRun>('stockroom:jobs:run');
/** The queue of the jobs cannot be used at the moment; told once, until it can be again. */
export const jobFailures = channel<{ error: unknown }>('stockroom:jobs:failure');

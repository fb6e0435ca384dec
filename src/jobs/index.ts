export type { Did, JobContext, JobDefinition } from './job.ts';
export { checkJobSettings, createJobs, type Jobs, type JobsOptions, type JobState } from './jobs.ts';
export type { RunRecord } from './records.ts';
export type { Ran } from './run.ts';
export { jobDefaults, type JobSettings } from './settings.ts';

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { jobRuns } from '../core/job-diagnostics.ts';

/** From a look at what is due to an archive of a year. */
const BUCKETS = [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600];

export interface JobSuccess {
  readonly name: string;
  readonly last_success_at: string | null;
}

/** What is asked at each scrape. */
export interface JobsAsked {
  /** When it fails, what was known before stays. */
  list(): Promise<readonly JobSuccess[]>;
  overdue(): ReadonlyMap<string, Date>;
}

/**
 * Runs that ended in this process, when each job was last done in whichever process, and when it ought to have been. The label is not
 * `job`, which Prometheus keeps for itself.
 * @returns the way to stop listening
 */
export function jobMetrics(registers: Registry[], jobs: JobsAsked): () => void {
  const runs = new Counter({
    name: 'stockroom_job_runs_total',
    help: 'Runs of scheduled work that ended in this process, by how they ended',
    labelNames: ['task', 'outcome'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'stockroom_job_duration_seconds',
    help: 'How long a run took',
    labelNames: ['task'] as const,
    buckets: BUCKETS,
    registers,
  });
  const lastSuccess = new Gauge({
    name: 'stockroom_job_last_success_timestamp_seconds',
    help: 'When the job was last done, in whichever process',
    labelNames: ['task'] as const,
    registers: [],
    async collect() {
      try {
        const states = await jobs.list();
        this.reset();
        for (const { name: task, last_success_at: at } of states) {
          if (at !== null) this.set({ task }, Date.parse(at) / 1_000);
        }
      } catch {
        // PostgreSQL is away, which stockroom_tier_up tells: a scrape that fails as a whole would hide that.
      }
    },
  });
  const overdue = new Gauge({
    name: 'stockroom_job_overdue_timestamp_seconds',
    help: 'The last time of its schedule of which the run ought to be over by now; a job without times has none',
    labelNames: ['task'] as const,
    registers: [],
    collect() {
      for (const [task, at] of jobs.overdue()) this.set({ task }, at.getTime() / 1_000);
    },
  });
  for (const registry of registers) {
    registry.registerMetric(lastSuccess);
    registry.registerMetric(overdue);
  }
  return jobRuns.subscribe(({ job: task, outcome, durationMs }) => {
    runs.inc({ task, outcome });
    duration.observe({ task }, durationMs / 1_000);
  });
}

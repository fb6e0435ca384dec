import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { jobRuns } from '../core/job-diagnostics.ts';

/** From a look at what is due to an archive of a year. */
const BUCKETS = [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600];

export interface JobSuccess {
  readonly name: string;
  readonly last_success_at: string | null;
}

/**
 * Runs that ended in this process, and when each job was last done in whichever process.
 * @param successes is asked at each scrape; when it fails, what was known before stays
 * @returns the way to stop listening
 */
export function jobMetrics(
  registers: Registry[],
  successes: () => Promise<readonly JobSuccess[]>,
): () => void {
  const runs = new Counter({
    name: 'stockroom_job_runs_total',
    help: 'Runs of scheduled work that ended in this process, by how they ended',
    labelNames: ['job', 'outcome'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'stockroom_job_duration_seconds',
    help: 'How long a run took',
    labelNames: ['job'] as const,
    buckets: BUCKETS,
    registers,
  });
  const lastSuccess = new Gauge({
    name: 'stockroom_job_last_success_timestamp_seconds',
    help: 'When the job was last done, in whichever process',
    labelNames: ['job'] as const,
    registers: [],
    async collect() {
      try {
        for (const { name: job, last_success_at: at } of await successes()) {
          if (at !== null) this.set({ job }, Date.parse(at) / 1_000);
        }
      } catch {
        // PostgreSQL is away, which stockroom_tier_up tells: a scrape that fails as a whole would hide that.
      }
    },
  });
  for (const registry of registers) registry.registerMetric(lastSuccess);
  return jobRuns.subscribe(({ job, outcome, durationMs }) => {
    runs.inc({ job, outcome });
    duration.observe({ job }, durationMs / 1_000);
  });
}

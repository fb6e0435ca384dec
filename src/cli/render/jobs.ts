import type { JobState, Ran } from '../../jobs/index.ts';
import { table } from './table.ts';
import { plain } from './text.ts';

/** One line a job, and below the table what went wrong. */
export function jobLines(jobs: readonly JobState[]): string[] {
  const rows = jobs.map(({ name, cron, time_zone, state, next_run_at, last_run }) => [
    name,
    cron === null ? 'off' : `${cron} ${time_zone}`,
    state,
    minuteOf(next_run_at),
    minuteOf(last_run?.started_at ?? null),
    last_run?.outcome ?? '',
    last_run?.duration_ms === null || last_run === null ? '' : `${last_run.duration_ms} ms`,
  ]);
  const titles = ['job', 'time', 'state', 'next run', 'last run', 'ended', 'took'];
  const lines = table(
    titles.map((title) => ({ title, align: title === 'took' ? 'right' : 'left' })),
    rows,
  );
  const failures = jobs.flatMap(({ name, last_run }) =>
    last_run?.error == null ? [] : [`${name}: ${last_run.error.code}: ${plain(last_run.error.message)}`],
  );
  const did = jobs.flatMap(({ name, last_run }) =>
    last_run?.did == null || Object.keys(last_run.did).length === 0
      ? []
      : [`${name}: ${countsOf(last_run.did)}`],
  );
  return [...lines, ...(did.length + failures.length > 0 ? ['', ...did, ...failures] : [])];
}

export function ranLines(name: string, { durationMs, did }: Ran): string[] {
  return [
    `${name} is done, in ${durationMs} ms`,
    ...Object.entries(did).map(([of, what]) => `  ${of}: ${textOf(what)}`),
  ];
}

function countsOf(did: Readonly<Record<string, unknown>>): string {
  return Object.entries(did)
    .map(([of, what]) => `${of} ${textOf(what)}`)
    .join('; ');
}

/** Nested counts on one line: `evaluated 3, pending 1`. */
function textOf(what: unknown): string {
  if (typeof what !== 'object' || what === null) return plain(String(what));
  return Object.entries(what)
    .map(([name, value]) => `${name} ${textOf(value)}`)
    .join(', ');
}

function minuteOf(time: string | null): string {
  return time === null ? '' : `${time.slice(0, 16).replace('T', ' ')}Z`;
}

import type { DurableTier } from '../tiers/durable/index.ts';

/** A run as its row tells it. */
export interface RunRecord {
  readonly id: string;
  readonly started_at: string;
  /** Null: it is under way, or its process is gone and nobody knows yet. */
  readonly ended_at: string | null;
  readonly outcome: 'running' | 'done' | 'failed' | 'waits_again';
  readonly duration_ms: number | null;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Where: host and process id. */
  readonly process: string | null;
  readonly did: Readonly<Record<string, unknown>> | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface JobRecord {
  readonly name: string;
  readonly running: boolean;
  readonly waiting: boolean;
  readonly last_success_at: string | null;
  readonly last_run: RunRecord | null;
}

interface Row {
  readonly name: string;
  readonly running: boolean;
  readonly waiting: boolean;
  readonly last_success_at: string | null;
  readonly id: string | null;
  readonly state: string;
  readonly started_on: string;
  readonly completed_on: string | null;
  readonly retry_count: number;
  readonly output: Output | null;
}

/** What a run leaves; of one whose process is gone pg-boss writes a `value`. */
interface Output {
  readonly did?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: string; readonly message: string };
  readonly duration_ms?: number;
  readonly process?: string;
}

/** What is said of a run whose process is gone. */
export const gone = {
  code: 'UNAVAILABLE',
  message: 'The process that ran it ended, or was not heard of before its time was over.',
};

/** @returns nothing while there is no queue: nobody has run a job on this database yet */
export async function readRecords(
  durable: DurableTier,
  schema: string,
  names: readonly string[],
): Promise<JobRecord[]> {
  const { rows: found } = await durable.query<{ there: boolean }>(
    'select to_regclass($1) is not null as there',
    [`${schema}.archive`],
  );
  if (found[0]?.there !== true) return [];
  const { rows } = await durable.query<Row>(recordsSql(schema), [[...names]]);
  return rows.map((row) => {
    const { name, running, waiting, last_success_at } = row;
    return { name, running, waiting, last_success_at, last_run: row.id === null ? null : runOf(row, row.id) };
  });
}

function recordsSql(schema: string): string {
  const last = (table: string): string => `(
    select id, state, started_on, completed_on, retry_count, output from ${schema}.${table}
    where name = queue.name and started_on is not null order by started_on desc limit 1)`;
  return `
    select queue.name, run.id, run.state, run.started_on, run.completed_on, run.retry_count, run.output,
      coalesce(present.running, false) as running, coalesce(present.waiting, false) as waiting,
      coalesce(present.success, (
        select max(completed_on) from ${schema}.archive where name = queue.name and state = 'completed')) as last_success_at
    from unnest($1::text[]) as queue (name)
    left join lateral (
      select bool_or(state = 'active') as running, bool_or(state < 'active') as waiting,
        max(completed_on) filter (where state = 'completed') as success
      from ${schema}.job where name = queue.name) as present on true
    left join lateral (
      select * from (${last('job')} union all ${last('archive')}) as both_tables
      order by started_on desc limit 1) as run on true`;
}

function runOf(row: Row, id: string): RunRecord {
  const { state, started_on, completed_on, retry_count, output } = row;
  const outcome = outcomeOf(state);
  const failed = outcome === 'failed' || outcome === 'waits_again';
  const spanned = completed_on === null ? null : Date.parse(completed_on) - Date.parse(started_on);
  return {
    id,
    started_at: started_on,
    ended_at: completed_on,
    outcome,
    duration_ms: output?.duration_ms ?? spanned,
    attempt: retry_count + 1,
    process: output?.process ?? null,
    did: outcome === 'running' ? null : (output?.did ?? null),
    error: failed ? (output?.error ?? gone) : null,
  };
}

function outcomeOf(state: string): RunRecord['outcome'] {
  if (state === 'active') return 'running';
  if (state === 'completed') return 'done';
  return state === 'failed' || state === 'cancelled' ? 'failed' : 'waits_again';
}

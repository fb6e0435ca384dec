import type { JobDefinition, JobSettings } from '../../src/jobs/index.ts';
import { pause } from '../../src/core/wait.ts';
import type { DurableTier } from '../../src/tiers/durable/index.ts';

/** Others take a run over when its lock was free for 2 s: a second is a long time then. */
export const gatedSettings: Partial<JobSettings> = {
  pollMs: 100,
  lockCheckMs: 200,
  lockLostMs: 800,
  takeoverMs: 2_000,
  graceMs: 200,
  drainMs: 100,
};

/** The gate, closed, and what the job notes of itself. */
export async function createGate(durable: DurableTier): Promise<void> {
  await durable.query(`
    create table gate (open boolean not null);
    insert into gate values (false);
    create table marks (mark text not null, pid int not null, at timestamptz not null default clock_timestamp())`);
}

export async function openGate(durable: DurableTier): Promise<void> {
  await durable.query('update gate set open = true');
}

/** `mark:pid` in the order in which they were noted. */
export async function marksOf(durable: DurableTier): Promise<string[]> {
  const { rows } = await durable.query<{ mark: string; pid: number }>('select * from marks order by at');
  return rows.map(({ mark, pid }) => `${mark}:${pid}`);
}

/** Begins, waits for the gate, and ends; notes both. Told to end earlier, it notes that. */
export function gated(say: (line: string) => void = () => undefined): JobDefinition {
  return {
    name: 'gated',
    title: 'gated',
    time: { cron: '0 0 1 1 *', zone: 'UTC' },
    limitMs: 600_000,
    retries: 3,
    // Not before the test has failed: whoever takes it over does not wait for this.
    retryDelayMs: 3_600_000,
    async run({ system: { durable } }, signal) {
      const note = (mark: string) =>
        durable.query('insert into marks (mark, pid) values ($1, $2)', [mark, process.pid]);
      await note('begun');
      say('begun');
      for (;;) {
        const { rows } = await durable.query<{ open: boolean }>('select open from gate');
        if (rows[0]?.open === true || signal.aborted) break;
        await pause(50, signal);
      }
      await note(signal.aborted ? 'told' : 'ended');
      return { by: process.pid };
    },
  };
}

/** Tells that its process is well, once a second. */
export function tick(say: (line: string) => void): JobDefinition {
  return {
    name: 'tick',
    title: 'tick',
    time: { cron: '* * * * * *', zone: 'UTC' },
    limitMs: 60_000,
    retries: 0,
    retryDelayMs: 0,
    async run() {
      say('tick');
      return {};
    },
  };
}

import { hostname } from 'node:os';
import { codeOf, messageOf, StockroomError } from '../core/errors.ts';
import { type JobOutcome, jobRuns } from '../core/job-diagnostics.ts';
import { within } from '../core/wait.ts';
import type { Did, JobContext, JobDefinition } from './job.ts';

/** How a run ended. */
export interface Ran {
  readonly outcome: JobOutcome;
  readonly durationMs: number;
  readonly did: Did;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

const here = `${hostname()}:${process.pid}`;

interface Ends {
  /** This process stops: what is not done by then is handed back. */
  readonly stopping: AbortSignal;
  /** Another process may run it by now: it is left to that. */
  readonly lost: AbortSignal;
  /** It has taken as long as it may. */
  readonly late: AbortSignal;
}

/**
 * Runs a job once. Never rejects.
 * @param graceMs how long it may take to end after it was told to
 * @returns also when its work is over, which may be later when it did not end in time
 */
export async function runJob(
  job: JobDefinition,
  context: JobContext,
  { stopping, lost, graceMs }: Omit<Ends, 'late'> & { graceMs: number },
): Promise<{ ran: Ran; over: Promise<void> }> {
  const start = performance.now();
  const late = AbortSignal.timeout(job.limitMs);
  const signal = AbortSignal.any([stopping, lost, late]);
  const work = Promise.resolve().then(() => job.run(context, signal));
  let did: Did = {};
  let thrown: { error: unknown } | undefined;
  try {
    // What it still does when nobody waits any more is lost: the next run does it again.
    did = (await Promise.race([work, told(signal, graceMs)])) ?? {};
  } catch (error) {
    thrown = { error };
  }
  const ended = endOf(job, { stopping, lost, late }, thrown);
  const ran: Ran = { ...ended, did, durationMs: Math.round(performance.now() - start) };
  const { outcome, durationMs, error } = ran;
  jobRuns.publish(() => ({
    job: job.name,
    outcome,
    durationMs,
    did,
    errorCode: error?.code,
    reason: error?.message,
  }));
  // How it ended was told above.
  const ignore = (): void => undefined;
  return { ran, over: work.then(ignore, ignore) };
}

function endOf(
  job: JobDefinition,
  { stopping, lost, late }: Ends,
  thrown: { error: unknown } | undefined,
): Pick<Ran, 'outcome' | 'error'> {
  if (stopping.aborted) {
    const message = 'The process stopped before it was done; it is begun again.';
    return { outcome: 'handed_back', error: { code: 'INTERRUPTED', message } };
  }
  if (lost.aborted) {
    const message = 'The connection that held its lock was lost, so it was ended; it is begun again.';
    return { outcome: 'handed_back', error: { code: 'UNAVAILABLE', message } };
  }
  if (late.aborted) {
    const message = `It took longer than its ${job.limitMs / 1_000} s and was ended; what it had done by then stays.`;
    return { outcome: 'failed', error: { code: 'UNAVAILABLE', message } };
  }
  if (thrown === undefined) return { outcome: 'done', error: undefined };
  const { error } = thrown;
  const code = error instanceof StockroomError ? error.code : codeOf(error) || 'INTERNAL';
  // Errors of Node.js begin with their code, which stands beside the message everywhere.
  const [whole, head] = [messageOf(error), `${code}: `];
  const message = whole.startsWith(head) ? whole.slice(head.length) : whole;
  return { outcome: 'failed', error: { code, message } };
}

/** Resolves when the time that was left after the signal is over. */
async function told(signal: AbortSignal, graceMs: number): Promise<undefined> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  await within(new Promise<never>(() => undefined), graceMs);
  return undefined;
}

/** What stands in the row of the run. */
export function outputOf({ did, durationMs, error }: Ran): object {
  return { did, duration_ms: durationMs, process: here, ...(error === undefined ? {} : { error }) };
}

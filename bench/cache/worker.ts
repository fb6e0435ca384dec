import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Contender } from './contender.ts';
import { within } from './measure.ts';

/** What a process with a contender of its own can be told to do. */
export type Task =
  | { readonly kind: 'write'; readonly keys: readonly string[]; readonly version: number }
  | { readonly kind: 'getOrSet'; readonly key: string; readonly callers: number; readonly makeMs: number };

/** When a factory ran, in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Callers {
  readonly spans: readonly Span[];
  /** How many got a value. */
  readonly answered: number;
}

export interface Worker {
  perform<T>(task: Task): Promise<T>;
  end(): void;
}

const runner = fileURLToPath(new URL('../run.js', import.meta.url));
const script = fileURLToPath(new URL('child.ts', import.meta.url));
const READY_MS = 60_000;
const TASK_MS = 20_000;

/** Another process with the contender, ready to be told what to do. It ends with this one. */
export async function startWorker(contender: Contender, url: string): Promise<Worker> {
  const child = fork(runner, [script, contender.name, url], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    await within(messageOf(child), READY_MS);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    perform: async <T>(task: Task) => {
      const answer = messageOf(child);
      child.send(task);
      return ((await within(answer, TASK_MS)) as { result: T }).result;
    },
    end: () => void child.kill('SIGKILL'),
  };
}

function messageOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void => reject(new Error(`the other process ended with ${code}`));
    child.once('exit', gone);
    child.once('message', (message) => {
      child.off('exit', gone);
      resolve(message);
    });
  });
}

/** How many factories ran, and how many at the same time. */
export function overlap(spans: readonly Span[]): { total: number; atOnce: number } {
  const steps = spans.flatMap(({ from, to }) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ]);
  // Where one ends as another begins, the end comes first.
  steps.sort((a, b) => a.at - b.at || a.by - b.by);
  let running = 0;
  let atOnce = 0;
  for (const { by } of steps) {
    running += by;
    atOnce = Math.max(atOnce, running);
  }
  return { total: spans.length, atOnce };
}

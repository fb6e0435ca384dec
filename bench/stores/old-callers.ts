import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Task } from './old-process.js';
import { type Cell, endOf, type Span } from './measure.ts';

const script = fileURLToPath(new URL('old-process.js', import.meta.url));
const READY_MS = 60_000;
/** A call may wait for the lock for five seconds after the end. */
const LATE_MS = 60_000;

interface Told {
  readonly answer?: unknown;
  readonly error?: string;
  readonly calls: number;
  readonly locked: number;
  readonly torn: number;
}

/** The old application in as many processes as there may be callers, all on the same files. */
export class OldCallers {
  readonly #children: ChildProcess[];

  private constructor(children: ChildProcess[]) {
    this.#children = children;
  }

  static async start(directory: string, count: number): Promise<OldCallers> {
    const children = Array.from({ length: count }, () =>
      fork(script, [directory], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
    );
    const callers = new OldCallers(children);
    try {
      await Promise.all(children.map((child) => messageOf(child, READY_MS)));
    } catch (error) {
      callers.end();
      throw error;
    }
    return callers;
  }

  /** The answer to the first call of an operation. */
  async answer(id: string): Promise<unknown> {
    const { answer } = await ask(this.#children[0]!, { id, once: true }, LATE_MS);
    return answer;
  }

  /** So many processes at once, each with one call after the other. */
  async measure(id: string, callers: number, span: Span): Promise<Cell> {
    const { from, to } = span;
    const told = await Promise.all(
      this.#children
        .slice(0, callers)
        .map((child, caller) =>
          ask(child, { id, once: false, caller, callers, from, to }, endOf(span) + LATE_MS),
        ),
    );
    const sum = (name: 'calls' | 'locked' | 'torn'): number =>
      told.reduce((total, one) => total + one[name], 0);
    return {
      rate: (sum('calls') / (to - from)) * 1_000,
      locked: sum('locked'),
      torn: sum('torn'),
    };
  }

  end(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}

async function ask(child: ChildProcess, task: Task, timeoutMs: number): Promise<Told> {
  const answer = messageOf(child, timeoutMs);
  child.send(task);
  const told = (await answer) as Told;
  if (told.error !== undefined) throw new Error(`the old side, ${task.id}: ${told.error}`);
  return told;
}

function messageOf(child: ChildProcess, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settled = (): void => {
      clearTimeout(timer);
      child.off('exit', gone);
      child.off('message', came);
    };
    const came = (message: unknown): void => {
      settled();
      resolve(message);
    };
    const gone = (code: number | null): void => {
      settled();
      reject(new Error(`a process of the old side ended with ${code}`));
    };
    const timer = setTimeout(() => {
      settled();
      reject(new Error(`a process of the old side said nothing for ${timeoutMs} ms`));
    }, timeoutMs);
    child.on('exit', gone);
    child.on('message', came);
  });
}

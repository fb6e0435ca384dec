import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { unprivilegedUser } from '../support/servers.ts';
import { ROOT } from '../support/source-files.ts';
import { type Stage, within } from './image.ts';

/** A process that lives longer hangs: a service lives through many steps of a test, on a machine that may be busy. */
const DEADLINE_MS = 600_000;

export interface Launch {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Not as root, where this process is root. */
  readonly unprivileged: boolean;
}

export interface Ended {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

/** A program of a built tree, with nothing of this process's environment but PATH. */
export class Launched {
  readonly child: ChildProcess;
  out = '';
  err = '';
  readonly #over: Promise<unknown>;

  constructor({ argv, cwd, env, unprivileged }: Launch) {
    const [file, ...args] = argv;
    const user = unprivileged ? unprivilegedUser() : undefined;
    this.child = spawn(file!, args, {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      ...user,
      timeout: DEADLINE_MS,
      killSignal: 'SIGKILL',
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    this.#over = once(this.child, 'close');
    this.#over.catch(() => undefined);
  }

  /** The address at which it serves. @throws when it ends before */
  async serving(): Promise<string> {
    for (;;) {
      const url = /Stockroom serves at (\S+)/.exec(this.out)?.[1];
      if (url !== undefined) return url;
      const ended = await Promise.race([
        this.#over.then(() => true),
        once(this.child.stdout!, 'data').then(() => false),
      ]);
      if (ended) throw new Error(`it ended with ${this.child.exitCode}: ${this.out}${this.err}`);
    }
  }

  async ended(): Promise<Ended> {
    await this.#over;
    return { exit: this.child.exitCode, out: this.out, err: this.err };
  }

  /** Ends it as a service manager does: SIGTERM, and SIGKILL when the time is over, after which there is no exit code. */
  async stop(patienceMs: number): Promise<Ended> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), patienceMs);
    try {
      return await this.ended();
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The built command line of this repository. */
export const builtCli = (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): Launched =>
  new Launched({
    argv: [process.execPath, join(ROOT, 'dist/cli/main.js'), ...args],
    cwd,
    env,
    unprivileged: false,
  });

/** `docker run IMAGE ARGS`: the entry point in the tree of the stage, as its user. */
export function runImage(
  stage: Stage,
  args: readonly string[] = stage.cmd,
  env: Readonly<Record<string, string>> = {},
): Launched {
  return new Launched({
    argv: [...stage.entrypoint, ...args],
    cwd: within(stage, '.'),
    env: { ...environmentOf(stage), ...env },
    unprivileged: stage.user !== 'root',
  });
}

/** What ENV sets; paths are those of the stage's folder, and its programs come before those of this machine. */
export function environmentOf(stage: Stage): Record<string, string> {
  const set = Object.entries(stage.env).map(([name, value]) => [
    name,
    value.startsWith('/') ? within(stage, value) : value,
  ]);
  const PATH = `${within(stage, '/usr/local/bin')}:${process.env['PATH'] ?? ''}`;
  return { PATH, ...(Object.fromEntries(set) as Record<string, string>) };
}

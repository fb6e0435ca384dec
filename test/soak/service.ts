import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { untilNothing } from '../support/redis-commands.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** What is kept of what a service says, in characters: the end of it. */
const LOG_MAX = 20_000;

export type Environment = Readonly<Record<string, string>>;

/** A service of the built command, on one port for all of its lives. */
export class Service {
  readonly port: number;
  /** How often it was started. */
  lives = 0;
  log = '';
  readonly #env: Environment;
  readonly #cwd: string;
  #child: ChildProcess | undefined;
  /** What it ended with, when nobody had ended it. */
  failure: string | undefined;

  constructor(port: number, env: Environment, cwd: string) {
    this.port = port;
    this.#env = { ...env, PORT: String(port) };
    this.#cwd = cwd;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when it is ready. @param command `start` brings the schema up to date as well */
  async start(command: 'start' | 'serve'): Promise<void> {
    const env = { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'error', ...this.#env };
    const child = spawn(process.execPath, [MAIN, command], { cwd: this.#cwd, env });
    this.#child = child;
    this.lives += 1;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.log = (this.log + text).slice(-LOG_MAX);
      });
    }
    child.once('exit', (code, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.failure = `the service at ${this.port} ended by itself (${code ?? signal}): ${this.log}`;
    });
    await untilNothing(async () => {
      if (this.failure !== undefined) throw new Error(this.failure);
      const answer = await fetch(`http://127.0.0.1:${this.port}/health/ready`);
      return answer.ok ? undefined : `the service answers ${answer.status}: ${await answer.text()}`;
    });
  }

  /** Ends it as a crash does, or, with SIGTERM, as an operator does; resolves when it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

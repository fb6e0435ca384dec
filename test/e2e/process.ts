import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** A process that takes longer hangs. */
const DEADLINE_MS = 60_000;

export type Environment = Record<string, string>;

export interface Ended {
  exit: number | null;
  out: string;
  err: string;
}

export function requireBuilt(): void {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: run npm run build first`);
}

/** A process of the built command line, with nothing of this one's environment in its own. */
export class Process {
  readonly child: ChildProcess;
  out = '';
  err = '';
  readonly #listeners = new Set<() => void>();

  constructor(argv: readonly string[], env: Environment, cwd: string) {
    const options = { cwd, env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'warn', ...env } };
    this.child = spawn(process.execPath, [MAIN, ...argv], {
      ...options,
      timeout: DEADLINE_MS,
      killSignal: 'SIGKILL',
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
      this.#tell();
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
      this.#tell();
    });
    this.child.on('close', () => this.#tell());
  }

  /** Resolves when the output has what `find` looks for. */
  async until<T>(find: (process: Process) => T | null | undefined): Promise<T> {
    for (;;) {
      const found = find(this);
      if (found !== null && found !== undefined) return found;
      if (this.child.exitCode !== null) throw new Error(`it ended with ${this.child.exitCode}: ${this.err}`);
      await new Promise<void>((resolve) => {
        this.#listeners.add(resolve);
      });
    }
  }

  async ended(): Promise<Ended> {
    if (this.child.stdout?.closed !== true || this.child.exitCode === null) await once(this.child, 'close');
    return { exit: this.child.exitCode, out: this.out, err: this.err };
  }

  #tell(): void {
    for (const resolve of this.#listeners) resolve();
    this.#listeners.clear();
  }
}

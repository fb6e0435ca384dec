import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A server in a process of its own. */
export interface Child {
  readonly url: string;
  /** Of the processor, that it has used so far; undefined where the system does not say. */
  cpuMs(): number | undefined;
  stop(): Promise<void>;
}

const SERVES = / serves at (http:\/\/\S+)/;

/** Starts `node ARGS` and resolves when it says where it serves. Its log, one line a request, goes nowhere. */
export async function startChild(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Child> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return { url: await urlOf(child), cpuMs: () => cpuMs(child.pid!), stop: () => stop(child) };
}

/** Linux counts in hundredths of a second. */
const TICK_MS = 10;

function cpuMs(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  // The name of the program, in brackets, may hold spaces: fields are counted from behind it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function urlOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface(child.stdout!)) {
    const url = SERVES.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout!.resume();
    return url;
  }
  throw new Error(`a server ended before it served (exit code ${child.exitCode})`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

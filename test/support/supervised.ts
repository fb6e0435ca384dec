import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A program and its arguments. */
export interface Command {
  file: string;
  args: string[];
}

/** What the supervisor is to do; it is sent to it as one message. */
export interface Plan {
  /** Created by the supervisor (it must not exist) and removed by it, whatever happens. */
  directory: string;
  /** Files for the directory, its names to their texts: a configuration that the server rewrites, say. */
  files?: Readonly<Record<string, string>>;
  /** Commands that must succeed before the server is started; they run in the directory, as the server does. */
  prepare: readonly Command[];
  server: Command;
  /** The user to run as; absent: the user of this process. */
  owner?: { uid: number; gid: number };
  /** Sent one after the other, with patience between them; SIGKILL follows by itself. */
  stopSignals: NodeJS.Signals[];
}

/** A server that runs for a test. */
export interface Supervised {
  pid: number;
  /** Its files; gone after `stop`. */
  directory: string;
  /** Stops it and removes its files; resolves when both are gone. A second call does nothing. */
  stop(): Promise<void>;
}

/** How to tell that a server answers, and that it is the one that was started and no other on the same port. */
export type Probe = (pid: number) => Promise<boolean>;

type Report = { started: number } | { failed: string; log: string };

/** The server process ended before it was ready. */
export class ServerFailed extends Error {
  override readonly name = 'ServerFailed';
}

const SUPERVISOR = fileURLToPath(new URL('supervisor.js', import.meta.url));
const READY_DEADLINE_MS = 60_000;
/** A question on a local socket that is refused is asked again after so long. */
const PROBE_PAUSE_MS = 20;
const PORT_ATTEMPTS = 5;

/** A port of 127.0.0.1 that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no TCP port');
  return address.port;
}

async function isTaken(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  return new Promise((resolve) => {
    server.once('error', () => resolve(true));
    server.once('listening', () => server.close(() => resolve(false)));
  });
}

/**
 * Calls `start` with a free port. Between asking for the port and using it another process may take it: then, and only
 * then, another port is tried.
 */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return await start(port);
    } catch (error) {
      const lost = error instanceof ServerFailed && (await isTaken(port));
      if (!lost || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** Starts what the plan says under a supervisor and resolves when `probe` says that it answers. */
export async function supervise(plan: Plan, probe: Probe): Promise<Supervised> {
  const supervisor = fork(SUPERVISOR, {
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: supervisorEnvironment(),
  });
  const gone = once(supervisor, 'exit');
  const failure = failureOf(supervisor);
  const stop = async (): Promise<void> => {
    supervisor.ref();
    if (supervisor.connected) supervisor.disconnect();
    await gone;
  };
  try {
    const started = startedPid(supervisor);
    supervisor.send(plan);
    const pid = await Promise.race([started, failure]);
    await Promise.race([answers(probe, pid, plan), failure]);
    release(supervisor);
    return { pid, directory: plan.directory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Node and test runner settings of this process are no business of the server's. */
function supervisorEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(NODE_|VITEST|PG|REDIS)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' };
}

/** The server must not keep a process alive that has nothing else to do. */
function release(supervisor: ChildProcess): void {
  supervisor.unref();
  supervisor.channel?.unref();
}

function startedPid(supervisor: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    supervisor.on('message', (report: Report) => {
      if ('started' in report) resolve(report.started);
    });
  });
}

/** Rejects when the server or its supervisor ends; a rejection after the start is nobody's to handle. */
function failureOf(supervisor: ChildProcess): Promise<never> {
  const failure = new Promise<never>((_, reject) => {
    supervisor.on('message', (report: Report) => {
      if ('failed' in report) reject(new ServerFailed(`${report.failed}\n${report.log}`));
    });
    supervisor.on('error', reject);
    supervisor.on('exit', () => reject(new ServerFailed('the supervisor of the server ended')));
  });
  failure.catch(() => undefined);
  return failure;
}

async function answers(probe: Probe, pid: number, plan: Plan): Promise<void> {
  const deadline = Date.now() + READY_DEADLINE_MS;
  let last: unknown = 'another server answered on its port';
  while (Date.now() < deadline) {
    try {
      if (await probe(pid)) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS));
  }
  const log = readFileSync(join(plan.directory, 'server.log'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-40)
    .join('\n');
  throw new Error(`${plan.server.file} did not answer in ${READY_DEADLINE_MS} ms: ${String(last)}\n${log}`);
}

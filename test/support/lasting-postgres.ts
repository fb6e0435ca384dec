import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { postgresBinaries } from './binaries.ts';
import { onFreePort, type Plan, type Supervised, supervise } from './supervised.ts';

/** A PostgreSQL that can be stopped and started again with what it had: on the same port, for the same clients. */
export interface LastingPostgres {
  readonly url: string;
  /** Ends it as a crash does, from this moment on: what it had not written yet is lost. Resolves when it is gone. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Suspends every process of it: connections stay, and nothing is answered. */
  suspend(): void;
  resume(): void;
  /** Ends it and removes its files. */
  remove(): Promise<void>;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  dynamic_shared_memory_type: 'mmap',
  timezone: 'UTC',
  // What was committed without waiting for the disk stays in memory for long, so that a crash does lose it.
  wal_writer_delay: '10s',
};

/** As root PostgreSQL does not run: the files are those of the user that Debian's packages make for it. */
function owner(): Plan['owner'] {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined); // A connection that breaks while it is made rejects `connect` as well.
  await client.connect();
  await client.end();
  return true;
}

/** The postmaster and its children: each has to be sent a signal of its own. */
function family(pid: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return [pid, ...pairs.flatMap(([child, parent]) => (parent === pid ? [child!] : []))];
}

const newDirectory = (kind: string): string =>
  join(realpathSync(tmpdir()), `stockroom-${kind}-${randomBytes(6).toString('hex')}`);

/** Starts one with an empty database; it ends with the test process, and its files go then, however that ends. */
export async function startLastingPostgres(
  more: Readonly<Record<string, string>> = {},
): Promise<LastingPostgres> {
  const binaries = postgresBinaries();
  const as = owner();
  const shared = { stopSignals: ['SIGQUIT'] satisfies NodeJS.Signals[], ...(as ? { owner: as } : {}) };
  const directory = newDirectory('lasting');
  const data = join(directory, 'data');
  const initialise = ['-D', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'];
  // Keeps the files while no server runs.
  const keeper = await supervise(
    {
      ...shared,
      directory,
      prepare: [{ file: binaries.initdb, args: [...initialise, '--no-sync'] }],
      server: { file: '/bin/sleep', args: ['86400'] },
    },
    () => Promise.resolve(true),
  );
  const settings = Object.entries({ ...SETTINGS, ...more }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const urlOf = (port: number): string => `postgresql://postgres@127.0.0.1:${port}/postgres`;
  const startOn = (port: number): Promise<Supervised> =>
    supervise(
      {
        ...shared,
        directory: newDirectory('postgres-run'),
        prepare: [],
        server: { file: binaries.postgres, args: ['-D', data, '-p', String(port), ...settings] },
      },
      () => answers(urlOf(port)),
    );
  let port = 0;
  let server = await onFreePort((free) => startOn((port = free)));
  return {
    url: urlOf(port),
    stop() {
      process.kill(server.pid, 'SIGQUIT');
      return server.stop();
    },
    async start() {
      server = await startOn(port);
    },
    suspend() {
      for (const pid of family(server.pid)) process.kill(pid, 'SIGSTOP');
    },
    resume() {
      for (const pid of family(server.pid)) process.kill(pid, 'SIGCONT');
    },
    async remove() {
      await server.stop();
      await keeper.stop();
    },
  };
}

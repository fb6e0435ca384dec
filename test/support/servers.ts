import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { Client } from 'pg';
import { postgresBinaries, redisBinary } from './binaries.ts';
import { onFreePort, type Plan, type Supervised, supervise } from './supervised.ts';

/** A throwaway server on 127.0.0.1. */
export interface Server extends Supervised {
  url: string;
  port: number;
}

const PROBE_TIMEOUT_MS = 2_000;
/** The longest path of a Unix socket on every system that we know (macOS: 104 bytes with its final NUL). */
const SOCKET_PATH_MAX = 103;

/** Undefined: as PostgreSQL has it by itself, so that ALTER SYSTEM may change it. */
export type PostgresSettings = Readonly<Record<string, string | undefined>>;

function newDirectory(kind: string): string {
  return join(realpathSync(tmpdir()), `stockroom-${kind}-${randomBytes(6).toString('hex')}`);
}

/** PostgreSQL refuses to run as root; the directory is given to this user instead. */
export function unprivilegedUser(): Plan['owner'] {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string, name: string): number =>
    Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: id('-u', name), gid: id('-g', name) };
    } catch {
      // `id` fails for a user that does not exist: the next name is tried.
    }
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody. Add one.',
  );
}

function postgresSettings(directory: string, more: PostgresSettings): string[] {
  const socketFits = join(directory, '.s.PGSQL.65535').length <= SOCKET_PATH_MAX;
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: socketFits ? directory : '',
    // The data is thrown away: nothing has to survive a power cut.
    fsync: 'off',
    full_page_writes: 'off',
    // In the data directory instead of /dev/shm: nothing is left there by a killed server.
    dynamic_shared_memory_type: 'mmap',
    max_connections: '200',
    timezone: 'UTC',
    ...more,
  };
  return Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : ['-c', `${name}=${value}`],
  );
}

/** Whether PostgreSQL answers on the port with the given data directory: a server of another test has another. */
async function postgresAnswers(url: string, data: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: PROBE_TIMEOUT_MS });
  client.on('error', () => undefined); // A connection that breaks while it is made rejects `connect` as well.
  await client.connect();
  try {
    const answer = await client.query<{ data_directory: string }>('SHOW data_directory');
    return answer.rows[0]?.data_directory === data;
  } finally {
    await client.end();
  }
}

/**
 * Starts a PostgreSQL with an empty database and the superuser `postgres` without a password.
 * @param settings server settings beside or instead of our own, e.g. `{ timezone: 'Asia/Kolkata' }`
 */
export async function startPostgres(settings: PostgresSettings = {}): Promise<Server> {
  const binaries = postgresBinaries();
  const owner = unprivilegedUser();
  return onFreePort(async (port) => {
    const directory = newDirectory('postgres');
    const data = join(directory, 'data');
    const initialise = [
      '--pgdata',
      data,
      '--username=postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
    ];
    const plan: Plan = {
      directory,
      prepare: [{ file: binaries.initdb, args: [...initialise, '--no-sync'] }],
      server: {
        file: binaries.postgres,
        args: ['-D', data, '-p', String(port), ...postgresSettings(directory, settings)],
      },
      stopSignals: ['SIGINT', 'SIGQUIT'],
      ...(owner ? { owner } : {}),
    };
    const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
    const running = await supervise(plan, () => postgresAnswers(url, data));
    return { ...running, url, port };
  });
}

/** What a Redis needs beyond its arguments. */
export interface RedisOptions {
  /** The port to take (a server that comes back where it was); absent: a free one. */
  port?: number;
  /** Files for its directory, where it starts: arguments name them without a path. */
  files?: Readonly<Record<string, string>>;
  /** Commands that must succeed there first. */
  prepare?: Plan['prepare'];
  /** Speaks TLS only; its arguments name the certificate. */
  tls?: boolean;
}

/** Asks for `INFO server` without a client library: Redis, Valkey and Sentinel all name their pid there. */
function redisInfo(port: number, tls: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const address = { host: '127.0.0.1', port, timeout: PROBE_TIMEOUT_MS };
    // Its pid tells who it is: the certificate is for the clients to verify.
    const socket = tls ? connectTls({ ...address, rejectUnauthorized: false }) : createConnection(address);
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write('INFO server\r\n'));
    socket.on('data', (text: string) => {
      answer += text;
      // Sentinel knows no QUIT: the question ends with the line that was asked for, or with a refusal.
      if (/^(-.*|process_id:\d+)\r\n/m.test(answer)) socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error('no answer in time')));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

async function redisAnswers(port: number, pid: number, tls: boolean): Promise<boolean> {
  const info = await redisInfo(port, tls);
  if (info.startsWith('-NOAUTH')) return true; // With a password it says no more than this, and it says it when ready.
  if (info.startsWith('-')) throw new Error(info.trim());
  return new RegExp(`^process_id:${pid}\\r?$`, 'm').test(info);
}

/**
 * Starts a Redis or Valkey that keeps nothing on disk.
 * @param args server arguments after our own, e.g. `['--maxmemory', '10mb']`; a first one without dashes is the
 * configuration file, as the server itself has it
 */
export async function startRedis(args: readonly string[] = [], options: RedisOptions = {}): Promise<Server> {
  const file = redisBinary();
  const { files = {}, prepare = [], tls = false } = options;
  const hasFile = args[0] !== undefined && !args[0].startsWith('-');
  const start = async (port: number): Promise<Server> => {
    const directory = newDirectory('redis');
    const ports = tls ? ['--port', '0', '--tls-port', String(port)] : ['--port', String(port)];
    const own = [...ports, '--bind', '127.0.0.1', '--dir', directory, '--daemonize', 'no'];
    const volatile = ['--save', '', '--appendonly', 'no'];
    const plan: Plan = {
      directory,
      files,
      prepare,
      server: {
        file,
        args: [...args.slice(0, hasFile ? 1 : 0), ...own, ...volatile, ...args.slice(hasFile ? 1 : 0)],
      },
      stopSignals: ['SIGTERM'],
    };
    const running = await supervise(plan, (pid) => redisAnswers(port, pid, tls));
    return { ...running, url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`, port };
  };
  return options.port === undefined ? onFreePort(start) : start(options.port);
}

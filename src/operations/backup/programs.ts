import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { messageOf, StockroomError } from '../../core/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Program {
  readonly path: string;
  /** `17.5` */
  readonly version: string;
  readonly major: number;
}

/** Where packages put the programs of PostgreSQL beside PATH: a folder a major version. */
const homes = [
  { root: '/usr/lib/postgresql', below: 'bin' },
  { root: '/usr', below: 'bin', folder: /^pgsql-\d+$/ },
  { root: '/opt/homebrew/opt', below: 'bin', folder: /^(?:postgresql@\d+|libpq)$/ },
  { root: '/usr/local/opt', below: 'bin', folder: /^(?:postgresql@\d+|libpq)$/ },
] as const satisfies readonly { root: string; below: string; folder?: RegExp }[];

/** The longest that a program may take to say its version. */
const VERSION_TIMEOUT_MS = 10_000;
/** A dump takes as long as the data asks for; one that takes longer hangs. */
const RUN_TIMEOUT_MS = 24 * 3_600_000;
/** Of what a program says, this much of the end is kept. */
const OUTPUT_MAX = 4_000;

/**
 * `pg_dump` or `pg_restore` for a server: of its own major version where there is one, else of the next newer one. An older one
 * refuses the server, and a newer one writes settings that the server may not know.
 *
 * @throws StockroomError CONFLICT that says which versions were found and what to install
 */
export async function findProgram(
  name: 'pg_dump' | 'pg_restore',
  serverMajor: number,
  env: Environment,
): Promise<Program> {
  const found: Program[] = [];
  for (const directory of await directories(env)) {
    const program = await programAt(join(directory, name), env);
    if (program !== undefined) found.push(program);
  }
  const usable = found.filter(({ major }) => major >= serverMajor).sort((a, b) => a.major - b.major);
  if (usable[0] !== undefined) return usable[0];
  const versions = [...new Set(found.map(({ version }) => version))];
  const there = versions.length === 0 ? 'none' : versions.join(', ');
  throw new StockroomError(
    'CONFLICT',
    `${name}: expected version ${serverMajor}, that of the PostgreSQL server, found ${there} on PATH and in the usual places. ` +
      `Install the client programs of PostgreSQL ${serverMajor} (Debian and Ubuntu: postgresql-client-${serverMajor}), or put them on PATH.`,
    { details: { program: name, expected: serverMajor, found: versions } },
  );
}

async function directories(env: Environment): Promise<string[]> {
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  const usual = await Promise.all(
    homes.map(async (home) => {
      const names = await readdir(home.root).catch(() => []); // Another system: it has other places.
      const folder: RegExp = 'folder' in home ? home.folder : /^\d+$/;
      return names.filter((one) => folder.test(one)).map((one) => join(home.root, one, home.below));
    }),
  );
  return [...new Set([...onPath, ...usual.flat()])];
}

async function programAt(path: string, env: Environment): Promise<Program | undefined> {
  try {
    await access(path, constants.X_OK);
    const text = await run({ path, args: ['--version'], env, timeoutMs: VERSION_TIMEOUT_MS });
    const version = /\(PostgreSQL\) (\d+(?:\.\d+)?)/.exec(text)?.[1];
    return version === undefined ? undefined : { path, version, major: Number.parseInt(version, 10) };
  } catch {
    return undefined; // Not there, or nothing that can be used: the message of `findProgram` says what was found.
  }
}

export interface Run {
  readonly path: string;
  readonly args: readonly string[];
  /** The whole environment of the program. Secrets go this way: a command line can be read by every user of the machine. */
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

/** Runs a program to its end. @returns what it said on stdout, of a long text the end. @throws StockroomError CONFLICT */
export function run({ path, args, env, signal, timeoutMs = RUN_TIMEOUT_MS }: Run): Promise<string> {
  const bound = AbortSignal.timeout(timeoutMs);
  const stop = signal === undefined ? bound : AbortSignal.any([signal, bound]);
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'], signal: stop });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] = (said[name] + text).slice(-OUTPUT_MAX);
      });
    }
    let failure: unknown;
    child.on('error', (error) => {
      failure = error;
      // Where it could not be started there is no `close`.
      if (child.pid === undefined) reject(failed(path, messageOf(error), error));
    });
    child.on('close', (code, killedBy) => {
      if (code === 0 && failure === undefined) return resolve(said.stdout);
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const end = code === null ? `it was ended by ${killedBy}` : `it ended with code ${code}`;
      const why = bound.aborted ? `it took longer than ${timeoutMs} ms` : said.stderr.trim() || end;
      reject(failed(path, why, failure));
    });
  });
}

function failed(path: string, why: string, cause: unknown): StockroomError {
  return new StockroomError('CONFLICT', `${path} failed: ${why}`, { cause, details: { program: path } });
}

/** Parameters of a URL and the variables of the environment in which libpq has them. */
const parameters: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslrootcert: 'PGSSLROOTCERT',
  options: 'PGOPTIONS',
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
};

/** Known to libpq alone, where they would lead to another server than the one of the URL. */
const overriding: ReadonlySet<string> = new Set(['PGHOSTADDR', 'PGSERVICE', 'PGSERVICEFILE']);

/** The environment in which a program of PostgreSQL reaches the server of a URL: nothing of it stands on its command line. */
export function libpqEnvironment(url: string, env: Environment): Record<string, string> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !overriding.has(name)) given[name] = value;
  const set = (name: string, value: string): void => {
    if (value !== '') given[name] = value;
  };
  set('PGHOST', hostname === '' ? 'localhost' : decodeURIComponent(hostname).replace(/^\[|\]$/g, ''));
  set('PGPORT', port);
  set('PGUSER', decodeURIComponent(username));
  set('PGPASSWORD', decodeURIComponent(password));
  set('PGDATABASE', decodeURIComponent(pathname.slice(1)));
  for (const [name, variable] of Object.entries(parameters)) set(variable, searchParams.get(name) ?? '');
  // Known to Node.js alone: encrypted, and the certificate is not looked at.
  if (given['PGSSLMODE'] === 'no-verify') given['PGSSLMODE'] = 'require';
  given['PGAPPNAME'] = 'stockroom';
  given['PGCONNECT_TIMEOUT'] ??= '10';
  return given;
}

import { execFileSync } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The oldest PostgreSQL that Stockroom supports. */
const OLDEST_POSTGRES = 15;
/** The oldest systemd that takes the unit. */
const OLDEST_SYSTEMD = 250;
const INSTALLER = fileURLToPath(new URL('apt-install.sh', import.meta.url));
/** Programs that were taken out of packages of which the tests need no more. */
const PROGRAMS = fileURLToPath(new URL('../../node_modules/.cache/stockroom', import.meta.url));

/** The programs of one PostgreSQL installation. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Major version. */
  version: number;
}

function pathDirectories(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A wrapper may change the user or start a process of its own: its pid would not be the server's. */
function isScript(file: string): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const start = Buffer.alloc(2);
    readSync(descriptor, start, 0, 2, 0);
    return start.toString('latin1') === '#!';
  } finally {
    closeSync(descriptor);
  }
}

function inPath(...names: string[]): string | undefined {
  return pathDirectories()
    .flatMap((directory) => names.map((name) => join(directory, name)))
    .find((file) => isExecutable(file));
}

function postgresDirectories(): string[] {
  const debian = '/usr/lib/postgresql';
  const versioned = existsSync(debian)
    ? readdirSync(debian).map((version) => join(debian, version, 'bin'))
    : [];
  const found = pathDirectories().map((directory) => join(directory, 'postgres'));
  return [
    ...versioned,
    ...found.filter((file) => isExecutable(file)).map((file) => dirname(realpathSync(file))),
  ];
}

function postgresIn(directory: string): PostgresBinaries | undefined {
  const [initdb, postgres] = [join(directory, 'initdb'), join(directory, 'postgres')];
  if (![initdb, postgres].every((file) => isExecutable(file) && !isScript(file))) return undefined;
  const output = execFileSync(postgres, ['--version'], { encoding: 'utf8' });
  const version = Number(/\(PostgreSQL\) (\d+)/.exec(output)?.[1] ?? 0);
  return version >= OLDEST_POSTGRES ? { initdb, postgres, version } : undefined;
}

function newestPostgres(): PostgresBinaries | undefined {
  return postgresDirectories()
    .map((directory) => postgresIn(directory))
    .filter((found) => found !== undefined)
    .sort((a, b) => b.version - a.version)[0];
}

function redisServer(): string | undefined {
  return inPath('redis-server', 'valkey-server');
}

/**
 * Looks for a program; where it is missing and the system is a Debian that may be changed (root), installs it.
 * @param alone the path of the program in the package: it is taken out into PROGRAMS, and the package is not installed
 * @throws when it is still missing, saying what to install.
 */
function findOrInstall<T>(find: () => T | undefined, packageName: string, wanted: string, alone?: string): T {
  const present = find();
  if (present !== undefined) return present;
  if (process.getuid?.() === 0 && inPath('apt-get') !== undefined) {
    const program = alone === undefined ? [] : [alone, PROGRAMS];
    const act = alone === undefined ? 'installing the package' : 'taking it out of the package';
    console.error(`tests: ${wanted} is missing; ${act} ${packageName} with apt-get`);
    execFileSync('sh', [INSTALLER, packageName, ...program], { stdio: ['ignore', 'ignore', 'inherit'] });
    const installed = find();
    if (installed !== undefined) return installed;
  }
  throw new Error(
    `The tests need ${wanted}. Install it and run them again: apt-get install ${packageName} on Debian and Ubuntu; ` +
      'elsewhere its programs must be in PATH.',
  );
}

/** The newest installed PostgreSQL. */
export function postgresBinaries(): PostgresBinaries {
  return findOrInstall(
    newestPostgres,
    'postgresql',
    `PostgreSQL ${OLDEST_POSTGRES} or newer (initdb and postgres)`,
  );
}

/** The installed Redis or Valkey server. */
export function redisBinary(): string {
  return findOrInstall(
    redisServer,
    'redis-server',
    'Redis 7 or newer, or Valkey (redis-server or valkey-server)',
  );
}

/** The `openssl` program. */
export function opensslBinary(): string {
  return findOrInstall(() => inPath('openssl'), 'openssl', 'the program openssl');
}

/** Sees to it that Spin and a C compiler are in PATH, for the check of the model of the stages. */
export function modelTools(): void {
  findOrInstall(() => inPath('spin'), 'spin', 'the program spin');
  findOrInstall(() => inPath('cc'), 'gcc', 'a C compiler (cc)');
}

/** Chromium or Chrome, for the tests of the console; undefined where there is none and none can be installed. */
export function browserBinary(): string | undefined {
  const find = (): string | undefined => inPath('chromium', 'chromium-browser', 'google-chrome');
  return orSkipped('those of the console', () => findOrInstall(find, 'chromium', 'Chromium'));
}

/**
 * promtool of Prometheus, for the tests of the alerts; undefined where there is none and none can be had. Debian's package would
 * start a Prometheus at the next boot.
 */
export function promtoolBinary(): string | undefined {
  const find = (): string | undefined =>
    inPath('promtool') ?? [join(PROGRAMS, 'promtool')].find((file) => isExecutable(file));
  return orSkipped('those of the alerts', () =>
    findOrInstall(find, 'prometheus', 'the program promtool', 'usr/bin/promtool'),
  );
}

/**
 * `systemd-analyze` of a systemd that reads units without running them; undefined where there is none. It belongs to an init
 * system: it is never installed.
 */
export function systemdAnalyzeBinary(): string | undefined {
  const found = inPath('systemd-analyze');
  const said = found === undefined ? '' : execFileSync(found, ['--version'], { encoding: 'utf8' });
  if (Number(/^systemd (\d+)/.exec(said)?.[1] ?? 0) >= OLDEST_SYSTEMD) return found;
  console.error(
    `tests: those of the unit are skipped. There is no systemd-analyze ${OLDEST_SYSTEMD} or newer in PATH.`,
  );
  return undefined;
}

function orSkipped<T>(which: string, find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    console.error(`tests: ${which} are skipped. ${String(error)}`);
    return undefined;
  }
}

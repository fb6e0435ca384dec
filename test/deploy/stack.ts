import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { opensslBinary } from '../support/binaries.ts';
import { type Server, startPostgres, startRedis } from '../support/servers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A file of the repository, by its path in it. */
export const fileOf = (path: string): string => join(root, path);
export const textOf = (path: string): string => readFileSync(fileOf(path), 'utf8');

/** The variables of an env_file, as Compose reads one without quotes. */
export function variablesOf(path: string): Record<string, string> {
  const lines = textOf(path)
    .split('\n')
    .filter((line) => /^\w+=/.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** A directory of secrets as deploy/secrets.sh makes it. */
export interface Secrets {
  readonly directory: string;
  path(name: string): string;
  read(name: string): string;
  remove(): void;
}

export function makeSecrets(): Secrets {
  opensslBinary();
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-deploy-'));
  const directory = join(scratch, 'secrets');
  execFileSync(fileOf('deploy/secrets.sh'), [directory], { stdio: 'pipe' });
  const path = (name: string): string => join(directory, name);
  return {
    directory,
    path,
    read: (name) => readFileSync(path(name), 'utf8').trim(),
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  };
}

/** One setting of redis.conf, so that a test which turns it off for speed can turn it on again as it stands there. */
export function redisSetting(name: string): string {
  const found = new RegExp(`^${name} (.+)$`, 'm').exec(textOf('deploy/redis.conf'))?.[1];
  if (found === undefined) throw new Error(`deploy/redis.conf has no ${name}`);
  return found;
}

/** Redis with deploy/redis.conf and its users. */
export function startDeployedRedis(secrets: Secrets, args: readonly string[] = []): Promise<Server> {
  const aclfile = ['--aclfile', secrets.path('redis_users')];
  return startRedis([fileOf('deploy/redis.conf'), ...aclfile, ...args]);
}

/** PostgreSQL with deploy/postgresql.conf, and the roles and the database of deploy/postgres-init.sh. */
export async function startDeployedPostgres(secrets: Secrets): Promise<Server> {
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-postgresql-'));
  const file = join(scratch, 'postgresql.conf');
  try {
    // The server runs as another user, who has no way into this repository.
    chmodSync(scratch, 0o755);
    copyFileSync(fileOf('deploy/postgresql.conf'), file);
    chmodSync(file, 0o644);
    const server = await startPostgres({
      config_file: file,
      max_connections: /^max_connections = (\d+)/m.exec(textOf('deploy/postgresql.conf'))?.[1] ?? '',
    });
    const { PATH = '' } = process.env;
    const env = { PATH, PGHOST: '127.0.0.1', PGPORT: String(server.port), POSTGRES_USER: 'postgres' };
    execFileSync(fileOf('deploy/postgres-init.sh'), {
      env: { ...env, STOCKROOM_SECRETS: secrets.directory },
      stdio: 'pipe',
    });
    return server;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The URL of a role of postgres-init.sh. */
export function urlOf(server: Server, role: string, password: string): string {
  return `postgresql://${role}:${password}@127.0.0.1:${server.port}/stockroom`;
}

/** The service's environment of compose.yaml, with the loopback instead of the names of containers. */
export function serviceEnvironment(
  secrets: Secrets,
  postgres: Server,
  redis: Server,
): Record<string, string> {
  const url = secrets.read('database_url').replace('@postgres:5432/', `@127.0.0.1:${postgres.port}/`);
  writeFileSync(secrets.path('database_url'), `${url}\n`);
  const given = { ...variablesOf('deploy/stockroom.env'), ...variablesOf('deploy/redis-standalone.env') };
  const env = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      value.replace('/run/secrets/', `${secrets.directory}/`),
    ]),
  );
  return { ...env, HOST: '127.0.0.1', PORT: '0', REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port) };
}

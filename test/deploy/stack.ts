import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { opensslBinary } from '../support/binaries.ts';
import { startAll, stopAll } from '../support/redis-commands.ts';
import { type RedisOptions, type Server, startPostgres, startRedis } from '../support/servers.ts';
import { onFreePort } from '../support/supervised.ts';

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

/** One that secrets.sh has made already. */
export function secretsIn(directory: string): Secrets {
  const path = (name: string): string => join(directory, name);
  return {
    directory,
    path,
    read: (name) => readFileSync(path(name), 'utf8').trim(),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

export function makeSecrets(): Secrets {
  opensslBinary();
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-deploy-'));
  const directory = join(scratch, 'secrets');
  execFileSync(fileOf('deploy/secrets.sh'), [directory], { stdio: 'pipe' });
  return { ...secretsIn(directory), remove: () => rmSync(scratch, { recursive: true, force: true }) };
}

/** One setting of redis.conf, so that a test which turns it off for speed can turn it on again as it stands there. */
export function redisSetting(name: string): string {
  const found = new RegExp(`^${name} (.+)$`, 'm').exec(textOf('deploy/redis.conf'))?.[1];
  if (found === undefined) throw new Error(`deploy/redis.conf has no ${name}`);
  return found;
}

/** Redis with deploy/redis.conf and its users. */
export function startDeployedRedis(
  secrets: Secrets,
  args: readonly string[] = [],
  options: RedisOptions = {},
): Promise<Server> {
  const aclfile = ['--aclfile', secrets.path('redis_users')];
  return startRedis([fileOf('deploy/redis.conf'), ...aclfile, ...args], options);
}

/** The servers of a profile of compose.yaml, by the names of their containers. */
export interface Profile {
  readonly servers: Readonly<Record<string, Server>>;
  stop(): Promise<void>;
}

async function startNamed(
  names: readonly string[],
  start: (name: string) => Promise<Server>,
): Promise<Profile['servers']> {
  const servers = await startAll(names, start);
  return Object.fromEntries(names.map((name, index) => [name, servers[index]!]));
}

/** Three masters that are no Cluster yet: `formCluster` is what the container `redis-cluster` does. */
export async function startClusterProfile(secrets: Secrets): Promise<Profile> {
  const servers = await startNamed(['redis-1', 'redis-2', 'redis-3'], () =>
    onFreePort((bus) =>
      startDeployedRedis(secrets, ['--cluster-enabled', 'yes', '--cluster-port', String(bus)]),
    ),
  );
  return { servers, stop: () => stopAll(Object.values(servers)) };
}

/** @returns what redis-cluster.sh prints */
export function formCluster(secrets: Secrets, { servers }: Profile): string {
  const nodes = Object.values(servers).map(({ port }) => `localhost:${port}`);
  const env = { PATH: process.env['PATH'], STOCKROOM_SECRETS: secrets.directory };
  return execFileSync(fileOf('deploy/redis-cluster.sh'), nodes, { env, encoding: 'utf8' });
}

function sentinelConfiguration(secrets: Secrets, master: Server): string {
  const password = secrets.read('redis_sentinel_password');
  return textOf('deploy/sentinel.conf')
    .replace('monitor main redis 6379', `monitor main 127.0.0.1 ${master.port}`)
    .replace('/run/secrets/', `${secrets.directory}/`)
    .replace(/^port .*\n/m, '')
    .concat(`sentinel auth-pass main ${password}\nsentinel sentinel-pass ${password}\n`);
}

/** A master, a replica and three Sentinels, which take a moment to find one another. */
export async function startSentinelProfile(secrets: Secrets): Promise<Profile> {
  const password = secrets.read('redis_replica_password');
  const login = ['--masteruser', 'replica', '--masterauth', password, '--repl-diskless-sync-delay', '0'];
  const master = await startDeployedRedis(secrets, login);
  const servers: Record<string, Server> = { redis: master };
  const stop = (): Promise<void> => stopAll(Object.values(servers).reverse());
  try {
    const replicaOf = ['--replicaof', `127.0.0.1 ${master.port}`];
    servers['redis-replica'] = await startDeployedRedis(secrets, [...login, ...replicaOf]);
    const files = { 'sentinel.conf': sentinelConfiguration(secrets, master) };
    const names = ['sentinel-1', 'sentinel-2', 'sentinel-3'];
    Object.assign(
      servers,
      await startNamed(names, () => startRedis(['sentinel.conf', '--sentinel'], { files })),
    );
    return { servers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Who gets in how: the test's superuser without a password, as in the container; everybody else with the right one. */
const HBA = 'host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n';

/** PostgreSQL with deploy/postgresql.conf, and the roles and the database of deploy/postgres-init.sh. */
export async function startDeployedPostgres(secrets: Secrets): Promise<Server> {
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-postgresql-'));
  const files = { configuration: join(scratch, 'postgresql.conf'), access: join(scratch, 'pg_hba.conf') };
  try {
    // The server runs as another user, who has no way into this repository.
    chmodSync(scratch, 0o755);
    copyFileSync(fileOf('deploy/postgresql.conf'), files.configuration);
    writeFileSync(files.access, HBA);
    for (const file of Object.values(files)) chmodSync(file, 0o644);
    const server = await startPostgres({
      config_file: files.configuration,
      hba_file: files.access,
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
  return profileEnvironment(secrets, postgres, 'standalone', { redis });
}

/**
 * The same for a profile.
 * @param servers of Redis, by the names of their containers
 */
export function profileEnvironment(
  secrets: Secrets,
  postgres: Server,
  profile: string,
  servers: Profile['servers'],
): Record<string, string> {
  const url = secrets.read('database_url').replace('@postgres:5432/', `@127.0.0.1:${postgres.port}/`);
  writeFileSync(secrets.path('database_url'), `${url}\n`);
  const given = { ...variablesOf('deploy/stockroom.env'), ...variablesOf(`deploy/redis-${profile}.env`) };
  const here = (value: string): string =>
    value
      .replace('/run/secrets/', `${secrets.directory}/`)
      .replace(/([a-z][a-z0-9-]*):\d+/g, (place, name: string) =>
        name in servers ? `127.0.0.1:${servers[name]!.port}` : place,
      );
  const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, here(value)]));
  const host = env['REDIS_HOST'];
  const inParts = host === undefined ? {} : { REDIS_HOST: '127.0.0.1', REDIS_PORT: `${servers[host]!.port}` };
  return { ...env, ...inParts, HOST: '127.0.0.1', PORT: '0' };
}

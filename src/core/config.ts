import { resolve } from 'node:path';
import { z } from 'zod';
import { readSettingFile } from './config-files.ts';
import {
  type ApiKey,
  apiKeyList,
  type Endpoint,
  endpoints,
  flag,
  hostName,
  isUrl,
  type LogLevel,
  logLevels,
  portNumber,
  retentionDays,
  scheduleList,
  type Schedules,
  url,
  wholeNumber,
} from './config-values.ts';
import { StockroomError } from './errors.ts';

/** Where Redis is, in one of the four ways it can be told. */
export type RedisConfig =
  | { readonly kind: 'url'; readonly url: string }
  | (Endpoint & RedisLogin & { readonly kind: 'host'; readonly db: number })
  | (RedisLogin & { readonly kind: 'cluster'; readonly nodes: readonly Endpoint[] })
  | (RedisLogin & {
      readonly kind: 'sentinel';
      readonly sentinels: readonly Endpoint[];
      readonly master: string;
      readonly db: number;
    });

export interface RedisLogin {
  /** An ACL user; absent: Redis's `default`. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
}

/** Every setting, checked. Frozen: what is configured does not change while the process runs. */
export interface Config {
  /** Absent: the embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl: string | undefined;
  /** Absent: reads go to the primary. */
  readonly databaseReplicaUrl: string | undefined;
  readonly databasePoolMax: number;
  /** Absent: the hot tier lives in the process. */
  readonly redis: RedisConfig | undefined;
  /** An absolute path. */
  readonly dataDir: string;
  readonly schema: string;
  readonly keyPrefix: string;
  /** Empty: only loopback may call. */
  readonly apiKeys: readonly ApiKey[];
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly logLevel: LogLevel;
  /** Where alerts about budgets are posted to. Absent: they are noted, and nobody is told. */
  readonly alertWebhook: string | undefined;
  /** How long readiness is false, and requests are still answered, before the service ends. */
  readonly drainMs: number;
  /** Requests that an API key may send at once, and in each minute. */
  readonly rateLimit: number;
  /** When the jobs run in this process. */
  readonly schedules: Schedules;
  /** For how many days a store keeps its history; a store that is not named keeps all of it. */
  readonly retentionDays: Readonly<Record<string, number>>;
}

/** What a variable holds when it is absent. */
export const defaults = Object.freeze({
  databasePoolMax: 10,
  redisPort: 6379,
  redisDb: 0,
  redisTls: false,
  sentinelPort: 26379,
  dataDir: '.stockroom',
  schema: 'stockroom',
  keyPrefix: 'stockroom:',
  host: '127.0.0.1',
  port: 4100,
  logLevel: 'info' satisfies LogLevel,
  drainMs: 0,
  rateLimit: 12_000,
});

const variables = {
  DATABASE_URL: url('postgresql', 'postgres'),
  DATABASE_REPLICA_URL: url('postgresql', 'postgres'),
  DATABASE_POOL_MAX: wholeNumber(1, 1_000),
  REDIS_URL: url('redis', 'rediss'),
  REDIS_HOST: hostName,
  REDIS_PORT: portNumber,
  REDIS_USERNAME: z.string(),
  REDIS_PASSWORD: z.string(),
  REDIS_TLS: flag,
  REDIS_DB: wholeNumber(0, 65_535),
  REDIS_CLUSTER_NODES: endpoints(defaults.redisPort),
  REDIS_SENTINELS: endpoints(defaults.sentinelPort),
  REDIS_SENTINEL_MASTER: z
    .string()
    .regex(/^[\w.-]+$/, 'the name of a master: letters, digits, ".", "_" and "-"'),
  STOCKROOM_DATA_DIR: z.string(),
  STOCKROOM_SCHEMA: z
    .string()
    .regex(
      /^(?!pg_|information_schema$)[a-z_][a-z0-9_]{0,62}$/,
      'a lower-case identifier (letters, digits and _, at most 63) that does not start with pg_',
    ),
  STOCKROOM_KEY_PREFIX: z.string().regex(/^[\w.:-]{1,64}$/, '1 to 64 letters, digits, ".", "_", ":" and "-"'),
  STOCKROOM_API_KEYS: apiKeyList,
  HOST: hostName,
  PORT: wholeNumber(0, 65_535),
  STOCKROOM_ALERT_WEBHOOK: url('https', 'http'),
  STOCKROOM_DRAIN_MS: wholeNumber(0, 600_000),
  STOCKROOM_RATE_LIMIT: wholeNumber(1, 10_000_000),
  STOCKROOM_SCHEDULES: scheduleList,
  STOCKROOM_RETENTION_DAYS: retentionDays,
  LOG_LEVEL: z
    .string()
    .toLowerCase()
    .pipe(z.enum(logLevels, `one of ${logLevels.join(', ')}`)),
};

export type Variable = keyof typeof variables;
type Values = { [Name in Variable]: z.output<(typeof variables)[Name]> | undefined };
type Environment = Readonly<Record<string, string | undefined>>;

/** Never printed, whatever their value looks like. Each may stand in a file instead, which `NAME_FILE` names. */
const secretVariables = [
  'DATABASE_URL',
  'DATABASE_REPLICA_URL',
  'REDIS_URL',
  'REDIS_PASSWORD',
  'STOCKROOM_API_KEYS',
  'STOCKROOM_ALERT_WEBHOOK',
] as const satisfies Variable[];
type SecretVariable = (typeof secretVariables)[number];

const isSecret = (name: Variable): name is SecretVariable =>
  (secretVariables as readonly Variable[]).includes(name);

const FOUND_MAX_LENGTH = 60;

/** The value for people, or its form alone where it may hold a secret: a URL in a variable for a host has a password. */
function describeFound(name: Variable, value: string): string {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(value)?.[0];
  if (scheme !== undefined && isUrl(value)) return `a value that starts with ${scheme}`;
  if (scheme !== undefined)
    return `one that is not valid (special characters in a password need percent-encoding)`;
  if (isSecret(name) || value.includes('@')) return `${value.length} characters of another form`;
  return JSON.stringify(value.length > FOUND_MAX_LENGTH ? `${value.slice(0, FOUND_MAX_LENGTH)}…` : value);
}

function invalid(name: Variable | `${SecretVariable}_FILE`, expected: string, found: string): StockroomError {
  const message = `${name}: expected ${expected}, found ${found}`;
  return new StockroomError('CONFIG_INVALID', message, { details: { variable: name, expected, found } });
}

/** What a secret variable holds, or the file that `NAME_FILE` names. A value of the command line wins over both. */
function secretOf(env: Environment, name: SecretVariable): string | undefined {
  const variable = `${name}_FILE` as const;
  const path = env[variable]?.trim() ?? '';
  if (path === '') return env[name];
  if ((env[name] ?? '').trim() !== '')
    throw invalid(variable, `nothing beside ${name}, or ${name} removed`, 'both');
  const content = readSettingFile(path);
  if ('text' in content) return content.text;
  throw invalid(variable, content.expected, content.found);
}

function present(env: Environment, overrides: Environment, name: Variable): string | undefined {
  const given = overrides[name] ?? (isSecret(name) ? secretOf(env, name) : env[name]);
  // A password is taken as it is; around anything else white space is a leftover of the file it came from.
  const value = name === 'REDIS_PASSWORD' ? given : given?.trim();
  // Kubernetes sets REDIS_PORT=tcp://… by itself where a service is called redis: that is not a setting of ours.
  if (name === 'REDIS_PORT' && value?.startsWith('tcp://')) return undefined;
  return value === '' ? undefined : value;
}

function readAll(env: Environment, overrides: Environment): Values {
  const entries = (Object.keys(variables) as Variable[]).map((name) => {
    const value = present(env, overrides, name);
    if (value === undefined) return [name, undefined];
    const parsed = variables[name].safeParse(value);
    if (parsed.success) return [name, parsed.data];
    const [issue] = parsed.error.issues;
    const found = issue?.code === 'custom' ? issue.params?.['found'] : undefined;
    const expected = issue?.message ?? 'another value';
    throw invalid(name, expected, typeof found === 'string' ? found : describeFound(name, value));
  });
  return Object.fromEntries(entries) as Values;
}

/** Two settings of which one would be ignored in silence are refused. */
function refuseTogether(values: Values, first: Variable, others: readonly Variable[]): void {
  const other = values[first] === undefined ? undefined : others.find((name) => values[name] !== undefined);
  if (other !== undefined) throw invalid(first, `nothing beside ${other}, or ${other} removed`, 'both');
}

function requireBeside(values: Values, name: Variable, needed: readonly Variable[]): void {
  if (values[name] === undefined || needed.some((other) => values[other] !== undefined)) return;
  throw invalid(name, `${needed.join(' or ')} beside it`, `${name} alone`);
}

function redisOf(values: Values): RedisConfig | undefined {
  const ways = ['REDIS_URL', 'REDIS_HOST', 'REDIS_CLUSTER_NODES', 'REDIS_SENTINELS'] as const;
  for (const [index, way] of ways.entries()) refuseTogether(values, way, ways.slice(index + 1));
  refuseTogether(values, 'REDIS_URL', [
    'REDIS_PORT',
    'REDIS_USERNAME',
    'REDIS_PASSWORD',
    'REDIS_TLS',
    'REDIS_DB',
    'REDIS_SENTINEL_MASTER',
  ]);
  // A Cluster has the database 0 alone.
  refuseTogether(values, 'REDIS_CLUSTER_NODES', ['REDIS_PORT', 'REDIS_DB', 'REDIS_SENTINEL_MASTER']);
  refuseTogether(values, 'REDIS_SENTINELS', ['REDIS_PORT']);
  requireBeside(values, 'REDIS_PORT', ['REDIS_HOST']);
  requireBeside(values, 'REDIS_DB', ['REDIS_HOST', 'REDIS_SENTINELS']);
  requireBeside(values, 'REDIS_USERNAME', ['REDIS_PASSWORD']);
  requireBeside(values, 'REDIS_PASSWORD', ways.slice(1));
  requireBeside(values, 'REDIS_TLS', ways.slice(1));
  requireBeside(values, 'REDIS_SENTINELS', ['REDIS_SENTINEL_MASTER']);
  requireBeside(values, 'REDIS_SENTINEL_MASTER', ['REDIS_SENTINELS']);

  const { REDIS_DB: db = defaults.redisDb } = values;
  const login = {
    username: values.REDIS_USERNAME,
    password: values.REDIS_PASSWORD,
    tls: values.REDIS_TLS ?? defaults.redisTls,
  };
  if (values.REDIS_URL !== undefined) return { kind: 'url', url: values.REDIS_URL };
  if (values.REDIS_HOST !== undefined) {
    return {
      kind: 'host',
      host: values.REDIS_HOST,
      port: values.REDIS_PORT ?? defaults.redisPort,
      ...login,
      db,
    };
  }
  if (values.REDIS_CLUSTER_NODES !== undefined) {
    return { kind: 'cluster', nodes: values.REDIS_CLUSTER_NODES, ...login };
  }
  if (values.REDIS_SENTINELS === undefined || values.REDIS_SENTINEL_MASTER === undefined) return undefined;
  const { REDIS_SENTINELS: sentinels, REDIS_SENTINEL_MASTER: master } = values;
  return { kind: 'sentinel', sentinels, master, ...login, db };
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
  return value;
}

/**
 * Reads every setting from the environment.
 * @param env usually `process.env`; an empty value counts as absent. A secret may stand in a file: `DATABASE_URL_FILE` names it
 * @param overrides values of command line flags under the name of their variable; they win over `env`
 * @throws StockroomError CONFIG_INVALID: one line that names the variable, what was expected and what was found
 */
export function loadConfig(
  env: Environment,
  overrides: Partial<Record<Variable, string | undefined>> = {},
): Config {
  const values = readAll(env, overrides);
  requireBeside(values, 'DATABASE_REPLICA_URL', ['DATABASE_URL']);
  return freeze({
    databaseUrl: values.DATABASE_URL,
    databaseReplicaUrl: values.DATABASE_REPLICA_URL,
    databasePoolMax: values.DATABASE_POOL_MAX ?? defaults.databasePoolMax,
    redis: redisOf(values),
    dataDir: resolve(values.STOCKROOM_DATA_DIR ?? defaults.dataDir),
    schema: values.STOCKROOM_SCHEMA ?? defaults.schema,
    keyPrefix: values.STOCKROOM_KEY_PREFIX ?? defaults.keyPrefix,
    apiKeys: values.STOCKROOM_API_KEYS ?? [],
    host: values.HOST ?? defaults.host,
    port: values.PORT ?? defaults.port,
    logLevel: values.LOG_LEVEL ?? defaults.logLevel,
    alertWebhook: values.STOCKROOM_ALERT_WEBHOOK,
    drainMs: values.STOCKROOM_DRAIN_MS ?? defaults.drainMs,
    rateLimit: values.STOCKROOM_RATE_LIMIT ?? defaults.rateLimit,
    schedules: values.STOCKROOM_SCHEDULES ?? {},
    retentionDays: values.STOCKROOM_RETENTION_DAYS ?? {},
  });
}

import { type Command, Option } from 'commander';
import { type Config, defaults, loadConfig, type Variable } from '../core/config.ts';
import type { Io } from './io.ts';

const seen = 'other users of the machine can see it on a command line: better the variable';

/** Every variable of the configuration as a flag: a variable without one does not compile. */
const settingFlags: Record<Variable, [flags: string, description: string]> = {
  DATABASE_URL: [
    '--database-url <url>',
    `PostgreSQL 15 or newer; absent: the embedded one. With a password, ${seen}`,
  ],
  DATABASE_REPLICA_URL: ['--database-replica-url <url>', 'read replica for analytics'],
  DATABASE_POOL_MAX: [
    '--database-pool-max <n>',
    `connections to PostgreSQL (default ${defaults.databasePoolMax})`,
  ],
  STOCKROOM_DATA_DIR: ['--data-dir <dir>', `embedded data, archives (default ${defaults.dataDir})`],
  STOCKROOM_SCHEMA: ['--schema <name>', `PostgreSQL schema (default ${defaults.schema})`],
  REDIS_URL: ['--redis-url <url>', `Redis 7 or newer. With a password, ${seen}`],
  REDIS_HOST: ['--redis-host <host>', 'the same in parts'],
  REDIS_PORT: ['--redis-port <port>', `(default ${defaults.redisPort})`],
  REDIS_USERNAME: ['--redis-username <user>', 'an ACL user'],
  REDIS_PASSWORD: ['--redis-password <password>', seen],
  REDIS_TLS: ['--redis-tls <flag>', 'true: connect with TLS (in REDIS_URL: rediss://)'],
  REDIS_DB: ['--redis-db <n>', `(default ${defaults.redisDb})`],
  REDIS_CLUSTER_NODES: ['--redis-cluster-nodes <nodes>', 'host:port entries separated by commas'],
  REDIS_SENTINELS: ['--redis-sentinels <nodes>', 'host:port entries separated by commas'],
  REDIS_SENTINEL_MASTER: ['--redis-sentinel-master <name>', 'name of the master that the Sentinels watch'],
  STOCKROOM_KEY_PREFIX: ['--key-prefix <prefix>', `before every Redis key (default ${defaults.keyPrefix})`],
  STOCKROOM_API_KEYS: [
    '--api-keys <entries>',
    'name:scopes:sha256hex entries; absent: only loopback may call',
  ],
  HOST: ['--host <host>', `HTTP address (default ${defaults.host})`],
  PORT: ['--port <n>', `HTTP port; 0 lets the system choose (default ${defaults.port})`],
  STOCKROOM_ALERT_WEBHOOK: [
    '--alert-webhook <url>',
    `budget alerts are posted there; absent: they are only noted. With a secret in it, ${seen}`,
  ],
  STOCKROOM_DRAIN_MS: [
    '--drain-ms <n>',
    `milliseconds that requests are still answered after readiness is false (default ${defaults.drainMs})`,
  ],
  STOCKROOM_RATE_LIMIT: [
    '--rate-limit <n>',
    `requests of an API key in a minute (default ${defaults.rateLimit})`,
  ],
  STOCKROOM_SCHEDULES: [
    '--schedules <entries>',
    'on, off, or job=cron entries separated by ";" (default on)',
  ],
  STOCKROOM_RETENTION_DAYS: [
    '--retention-days <entries>',
    'store=days entries: older history is archived every night; absent: all of it is kept',
  ],
  LOG_LEVEL: ['--log-level <level>', `(default ${defaults.logLevel})`],
};

/** What the commands of the migration need. */
export const durableSettings = [
  'DATABASE_URL',
  'DATABASE_REPLICA_URL',
  'DATABASE_POOL_MAX',
  'STOCKROOM_DATA_DIR',
  'STOCKROOM_SCHEMA',
  'LOG_LEVEL',
] as const satisfies readonly Variable[];

/** What the commands about the hot tier need. */
export const hotSettings = [
  'REDIS_URL',
  'REDIS_HOST',
  'REDIS_PORT',
  'REDIS_USERNAME',
  'REDIS_PASSWORD',
  'REDIS_TLS',
  'REDIS_DB',
  'REDIS_CLUSTER_NODES',
  'REDIS_SENTINELS',
  'REDIS_SENTINEL_MASTER',
  'STOCKROOM_KEY_PREFIX',
  'LOG_LEVEL',
] as const satisfies readonly Variable[];

export const allSettings = Object.keys(settingFlags) as Variable[];

/** A flag that `loadConfig` checks, like the variable of the same meaning. */
export class SettingFlag extends Option {
  readonly variable: Variable;

  constructor(variable: Variable) {
    super(...settingFlags[variable]);
    this.variable = variable;
    this.helpGroup('Settings:');
  }
}

/** The configuration from the flags of a command and the environment. @throws StockroomError CONFIG_INVALID */
export function configOf(command: Command, env: Io['env']): Config {
  const overrides: Partial<Record<Variable, string>> = {};
  for (const option of command.options) {
    if (!(option instanceof SettingFlag)) continue;
    const value: unknown = command.getOptionValue(option.attributeName());
    if (typeof value === 'string') overrides[option.variable] = value;
  }
  return loadConfig(env, overrides);
}

import * as fc from 'fast-check';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaults, loadConfig } from './config.ts';
import { StockroomError } from './errors.ts';

const sha256 = 'ab'.repeat(32);

function failure(env: Record<string, string>): StockroomError {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof StockroomError) return error;
    throw error;
  }
  throw new Error('the settings were taken');
}

describe('loadConfig', () => {
  it('has a default for everything', () => {
    expect(loadConfig({})).toEqual({
      databaseUrl: undefined,
      databaseReplicaUrl: undefined,
      databasePoolMax: 10,
      redis: undefined,
      dataDir: resolve('.stockroom'),
      schema: 'stockroom',
      keyPrefix: 'stockroom:',
      apiKeys: [],
      host: '127.0.0.1',
      port: 4100,
      logLevel: 'info',
      alertWebhook: undefined,
      drainMs: 0,
      rateLimit: 12_000,
      schedules: {},
      retentionDays: {},
    });
  });

  it('reads every variable', () => {
    const config = loadConfig({
      DATABASE_URL: 'postgresql://app:secret@db:5432/stocks',
      DATABASE_REPLICA_URL: 'postgres://replica/stocks',
      DATABASE_POOL_MAX: '25',
      REDIS_URL: 'rediss://:secret@cache:6380/2',
      STOCKROOM_DATA_DIR: '/var/lib/stockroom',
      STOCKROOM_SCHEMA: 'stockroom_2',
      STOCKROOM_KEY_PREFIX: 'picks:',
      STOCKROOM_API_KEYS: `console:read+write:${sha256}, ops:admin:${sha256.replaceAll('a', 'C')}`,
      HOST: '::',
      PORT: '0',
      LOG_LEVEL: 'WARN',
      STOCKROOM_ALERT_WEBHOOK: 'https://hooks.example.org/budget',
      STOCKROOM_DRAIN_MS: '5000',
      STOCKROOM_RATE_LIMIT: '600',
      STOCKROOM_SCHEDULES: 'retention=off; outcomes=50 15  * * 1-5 Asia/Kolkata',
      STOCKROOM_RETENTION_DAYS: 'llm-costs=365, context=90',
    });
    expect(config).toEqual({
      databaseUrl: 'postgresql://app:secret@db:5432/stocks',
      databaseReplicaUrl: 'postgres://replica/stocks',
      databasePoolMax: 25,
      redis: { kind: 'url', url: 'rediss://:secret@cache:6380/2' },
      dataDir: '/var/lib/stockroom',
      schema: 'stockroom_2',
      keyPrefix: 'picks:',
      apiKeys: [
        { name: 'console', scopes: ['read', 'write'], sha256 },
        { name: 'ops', scopes: ['admin'], sha256: 'cb'.repeat(32) },
      ],
      host: '::',
      port: 0,
      logLevel: 'warn',
      alertWebhook: 'https://hooks.example.org/budget',
      drainMs: 5_000,
      rateLimit: 600,
      schedules: { retention: 'off', outcomes: { cron: '50 15 * * 1-5', zone: 'Asia/Kolkata' } },
      retentionDays: { 'llm-costs': 365, context: 90 },
    });
  });

  it('takes an empty value for an absent one, and white space around a value for nothing', () => {
    const env = { DATABASE_URL: '', REDIS_URL: ' ', STOCKROOM_API_KEYS: '', PORT: ' 5000\r' };
    expect(loadConfig(env)).toEqual({ ...loadConfig({}), port: 5000 });
  });

  it('lets a flag win over the environment, and an absent flag lose', () => {
    const env = { PORT: '5000', HOST: '0.0.0.0' };
    expect(loadConfig(env, { PORT: '6000', HOST: undefined })).toMatchObject({ port: 6000, host: '0.0.0.0' });
  });

  it('is frozen to the bottom', () => {
    const config = loadConfig({
      REDIS_CLUSTER_NODES: 'a:7000',
      STOCKROOM_API_KEYS: `console:read:${sha256}`,
    });
    const parts = [config, config.redis, config.apiKeys, config.apiKeys[0], config.apiKeys[0]?.scopes];
    expect(parts.map((part) => typeof part === 'object' && Object.isFrozen(part))).toEqual(
      parts.map(() => true),
    );
    expect(Object.isFrozen(defaults)).toBe(true);
  });

  it('takes a PostgreSQL URL over a Unix socket', () => {
    for (const url of ['postgresql:///stocks?host=/run/postgresql', 'postgresql://app@/stocks?host=/run']) {
      expect(loadConfig({ DATABASE_URL: url }).databaseUrl).toBe(url);
    }
  });
});

describe('the ways to Redis', () => {
  it.each([
    [
      { REDIS_HOST: 'cache' },
      {
        kind: 'host',
        host: 'cache',
        port: 6379,
        username: undefined,
        password: undefined,
        tls: false,
        db: 0,
      },
    ],
    [
      { REDIS_HOST: 'cache', REDIS_PORT: '6380', REDIS_PASSWORD: ' p ', REDIS_DB: '3' },
      { kind: 'host', host: 'cache', port: 6380, username: undefined, password: ' p ', tls: false, db: 3 },
    ],
    [
      {
        REDIS_CLUSTER_NODES: 'a:7000, [::1]:7001,c',
        REDIS_USERNAME: 'app',
        REDIS_PASSWORD: 'p',
        REDIS_TLS: 'yes',
      },
      {
        kind: 'cluster',
        nodes: [
          { host: 'a', port: 7000 },
          { host: '::1', port: 7001 },
          { host: 'c', port: 6379 },
        ],
        username: 'app',
        password: 'p',
        tls: true,
      },
    ],
    [
      { REDIS_SENTINELS: 's1,s2:26380', REDIS_SENTINEL_MASTER: 'main', REDIS_DB: '1' },
      {
        kind: 'sentinel',
        sentinels: [
          { host: 's1', port: 26379 },
          { host: 's2', port: 26380 },
        ],
        master: 'main',
        username: undefined,
        password: undefined,
        tls: false,
        db: 1,
      },
    ],
  ])('%o', (env, redis) => {
    expect(loadConfig(env).redis).toEqual(redis);
  });

  it.each([
    [{ REDIS_URL: 'redis://a', REDIS_CLUSTER_NODES: 'b:7000' }, 'REDIS_URL', 'REDIS_CLUSTER_NODES'],
    [{ REDIS_URL: 'redis://a', REDIS_HOST: 'b' }, 'REDIS_URL', 'REDIS_HOST'],
    [{ REDIS_URL: 'redis://a', REDIS_DB: '1' }, 'REDIS_URL', 'REDIS_DB'],
    [{ REDIS_HOST: 'b', REDIS_SENTINELS: 's', REDIS_SENTINEL_MASTER: 'm' }, 'REDIS_HOST', 'REDIS_SENTINELS'],
    [{ REDIS_CLUSTER_NODES: 'a', REDIS_DB: '1' }, 'REDIS_CLUSTER_NODES', 'REDIS_DB'],
    [{ REDIS_SENTINELS: 's' }, 'REDIS_SENTINELS', 'REDIS_SENTINEL_MASTER'],
    [{ REDIS_SENTINEL_MASTER: 'm' }, 'REDIS_SENTINEL_MASTER', 'REDIS_SENTINELS'],
    [{ REDIS_PASSWORD: 'hunter2' }, 'REDIS_PASSWORD', 'REDIS_HOST'],
    [{ REDIS_USERNAME: 'app' }, 'REDIS_USERNAME', 'REDIS_PASSWORD'],
    [{ REDIS_TLS: '1' }, 'REDIS_TLS', 'REDIS_HOST'],
    [{ REDIS_URL: 'redis://a', REDIS_TLS: 'true' }, 'REDIS_URL', 'REDIS_TLS'],
    [{ REDIS_PORT: '6379' }, 'REDIS_PORT', 'REDIS_HOST'],
  ])('refuses what would be ignored in silence: %o', (env, named, other) => {
    const error = failure(env);
    expect(error.details['variable']).toBe(named);
    expect(error.message).toContain(named);
    expect(error.message).toContain(other);
  });

  it('does not take the variable that Kubernetes sets for a setting', () => {
    expect(loadConfig({ REDIS_PORT: 'tcp://10.0.0.1:6379' }).redis).toBeUndefined();
  });
});

describe('a bad value', () => {
  const cases: [string, string, string][] = [
    ['PORT', '70000', 'PORT: expected a whole number from 0 to 65535, found "70000"'],
    ['PORT', '80a', 'PORT: expected a whole number from 0 to 65535, found "80a"'],
    ['DATABASE_POOL_MAX', '0', 'DATABASE_POOL_MAX: expected a whole number from 1 to 1000, found "0"'],
    [
      'LOG_LEVEL',
      'loud',
      'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, found "loud"',
    ],
    ['STOCKROOM_DRAIN_MS', '5s', 'STOCKROOM_DRAIN_MS: expected a whole number from 0 to 600000, found "5s"'],
    [
      'STOCKROOM_RATE_LIMIT',
      '0',
      'STOCKROOM_RATE_LIMIT: expected a whole number from 1 to 10000000, found "0"',
    ],
    [
      'DATABASE_URL',
      'mysql://app@db/stocks',
      'DATABASE_URL: expected a URL that starts with postgresql:// or postgres://, found a value that starts with mysql://',
    ],
    [
      'STOCKROOM_SCHEMA',
      'pg_mine',
      'STOCKROOM_SCHEMA: expected a lower-case identifier (letters, digits and _, at most 63) that does not start with pg_, found "pg_mine"',
    ],
    [
      'REDIS_CLUSTER_NODES',
      'a:b:c',
      'REDIS_CLUSTER_NODES: expected host:port entries separated by commas, found "a:b:c"',
    ],
    [
      'STOCKROOM_API_KEYS',
      `a:read:${sha256},b:root:${sha256}`,
      'STOCKROOM_API_KEYS: expected name:scopes:sha256hex entries separated by commas (scopes: read, write, admin joined by +), found entry 2 has an unknown scope',
    ],
  ];

  it.each(cases)('%s=%s', (name, value, message) => {
    const error = failure({ [name]: value });
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toBe(message);
  });

  it.each(['Stockroom', 'a-b', '1a', 'a"b', 'a'.repeat(64), 'information_schema', 'pg_'])(
    'refuses the schema %s',
    (schema) => {
      expect(failure({ STOCKROOM_SCHEMA: schema }).details['variable']).toBe('STOCKROOM_SCHEMA');
    },
  );

  it.each([
    `a:read:${sha256},a:write:${'cd'.repeat(32)}`,
    `a:read:${sha256},b:write:${sha256}`,
    `a:read+:${sha256}`,
    `a::${sha256}`,
    `:read:${sha256}`,
    'a:read:ab',
    `a:read:${sha256},`,
  ])('refuses the API keys %s', (keys) => {
    expect(failure({ STOCKROOM_API_KEYS: keys }).details['variable']).toBe('STOCKROOM_API_KEYS');
  });

  it.each([
    ['DATABASE_URL', 'postgresql://app:hunter2#@db:port/x'],
    ['DATABASE_URL', 'app:hunter2@db/x'],
    ['DATABASE_REPLICA_URL', 'http://app:hunter2@db/x'],
    ['REDIS_URL', ':hunter2@cache:6379'],
    ['REDIS_HOST', 'redis://:hunter2@cache:6379'],
    ['REDIS_CLUSTER_NODES', 'redis://:hunter2@a:7000'],
    ['REDIS_SENTINELS', ':hunter2@a:7000'],
    ['STOCKROOM_API_KEYS', 'hunter2'],
    ['STOCKROOM_API_KEYS', 'hunter2:hunter2:hunter2'],
  ])('is never printed where it may be secret: %s', (name, value) => {
    const error = failure({ [name]: value });
    expect(error.message).toMatch(new RegExp(`^${name}: expected .+, found .+$`));
    expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain('hunter2');
  });

  it('is named in one line, whatever it holds', () => {
    const names = fc.constantFrom(
      'PORT',
      'HOST',
      'STOCKROOM_SCHEMA',
      'LOG_LEVEL',
      'REDIS_DB',
      'STOCKROOM_API_KEYS',
    );
    fc.assert(
      fc.property(names, fc.string({ unit: 'binary' }), (name, value) => {
        try {
          loadConfig({ [name]: value, REDIS_HOST: 'cache' });
        } catch (error) {
          expect(error).toBeInstanceOf(StockroomError);
          expect((error as StockroomError).message).toMatch(
            new RegExp(`^${name}: expected [^\\n\\r]+, found [^\\n\\r]+$`),
          );
        }
      }),
      { numRuns: 500 },
    );
  });
});

import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { tells } from '../../../test/support/findings.ts';
import { startRedisCluster } from '../../../test/support/redis-topologies.ts';
import { askRedis } from '../../../test/support/redis-commands.ts';
import { type Server, startPostgres, startRedis } from '../../../test/support/servers.ts';
import { loadConfig } from '../../core/config.ts';
import { createInProcessTier } from '../../tiers/hot/in-process/tier.ts';
import { type DurableTier, migrate, openDurable } from '../../tiers/durable/index.ts';
import { openHot } from '../../tiers/hot/index.ts';
import { examine, type ExamineOptions, type Finding } from './doctor.ts';

const PATIENCE = { timeoutMs: 1_000, slowMs: 1_000 };
const DAY_MS = 86_400_000;

let scratch: string;
let database: TestDatabase;
let redis: Server;
let durable: DurableTier;
const endings: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-doctor-'));
  database = await freshDatabase();
  redis = await startRedis(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru']);
  durable = await openDurable(configOf({ DATABASE_URL: database.url }));
  await migrate(durable);
});
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});
afterAll(async () => {
  await durable.close();
  await redis.stop();
  await database.drop();
  rmSync(scratch, { recursive: true, force: true });
});

function configOf(env: Record<string, string>) {
  return loadConfig({ STOCKROOM_DATA_DIR: join(scratch, 'data'), ...env });
}

/** What doctor finds with these settings beside those of the file, by check. */
async function found(
  env: Record<string, string> = {},
  more: Partial<ExamineOptions> = {},
): Promise<Record<string, Finding>> {
  const config = configOf({ DATABASE_URL: database.url, REDIS_URL: redis.url, ...env });
  const hot = await openHot({ redis: config.redis, keyPrefix: config.keyPrefix, settings: PATIENCE });
  try {
    const { findings } = await examine({ config, hot, ...more });
    return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
  } finally {
    await hot.close();
  }
}

async function during(set: string, unset: string, work: () => Promise<void>): Promise<void> {
  await durable.query(set);
  try {
    await work();
  } finally {
    await durable.query(unset);
  }
}

describe('doctor', () => {
  it('finds nothing in a system that is well, but what the tests of PostgreSQL leave out', async () => {
    const all = await found();
    const notWell = Object.values(all).filter(({ status }) => status !== 'ok');
    // The servers of the tests do not wait for their disk.
    expect(notWell.map(({ check }) => check)).toEqual(['postgres-persistence']);
    expect(Object.keys(all)).toHaveLength(20);
    tells(all['postgres-persistence'], 'fail', /fsync = on/);
  });

  it('looks at what it can when PostgreSQL and Redis are away', async () => {
    const all = await found({
      DATABASE_URL: 'postgresql://u@127.0.0.1:1/none',
      REDIS_URL: 'redis://127.0.0.1:1',
    });
    tells(all['postgres'], 'fail', /cannot be reached/);
    tells(all['redis'], 'fail', /Start it/);
    expect(all['settings']).toMatchObject({ status: 'ok' });
    expect(all['schema']).toMatchObject({
      status: 'skip',
      finding: expect.stringContaining('Not looked at') as unknown,
    });
    expect(Object.keys(all)).toHaveLength(20);
  });

  it('tells of settings that do not go together', async () => {
    tells((await found({ HOST: '0.0.0.0' }))['settings'], 'warn', /STOCKROOM_API_KEYS/);
    const small = await found({ DATABASE_POOL_MAX: '2' });
    tells(small['postgres-connections'], 'warn', /scheduled work.*DATABASE_POOL_MAX to 3/);
    const config = configOf({ DATABASE_URL: database.url });
    const { findings } = await examine({ config, hot: createInProcessTier({ prefix: 'stockroom:' }) });
    tells(
      findings.find(({ check }) => check === 'settings'),
      'warn',
      /REDIS_URL/,
    );
  });

  it.skipIf(process.getuid?.() === 0)('tells of a data directory that cannot be written', async () => {
    const closed = join(scratch, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    tells(
      (await found({ STOCKROOM_DATA_DIR: join(closed, 'data') }))['data-directory'],
      'fail',
      /STOCKROOM_DATA_DIR/,
    );
  });

  it('tells of a data directory that is a file', async () => {
    const all = await found({ STOCKROOM_DATA_DIR: join(import.meta.filename, 'data') });
    tells(all['data-directory'], 'fail', /STOCKROOM_DATA_DIR/);
  });

  it('tells of versions that are too old', async () => {
    const thresholds = { oldestPostgres: 99, oldestRedis: 99 };
    const all = await found({}, { thresholds });
    tells(all['postgres-version'], 'fail', /99 or newer/);
    tells(all['redis-version'], 'fail', /Upgrade/);
  });

  it('tells of a PostgreSQL whose settings are not for keeping things', async () => {
    const server = await startPostgres({
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'off',
      autovacuum: 'off',
      max_connections: '16',
    });
    endings.push(() => server.stop());
    const one = await found({ DATABASE_URL: server.url, DATABASE_POOL_MAX: '10' });
    tells(one['postgres-persistence'], 'warn', /synchronous_commit = on/);
    tells(one['postgres-settings'], 'warn', /autovacuum = on/);
    tells(one['postgres-connections'], 'warn', /DATABASE_POOL_MAX/);
    tells(one['schema'], 'warn', /stockroom start/);
    const two = await found({ DATABASE_URL: server.url, DATABASE_POOL_MAX: '50' });
    tells(two['postgres-connections'], 'fail', /larger/);
    const tier = await openDurable(configOf({ DATABASE_URL: server.url }));
    await tier.query("create database latin encoding 'SQL_ASCII' template template0");
    await tier.query('alter system set synchronous_commit = on');
    await tier.query('select pg_reload_conf()');
    await tier.close();
    const latin = new URL(server.url);
    latin.pathname = '/latin';
    tells((await found({ DATABASE_URL: latin.href }))['postgres-settings'], 'fail', /UTF8/);
  });

  it('tells that the embedded PostgreSQL does not survive a power cut', async () => {
    const config = configOf({});
    const look = () => examine({ config, hot: createInProcessTier({ prefix: 'stockroom:' }) });
    const before = (await look()).findings;
    tells(
      before.find(({ check }) => check === 'postgres'),
      'warn',
      /stockroom start/,
    );
    expect(existsSync(config.dataDir)).toBe(false);
    await (await openDurable(config)).close();
    const { findings } = await look();
    tells(
      findings.find(({ check }) => check === 'postgres-persistence'),
      'warn',
      /power cut/,
    );
    tells(
      findings.find(({ check }) => check === 'postgres-connections'),
      'ok',
      /one connection/,
    );
  });

  it('tells of a Redis that does not evict, has no limit, is full, or cannot write', async () => {
    const set = (...args: string[]): Promise<unknown> => askRedis(redis.port, 'CONFIG', 'SET', ...args);
    endings.push(() => set('maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru'));
    await set('maxmemory-policy', 'volatile-lru');
    tells((await found())['redis-eviction'], 'warn', /maxmemory-policy allkeys-lru/);
    await set('maxmemory-policy', 'noeviction', 'maxmemory', '100kb');
    tells((await found())['redis-eviction'], 'fail', /refuse writes/);
    await set('maxmemory-policy', 'allkeys-lru', 'maxmemory', '0');
    tells((await found())['redis-eviction'], 'warn', /maxmemory/);
    await set('maxmemory', '100mb');
    const tight = await found({}, { thresholds: { connectionsWarnShare: 0 } });
    tells(tight['redis-connections'], 'warn', /maxclients/);
  });

  it('looks at every server of a Cluster', async () => {
    const cluster = await startRedisCluster();
    endings.push(() => cluster.stop());
    const config = configOf({
      DATABASE_URL: database.url,
      ...cluster.env,
    });
    const hot = await openHot({ redis: config.redis, settings: PATIENCE });
    endings.push(() => hot.close());
    const { findings } = await examine({ config, hot });
    const { evidence } = findings.find(({ check }) => check === 'redis-version')!;
    expect((evidence['versions'] as unknown[]).length).toBeGreaterThanOrEqual(3);
  });

  it('tells of clocks that are apart', async () => {
    const ahead = await found({}, { now: () => Date.now() + 5_000 });
    tells(ahead['clocks'], 'warn', /chrony/);
    expect(ahead['clocks']!.evidence['clocks']).toHaveLength(2);
    tells((await found({}, { now: () => Date.now() - 60_000 }))['clocks'], 'fail', /chrony/);
  });

  it('tells of slow tiers', async () => {
    const nothing = { postgresWarnMs: 0, redisWarnMs: 0 };
    tells(
      (await found({}, { thresholds: nothing }))['latency'],
      'warn',
      /PostgreSQL and Redis answers? slowly/,
    );
    tells((await found({}, { thresholds: { postgresFailMs: 0 } }))['latency'], 'fail', /PostgreSQL answers/);
  });

  it('tells of a schema that somebody changed', async () => {
    await during('create table mine (id int)', 'drop table mine', async () => {
      const { 'schema-drift': drift } = await found();
      tells(drift, 'warn', /schema of its own/);
      expect(JSON.stringify(drift!.evidence)).toContain('TABLE mine');
    });
    const index = 'llm_requests_created_at';
    await during(`drop index ${index}`, `create index ${index} on llm_requests (created_at)`, async () => {
      const { 'schema-drift': drift } = await found();
      tells(drift, 'fail', /somebody changed it/);
      expect(JSON.stringify(drift!.evidence)).toContain(index);
    });
    const checksum = 'update migration_versions set checksum = reverse(checksum) where number = 1';
    await during(checksum, checksum, async () => {
      tells((await found())['schema'], 'fail', /another form/);
    });
    tells((await found())['schema-drift'], 'ok', /migrations make/);
  });

  it('tells of a schema of a newer Stockroom', async () => {
    await during(
      "insert into migration_versions (number, name, checksum) select max(number) + 1, 'later', '' from migration_versions",
      "delete from migration_versions where name = 'later'",
      async () => tells((await found())['schema'], 'fail', /newer/),
    );
  });

  it('tells of models without a price', async () => {
    await during(
      `insert into llm_requests (model, tokens_input, tokens_output) values ('unheard-of', 1, 1)`,
      'delete from llm_requests',
      async () => {
        const { 'unpriced-models': finding } = await found();
        tells(finding, 'warn', /reprice/);
        expect(finding!.evidence).toMatchObject({
          requests: 1,
          models: [{ model: 'unheard-of', requests: 1 }],
        });
      },
    );
  });

  it('tells of keys that nobody corrects', async () => {
    await during(
      `insert into view_intents (keys, created_at) values (array['stockroom:rec:1'], now() - interval '5 minutes')`,
      'delete from view_intents',
      async () => {
        const { projections } = await found();
        tells(projections, 'warn', /hot verify/);
        expect(projections!.evidence).toMatchObject({ writes: 1 });
      },
    );
  });

  it('tells of rows in quarantine', async () => {
    await during(
      `insert into migration_chunks (source, unit, ordinal, first_key, last_key, rows, loaded, sha256, ledger)
         values ('llm_requests', 'u', 0, '1', '2', 2, 1, '', '');
       insert into migration_quarantine (source, file, key, reason, detail, bytes, unit, chunk)
         values ('llm_requests', 'f', '1', 'r', 'd', '', 'u', 0)`,
      'delete from migration_quarantine; delete from migration_chunks',
      async () => {
        const { quarantine } = await found();
        tells(quarantine, 'warn', /migrate quarantine/);
        expect(quarantine!.evidence).toEqual({ rows: 1, sources: [{ source: 'llm_requests', rows: 1 }] });
      },
    );
  });

  it('tells of stages that do not move', async () => {
    const stage = (values: string): string =>
      `insert into migration_stages (store, stage, state, epoch, directory, entered_at) values ('llm-costs', ${values})`;
    const undo = 'delete from migration_outbox; delete from migration_stages';
    await during(stage(`'live', 'fenced', 3, '/old', now() - interval '1 hour'`), undo, async () => {
      tells((await found())['stages'], 'fail', /stage set/);
    });
    await during(stage(`'shadow', 'given', 3, '/old', now() - interval '30 days'`), undo, async () => {
      tells((await found())['stages'], 'warn', /gates/);
      tells((await found({}, { now: () => Date.now() - 29 * DAY_MS }))['stages'], 'ok', /stuck/);
    });
    const owed = `;insert into migration_outbox (store, source_table, row_key, at) values ('llm-costs', 'llm_requests', '1', now() - interval '1 hour')`;
    await during(stage(`'live', 'open', 3, '/old', now()`) + owed, undo, async () => {
      tells((await found())['stages'], 'warn', /follow DIR/);
    });
  });
});

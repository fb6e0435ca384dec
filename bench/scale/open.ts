import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type * as Datasets from '../../src/datasets/index.ts';
import type * as System from '../../src/system/index.ts';
import type { StoreSystem } from '../../src/system/index.ts';
import type * as Durable from '../../src/tiers/durable/index.ts';
import type * as Hot from '../../src/tiers/hot/index.ts';
import type { HotTier } from '../../src/tiers/hot/index.ts';
import type * as PerformanceModule from '../../src/stores/recommendations/performance/performance.ts';
import type * as ViewsModule from '../../src/tiers/views/index.ts';
import { askRedis } from '../../test/support/redis-commands.ts';
import { type Server, startPostgres, startRedis } from '../../test/support/servers.ts';

// The built Stockroom, as it is published, and not what Vite makes of its sources.
const require = createRequire(import.meta.url);
const built = (path: string): unknown =>
  require(fileURLToPath(new URL(`../../dist/${path}`, import.meta.url)));
const { openStores } = built('system/index.js') as typeof System;
const { migrate, openDurable } = built('tiers/durable/index.js') as typeof Durable;
const { openHot } = built('tiers/hot/index.js') as typeof Hot;
export const { archiveStore } = built('datasets/index.js') as typeof Datasets;
export const { performanceOf } = built(
  'stores/recommendations/performance/performance.js',
) as typeof PerformanceModule;
export const { rebuildView } = built('tiers/views/index.js') as typeof ViewsModule;

/** What differs from the defaults of PostgreSQL, with `CAREFUL`: deploy/postgresql.conf, without its connections and its log. */
export const SETTINGS = {
  shared_buffers: '256MB',
  effective_cache_size: '640MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  random_page_cost: '1.1',
  effective_io_concurrency: '100',
  checkpoint_timeout: '15min',
  wal_compression: 'on',
  autovacuum_vacuum_scale_factor: '0.05',
  autovacuum_vacuum_insert_scale_factor: '0.05',
  autovacuum_analyze_scale_factor: '0.02',
} as const;
const CAREFUL = { fsync: 'on', full_page_writes: 'on', max_wal_size: '2GB' } as const;
const CARELESS = { fsync: 'off', full_page_writes: 'off', max_wal_size: '16GB' } as const;

export interface Servers {
  readonly postgres: Server;
  readonly redis: Server;
  stop(): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const postgres = await startPostgres({ ...SETTINGS, fsync: undefined, full_page_writes: undefined });
  await set(postgres, CAREFUL);
  const redis = await startRedis();
  return {
    postgres,
    redis,
    async stop() {
      await redis.stop();
      await postgres.stop();
    },
  };
}

/** The stores over a database of their own and an empty Redis. */
export interface Subject extends StoreSystem {
  readonly hot: HotTier;
  /** Closes everything and drops the database. */
  remove(): Promise<void>;
}

const POOL_MAX = 10;

export async function openSubject({ postgres, redis }: Servers, name: string): Promise<Subject> {
  await admin(postgres, `drop database if exists ${name} with (force)`);
  await admin(postgres, `create database ${name}`);
  await askRedis(redis.port, 'FLUSHALL');
  const databaseUrl = postgres.url.replace(/[^/]*$/, name);
  const durable = await openDurable({
    databaseUrl,
    databasePoolMax: POOL_MAX,
    dataDir: '.',
    schema: 'stockroom',
  });
  await migrate(durable);
  const hot = await openHot({ redis: { kind: 'url', url: redis.url }, keyPrefix: 'stockroom:' });
  const system = await openStores({ durable, hot });
  return {
    ...system,
    hot,
    async remove() {
      await system.close();
      await hot.close();
      await durable.close();
      await admin(postgres, `drop database ${name} with (force)`);
    },
  };
}

/** Work that nobody times, by a PostgreSQL that does not care for crashes: ten million rows are made in half the time. */
export async function carelessly<T>({ postgres }: Servers, work: () => Promise<T>): Promise<T> {
  await set(postgres, CARELESS);
  try {
    return await work();
  } finally {
    await set(postgres, CAREFUL);
    await admin(postgres, 'checkpoint');
  }
}

async function set(postgres: Server, settings: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(settings))
    await admin(postgres, `alter system set ${name} = '${value}'`);
  await admin(postgres, 'select pg_reload_conf()');
}

async function admin(postgres: Server, statement: string): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

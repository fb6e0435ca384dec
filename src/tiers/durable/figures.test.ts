import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshTier, type TestTier, tierKinds } from '../../../test/support/durable.ts';
import { startPostgresReplica } from '../../../test/support/postgres-replica.ts';
import { type Server, startPostgres } from '../../../test/support/servers.ts';
import { migrate } from './migrate.ts';
import type { DurableTier } from './port.ts';
import { openServer } from './server/open-server.ts';

describe.each(tierKinds)('figures of the %s tier', (kind) => {
  let tier: TestTier;
  beforeAll(async () => {
    tier = await freshTier(kind);
  });
  afterAll(() => tier?.remove());

  it('tell of the database, its connections and every table of the schema', async () => {
    const { durable } = tier;
    const before = await durable.figures();
    expect(before.databaseBytes).toBeGreaterThan(1_000_000);
    expect(before.connectionsMax).toBeGreaterThan(0);
    expect(Object.values(before.connections).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    expect(before.blocksHit).toBeGreaterThan(0);
    expect(before).toMatchObject({ longStatements: 0, replicas: [], statements: undefined });
    const { rows } = await durable.query<{ name: string }>(
      'select table_name as name from information_schema.tables where table_schema = $1 and table_type = $2',
      [durable.schema, 'BASE TABLE'],
    );
    expect(before.tables.map(({ table }) => table).sort()).toEqual(rows.map(({ name }) => name).sort());
  });

  it('follow what is written', async () => {
    const { durable } = tier;
    await durable.query('create table figures (n int)');
    await durable.query('insert into figures select generate_series(1, 50)');
    await durable.query('delete from figures where n > 20');
    await vi.waitFor(async () => {
      const { tables } = await durable.figures();
      expect(tables.find(({ table }) => table === 'figures')).toEqual({
        table: 'figures',
        liveRows: 20,
        deadRows: 30,
        autovacuumAgeSeconds: undefined,
      });
    }, 20_000);
    await durable.query('drop table figures');
  });
});

describe('figures of a server', () => {
  let primary: Server;
  let replica: Server;
  let durable: DurableTier;
  let admin: Client;

  beforeAll(async () => {
    primary = await startPostgres({ shared_preload_libraries: 'pg_stat_statements' });
    replica = await startPostgresReplica(primary);
    admin = new Client({ connectionString: primary.url });
    await admin.connect();
    const own = { schema: 'stockroom', poolMax: 3 };
    durable = await openServer({ url: primary.url, replicaUrl: replica.url, ...own });
    await migrate(durable);
  });
  afterAll(async () => {
    await durable?.close();
    await admin?.end();
    await replica?.stop();
    await primary?.stop();
  });

  it('tell how far replicas are behind, as the primary and as they see it', async () => {
    const names = ['DATABASE_REPLICA_URL', 'copy'];
    await vi.waitFor(async () => {
      const { replicas } = await durable.figures();
      expect(replicas).toEqual(names.map((name) => ({ name, lagBytes: 0, lagSeconds: 0 })));
    }, 20_000);
    const copy = new Client({ connectionString: replica.url });
    await copy.connect();
    try {
      await copy.query('select pg_wal_replay_pause()');
      await admin.query('create table behind as select generate_series(1, 10000) as n');
      await vi.waitFor(async () => {
        const { replicas } = await durable.figures();
        expect(replicas.map(({ name }) => name)).toEqual(names);
        for (const { lagBytes, lagSeconds } of replicas) {
          expect(lagBytes).toBeGreaterThan(10_000);
          expect(lagSeconds).toBeGreaterThan(0.1);
        }
      }, 20_000);
    } finally {
      await copy.query('select pg_wal_replay_resume()');
      await copy.end();
    }
    await vi.waitFor(async () => {
      const { replicas } = await durable.figures();
      expect(replicas.map(({ lagBytes }) => lagBytes)).toEqual([0, 0]);
    }, 20_000);
  });

  it('tell of statements by their number, once somebody counts them', async () => {
    expect((await durable.figures()).statements).toBeUndefined();
    await admin.query('create schema extensions');
    await admin.query('create extension pg_stat_statements schema extensions');
    for (let turn = 0; turn < 3; turn += 1) await admin.query(`select 'secret-${turn}', pg_sleep(0.2)`);
    const { statements } = await durable.figures();
    expect(statements!.length).toBeGreaterThan(0);
    expect(statements!.length).toBeLessThanOrEqual(10);
    const ours = statements!.find(({ calls, seconds }) => calls === 3 && seconds > 0.5);
    expect(ours?.queryId).toMatch(/^-?\d+$/);
    expect(JSON.stringify(statements)).not.toContain('secret');
  });

  it('tell of an old transaction and of deadlocks', async () => {
    const other = new Client({ connectionString: primary.url });
    await other.connect();
    try {
      await admin.query('create table locked as select 1 as n union all select 2');
      await Promise.all([admin.query('begin'), other.query('begin')]);
      await admin.query('update locked set n = n where n = 1');
      await other.query('update locked set n = n where n = 2');
      await vi.waitFor(async () => {
        const { oldestTransactionSeconds, connections } = await durable.figures();
        expect(oldestTransactionSeconds).toBeGreaterThan(0.5);
        expect(connections['idle in transaction']).toBe(2);
      }, 10_000);
      const both = await Promise.allSettled([
        admin.query('update locked set n = n where n = 2'),
        other.query('update locked set n = n where n = 1'),
      ]);
      expect(both.filter(({ status }) => status === 'rejected')).toMatchObject([
        { reason: { code: '40P01' } },
      ]);
    } finally {
      await admin.query('rollback');
      await other.query('rollback');
      await other.end();
    }
    await vi.waitFor(async () => {
      const { deadlocks, oldestTransactionSeconds } = await durable.figures();
      expect([deadlocks, oldestTransactionSeconds]).toEqual([1, 0]);
    }, 20_000);
  });

  it('can be asked by a role that sees nothing of others', async () => {
    await admin.query(`create role plain login; grant create on database postgres to plain`);
    const { port } = primary;
    const own = await openServer({
      url: `postgresql://plain@127.0.0.1:${port}/postgres`,
      schema: 'stockroom',
      poolMax: 2,
    });
    try {
      const figures = await own.figures();
      expect(figures.connections['unknown']).toBeGreaterThan(0);
      expect(figures).toMatchObject({ replicas: [], oldestTransactionSeconds: 0 });
      expect(figures.tables.length).toBeGreaterThan(40);
    } finally {
      await own.close();
    }
  });

  it('give the connection back when PostgreSQL does not answer in time', async () => {
    await admin.query('begin');
    await admin.query('lock table pg_catalog.pg_extension in access exclusive mode');
    await expect(durable.figures()).rejects.toMatchObject({ details: { sqlState: '57014' } });
    await admin.query('rollback');
    expect((await durable.figures()).databaseBytes).toBeGreaterThan(0);
  });

  it('are those of the primary while the replica is away', async () => {
    await replica.stop();
    await vi.waitFor(async () => {
      const { replicas, connectionsMax } = await durable.figures();
      expect(replicas).toEqual([]);
      expect(connectionsMax).toBeGreaterThan(0);
    }, 20_000);
  });
});

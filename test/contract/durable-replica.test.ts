import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { exportStore } from '../../src/datasets/index.ts';
import { performanceOf } from '../../src/stores/recommendations/performance/performance.ts';
import { performanceQuery } from '../../src/stores/recommendations/performance/schema.ts';
import { usageQuery } from '../../src/stores/llm-costs/schema.ts';
import { usageOf } from '../../src/stores/llm-costs/spend.ts';
import { analyticsOf, type DurableTier, migrate } from '../../src/tiers/durable/index.ts';
import { replicaLeftOut } from '../../src/tiers/durable/analytics.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { startPostgresReplica } from '../support/postgres-replica.ts';
import { type Server, startPostgres } from '../support/servers.ts';

/** A primary and a replica of it that really follows. */
describe('what may lag is read from the replica, and says how old it is', () => {
  let primary: Server;
  let replica: Server;
  let durable: DurableTier;
  const now = () => new Date();
  const usage = () => usageOf(durable, now, usageQuery.parse({}));

  beforeAll(async () => {
    primary = await startPostgres();
    replica = await startPostgresReplica(primary);
    durable = await openServer({
      url: primary.url,
      replicaUrl: replica.url,
      schema: 'stockroom',
      poolMax: 4,
      limits: { acquireTimeoutMs: 2_000 },
    });
    await migrate(durable);
  }, 60_000);
  afterAll(async () => {
    await durable.close();
    await replica.stop();
    await primary.stop();
  });

  const log = (model: string) =>
    durable.query(
      'insert into llm_requests (model, tokens_input, tokens_output, cost_usd) values ($1, 1, 1, 0.5)',
      [model],
    );
  const models = async () => (await usage()).by_model.map(({ model }) => model);

  it('is 0 s behind once it has everything', async () => {
    await log('first');
    await vi.waitFor(async () => {
      expect(await usage()).toMatchObject({ data_age_seconds: 0, total_requests: 1, total_cost_usd: '0.5' });
    });
    expect((await analyticsOf(durable)).source).toBe(durable.analytics);
    expect(await performanceOf(durable, performanceQuery.parse({}))).toMatchObject({ data_age_seconds: 0 });
  });

  it('tells its age while it does not follow, and answers as of then', async () => {
    const pausing = await openServer({ url: replica.url, schema: 'stockroom', poolMax: 1 });
    await pausing.query('select pg_wal_replay_pause()');
    await log('second');
    await vi.waitFor(async () => {
      const { data_age_seconds: age } = await usage();
      expect(age).toBeGreaterThan(0);
    });
    expect(await models()).toEqual(['first']);
    const directory = await mkdtemp(join(tmpdir(), 'stockroom-export-'));
    const exported = await exportStore({ durable, store: 'llm-costs', format: 'csv', directory });
    expect(exported.ageSeconds).toBeGreaterThan(0);
    expect(exported.files[0]?.rows).toBe(1);
    await rm(directory, { recursive: true });
    await pausing.query('select pg_wal_replay_resume()');
    await pausing.close();
    await vi.waitFor(async () => expect((await models()).toSorted()).toEqual(['first', 'second']));
    await vi.waitFor(async () => expect((await usage()).data_age_seconds).toBe(0));
  });

  it('is the primary while the replica is away, which is told', async () => {
    const told: unknown[] = [];
    const stop = replicaLeftOut.subscribe(({ error }) => told.push(error));
    await replica.stop();
    await log('third');
    expect((await models()).toSorted()).toEqual(['first', 'second', 'third']);
    expect((await usage()).data_age_seconds).toBe(0);
    expect((await analyticsOf(durable)).source).toBe(durable);
    expect(told.length).toBeGreaterThan(0);
    expect(told[0]).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    stop();
  });
});

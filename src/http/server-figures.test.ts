import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { durableWith, freshTier, type TestTier } from '../../test/support/durable.ts';
import { testServer, type TestServer } from '../../test/support/http.ts';
import { type Server, startRedis } from '../../test/support/servers.ts';
import { openHot, type HotTier } from '../tiers/hot/index.ts';

describe('figures of the servers themselves in /metrics', () => {
  let tier: TestTier;
  let served: TestServer | undefined;
  let redis: Server | undefined;
  let hot: HotTier | undefined;

  beforeAll(async () => {
    tier = await freshTier('server');
  });
  afterAll(() => tier?.remove());
  afterEach(async () => {
    await served?.app.close();
    await hot?.close();
    await redis?.stop();
    served = hot = redis = undefined;
  });
  const scrape = async (): Promise<string> => {
    const answer = await served!.app.inject('/metrics');
    expect(answer.statusCode).toBe(200);
    return answer.body;
  };

  it('are asked for once by many who scrape', async () => {
    let asked = 0;
    const durable = durableWith(tier.durable, {
      figures: () => {
        asked += 1;
        return tier.durable.figures();
      },
    });
    served = await testServer({ durable });
    const texts = await Promise.all([scrape(), scrape(), scrape()]);
    texts.push(await scrape());
    expect(asked).toBe(1);
    for (const text of texts) {
      expect(text).toMatch(/^stockroom_postgres_up 1$/m);
      expect(text).toMatch(/^stockroom_postgres_database_bytes [1-9]\d{5,}$/m);
      expect(text).toMatch(/^stockroom_postgres_table_dead_rows\{table="hot_state"\} 0$/m);
      expect(text).toMatch(/^# TYPE stockroom_postgres_deadlocks_total counter$/m);
    }
  });

  it('are absent, and said to be, when PostgreSQL does not tell, and the scrape goes on', async () => {
    const figures = (): Promise<never> => Promise.reject(new Error('no statistics'));
    served = await testServer({ durable: durableWith(tier.durable, { figures }) });
    for (const text of [await scrape(), await scrape()]) {
      expect(text).toMatch(/^stockroom_postgres_up 0$/m);
      expect(text).toMatch(/^stockroom_tier_up\{tier="durable"\} 1$/m);
      expect(text).not.toMatch(/^stockroom_postgres_(?!up)\w+(?:\{.*\})? /m);
    }
    const said = served.log.filter(({ msg }) => /PostgreSQL itself/.test(String(msg)));
    expect(said).toMatchObject([{ level: 40, err: { message: 'no statistics' } }]);
  });

  it('do not keep a scrape waiting when PostgreSQL does not answer', async () => {
    const figures = (): Promise<never> => new Promise(() => undefined);
    served = await testServer({ durable: durableWith(tier.durable, { figures }) });
    const start = performance.now();
    expect(await scrape()).toMatch(/^stockroom_postgres_up 0$/m);
    expect(performance.now() - start).toBeLessThan(6_000);
  });

  it('are those of each server of Redis, which may go away', async () => {
    redis = await startRedis(['--maxmemory', '32mb']);
    hot = await openHot({ redis: redis.url });
    served = await testServer({ durable: tier.durable, hot });
    const of = `location="127.0.0.1:${redis.port}"`;
    const text = await scrape();
    expect(text).toContain(`\nstockroom_redis_up{${of}} 1\n`);
    expect(text).toContain(`\nstockroom_redis_memory_limit_bytes{${of}} ${32 * 2 ** 20}\n`);
    expect(text).toContain(`\nstockroom_redis_rdb_ok{${of}} 1\n`);
    expect(text).toMatch(
      new RegExp(`^stockroom_redis_info\\{${of},version="\\d[^"]*",role="master"\\} 1$`, 'm'),
    );
    await redis.stop();
    await vi.waitFor(
      async () => {
        const later = await scrape();
        expect(later).toContain(`\nstockroom_redis_up{${of}} 0\n`);
        expect(later).not.toMatch(/^stockroom_redis_(?!up)\w+\{/m);
      },
      { timeout: 25_000, interval: 250 },
    );
  });
});

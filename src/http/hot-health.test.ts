import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { durableWith, freshTier, type TestTier } from '../../test/support/durable.ts';
import { testServer, type TestServer } from '../../test/support/http.ts';
import { type Server, startRedis } from '../../test/support/servers.ts';
import { pause, resume } from '../../test/support/signals.ts';
import { type HotTier, openHot } from '../tiers/hot/index.ts';

const BOUND = { timeout: 30_000, interval: 20 };

describe('health with Redis', () => {
  let redis: Server;
  let hot: HotTier;
  let tier: TestTier;
  let server: TestServer;

  beforeAll(async () => {
    redis = await startRedis();
    hot = await openHot({ redis: redis.url, settings: { timeoutMs: 100, heartbeatMs: 200 } });
    tier = await freshTier('server');
    server = await testServer({ durable: tier.durable, hot });
  });
  afterAll(async () => {
    await server.app.close();
    await hot.close();
    await redis.stop();
    await tier.remove();
  });

  const get = (url: string) => server.app.inject({ url });
  const location = (): string => redis.url.replace('redis://', '');

  it('tells of the server and of how writes of others are learnt', async () => {
    const answer = await get('/health');
    expect([answer.statusCode, answer.json<{ status: string }>().status]).toEqual([200, 'ok']);
    expect(answer.json<{ tiers: { hot: object } }>().tiers.hot).toEqual({
      state: 'up',
      kind: 'redis',
      topology: 'standalone',
      location: expect.stringContaining(location()),
      latency_ms: expect.any(Number),
      server_version: expect.stringMatching(/^\d+\.\d+/),
      breaker: 'closed',
      invalidation: 'tracking',
      detail: null,
    });
    const metrics = (await get('/metrics')).body;
    expect(metrics).toContain('stockroom_tier_up{tier="hot"} 1');
    expect(metrics).toMatch(/stockroom_tier_latency_seconds\{tier="hot"\} 0\.\d/);
    expect(metrics).toContain(`stockroom_hot_connected{location="${location()}"} 1`);
    expect(metrics).toContain(`stockroom_hot_breaker_state{location="${location()}"} 0`);
  });

  it('is degraded, and ready all the same, while Redis does not answer', async () => {
    pause(redis);
    await vi.waitFor(async () => {
      const answer = await get('/health');
      expect([answer.statusCode, answer.json()]).toMatchObject([
        200,
        {
          status: 'degraded',
          tiers: { durable: { state: 'up' }, hot: { state: 'down', latency_ms: null, server_version: null } },
        },
      ]);
      expect(answer.json<{ tiers: { hot: { detail: string } } }>().tiers.hot.detail).toContain(location());
    }, BOUND);
    expect((await get('/health/ready')).statusCode).toBe(200);
    const metrics = (await get('/metrics')).body;
    expect(metrics).toContain('stockroom_tier_up{tier="hot"} 0');
    expect(metrics).not.toContain('stockroom_tier_latency_seconds{tier="hot"');
    expect(metrics).toMatch(/stockroom_hot_failures_total\{code="HOT_(?:TIMEOUT|UNAVAILABLE)"\} [1-9]/);

    resume(redis);
    await vi.waitFor(async () => {
      expect((await get('/health')).json()).toMatchObject({ status: 'ok', tiers: { hot: { state: 'up' } } });
    }, BOUND);
  });

  it('is down when PostgreSQL is, whatever Redis does', async () => {
    const durable = durableWith(tier.durable, { ping: () => Promise.reject(new Error('gone')) });
    const { app } = await testServer({ durable, hot });
    const answer = await app.inject({ url: '/health' });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      503,
      { status: 'down', tiers: { hot: { state: 'up' } } },
    ]);
    await app.close();
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { durableWith, freshTier, type TestTier } from '../../test/support/durable.ts';
import { apiKey, testServer, type TestServer } from '../../test/support/http.ts';
import { createLogger } from '../telemetry/logger.ts';
import { listen } from './server.ts';
import { checkDurable } from './tier-health.ts';

describe('health', () => {
  it('tells that the embedded tier does not survive a power cut', async () => {
    const tier = await freshTier('embedded');
    const { app } = await testServer({ durable: tier.durable });
    const answer = await app.inject({ url: '/health' });
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      {
        status: 'ok',
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        uptime_seconds: expect.any(Number),
        tiers: {
          durable: {
            state: 'up',
            kind: 'embedded',
            location: tier.durable.location,
            schema: 'stockroom',
            latency_ms: expect.any(Number),
            server_version: expect.stringMatching(/^1\d/),
            survives_power_cut: false,
            detail: expect.stringContaining('not a power cut'),
          },
          hot: {
            state: 'up',
            kind: 'in-process',
            topology: 'in-process',
            location: 'in the process',
            latency_ms: expect.any(Number),
            server_version: null,
            breaker: 'closed',
            invalidation: 'in-process',
            detail: expect.stringContaining('Set REDIS_URL'),
          },
        },
      },
    ]);
    await app.close();
    await tier.remove();
  });

  it('is 503 when PostgreSQL is down, while the process lives and its metrics say so', async () => {
    const tier = await freshTier('server');
    const { app, log } = await testServer({ durable: tier.durable, apiKeys: [apiKey('ops', 'read')] });
    const headers = { 'x-api-key': 'ops-secret' };
    const status = async (url: string) => (await app.inject({ url, headers })).statusCode;
    expect(await status('/health/ready')).toBe(200);
    expect((await app.inject({ url: '/metrics', headers })).body).toContain(
      'stockroom_tier_up{tier="durable"} 1',
    );

    await tier.remove();
    const health = await app.inject({ url: '/health', headers });
    expect([health.statusCode, health.json()]).toMatchObject([
      503,
      { status: 'down', tiers: { durable: { state: 'down', latency_ms: null, survives_power_cut: true } } },
    ]);
    const ready = await app.inject({ url: '/health/ready' });
    expect([ready.statusCode, ready.json()]).toMatchObject([503, { code: 'DATABASE_UNREACHABLE' }]);
    expect(ready.body).not.toContain(tier.durable.location);
    expect(await status('/health/live')).toBe(200);
    const metrics = await app.inject({ url: '/metrics', headers });
    expect([metrics.statusCode, metrics.body]).toEqual([
      200,
      expect.stringContaining('stockroom_tier_up{tier="durable"} 0'),
    ]);
    expect(metrics.body).not.toContain('stockroom_tier_latency_seconds{tier="durable"');
    expect(metrics.body).toContain('stockroom_tier_up{tier="hot"} 1');
    expect(log.map(({ msg }) => msg)).toContain('metrics are given without those of the migration');
    await app.close();
  });

  it('does not wait for a PostgreSQL that hangs', async () => {
    const tier = await freshTier('server');
    const hanging: typeof tier.durable = Object.create(tier.durable, {
      ping: { value: () => new Promise(() => undefined) },
    });
    expect(await checkDurable(hanging, 20)).toMatchObject({
      state: 'down',
      reason: 'PostgreSQL gave no answer within 20 ms',
    });
    await tier.remove();
  });
});

describe('the service', () => {
  let tier: TestTier;
  let server: TestServer;
  let directory: string;

  beforeAll(async () => {
    tier = await freshTier('server');
    directory = await mkdtemp(join(tmpdir(), 'stockroom-console-'));
    await mkdir(join(directory, 'assets'));
    await writeFile(join(directory, 'index.html'), '<!doctype html><title>Stockroom</title>');
    await writeFile(join(directory, 'assets', 'index-abc.js'), 'export {};');
    server = await testServer({ durable: tier.durable, consoleDirectory: directory });
  });
  afterAll(async () => {
    await server.app.close();
    await tier.remove();
    await rm(directory, { recursive: true });
  });

  it('serves the console and lets only its own scripts run', async () => {
    const page = await server.app.inject({ url: '/' });
    expect([page.statusCode, page.headers['content-type'], page.headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-cache',
    ]);
    expect(page.headers['content-security-policy']).toMatch(/default-src 'none'.*script-src 'self'/);
    expect(page.headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
    const script = await server.app.inject({ url: '/assets/index-abc.js' });
    expect([script.statusCode, script.headers['cache-control']]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ]);
    const missing = await server.app.inject({ url: '/assets/other.js' });
    expect([missing.statusCode, missing.json<{ code: string }>().code]).toEqual([404, 'NOT_FOUND']);
    const outside = await server.app.inject({ url: '/..%2f..%2fpackage.json' });
    expect(outside.statusCode).toBe(404);
  });

  it('gives the console without a key, and no data', async () => {
    const { app } = await testServer({
      durable: tier.durable,
      consoleDirectory: directory,
      apiKeys: [apiKey('reader', 'read')],
    });
    const status = async (url: string) => (await app.inject({ url, remoteAddress: '10.0.0.1' })).statusCode;
    expect([await status('/'), await status('/assets/index-abc.js'), await status('/v1/migration')]).toEqual([
      200, 200, 401,
    ]);
    await app.close();
  });

  it('says how to build a console that is missing', async () => {
    const { app } = await testServer({ durable: tier.durable, consoleDirectory: join(directory, 'none') });
    const answer = await app.inject({ url: '/' });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      404,
      { code: 'NOT_FOUND', detail: expect.stringContaining('npm run build') },
    ]);
    await app.close();
  });

  it('listens, counts by the template of the route, and closes with an idle connection open', async () => {
    const { app } = await testServer({ durable: tier.durable });
    const url = await listen(app, { host: '127.0.0.1', port: 0 });
    // fetch keeps its connections.
    const answer = await fetch(`${url}/v1/top-picks/runs/nobody`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
    ]);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    await fetch(`${url}/some/secret/path`);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain(
      'stockroom_http_request_duration_seconds_count{method="GET",route="/v1/top-picks/runs/:run_id",status="404"} 1',
    );
    expect(metrics).toContain('route="unmatched"');
    expect(metrics).not.toMatch(/nobody|secret/);
    expect(metrics).toMatch(/stockroom_durable_query_duration_seconds_count\{outcome="ok"\} [1-9]/);
    expect(metrics).toContain('process_cpu_seconds_total');
    await app.close();
    await expect(fetch(`${url}/health/live`)).rejects.toThrow('fetch failed');
    // The tier belongs to whoever opened it.
    expect((await tier.durable.ping()).latencyMs).toBeGreaterThan(0);
  });

  it('lets an answer under way finish when it is closed', async () => {
    const asked = promised();
    const gate = promised();
    const slow = durableWith(tier.durable, {
      async ping() {
        asked.resolve();
        await gate.done;
        return await tier.durable.ping();
      },
    });
    const { app } = await testServer({ durable: slow });
    const url = await listen(app, { host: '127.0.0.1', port: 0 });
    const answer = fetch(`${url}/health/ready`);
    await asked.done;
    const closed = app.close();
    gate.resolve();
    expect((await answer).status).toBe(200);
    await closed;
  });
});

function promised(): { done: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const done = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { done, resolve };
}

it('the log hides secrets wherever they stand', () => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', stream: { write: (line) => void lines.push(line) } });
  logger.info({
    password: 'p1',
    headers: { authorization: 'p2', 'x-api-key': 'p3' },
    config: { databaseUrl: 'p4' },
  });
  logger.info({ req: { headers: { cookie: 'p5', authorization: 'p6' } } }, 'kept');
  logger.debug('not at this level');
  expect(lines).toHaveLength(2);
  expect(lines.join('')).not.toMatch(/p[1-6]/);
  expect(lines.join('').match(/\[redacted\]/g)).toHaveLength(6);
});

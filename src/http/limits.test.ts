import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshTier, type TestTier } from '../../test/support/durable.ts';
import { apiKey, testServer } from '../../test/support/http.ts';
import { type Server, startRedis } from '../../test/support/servers.ts';
import { startRedisCluster, startRedisSentinel } from '../../test/support/redis-topologies.ts';
import { pause, resume } from '../../test/support/signals.ts';
import { loadConfig } from '../core/config.ts';
import { type HotTier, openHot } from '../tiers/hot/index.ts';
import type { RateLimit } from './plugins/rate-limit.ts';
import { listen } from './server.ts';

const LIMIT = { limit: 5, windowMs: 3_600_000 };
/** Where Redis is there it is waited for, however busy the machine is. */
const PATIENT = { ...LIMIT, timeoutMs: 10_000 };

let tier: TestTier;
beforeAll(async () => {
  tier = await freshTier('server');
});
afterAll(() => tier.remove());

describe('the rate of a key', () => {
  let redis: Server;
  let hot: HotTier;
  beforeAll(async () => {
    redis = await startRedis();
    hot = await openHot({ redis: redis.url, settings: { timeoutMs: 1_000, heartbeatMs: 1_000 } });
  });
  afterAll(async () => {
    await hot.close();
    await redis.stop();
  });
  const server = async (name: string, rateLimit: Partial<RateLimit>, its = hot) => {
    const apiKeys = [apiKey(name, 'read'), apiKey(`${name}-other`, 'read')];
    const { app } = await testServer({ durable: tier.durable, hot: its, apiKeys, rateLimit });
    const ask = (url = '/v1/migration', key = name) =>
      app.inject({ url, headers: { 'x-api-key': `${key}-secret` } });
    return { app, ask };
  };

  it('is counted over all processes, and by key', async () => {
    const [one, other] = [await server('shared', PATIENT), await server('shared', PATIENT)];
    const first = await one.ask();
    expect(first.headers).toMatchObject({ 'ratelimit-limit': '5', 'ratelimit-remaining': '4' });
    for (let count = 1; count < 5; count += 1) expect((await other.ask()).statusCode).toBe(200);
    for (const { ask } of [one, other]) {
      const refused = await ask();
      expect([refused.statusCode, refused.json()]).toMatchObject([429, { code: 'RATE_LIMITED' }]);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect(refused.headers['ratelimit-remaining']).toBe('0');
      // Another key, and whoever watches the service, go on.
      expect((await ask('/v1/migration', 'shared-other')).statusCode).toBe(200);
      for (const url of ['/health', '/health/live', '/metrics', '/openapi.json'])
        expect([url, (await ask(url)).statusCode]).toEqual([url, 200]);
    }
    await one.app.close();
    await other.app.close();
  });

  it('is counted by the process while Redis does not answer', async () => {
    const impatient = await openHot({ redis: redis.url, settings: { timeoutMs: 200, heartbeatMs: 200 } });
    // More than what Redis may still carry out of the calls that were given up: those are counted there, and nobody hears of it.
    const { app, ask } = await server('alone', { ...PATIENT, limit: 60 }, impatient);
    pause(redis);
    for (let count = 0; count < 60; count += 1) expect((await ask()).statusCode).toBe(200);
    expect((await ask()).statusCode).toBe(429);
    resume(redis);
    // The bucket in Redis is nearly full, and is believed again once it answers.
    await vi.waitFor(async () => expect((await ask()).statusCode).toBe(200), {
      timeout: 20_000,
      interval: 50,
    });
    await app.close();
    await impatient.close();
  });

  it('has no bound without keys: only this machine calls', async () => {
    const { app } = await testServer({ durable: tier.durable, hot, rateLimit: { ...LIMIT, limit: 1 } });
    for (let count = 0; count < 5; count += 1)
      expect((await app.inject('/v1/migration')).statusCode).toBe(200);
    await app.close();
  });
});

describe.each([
  ['a cluster', () => startRedisCluster()],
  ['sentinels', () => startRedisSentinel()],
] as const)('the rate of a key with %s', (_name, start) => {
  it('is counted over all processes, and told of when Redis is gone', async () => {
    const servers = await start();
    const apiKeys = [apiKey('one', 'read'), apiKey('other', 'read')];
    const settings = { timeoutMs: 1_000, heartbeatMs: 1_000 };
    const tiers = await Promise.all(
      [1, 2].map(() => openHot({ redis: loadConfig(servers.env).redis, settings })),
    );
    const services = await Promise.all(
      tiers.map((hot) => testServer({ durable: tier.durable, hot, apiKeys, rateLimit: PATIENT })),
    );
    const ask = (at: number, key: string, url = '/v1/migration') =>
      services[at % 2]!.app.inject({ url, headers: { 'x-api-key': `${key}-secret` } });
    for (const key of ['one', 'other']) {
      for (let count = 0; count < 5; count += 1) expect((await ask(count, key)).statusCode).toBe(200);
      for (const at of [0, 1]) expect((await ask(at, key)).statusCode).toBe(429);
    }
    await servers.stop();
    await vi.waitFor(() => expect(tiers[0]!.info()).rejects.toMatchObject({ code: 'HOT_UNAVAILABLE' }), {
      timeout: 20_000,
      interval: 50,
    });
    const info = await ask(0, 'one', '/v1/hot/info');
    expect([info.statusCode, info.json()]).toMatchObject([503, { code: 'HOT_UNAVAILABLE' }]);
    await Promise.all(services.map(({ app }) => app.close()));
    await Promise.all(tiers.map((hot) => hot.close()));
  });
});

describe('the size of a request', () => {
  it('is bounded: body, headers, depth', async () => {
    const { app } = await testServer({ durable: tier.durable });
    const body = { scope: 'all', daily_usd: 'x'.repeat(2 * 2 ** 20) };
    const large = await app.inject({ method: 'PUT', url: '/v1/llm/budgets', payload: body });
    expect([large.statusCode, large.json()]).toMatchObject([413, { code: 'TOO_LARGE' }]);
    const deep = '['.repeat(201) + ']'.repeat(201);
    const answer = await app.inject({
      method: 'PUT',
      url: '/v1/llm/budgets',
      headers: { 'content-type': 'application/json' },
      payload: deep,
    });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      400,
      { code: 'INVALID_INPUT', detail: expect.stringContaining('at most 200 levels') },
    ]);
    const { port, hostname } = new URL(await listen(app, { host: '127.0.0.1', port: 0 }));
    const socket = connect(Number(port), hostname);
    socket.write(`GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`);
    const told = await text(socket);
    expect(told).toMatch(/^HTTP\/1\.1 413 /);
    expect(JSON.parse(told.slice(told.indexOf('\r\n\r\n')))).toMatchObject({
      status: 413,
      code: 'TOO_LARGE',
    });
    await app.close();
  });
});

describe('the time of a request', () => {
  it('is bounded for a body, and for each piece of lines', async () => {
    const { app } = await testServer({ durable: tier.durable, arrivalMs: 1_000 });
    const { port, hostname } = new URL(await listen(app, { host: '127.0.0.1', port: 0 }));
    const send = (type: string) => {
      const socket = connect(Number(port), hostname);
      const head = `POST /v1/llm/requests HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n`;
      socket.write(`${head}Content-Length: 1000000\r\n\r\n{`);
      return socket;
    };
    const late = await text(send('application/json'));
    expect(late).toMatch(/^HTTP\/1\.1 400 /);
    expect(late).toContain('did not arrive in time');

    // Refused at once, which ends nothing while the rest is still to come.
    const refused = await text(send('application/xml'));
    expect(refused).toMatch(/^HTTP\/1\.1 415 /);

    const lines = send('application/x-ndjson');
    const told = text(lines);
    let pieces = 0;
    const timer = setInterval(() => {
      pieces += 1;
      // Longer than the bound in all, and never as long without a piece.
      if (pieces <= 30) lines.write(' ');
    }, 50);
    expect(await told).toContain('did not arrive in time');
    clearInterval(timer);
    expect(pieces).toBeGreaterThan(30);
    await app.close();
  });
});

describe('the end of the service', () => {
  it('tells callers that keep their connection to let it go', async () => {
    const { app } = await testServer({ durable: tier.durable, drainMs: 300 });
    const url = await listen(app, { host: '127.0.0.1', port: 0 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = () =>
      new Promise<IncomingMessage>((resolve, reject) => {
        get(`${url}/health/live`, { agent }, (answer) => {
          answer.resume().once('end', () => resolve(answer));
        }).once('error', reject);
      });
    const before = await ask();
    const closed = app.close();
    await vi.waitFor(async () => expect((await ask()).headers.connection).toBe('close'));
    expect(before.headers.connection).toBe('keep-alive');
    await closed;
    agent.destroy();
  });

  it('waits for no connection over which nothing was sent', async () => {
    const { app } = await testServer({ durable: tier.durable });
    const url = new URL(await listen(app, { host: '127.0.0.1', port: 0 }));
    const ahead = connect(Number(url.port), url.hostname);
    const ended = new Promise((resolve) => ahead.once('close', resolve));
    ahead.once('error', () => undefined);
    // Once another is answered the server has taken the one before.
    expect((await fetch(`${url.origin}/health/live`)).status).toBe(200);
    await app.close();
    await ended;
  });

  it('says so first, then finishes what it took: nothing that was acknowledged is lost', async () => {
    const { app } = await testServer({ durable: tier.durable, drainMs: 300 });
    const url = await listen(app, { host: '127.0.0.1', port: 0 });
    const acknowledged: number[] = [];
    let refused = 0;
    let closed: Promise<void> | undefined;
    let readyWhileClosing: number | undefined;
    let number = 0;
    const write = async (): Promise<void> => {
      for (;;) {
        number += 1;
        const mine = number;
        try {
          const answer = await fetch(`${url}/v1/llm/requests`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ model: 'gpt-4', tokens_input: mine, tokens_output: 1, user_id: 'drain' }),
          });
          await answer.text();
          if (answer.status === 201) acknowledged.push(mine);
          else refused += 1;
        } catch {
          // The connection was closed, or is refused: it was not acknowledged.
          return;
        }
        if (mine === 40) {
          closed = app.close();
          const ready = await fetch(`${url}/health/ready`);
          readyWhileClosing = ready.status;
          expect(await ready.json()).toMatchObject({ code: 'UNAVAILABLE' });
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, write));
    await closed;
    expect([readyWhileClosing, refused]).toEqual([503, 0]);
    expect(acknowledged.length).toBeGreaterThan(40);
    const { rows } = await tier.durable.query<{ n: bigint }>(
      "select tokens_input as n from llm_requests where user_id = 'drain'",
    );
    const kept = new Set(rows.map(({ n }) => Number(n)));
    expect(acknowledged.filter((one) => !kept.has(one))).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTier, type TestTier } from '../../test/support/durable.ts';
import { apiKey, testServer, type TestServer } from '../../test/support/http.ts';

let tier: TestTier;
beforeAll(async () => {
  tier = await freshTier('server');
});
afterAll(() => tier.remove());

describe('without API keys', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await testServer({ durable: tier.durable });
  });
  afterAll(() => server.app.close());
  const call = (remoteAddress: string, url = '/v1/migration', headers: Record<string, string> = {}) =>
    server.app.inject({ url, remoteAddress, headers });

  it.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])('%s may call', async (address) => {
    expect((await call(address)).statusCode).toBe(200);
  });

  it.each(['10.0.0.1', '192.168.1.7', '2001:db8::1', '::ffff:10.0.0.1', '127.0.0.1.evil.example'])(
    '%s may not, whatever it asks for',
    async (address) => {
      for (const url of [
        '/v1/migration',
        '/health',
        '/health/live',
        '/metrics',
        '/',
        '/openapi.json',
        '/nowhere',
      ]) {
        const answer = await call(address, url);
        expect([url, answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
          url,
          403,
          'FORBIDDEN',
        ]);
      }
    },
  );

  it('a header does not make a caller local', async () => {
    const headers = { 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1', 'x-real-ip': '127.0.0.1' };
    expect((await call('10.0.0.1', '/v1/migration', headers)).statusCode).toBe(403);
  });

  it.each([
    ['localhost:4100', 200],
    ['127.0.0.1:4100', 200],
    ['[::1]:4100', 200],
    ['stockroom.localhost', 200],
    ['evil.example:4100', 403],
    ['127.0.0.1.evil.example', 403],
  ])('the host %s is answered with %i', async (host, status) => {
    expect((await call('127.0.0.1', '/v1/migration', { host })).statusCode).toBe(status);
  });
});

describe('pages of other sites', () => {
  let server: TestServer;
  let keyed: TestServer;
  beforeAll(async () => {
    server = await testServer({ durable: tier.durable });
    keyed = await testServer({ durable: tier.durable, apiKeys: [apiKey('writer', 'write')] });
  });
  afterAll(() => Promise.all([server.app.close(), keyed.app.close()]));
  const host = '127.0.0.1:4100';
  const clear = (headers: Record<string, string>, { app }: TestServer = server) =>
    app.inject({ method: 'DELETE', url: '/v1/scores', headers: { host, ...headers } });

  it.each([
    [{}, 200],
    [{ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
    [{ origin: 'http://127.0.0.1:9999', 'sec-fetch-site': 'same-site' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
  ])('may not call a service without keys: %j is answered with %i', async (headers, status) => {
    expect((await clear(headers as Record<string, string>)).statusCode).toBe(status);
  });

  it('a link that leads here is opened', async () => {
    const headers = { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await server.app.inject({ url: '/v1/migration', headers })).statusCode).toBe(200);
  });

  it('may call with a key, and may not read the answer: there is no CORS', async () => {
    const headers = { origin: 'https://other.example', 'x-api-key': 'writer-secret' };
    const answer = await clear(headers, keyed);
    expect(answer.statusCode).toBe(200);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    const asked = { ...headers, 'access-control-request-method': 'DELETE' };
    const preflight = await keyed.app.inject({ method: 'OPTIONS', url: '/v1/scores', headers: asked });
    expect(preflight.statusCode).toBeGreaterThanOrEqual(400);
    expect(Object.keys(preflight.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('the start says that only this machine is served', () => {
    const said = ({ log }: TestServer): boolean =>
      log.some(({ msg }) => String(msg).includes('only callers on this machine are served'));
    expect([said(server), said(keyed)]).toEqual([true, false]);
  });
});

describe('with API keys', () => {
  let server: TestServer;
  beforeAll(async () => {
    const apiKeys = [apiKey('reader', 'read'), apiKey('writer', 'write'), apiKey('both', 'read', 'write')];
    server = await testServer({ durable: tier.durable, apiKeys });
  });
  afterAll(() => server.app.close());
  const call = (headers: Record<string, string>, url = '/v1/migration') =>
    server.app.inject({ url, headers, remoteAddress: '10.0.0.1' });

  it.each([
    [{ authorization: 'Bearer reader-secret' }, 200],
    [{ authorization: 'bearer both-secret' }, 200],
    [{ 'x-api-key': 'reader-secret' }, 200],
    [{ authorization: 'Basic abc', 'x-api-key': 'reader-secret' }, 200],
    [{ 'x-api-key': 'writer-secret' }, 403],
    [{ 'x-api-key': 'nobody-secret' }, 401],
    // The hash is what the configuration holds: who reads it must not be able to call.
    [{ 'x-api-key': apiKey('reader').sha256 }, 401],
    [{ 'x-api-key': '' }, 401],
    [{ authorization: 'Bearer' }, 401],
    [{}, 401],
  ])('%j is answered with %i', async (headers: Record<string, string>, status) => {
    const answer = await call(headers);
    expect(answer.statusCode).toBe(status);
    if (status === 401) {
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(answer.json()).toMatchObject({ code: 'UNAUTHORIZED' });
    }
    if (status === 403)
      expect(answer.json()).toMatchObject({ detail: expect.stringContaining('scope read') });
  });

  it('loopback needs a key too', async () => {
    const answer = await server.app.inject({ url: '/v1/migration', remoteAddress: '127.0.0.1' });
    expect(answer.statusCode).toBe(401);
  });

  it.each(['/health/live', '/health/ready', '/openapi.json', '/docs/'])('%s is open', async (url) => {
    expect((await call({}, url)).statusCode).toBe(200);
  });

  it.each(['/health', '/metrics', '/v1/llm/spend', '/v1/recommendations', '/v1/top-picks/runs', '/nowhere'])(
    '%s is not',
    async (url) => {
      expect((await call({}, url)).statusCode).toBe(401);
    },
  );

  it('logs the name of the key, and never the key', async () => {
    await call({ authorization: 'Bearer both-secret', 'x-request-id': 'from-the-caller' });
    expect(server.log).toContainEqual(
      expect.objectContaining({
        reqId: 'from-the-caller',
        caller: 'both',
        route: '/v1/migration',
        status: 200,
      }),
    );
    expect(JSON.stringify(server.log)).not.toContain('-secret');
  });
});

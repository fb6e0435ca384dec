import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTier, type TestTier } from '../../test/support/durable.ts';
import { testServer, type TestServer } from '../../test/support/http.ts';

let tier: TestTier;
let server: TestServer;
beforeAll(async () => {
  tier = await freshTier('server');
  server = await testServer({ durable: tier.durable });
});
afterAll(async () => {
  await server.app.close();
  await tier.remove();
});

const get = (url: string, headers: Record<string, string> = {}) => server.app.inject({ url, headers });
const post = (url: string, payload: object) => server.app.inject({ method: 'POST', url, payload });

describe('validators', () => {
  it('a known answer is not sent again, and another one is', async () => {
    const request = { model: 'house', tokens_input: 1, tokens_output: 1, cost_usd: '1' };
    await post('/v1/llm/requests', request);
    const first = await get('/v1/llm/spend');
    const etag = String(first.headers.etag);
    expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
    expect(first.headers['cache-control']).toBe('private, no-cache');
    for (const known of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
      const again = await get('/v1/llm/spend', { 'if-none-match': known });
      expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag]);
      expect(again.headers).not.toHaveProperty('content-type');
      expect(again.headers['x-request-id']).toBeDefined();
    }
    expect((await get('/v1/llm/spend', { 'if-none-match': 'W/"other"' })).statusCode).toBe(200);
    await post('/v1/llm/requests', request);
    const changed = await get('/v1/llm/spend', { 'if-none-match': etag });
    expect([changed.statusCode, changed.json<{ total_cost_usd: string }>().total_cost_usd]).toEqual([
      200,
      '2',
    ]);
  });

  it('what is read often has one, and a problem has none', async () => {
    await post('/v1/top-picks/runs', {
      universe: 'nifty50',
      mode: 'Swing',
      run_id: 'r1',
      items: [{ symbol: 'TCS', recommendation: 'Buy' }],
    });
    await server.app.inject({
      method: 'PUT',
      url: '/v1/scores',
      payload: { scores: [{ symbol: 'TCS', blend_score: 1 }] },
    });
    const levels = { p: 100, r1: 101, r2: 102, r3: 103, s1: 99, s2: 98, s3: 97 };
    await server.app.inject({ method: 'PUT', url: '/v1/levels/TCS?scope=D', payload: levels });
    for (const url of [
      '/v1/top-picks/latest?universe=nifty50&mode=swing',
      '/v1/top-picks/runs/r1',
      '/v1/scores/TCS',
      '/v1/levels/TCS?scope=D',
    ]) {
      const answer = await get(url);
      expect([url, answer.statusCode, answer.headers.etag]).toEqual([
        url,
        200,
        expect.stringMatching(/^W\//),
      ]);
      const again = await get(url, { 'if-none-match': String(answer.headers.etag) });
      expect([url, again.statusCode]).toEqual([url, 304]);
    }
    // Sums over many rows tell the time that they are of, so they are seldom the same; who asks at once shares them.
    for (const url of ['/v1/llm/usage', '/v1/recommendations/performance', '/v1/memory/stats']) {
      expect([url, (await get(url)).headers.etag]).toEqual([url, expect.stringMatching(/^W\//)]);
    }
    const missing = await get('/v1/scores/NOBODY', { 'if-none-match': '*' });
    expect([missing.statusCode, missing.headers.etag]).toEqual([404, undefined]);
  });
});

it('a version is a validator as well', async () => {
  const url = '/v1/context/memory/plan/today';
  await server.app.inject({ method: 'PUT', url, payload: { value: 1 } });
  const first = await get(url);
  expect(first.headers.etag).toBe('"1"');
  expect((await get(url, { 'if-none-match': '"1"' })).statusCode).toBe(304);
  await server.app.inject({ method: 'PUT', url, payload: { value: 2 } });
  expect((await get(url, { 'if-none-match': '"1"' })).json()).toMatchObject({ value: 2 });
});

describe('compression', () => {
  it('is for those who ask for it, and for what is long enough', async () => {
    const plain = await get('/openapi.json');
    expect(plain.headers).not.toHaveProperty('content-encoding');
    const gzip = await get('/openapi.json', { 'accept-encoding': 'gzip' });
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzip.rawPayload).toString()).toBe(plain.body);
    expect(gzip.rawPayload.length).toBeLessThan(plain.rawPayload.length / 4);
    const brotli = await get('/openapi.json', { 'accept-encoding': 'gzip, br' });
    expect(brotliDecompressSync(brotli.rawPayload).toString()).toBe(plain.body);
    const short = await get('/health/live', { 'accept-encoding': 'gzip' });
    expect(short.headers).not.toHaveProperty('content-encoding');
  });

  const packed = (payload: Buffer, encoding = 'gzip') =>
    server.app.inject({
      method: 'POST',
      url: '/v1/llm/requests',
      headers: { 'content-type': 'application/json', 'content-encoding': encoding },
      payload,
    });

  it('is taken of bodies, within their bound', async () => {
    const text = JSON.stringify({ model: 'gpt-4', tokens_input: 1, tokens_output: 1 });
    expect((await packed(gzipSync(text))).statusCode).toBe(201);
    const huge = await packed(gzipSync(`${text}${' '.repeat(64 * 2 ** 20)}`));
    expect([huge.statusCode, huge.json()]).toMatchObject([413, { code: 'TOO_LARGE' }]);
    const odd = await packed(gzipSync(text), 'compress');
    expect([odd.statusCode, odd.json()]).toMatchObject([415, { code: 'UNSUPPORTED_TYPE' }]);
    const broken = await packed(Buffer.from('no gzip at all'));
    expect([broken.statusCode, broken.json()]).toMatchObject([400, { code: 'INVALID_INPUT' }]);
  });
});

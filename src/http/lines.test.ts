import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTier, type TestTier } from '../../test/support/durable.ts';
import { testServer, type TestServer } from '../../test/support/http.ts';
import { listen } from './server.ts';

let tier: TestTier;
let server: TestServer;
let origin: string;
beforeAll(async () => {
  tier = await freshTier('server');
  server = await testServer({ durable: tier.durable });
  origin = await listen(server.app, { host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await server.app.close();
  await tier.remove();
});

const line = (at: number) =>
  JSON.stringify({ model: 'gpt-4', tokens_input: at, tokens_output: 1, cost_usd: '0.001' });

/** Over a connection, as it comes. */
function send(
  lines: Iterable<string | Buffer>,
  headers: Record<string, string> = {},
): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${origin}/v1/llm/requests`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...headers },
    });
    request.once('error', reject);
    request.once('response', (response) => {
      text(response).then((body) => resolve([response.statusCode ?? 0, body]), reject);
    });
    Readable.from(lines).pipe(request);
  });
}

async function countOf(tokens: string): Promise<number> {
  const { rows } = await tier.durable.query<{ n: bigint }>(
    `select count(*) as n from llm_requests where tokens_input between ${tokens}`,
  );
  return Number(rows[0]!.n);
}

describe('lines in', () => {
  it('logs any number of them, once with a key', async () => {
    const lines = Array.from({ length: 2_345 }, (_, at) => `${line(10_000 + at)}\n`);
    const [status, body] = await send(lines, { 'idempotency-key': 'bulk' });
    expect([status, JSON.parse(body)]).toEqual([201, { lines: 2_345, logged: 2_345, repeated: 0 }]);
    const [, again] = await send(lines, { 'idempotency-key': 'bulk' });
    expect(JSON.parse(again)).toEqual({ lines: 2_345, logged: 0, repeated: 2_345 });
    expect(await countOf('10000 and 20000')).toBe(2_345);
  });

  it('takes lines wherever the network cuts them, and a last one without an end', async () => {
    const bytes = Buffer.from(`${line(20_001)}\r\n\n${line(20_002).replace('gpt-4', 'mödel 😀')}`);
    const [status, body] = await send(Array.from(bytes, (byte) => Buffer.from([byte])));
    expect([status, JSON.parse(body)]).toMatchObject([201, { lines: 2 }]);
    const { rows } = await tier.durable.query('select model from llm_requests where tokens_input = 20002');
    expect(rows).toEqual([{ model: 'mödel 😀' }]);
  });

  it.each([
    ['{"model": 7, "tokens_input": 1, "tokens_output": 1}', 400, 'line 4, model: expected'],
    ['{"model": "a"', 400, 'line 4: expected a JSON document, found "{\\"model'],
    [`${'['.repeat(300)}${']'.repeat(300)}`, 400, 'line 4: expected JSON of at most 200 levels'],
    [Buffer.from([0x22, 0xff, 0x22]), 400, 'line 4: expected UTF-8'],
    ['x'.repeat(1_200_000), 413, 'line 4: expected at most 1048576 bytes'],
  ])('a bad line ends it, and what stands before it is logged: %#', async (bad, expected, detail) => {
    const before = await countOf('30000 and 40000');
    const good = [30_001, 30_002, 30_003].map((at) => `${line(at)}\n`);
    const rest = Array.from({ length: 5_000 }, () => `${line(35_000)}\n`);
    const [status, body] = await send([...good, bad, '\n', ...rest]);
    expect([status, JSON.parse(body)]).toEqual([
      expected,
      expect.objectContaining({ detail: expect.stringContaining(detail) }),
    ]);
    expect((await countOf('30000 and 40000')) - before).toBe(3);
  });

  it.each([
    ['/v1/context/analyses', 'agent_analyses', { symbol: 'TCS', agent_type: 'technical' }],
    ['/v1/picks', 'pick_events', { symbol: 'TCS', mode: 'Swing', direction: 'LONG', signal_price: 1 }],
  ])('%s takes them as well', async (url, table, one) => {
    const send = (count: number) =>
      server.app.inject({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': 'lines' },
        payload: Array.from({ length: count }, (_, at) =>
          JSON.stringify({
            ...one,
            ...(table === 'agent_analyses' ? { score: at } : { signal_price: at + 1 }),
          }),
        ).join('\n'),
      });
    expect([(await send(700)).json(), (await send(701)).json()]).toEqual([
      { lines: 700, logged: 700, repeated: 0 },
      { lines: 701, logged: 1, repeated: 700 },
    ]);
    const { rows } = await tier.durable.query<{ n: bigint }>(`select count(*) as n from ${table}`);
    expect(Number(rows[0]!.n)).toBe(701);
  });

  it('candles and scores are put by lines, again without harm, up to a line that is refused', async () => {
    const put = async (url: string, lines: readonly object[]): Promise<[number, unknown]> => {
      const answer = await server.app.inject({
        method: 'PUT',
        url,
        headers: { 'content-type': 'application/x-ndjson' },
        payload: lines.map((one) => JSON.stringify(one)).join('\n'),
      });
      return [answer.statusCode, answer.json()];
    };
    const first = Date.UTC(2024, 0, 1, 4);
    const candles = Array.from({ length: 1_100 }, (_, at) => ({
      time: new Date(first + at * 60_000).toISOString(),
      open: at,
      high: at + 1,
      low: at,
      close: at + 1,
      volume: null,
    }));
    const prices = '/v1/prices/LINES?interval=1m';
    for (const _ of [1, 2])
      expect(await put(prices, candles)).toEqual([200, { lines: 1_100, written: 1_100 }]);
    const range = `from=2024-01-01&to=2024-01-02`;
    const { json } = await server.app.inject({ url: `${prices}&${range}` });
    expect(json<{ candles: { close: number }[] }>().candles.map(({ close }) => close)).toEqual(
      candles.map(({ close }) => close),
    );
    expect(await put(`${prices}&${range}`, candles)).toMatchObject([
      400,
      { detail: 'from: expected none with lines, found a time' },
    ]);
    const bad = [...candles.slice(0, 3), { ...candles[3], open: 'x' }];
    expect(await put('/v1/prices/CUT?interval=1m', bad)).toMatchObject([
      400,
      { detail: expect.stringContaining('line 4, open: expected a finite number') },
    ]);
    const scores = Array.from({ length: 600 }, (_, at) => ({ symbol: `LINE${at}`, blend_score: at }));
    expect(await put('/v1/scores', scores)).toEqual([200, { lines: 600, written: 600 }]);
    expect((await server.app.inject({ url: '/v1/scores/line599' })).json()).toMatchObject({
      blend_score: 599,
    });
  });

  it('other routes take none', async () => {
    const answer = await server.app.inject({
      method: 'POST',
      url: '/v1/policies',
      headers: { 'content-type': 'application/x-ndjson' },
      payload: '{}\n',
    });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      415,
      { code: 'UNSUPPORTED_TYPE', detail: expect.stringContaining('content-type') },
    ]);
  });
});

describe('lines out', () => {
  const whole = (url: string) => server.app.inject({ url, headers: { accept: 'application/x-ndjson' } });

  it('gives the whole of a list, page by page, as its pages have it', async () => {
    await tier.durable.query(`insert into ai_recommendations
      (symbol, mode, universe, source, recommendation, direction, generated_at)
      select 'TCS', 'Swing', 'nifty50', 'test', 'Buy', 'LONG', '2026-11-20T10:00:00Z'::timestamptz + n * interval '1 s'
      from generate_series(1, 1203) n`);
    const answer = await whole('/v1/recommendations?symbol=TCS&limit=2');
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/x-ndjson']);
    const items = answer.body
      .trimEnd()
      .split('\n')
      .map((one) => JSON.parse(one) as { id: number });
    expect(items).toHaveLength(1_203);
    expect(new Set(items.map(({ id }) => id)).size).toBe(1_203);
    const page = (await server.app.inject('/v1/recommendations?symbol=TCS&limit=2')).json<{
      items: object[];
    }>();
    expect(items.slice(0, 2)).toEqual(page.items);
    expect((await whole('/v1/recommendations?symbol=NONE')).body).toBe('');
    expect((await whole('/v1/recommendations?limit=0')).statusCode).toBe(400);
  });

  it('is had of the other lists as well', async () => {
    const urls = ['/v1/picks', '/v1/top-picks/runs', '/v1/context/analyses?symbol=TCS'];
    for (const url of urls) expect([url, (await whole(url)).statusCode]).toEqual([url, 200]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, type ClientOptions, createClient, StockroomProblem } from '../../src/client/index.ts';
import { listen } from '../../src/http/server.ts';
import { startTcpProxy, type TcpProxy } from '../../src/testing/index.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { apiKey, testServer, type TestServer } from '../support/http.ts';

let tier: TestTier;
let server: TestServer;
let url: string;
let client: Client;
beforeAll(async () => {
  tier = await freshTier('server');
  const apiKeys = [apiKey('app', 'read', 'write'), apiKey('reader', 'read')];
  server = await testServer({ durable: tier.durable, apiKeys });
  url = await listen(server.app, { host: '127.0.0.1', port: 0 });
  client = createClient({ url: `${url}/`, apiKey: 'app-secret' });
});
afterAll(async () => {
  await server.app.close();
  await tier.remove();
});

const request = { model: 'gpt-4', tokens_input: 1_000, tokens_output: 500, cost_usd: '0.0125' };

async function countOf(model: string): Promise<number> {
  const found = await tier.durable.query<{ n: bigint }>(
    'select count(*) as n from llm_requests where model = $1',
    [model],
  );
  return Number(found.rows[0]!.n);
}

async function problemOf(call: Promise<unknown>): Promise<StockroomProblem> {
  const problem = await call.then(
    () => expect.unreachable('it was answered'),
    (error: unknown) => error,
  );
  expect(problem).toBeInstanceOf(StockroomProblem);
  return problem as StockroomProblem;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('a client of a service', () => {
  it('logs costs once with a key, and reads the spend', async () => {
    const created_at = '2026-11-22T10:00:00+05:30';
    const log = () =>
      client.POST('/v1/llm/requests', {
        params: { header: { 'idempotency-key': 'client-day' } },
        body: {
          requests: [
            { ...request, created_at },
            { ...request, cost_usd: '0.1', created_at },
          ],
        },
      });
    expect(await log()).toMatchObject({ items: [{ repeated: false }, { repeated: false }] });
    expect(await log()).toMatchObject({ items: [{ repeated: true }, { repeated: true }] });
    const spend = await client.GET('/v1/llm/spend', { params: { query: { date: '2026-11-22' } } });
    expect(spend).toMatchObject({ total_cost_usd: '0.1125', total_requests: 2 });
  });

  it('reads the latest picks, and a part of a path that needs escaping', async () => {
    const run_id = 'nifty50:Swing:2026-11-22T20:28:31.614077/a b';
    const items = [{ symbol: 'M&M', price: 3_000, recommendation: 'Buy' }];
    const body = { run_id, universe: 'nifty50', mode: 'Swing', generated_at: '2026-11-22T20:00:00Z', items };
    await client.POST('/v1/top-picks/runs', { body });
    const query = { universe: 'NIFTY50', mode: 'swing' };
    expect(await client.GET('/v1/top-picks/latest', { params: { query } })).toMatchObject({ run_id, items });
    const run = await client.GET('/v1/top-picks/runs/{run_id}', { params: { path: { run_id } } });
    expect(run.universe).toBe('nifty50');
  });

  it('gives undefined where the answer has no body', async () => {
    const params = { path: { type: 'regime', key: 'today' } };
    await client.PUT('/v1/context/memory/{type}/{key}', { params, body: { value: ['bull'] } });
    expect(await client.DELETE('/v1/context/memory/{type}/{key}', { params })).toBeUndefined();
  });

  it('goes through a list page by page, and line by line', async () => {
    await tier.durable.query(`insert into ai_recommendations
      (symbol, mode, universe, source, recommendation, direction, generated_at, entry_price)
      select 'PAGED', 'Swing', 'NIFTY50', 'scheduler', 'Buy', 'LONG', '2026-11-22T02:59:24Z', n
      from generate_series(1, 5) n`);
    const query = { symbol: 'PAGED', evaluated: false, limit: 2 };
    const pages = await all(client.pages('/v1/recommendations', { params: { query } }));
    expect(pages.map(({ items }) => items.map((item) => item.entry_price))).toEqual([[5, 4], [3, 2], [1]]);
    const from = { ...query, cursor: pages[0]!.next_cursor! };
    expect(await all(client.pages('/v1/recommendations', { params: { query: from } }))).toEqual(
      pages.slice(1),
    );
    const lines = await all(client.lines('/v1/recommendations', { params: { query: from } }));
    expect(lines).toEqual(pages.slice(1).flatMap(({ items }) => items));
    for await (const item of client.lines('/v1/recommendations', { params: { query } })) {
      expect(item.entry_price).toBe(5);
      break;
    }
  });

  it('throws what the service says', async () => {
    const missing = await problemOf(
      client.GET('/v1/scores/{symbol}', { params: { path: { symbol: 'NOBODY' } } }),
    );
    expect(missing).toMatchObject({ name: 'StockroomProblem', status: 404, code: 'NOT_FOUND', errors: [] });
    expect(missing.message).toBe(`GET /v1/scores/{symbol}: NOT_FOUND: ${missing.detail}`);
    expect(missing.requestId).toBe((missing.body as { request_id: string }).request_id);

    const refused = await problemOf(
      client.GET('/v1/llm/spend', { params: { query: { date: '22.11.2026' } } }),
    );
    expect(refused).toMatchObject({ status: 400, code: 'INVALID_INPUT' });
    expect(refused.errors).toMatchObject([{ in: 'querystring', field: 'date', found: '"22.11.2026"' }]);

    const keyed = { params: { header: { 'idempotency-key': 'client-conflict' } } };
    await client.POST('/v1/llm/requests', { ...keyed, body: { requests: [request] } });
    const other = { requests: [{ ...request, tokens_input: 7 }] };
    const conflict = await problemOf(client.POST('/v1/llm/requests', { ...keyed, body: other }));
    expect(conflict).toMatchObject({ status: 409, code: 'IDEMPOTENCY_CONFLICT' });
    expect(
      await problemOf(client.lines('/v1/llm/requests', { params: { query: { cursor: 'x' } } }).next()),
    ).toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('throws when the key is wrong, missing or not enough', async () => {
    const ask = (apiKey?: string) =>
      createClient({ url, ...(apiKey === undefined ? {} : { apiKey }) }).GET('/v1/llm/spend');
    expect(await problemOf(ask('wrong'))).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
    expect(await problemOf(ask())).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
    const reader = createClient({ url, apiKey: 'reader-secret' });
    expect(await problemOf(reader.DELETE('/v1/scores'))).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  it('waits as long as a service asks whose limit was reached', async () => {
    const limited = await testServer({
      durable: tier.durable,
      apiKeys: [apiKey('app', 'read')],
      rateLimit: { limit: 1, windowMs: 1_000 },
    });
    try {
      const at = await listen(limited.app, { host: '127.0.0.1', port: 0 });
      const impatient = createClient({ url: at, apiKey: 'app-secret', retries: 0 });
      await impatient.GET('/v1/cache/stats');
      const refused = await problemOf(impatient.GET('/v1/cache/stats'));
      expect(refused).toMatchObject({ status: 429, code: 'RATE_LIMITED', retryAfterMs: 1_000 });
      const beganMs = performance.now();
      await createClient({ url: at, apiKey: 'app-secret' }).GET('/v1/cache/stats');
      expect(performance.now() - beganMs).toBeGreaterThan(990);
      // It would have to wait longer than it may: it says so at once.
      const hurried = createClient({ url: at, apiKey: 'app-secret', timeoutMs: 500 });
      const late = await problemOf(hurried.GET('/v1/cache/stats'));
      expect(late.code).toBe('RATE_LIMITED');
    } finally {
      await limited.app.close();
    }
  });
});

describe('a client on a bad line', () => {
  let proxy: TcpProxy;
  beforeAll(async () => {
    proxy = await startTcpProxy({ target: { host: '127.0.0.1', port: Number(new URL(url).port) } });
  });
  afterAll(() => proxy.close());

  /** Through the proxy, which works again from the second try on. */
  function throughProxy(options: Partial<ClientOptions> = {}): { client: Client; tries: () => number } {
    let tries = 0;
    const healing = (sent: Request): Promise<Response> => {
      tries += 1;
      if (tries === 2) proxy.heal();
      return fetch(sent);
    };
    const at = `http://${proxy.host}:${proxy.port}`;
    const made = createClient({ url: at, apiKey: 'app-secret', fetch: healing, ...options });
    return { client: made, tries: () => tries };
  }

  it('logs once, though the answer to the first try was lost', async () => {
    proxy.cutAfter(0, 'down');
    const through = throughProxy();
    const answer = await through.client.POST('/v1/llm/requests', {
      params: { header: { 'idempotency-key': 'client-cut' } },
      body: { requests: [{ ...request, model: 'cut' }] },
    });
    expect(answer).toMatchObject({ items: [{ repeated: true }] });
    expect([through.tries(), await countOf('cut')]).toEqual([2, 1]);
  });

  it('reads again when the answer breaks off', async () => {
    proxy.cutAfter(100, 'down');
    const through = throughProxy();
    expect(await through.client.GET('/v1/prices/stats')).toHaveProperty('hits');
    expect(through.tries()).toBe(2);
  });

  it('does not send twice what has no key', async () => {
    proxy.cutAfter(0, 'down');
    const through = throughProxy();
    const body = { requests: [{ ...request, model: 'keyless' }] };
    const lost = await problemOf(through.client.POST('/v1/llm/requests', { body }));
    expect(lost).toMatchObject({ status: 0, code: 'CONNECTION_LOST', cause: expect.any(Error) });
    const patched = await problemOf(
      through.client.PATCH('/v1/policies/{id}', { params: { path: { id: 'a' } }, body: { name: 'b' } }),
    );
    // The second call found the line healed: there is no such policy.
    expect([patched.code, through.tries()]).toEqual(['NOT_FOUND', 2]);
  });

  it('gives up after the last try', async () => {
    proxy.refuse();
    let tries = 0;
    const counted = (sent: Request): Promise<Response> => {
      tries += 1;
      return fetch(sent);
    };
    const lost = await problemOf(throughProxy({ fetch: counted, retries: 1 }).client.GET('/v1/cache/stats'));
    expect([lost.code, tries]).toEqual(['CONNECTION_LOST', 2]);
    proxy.heal();
  });

  it('ends at its deadline, and when the caller says so', async () => {
    proxy.stall('down');
    const through = throughProxy().client;
    const beganMs = performance.now();
    const late = await problemOf(through.GET('/v1/cache/stats', { timeoutMs: 300 }));
    expect(late).toMatchObject({ status: 0, code: 'DEADLINE_EXCEEDED' });
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(299);
    const aborting = new AbortController();
    const call = through.GET('/v1/cache/stats', { signal: aborting.signal });
    aborting.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    proxy.heal();
  });

  it('tells a whole list from a part of it', async () => {
    await tier.durable.query(`insert into llm_requests (model, tokens_input, tokens_output, cost_usd, created_at)
      select 'many', n, 1, 0.1, '2026-11-20T00:00:00Z' from generate_series(1, 3000) n`);
    const { client: through } = throughProxy();
    const read: unknown[] = [];
    const reading = async (): Promise<void> => {
      for await (const line of through.lines('/v1/llm/requests'))
        if (read.push(line) === 1) proxy.cutAfter(1_000, 'down');
    };
    expect(await problemOf(reading())).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(read.length).toBeGreaterThan(0);
    expect(read.length).toBeLessThan(3_000);
    proxy.heal();

    const stalling = async (): Promise<void> => {
      for await (const _ of through.lines('/v1/llm/requests', { timeoutMs: 300 })) proxy.stall('down');
    };
    expect(await problemOf(stalling())).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    proxy.heal();
    expect((await all(through.lines('/v1/llm/requests'))).length).toBeGreaterThan(3_000);
  });
});

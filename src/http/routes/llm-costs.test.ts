import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, routesOver, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { createLlmCosts, type LlmCosts } from '../../stores/llm-costs/store.ts';
import type { App } from '../app.ts';
import { routeLlmCosts } from './llm-costs.ts';

const NOW = new Date('2026-11-22T20:28:30.408Z');
const call = { model: 'gpt-4', tokens_input: 1_000, tokens_output: 500 };

describe.each(storeKinds)('LLM costs over HTTP on the %s tiers', (kind) => {
  let stores: TestStores;
  let llmCosts: LlmCosts;
  let app: App;
  beforeAll(async () => {
    stores = await freshStores(kind);
    llmCosts = createLlmCosts({ ...stores, clock: () => NOW });
    app = await routesOver((bare) => {
      bare.decorateRequest('caller', 'tester');
      routeLlmCosts(bare, llmCosts);
    });
  });
  afterAll(async () => {
    await app.close();
    await llmCosts.close();
    await stores.remove();
  });

  type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
  async function ask(method: Method, url: string, body?: unknown, headers: Record<string, string> = {}) {
    const payload =
      body === undefined
        ? {}
        : {
            payload: typeof body === 'string' ? body : JSON.stringify(body),
            headers: { 'content-type': 'application/json', ...headers },
          };
    const answer = await app.inject({ method, url, headers, ...payload });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  }

  it('one request by itself, a list of them, and an object with a list are taken', async () => {
    const one = await ask('POST', '/v1/llm/requests', call);
    expect(one).toEqual({
      status: 201,
      body: {
        id: expect.any(Number),
        created_at: '2026-11-22T20:28:30.408000Z',
        cost_usd: '0.06',
        priced: true,
        priced_by: expect.stringContaining('genai-prices'),
        repeated: false,
      },
    });
    for (const body of [[call, call], { requests: [call, { ...call, model: 'nobody-knows-it' }] }]) {
      const many = await ask('POST', '/v1/llm/requests', body);
      expect(many).toMatchObject({
        status: 201,
        body: { items: [{ cost_usd: '0.06' }, {}], next_cursor: null },
      });
    }
    expect((await ask('GET', '/v1/llm/spend')).body).toMatchObject({
      total_requests: 5,
      unpriced_requests: 1,
    });
  });

  it('the requests that were logged, newest first, page by page, and those without a price alone', async () => {
    const earlier = { ...call, created_at: '2026-11-01T00:00:00Z', user_id: 'list' };
    await ask('POST', '/v1/llm/requests', [earlier, { ...earlier, model: 'unheard-of', tags: ['a'] }]);
    const seen: Record<string, unknown>[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const next = cursor === '' ? '' : `&cursor=${cursor}`;
      const { status, body } = await ask('GET', `/v1/llm/requests?limit=3${next}`);
      expect(status).toBe(200);
      seen.push(...(body['items'] as Record<string, unknown>[]));
      cursor = body['next_cursor'] as string | null;
    }
    const times = seen.map((item) => item['created_at'] as string);
    expect(times).toEqual([...times].sort().reverse());
    expect(new Set(seen.map((item) => item['id'])).size).toBe(7);
    const { body } = await ask('GET', '/v1/llm/requests?priced=false&to=2026-11-02');
    expect(body).toEqual({
      items: [
        {
          id: expect.any(Number),
          model: 'unheard-of',
          provider: null,
          tokens_input: 1_000,
          tokens_output: 500,
          cached_read_tokens: null,
          cached_write_tokens: null,
          reasoning_tokens: null,
          cost_usd: null,
          priced_by: null,
          created_at: '2026-11-01T00:00:00.000000Z',
          tags: ['a'],
          user_id: 'list',
          response_id: null,
        },
      ],
      next_cursor: null,
    });
    expect((await ask('GET', '/v1/llm/requests?as_of=2026-11-01&priced=true')).body['items']).toHaveLength(1);
  });

  it('Idempotency-Key covers the whole request', async () => {
    const key = { 'idempotency-key': 'k-1' };
    const first = await ask('POST', '/v1/llm/requests', [call, call], key);
    const again = await ask('POST', '/v1/llm/requests', [call, call], key);
    const repeated = (first.body['items'] as object[]).map((item) => ({ ...item, repeated: true }));
    expect(again.body['items']).toEqual(repeated);
    const single = { 'idempotency-key': 'k-2' };
    const { body } = await ask('POST', '/v1/llm/requests', call, single);
    expect((await ask('POST', '/v1/llm/requests', call, single)).body).toEqual({ ...body, repeated: true });
    expect(await ask('POST', '/v1/llm/requests', { ...call, model: 'gpt-4o' }, single)).toMatchObject({
      status: 409,
      body: { code: 'IDEMPOTENCY_CONFLICT' },
    });
  });

  it.each([
    ['POST', '/v1/llm/requests', { ...call, tokens_input: -1 }, 'requests.0.tokens_input'],
    ['POST', '/v1/llm/requests', { ...call, tokens_input: 1.5 }, 'requests.0.tokens_input'],
    ['POST', '/v1/llm/requests', { ...call, tokens_output: 2 ** 53 }, 'requests.0.tokens_output'],
    ['POST', '/v1/llm/requests', [call, { ...call, tokens_output: '5' }], 'requests.1.tokens_output'],
    ['POST', '/v1/llm/requests', { ...call, model: 'a\0b' }, 'requests.0.model'],
    ['POST', '/v1/llm/requests', { ...call, model: '\ud800' }, 'requests.0.model'],
    ['POST', '/v1/llm/requests', { ...call, tags: ['a\0'] }, 'requests.0.tags.0'],
    ['POST', '/v1/llm/requests', { ...call, cost_usd: 0.5 }, 'requests.0.cost_usd'],
    ['POST', '/v1/llm/requests', { ...call, cost_usd: 'NaN' }, 'requests.0.cost_usd'],
    ['POST', '/v1/llm/requests', { ...call, created_at: '2026-02-30T00:00:00Z' }, 'requests.0.created_at'],
    ['POST', '/v1/llm/requests', { ...call, cached_read_tokens: 1_001 }, 'requests.0.tokens_input'],
    ['POST', '/v1/llm/requests', { ...call, price: 1 }, 'price'],
    ['POST', '/v1/llm/requests', [], 'requests'],
    ['POST', '/v1/llm/requests', { requests: 7 }, 'requests'],
    ['POST', '/v1/llm/requests', 'null', ''],
    ['GET', '/v1/llm/budget?daily_usd=much', undefined, 'daily_usd'],
    ['PUT', '/v1/llm/budgets', { scope: 'team:a', daily_usd: '1' }, 'scope'],
    ['PUT', '/v1/llm/budgets', { scope: 'all', daily_usd: '0' }, 'daily_usd'],
    ['PUT', '/v1/llm/budgets', { scope: 'all' }, 'daily_usd'],
    ['POST', '/v1/llm/reservations', {}, 'amount_usd'],
    ['POST', '/v1/llm/reservations', { amount_usd: '1', life_ms: 1e20 }, 'life_ms'],
    ['POST', '/v1/llm/reservations/0/settle', call, 'id'],
    ['DELETE', '/v1/llm/reservations/99999999999999999999', undefined, 'id'],
    ['GET', '/v1/llm/prices/a%00b', undefined, 'model'],
    ['PUT', '/v1/llm/prices/x', { input_usd_per_1k: '-1', output_usd_per_1k: '1' }, 'input_usd_per_1k'],
    ['POST', '/v1/llm/reprice', { from: '2026-01-02', to: '2026-01-01' }, 'to'],
  ] as const)('%s %s of %j is a 400 that names %s', async (method, url, body, field) => {
    const { status, body: problem } = await ask(method, url, body);
    expect([status, problem['code']]).toEqual([400, 'INVALID_INPUT']);
    expect((problem['errors'] as { field: string }[]).map((fault) => fault.field)).toContain(field);
  });

  it('a header that is no key, and JSON that is none, are refused', async () => {
    const { body } = await ask('POST', '/v1/llm/requests', call, { 'idempotency-key': 'x'.repeat(300) });
    expect(body).toMatchObject({ status: 400, errors: [{ in: 'headers', field: 'idempotency-key' }] });
    expect((await ask('POST', '/v1/llm/requests', '{')).status).toBe(400);
  });

  it('budgets and reservations', async () => {
    expect((await ask('GET', '/v1/llm/budget')).status).toBe(404);
    const put = await ask('PUT', '/v1/llm/budgets', { scope: 'user:u', daily_usd: '1.50' });
    expect(put).toMatchObject({
      status: 200,
      body: {
        scope: 'user:u',
        daily_usd: '1.5',
        monthly_usd: null,
        periods: [{ period: 'day', status: 'OK' }],
      },
    });
    const wanted = { user_id: 'u', amount_usd: '1' };
    const key = { 'idempotency-key': 'reserve' };
    const held = await ask('POST', '/v1/llm/reservations', wanted, key);
    expect(held).toMatchObject({ status: 201, body: { amount_usd: '1', repeated: false } });
    expect((await ask('POST', '/v1/llm/reservations', wanted, key)).body).toMatchObject({ repeated: true });
    expect(await ask('POST', '/v1/llm/reservations', wanted)).toMatchObject({
      status: 402,
      body: { code: 'BUDGET_EXCEEDED', detail: expect.stringContaining('"user:u"') },
    });
    const url = `/v1/llm/reservations/${String(held.body['id'])}`;
    const settled = await ask('POST', `${url}/settle`, { ...call, user_id: 'u', cost_usd: '0.75' });
    expect(settled).toMatchObject({ status: 200, body: { cost_usd: '0.75', priced_by: 'caller' } });
    expect(await ask('DELETE', url)).toMatchObject({ status: 200, body: { state: 'settled' } });
    const { body } = await ask('GET', '/v1/llm/budgets');
    expect(body).toMatchObject({
      items: [{ periods: [{ status: 'CAUTION', spent_usd: '0.75', held_usd: '0', percentage_used: 50 }] }],
    });
    expect((await ask('DELETE', '/v1/llm/budgets?scope=user:u')).body).toEqual({
      scope: 'user:u',
      deleted: true,
    });
    expect((await ask('DELETE', '/v1/llm/reservations/123456')).status).toBe(404);
    expect((await ask('GET', '/v1/llm/budget?daily_usd=1')).body).toMatchObject({ budget_usd: '1' });
  });

  it("prices, and prices of one's own", async () => {
    expect((await ask('GET', '/v1/llm/prices/gpt-4')).body).toMatchObject({
      input: { usd_per_1k: '0.03', tiers: [] },
      output: { usd_per_1k: '0.06' },
      cached_read: null,
    });
    expect((await ask('GET', '/v1/llm/prices/nobody-knows-it')).status).toBe(404);
    const price = { input_usd_per_1k: '1', output_usd_per_1k: '2', valid_from: '2026-01-01' };
    expect((await ask('PUT', '/v1/llm/prices/nobody-knows-it', price)).body).toMatchObject({
      valid_from: '2026-01-01T00:00:00.000000Z',
    });
    expect((await ask('GET', '/v1/llm/prices')).body).toMatchObject({
      items: [{ model: 'nobody-knows-it' }],
    });
    const { body } = await ask('POST', '/v1/llm/reprice', {
      from: '2026-11-22',
      to: '2026-11-23',
      only_unpriced: true,
    });
    expect(body).toMatchObject({ examined: 1, changed: 1, sum_before_usd: '0', sum_after_usd: '2' });
    expect((await ask('GET', '/v1/llm/spend')).body).toMatchObject({ unpriced_requests: 0 });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTier, type TestTier } from '../../test/support/durable.ts';
import { openApiFaults, type OpenApiDocument } from '../../test/support/openapi-check.ts';
import { testServer, type TestServer } from '../../test/support/http.ts';

const NOW = new Date('2026-11-22T20:28:30.408Z');

let tier: TestTier;
let server: TestServer;
beforeAll(async () => {
  tier = await freshTier('embedded');
  await tier.durable.query(`insert into llm_requests (model, tokens_input, tokens_output, cost_usd, created_at)
    values ('gpt-4', 9007199254740993, 5, 0.10, '2026-11-22T20:00:00Z'), ('gpt-4', 1, 1, 0.2, '2026-11-22T20:00:00Z')`);
  await tier.durable.query(`insert into ai_recommendations
    (symbol, mode, universe, source, recommendation, direction, generated_at, features)
    select 'M&M', 'Swing', 'NIFTY50', 'scheduler', 'Buy', 'LONG', '2026-11-22T02:59:24.4089Z', '{"a": null}'
    from generate_series(1, 3)`);
  await tier.durable.query(`insert into top_picks_runs (run_id, universe, mode, generated_at, picks_count, payload)
    values ('nifty50:Swing:2026-11-22T20:28:31.614077', 'nifty50', 'Swing', '2026-11-22T02:59:24.4089Z', 1, '{"items": [1]}')`);
  server = await testServer({ durable: tier.durable, clock: () => NOW });
});
afterAll(async () => {
  await server.app.close();
  await tier.remove();
});

async function get<T = Record<string, unknown>>(url: string): Promise<T> {
  const answer = await server.app.inject({ url });
  expect([answer.statusCode, answer.body]).toEqual([200, expect.any(String)]);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': expect.stringMatching(/^(?:no-store|private, no-cache)$/),
    'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
  });
  return answer.json<T>();
}

/** Every route of the service; a new one is a line here, and in the documentation. */
const paths = [
  '/health',
  '/health/live',
  '/health/ready',
  '/metrics',
  '/v1/cache',
  '/v1/cache/invalidate',
  '/v1/cache/stats',
  '/v1/cache/{key}',
  '/v1/context/analyses',
  '/v1/context/analyses/latest',
  '/v1/context/learnings',
  '/v1/context/memory/{type}',
  '/v1/context/memory/{type}/{key}',
  '/v1/context/preferences/{user_id}',
  '/v1/context/preferences/{user_id}/{key}',
  '/v1/events',
  '/v1/hot/info',
  '/v1/hot/keys',
  '/v1/hot/keys/{key}',
  '/v1/jobs',
  '/v1/jobs/{name}/run',
  '/v1/levels/{symbol}',
  '/v1/levels/{symbol}/score',
  '/v1/llm/budget',
  '/v1/llm/budgets',
  '/v1/llm/prices',
  '/v1/llm/prices/{model}',
  '/v1/llm/reprice',
  '/v1/llm/requests',
  '/v1/llm/reservations',
  '/v1/llm/reservations/{id}',
  '/v1/llm/reservations/{id}/settle',
  '/v1/llm/spend',
  '/v1/llm/usage',
  '/v1/market/{exchange}/session',
  '/v1/memory/cache/{key}',
  '/v1/memory/sessions',
  '/v1/memory/sessions/{session}',
  '/v1/memory/sessions/{session}/{key}',
  '/v1/memory/stats',
  '/v1/memory/working',
  '/v1/memory/working/{type}',
  '/v1/migration',
  '/v1/migration/quarantine',
  '/v1/picks',
  '/v1/picks/outcomes/compute',
  '/v1/picks/scalping-exits',
  '/v1/picks/{uuid}',
  '/v1/picks/{uuid}/outcomes/{horizon}',
  '/v1/policies',
  '/v1/policies/active',
  '/v1/policies/{id}',
  '/v1/policies/{id}/activate',
  '/v1/policies/{id}/retire',
  '/v1/prices/stats',
  '/v1/prices/{symbol}',
  '/v1/recommendations',
  '/v1/recommendations/evaluate-due',
  '/v1/recommendations/performance',
  '/v1/recommendations/scalping-exits',
  '/v1/recommendations/{id}',
  '/v1/recommendations/{id}/evaluation',
  '/v1/scores',
  '/v1/scores/top',
  '/v1/scores/{symbol}',
  '/v1/stages',
  '/v1/stages/{store}',
  '/v1/stages/{store}/route',
  '/v1/top-picks/latest',
  '/v1/top-picks/runs',
  '/v1/top-picks/runs/{run_id}',
  '/v1/top-picks/universes',
];

describe('the stores over HTTP', () => {
  it('GET /v1/llm/spend', async () => {
    expect(await get('/v1/llm/spend?date=2026-11-22')).toEqual({
      date: '2026-11-22',
      total_cost_usd: '0.3',
      total_requests: 2,
      total_input_tokens: '9007199254740994',
      total_output_tokens: 6,
      unpriced_requests: 0,
    });
    expect(await get('/v1/llm/spend')).toMatchObject({ date: '2026-11-22', total_cost_usd: '0.3' });
    expect(await get('/v1/llm/spend?as_of=2026-11-22T01:00:00%2B05:30')).toMatchObject({
      date: '2026-11-21',
      total_cost_usd: '0',
    });
  });

  it('GET /v1/llm/usage', async () => {
    expect(await get('/v1/llm/usage')).toMatchObject({ period_days: 30, total_cost_usd: '0.3' });
    expect(await get('/v1/llm/usage?days=7')).toMatchObject({
      period_days: 7,
      avg_cost_per_request: '0.15',
      by_model: [{ model: 'gpt-4', requests: 2, cost_usd: '0.3' }],
      daily_breakdown: [{ date: '2026-11-22', requests: 2, cost_usd: '0.3' }],
    });
  });

  it('GET /v1/recommendations, page by page', async () => {
    type List = { items: { id: number; symbol: string }[]; next_cursor: string | null };
    const first = await get<List>('/v1/recommendations?symbol=M%26M&evaluated=false&limit=2');
    expect(first.items.map(({ id }) => id)).toEqual([3, 2]);
    expect(first.items[0]).toMatchObject({
      features: { a: null },
      generated_at: '2026-11-22T02:59:24.408900Z',
    });
    const second = await get<List>(`/v1/recommendations?symbol=M%26M&limit=2&cursor=${first.next_cursor}`);
    expect([second.items.map(({ id }) => id), second.next_cursor]).toEqual([[1], null]);
    expect(await get<List>('/v1/recommendations?as_of=2026-11-22T02:59:24Z')).toEqual({
      items: [],
      next_cursor: null,
    });
  });

  it('GET /v1/top-picks', async () => {
    const run_id = 'nifty50:Swing:2026-11-22T20:28:31.614077';
    const run = { run_id, universe: 'nifty50', mode: 'Swing' };
    expect(await get('/v1/top-picks/latest?universe=NIFTY50&mode=SWING')).toMatchObject({
      ...run,
      items: [1],
    });
    expect(await get(`/v1/top-picks/runs/${encodeURIComponent(run_id)}`)).toMatchObject({
      ...run,
      payload: { items: [1] },
    });
    expect(await get('/v1/top-picks/runs?mode=swing')).toMatchObject({
      items: [{ run_id }],
      next_cursor: null,
    });
    const missing = await server.app.inject({ url: '/v1/top-picks/latest?universe=nifty50&mode=Options' });
    expect([missing.statusCode, missing.json<{ code: string }>().code]).toEqual([404, 'NOT_FOUND']);
    const long = await server.app.inject({ url: `/v1/top-picks/runs/${'x'.repeat(200)}` });
    expect(long.json()).toMatchObject({ detail: expect.stringContaining('There is no run "xxx') });
  });
});

describe('the description of the API', () => {
  interface Document {
    openapi: string;
    paths: Record<string, { get: { parameters?: { name: string; schema: object }[]; responses: object } }>;
    components: { schemas: Record<string, object> };
  }

  it('is OpenAPI 3.1 and names every route with its inputs and answers', async () => {
    const answer = await server.app.inject({ url: '/openapi.json' });
    const document = answer.json<Document>();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual(paths);
    const { parameters = [], responses } = document.paths['/v1/recommendations']!.get;
    expect(parameters.find(({ name }) => name === 'limit')?.schema).toMatchObject({
      type: 'integer',
      minimum: 1,
      maximum: 500,
      default: 100,
    });
    expect(parameters.find(({ name }) => name === 'evaluated')?.schema).toMatchObject({ type: 'boolean' });
    expect(Object.keys(responses)).toEqual(['200', '400', '401', '403', '429', '503']);
    expect(document.components.schemas).toHaveProperty('Problem');
    expect(answer.body).not.toContain('"$ref":"#/definitions');
  });

  it('is what a generator of clients can work with', async () => {
    const { body } = await server.app.inject({ url: '/openapi.json' });
    interface Operation {
      operationId: string;
      tags: string[];
      summary: string;
      parameters?: { name: string; in: string; required?: boolean }[];
      responses: Record<string, { description?: string; $ref?: string }>;
    }
    const document = JSON.parse(body) as {
      servers: object[];
      tags: { name: string }[];
      paths: Record<string, Record<string, Operation>>;
    };
    const all = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, operation })),
    );
    const ids = all.map(({ operation }) => operation.operationId);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at || !/^[a-z][A-Za-z0-9]*$/.test(id))).toEqual([]);
    const declared = new Set(document.tags.map(({ name }) => name));
    const used = new Set(all.flatMap(({ operation }) => operation.tags));
    expect([...used].filter((tag) => !declared.has(tag))).toEqual([]);
    expect([...declared].filter((tag) => !used.has(tag))).toEqual([]);
    for (const { path, operation } of all) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = (operation.parameters ?? []).filter((one) => one.in === 'path');
      expect([path, described.map(({ name }) => name)]).toEqual([path, inPath]);
      expect(operation.summary).not.toBe('');
      for (const answer of Object.values(operation.responses))
        expect(answer.description ?? answer.$ref).toBeTruthy();
    }
    const at = (pointer: string): unknown =>
      pointer
        .split('/')
        .slice(1)
        .reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], document);
    const refs = [...body.matchAll(/"\$ref":"(#[^"]*)"/g)].map(([, ref]) => ref!);
    expect(refs.length).toBeGreaterThan(100);
    expect(refs.filter((ref) => at(ref) === undefined)).toEqual([]);
    expect(document.servers).not.toEqual([]);
  });

  it('is right in the eyes of a strict reader', async () => {
    const { body } = await server.app.inject({ url: '/openapi.json' });
    const document = JSON.parse(body) as OpenApiDocument;
    expect(openApiFaults(document)).toEqual([]);
    const spoilt = [
      ['"operationId":"getLlmSpend"', '"operationId":"getLlmUsage"', 'operationId getLlmUsage: twice'],
      ['"operationId":"getLlmSpend"', '"operationId":"get_spend"', /get \/v1\/llm\/spend: .*not camelCase/],
      [
        '#/components/responses/TooLarge',
        '#/components/responses/Big',
        '#/components/responses/Big: not there',
      ],
      ['"in":"path","name":"model"', '"in":"path","name":"m"', /prices\/\{model\}: path model: not declared/],
      ['"type":"integer"', '"type":"int"', /type "int"$/],
    ] as const;
    for (const [right, wrong, fault] of spoilt) {
      const faults = openApiFaults(JSON.parse(body.replace(right, wrong)) as OpenApiDocument);
      expect(
        faults.some((line) => (typeof fault === 'string' ? line === fault : fault.test(line))),
        wrong,
      ).toBe(true);
    }
  });

  it('has pages that a browser may run', async () => {
    const page = await server.app.inject({ url: '/docs/' });
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toMatch(/<script>|<script [^>]*src="https?:/);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
  });
});

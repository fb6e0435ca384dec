import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scope } from '../src/core/config-values.ts';
import { type HotTier, openHot } from '../src/tiers/hot/index.ts';
import { freshTier, type TestTier } from './support/durable.ts';
import { apiKey, testServer, type TestServer } from './support/http.ts';
import { type OperationCase, operationCases } from './support/http-operations.ts';
import { type Server, startRedis } from './support/servers.ts';

/** Every operation of the description of the API, with a good request, a bad one, no key and the wrong key. */

interface Described {
  readonly 'x-scope': Scope | 'open';
}
const scopes: readonly Scope[] = ['read', 'write', 'admin'];

let redis: Server;
let hot: HotTier;
let tier: TestTier;
let server: TestServer;
let described: Map<string, Described>;
const kept: Record<string, string> = {};

beforeAll(async () => {
  redis = await startRedis();
  hot = await openHot({ redis: redis.url });
  tier = await freshTier('server');
  const apiKeys = [...scopes.map((scope) => apiKey(scope, scope)), apiKey('all', ...scopes)];
  server = await testServer({ durable: tier.durable, hot, apiKeys });
  const document = (await server.app.inject('/openapi.json')).json<{
    paths: Record<string, Record<string, Described>>;
  }>();
  described = new Map(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]) => [`${method.toUpperCase()} ${path}`, one]),
    ),
  );
});
afterAll(async () => {
  await server.app.close();
  await hot.close();
  await redis.stop();
  await tier.remove();
});

type Answer = Awaited<ReturnType<TestServer['app']['inject']>>;

async function call(name: string, request: { url: string; body?: unknown }, key?: string): Promise<Answer> {
  const url = request.url.replaceAll(/\{(\w+)\}/g, (_, part: string) => kept[part] ?? 'none');
  return server.app.inject({
    method: name.split(' ', 1)[0] as 'GET',
    url,
    headers: key === undefined ? {} : { 'x-api-key': `${key}-secret` },
    remoteAddress: '10.0.0.1',
    ...(request.body === undefined ? {} : { payload: request.body as object }),
  });
}

function keep(answer: Answer, { keep: wanted = {} }: OperationCase): void {
  for (const [name, path] of Object.entries(wanted)) {
    const value = path
      .split('.')
      .reduce<unknown>((inner, part) => (inner as Record<string, unknown>)[part], answer.json());
    kept[name] = String(value);
  }
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([
    status,
    'application/problem+json; charset=utf-8',
    expect.stringContaining(`"code":"${code}"`),
  ]);
}

it('the table has every operation that is described, and no other', () => {
  expect(Object.keys(operationCases).toSorted()).toEqual([...described.keys()].toSorted());
});

describe.each(Object.entries(operationCases))('%s', (name, given) => {
  it('answers a good request', async ({ skip }) => {
    if (given.status === 0) return skip();
    const answer = await call(name, given, 'all');
    expect([answer.statusCode, answer.body]).toEqual([given.status ?? 200, expect.any(String)]);
    keep(answer, given);
  });

  it('names what is wrong with a bad one', async ({ skip }) => {
    if (given.bad === null) return skip();
    const { field, ...bad } = given.bad;
    const answer = await call(name, { ...given, ...bad }, 'all');
    expectProblem(answer, 400, 'INVALID_INPUT');
    expect(answer.json<{ detail: string }>().detail).toMatch(new RegExp(`(?:^|[.; ])${field}: expected `));
  });

  it('needs a key, with the scope that is described', async () => {
    const scope = described.get(name)!['x-scope'];
    if (scope === 'open') {
      expect((await call(name, given)).statusCode).toBe(200);
      return;
    }
    expectProblem(await call(name, given), 401, 'UNAUTHORIZED');
    for (const other of scopes.filter((one) => one !== scope)) {
      expectProblem(await call(name, given, other), 403, 'FORBIDDEN');
    }
  });
});

it('nothing is described to be open but the probes', () => {
  const open = [...described].filter(([, one]) => one['x-scope'] === 'open').map(([name]) => name);
  expect(open).toEqual(['GET /health/live', 'GET /health/ready']);
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, routesOver, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import type { App } from '../../http/app.ts';
import { routeContext } from '../../http/routes/context.ts';
import { type Context, createContext } from './store.ts';

describe.each(storeKinds)('routes of the context: %s', (kind) => {
  let stores: TestStores;
  let context: Context;
  let app: App;
  type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';
  const ask = (method: Method, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    app.inject({
      method,
      url: `/v1/context${path}`,
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    });

  beforeAll(async () => {
    stores = await freshStores(kind);
    context = createContext(stores);
    app = await routesOver((to) => routeContext(to, context));
  });
  afterAll(async () => {
    await app.close();
    await context.close();
    await stores.remove();
  });

  it('analyses: one, many, the latest and the history', async () => {
    const one = await ask('POST', '/analyses', {
      symbol: 'M&M',
      agent_type: 'risk',
      score: 1,
      signals: [{}],
    });
    expect([one.statusCode, one.json()]).toMatchObject([
      201,
      { symbol: 'M&M', signals: [{}], repeated: false },
    ]);
    const many = await ask(
      'POST',
      '/analyses',
      [
        { symbol: 'M&M', agent_type: 'risk', score: 2 },
        { symbol: 'M&M', agent_type: 'policy', score: 3, metadata: { a: null } },
      ],
      { 'idempotency-key': 'many' },
    );
    expect(many.json()).toMatchObject({ items: [{ score: 2 }, { score: 3 }], next_cursor: null });
    const symbol = encodeURIComponent('M&M');
    const latest = await ask('GET', `/analyses/latest?symbol=${symbol}&agent_type=risk&max_age_minutes=5`);
    expect([latest.statusCode, latest.json()]).toMatchObject([200, { score: 2, metadata: null }]);
    const history = await ask('GET', `/analyses?symbol=${symbol}&days=1&limit=2`);
    expect(history.json()).toMatchObject({ items: [{ score: 3, metadata: { a: null } }, { score: 2 }] });
    expect(history.json().next_cursor).toEqual(expect.any(String));
    const none = await ask('GET', '/analyses/latest?symbol=X&agent_type=risk');
    expect([none.statusCode, none.json().code]).toEqual([404, 'NOT_FOUND']);
  });

  it('memory: a value, its version, a conflict, its end', async () => {
    const path = `/memory/user/${encodeURIComponent('a/b:{c}')}`;
    const put = await ask('PUT', path, { value: { n: 1 }, ttl_seconds: 60 });
    expect([put.statusCode, put.json()]).toMatchObject([
      200,
      { type: 'user', key: 'a/b:{c}', value: { n: 1 } },
    ]);
    const { version } = put.json<{ version: number }>();
    const got = await ask('GET', path);
    expect([got.headers['etag'], got.json().version]).toEqual([`"${version}"`, version]);
    const conflict = await ask('PUT', path, { value: 2, expected_version: version + 1 });
    expect([conflict.statusCode, conflict.json().code]).toEqual([409, 'CONFLICT']);
    expect(conflict.json().detail).toContain(`version ${version}`);
    expect((await ask('PUT', path, { value: 2 }, { 'if-none-match': '*' })).statusCode).toBe(409);
    const next = await ask('PUT', path, { value: 2 }, { 'if-match': `"${version}"` });
    expect([next.statusCode, next.json().value]).toEqual([200, 2]);
    expect((await ask('DELETE', path, undefined, { 'if-match': `"${version}"` })).statusCode).toBe(409);
    expect((await ask('GET', '/memory/user')).json().items).toMatchObject([{ key: 'a/b:{c}' }]);
    const gone = await ask('DELETE', path);
    expect([gone.statusCode, gone.body]).toEqual([204, '']);
    expect((await ask('GET', path)).statusCode).toBe(404);
    expect((await ask('DELETE', path)).statusCode).toBe(404);
    expect((await ask('PUT', path, { value: null, expected_version: 0 })).json()).toMatchObject({
      value: null,
    });
  });

  it('preferences: one, several, all', async () => {
    const user = `/preferences/${encodeURIComponent('u:{1}*')}`;
    expect((await ask('PUT', `${user}/risk`, { value: 'moderate' })).json()).toMatchObject({
      user_id: 'u:{1}*',
      key: 'risk',
      value: 'moderate',
      updated_at: expect.any(String),
    });
    expect((await ask('GET', `${user}/risk`)).json()).toEqual({
      user_id: 'u:{1}*',
      key: 'risk',
      value: 'moderate',
    });
    const several = await ask('PUT', user, { preferences: { sectors: ['IT'], notify: true } });
    const all = { user_id: 'u:{1}*', preferences: { risk: 'moderate', sectors: ['IT'], notify: true } };
    expect(several.json()).toEqual(all);
    expect((await ask('GET', user)).json()).toEqual(all);
    expect((await ask('GET', `${user}/none`)).statusCode).toBe(404);
  });

  it('learnings: counted, and listed', async () => {
    const body = { agent_type: 'risk', pattern: 'gap', accuracy: 0.5, samples: 4 };
    await ask('POST', '/learnings', body);
    const learnt = await ask('POST', '/learnings', { agent_type: 'risk', pattern: 'gap', correct: true });
    expect(learnt.json()).toMatchObject({ accuracy: 0.6, sample_size: 5, repeated: false });
    expect((await ask('GET', '/learnings?agent_type=risk')).json()).toMatchObject({
      items: [{ pattern: 'gap', sample_size: 5 }],
      next_cursor: null,
    });
  });

  it.each([
    ['POST', '/analyses', { agent_type: 'a' }, 'symbol'],
    ['POST', '/analyses', { symbol: 'S', agent_type: 'a', scores: 1 }, 'scores'],
    ['POST', '/analyses', { symbol: 'S', agent_type: 'a', score: '1' }, 'score'],
    ['POST', '/analyses', { symbol: 'S\0', agent_type: 'a' }, 'symbol'],
    ['POST', '/analyses', { symbol: 'S', agent_type: 'a', signals: ['\0'] }, 'signals[0]'],
    ['POST', '/analyses', { symbol: 'S', agent_type: 'a', reasoning: '\ud800' }, 'reasoning'],
    ['POST', '/analyses', { symbol: 'S', agent_type: 'a', created_at: 'now' }, 'created_at'],
    ['POST', '/analyses', [{ symbol: 'S', agent_type: 'a' }, { symbol: 1 }], '1.symbol'],
    ['POST', '/analyses', [], '1 to 500'],
    ['POST', '/analyses', 'text', 'an analysis'],
    ['GET', '/analyses', undefined, 'symbol'],
    ['GET', '/analyses?symbol=S&days=0', undefined, 'days'],
    ['GET', '/analyses/latest?symbol=S&agent_type=a&max_age_minutes=1.5', undefined, 'max_age_minutes'],
    ['GET', '/analyses/latest?symbol=S&agent_type=a%00', undefined, 'agent_type'],
    ['PUT', '/memory/t/k', {}, 'value'],
    ['PUT', '/memory/t/k', { value: '\0' }, 'value'],
    ['PUT', '/memory/t/k%00', { value: 1 }, 'key'],
    ['PUT', '/memory/t/k', { value: 1, ttl_seconds: 1.5 }, 'ttl_seconds'],
    ['PUT', '/memory/t/k', { value: 1, expected_version: 'x' }, 'expected_version'],
    ['PUT', '/memory/t/k', { value: 1, expected_version: 1.5 }, 'expected_version'],
    ['GET', '/memory/t?cursor=%21', undefined, 'cursor'],
    ['PUT', '/preferences/u/k', { values: 1 }, 'values'],
    ['PUT', '/preferences/u', { preferences: [] }, 'preferences'],
    ['PUT', '/preferences/u', { preferences: { 'a\0': 1 } }, 'preferences'],
    ['PUT', '/preferences/u', { preferences: { a: '\0' } }, 'a'],
    ['POST', '/learnings', { agent_type: 'a', pattern: 'p' }, 'correct'],
    ['POST', '/learnings', { agent_type: 'a', pattern: 'p', accuracy: 1.1 }, 'accuracy'],
    ['POST', '/learnings', { agent_type: 'a', pattern: 'p', correct: true, samples: 1e12 }, 'samples'],
    ['GET', '/learnings?limit=0', undefined, 'limit'],
  ] as const)('%s %s with %j is refused, naming %s', async (method, path, body, field) => {
    const answer = await ask(method, path, body);
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'INVALID_INPUT']);
    expect(answer.json().detail).toContain(field);
  });

  it('a number too big for JSON, half of a tag and two conditions are refused', async () => {
    const headers = { 'content-type': 'application/json' };
    const payload = '{"value": 1e999}';
    const big = await app.inject({ method: 'PUT', url: '/v1/context/memory/t/k', payload, headers });
    expect([big.statusCode, big.json().detail]).toEqual([400, expect.stringContaining('value')]);
    const tag = await ask('PUT', '/memory/t/k', { value: 1 }, { 'if-match': '12' });
    expect([tag.statusCode, tag.json().detail]).toEqual([400, expect.stringContaining('if-match')]);
    const both = await ask('PUT', '/memory/t/k', { value: 1 }, { 'if-match': '"1"', 'if-none-match': '*' });
    expect(both.statusCode).toBe(400);
  });
});

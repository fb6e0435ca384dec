import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MemoryWorld, memoryWorld } from '../../../test/support/agent-memory.ts';
import { routesOver, storeKinds } from '../../../test/support/stores.ts';
import type { App } from '../app.ts';
import { routeMemory } from './memory.ts';

describe.each(storeKinds)('the memory routes on %s', (kind) => {
  let world: MemoryWorld;
  let app: App;

  beforeAll(async () => {
    world = await memoryWorld(kind);
    app = await routesOver((bare) => routeMemory(bare, world.process()));
  });
  afterAll(async () => {
    await app.close();
    await world.remove();
  });

  const ask = async (method: 'GET' | 'PUT' | 'DELETE', path: string, body?: unknown) => {
    const answer = await app.inject({
      method,
      url: `/v1/memory/${path}`,
      ...(body === undefined
        ? {}
        : { payload: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  };
  const name = (text: string): string => encodeURIComponent(text);

  it('sessions', async () => {
    const [session, key] = [name('a:b/c {*}'), name('k/1')];
    const put = await ask('PUT', `sessions/${session}/${key}`, { value: { n: 1 }, ttl_seconds: 60 });
    expect(put).toMatchObject({
      status: 200,
      body: { session: 'a:b/c {*}', key: 'k/1', ttl_seconds: 60, sliding: true },
    });
    expect(await ask('GET', `sessions/${session}/${key}`)).toEqual({
      status: 200,
      body: { session: 'a:b/c {*}', key: 'k/1', value: { n: 1 } },
    });
    expect(await ask('PUT', `sessions/${session}/null`, { value: null })).toMatchObject({ status: 200 });
    expect(await ask('GET', `sessions/${session}/null`)).toMatchObject({
      status: 200,
      body: { value: null },
    });
    expect(await ask('GET', `sessions/${session}?limit=1`)).toMatchObject({
      status: 200,
      body: {
        session: 'a:b/c {*}',
        items: [{ key: 'k/1', value: { n: 1 } }],
        next_cursor: expect.any(String),
      },
    });
    expect(await ask('GET', 'sessions')).toMatchObject({
      status: 200,
      body: { items: [{ session: 'a:b/c {*}', expires_at: expect.stringMatching(/Z$/) }], next_cursor: null },
    });
    expect(await ask('DELETE', `sessions/${session}/${key}`)).toMatchObject({ body: { deleted: true } });
    expect(await ask('DELETE', `sessions/${session}/${key}`)).toMatchObject({ body: { deleted: false } });
    expect(await ask('GET', `sessions/${session}/${key}`)).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND' },
    });
    expect(await ask('DELETE', `sessions/${session}`)).toMatchObject({ status: 200, body: { ended: true } });
    expect(await ask('DELETE', `sessions/${session}`)).toMatchObject({ status: 200, body: { ended: false } });
    expect(await ask('GET', `sessions/${session}`)).toMatchObject({ status: 404 });
  });

  it('cache', async () => {
    expect(await ask('PUT', 'cache/a', { value: [1] })).toEqual({
      status: 200,
      body: { key: 'a', ttl_seconds: 300 },
    });
    expect(await ask('GET', 'cache/a')).toEqual({ status: 200, body: { key: 'a', value: [1] } });
    expect(await ask('DELETE', 'cache/a')).toMatchObject({ body: { deleted: true } });
    expect(await ask('GET', 'cache/a')).toMatchObject({ status: 404 });
  });

  it('working memory', async () => {
    expect(await ask('PUT', 'working/market', { value: 'open' })).toEqual({
      status: 200,
      body: { type: 'market', ttl_seconds: null },
    });
    expect(await ask('GET', 'working/market')).toMatchObject({ body: { type: 'market', value: 'open' } });
    expect(await ask('GET', 'working')).toEqual({
      status: 200,
      body: { items: [{ type: 'market', value: 'open' }], next_cursor: null },
    });
    expect(await ask('GET', 'working/none')).toMatchObject({ status: 404 });
  });

  it('statistics', async () => {
    expect(await ask('GET', 'stats')).toMatchObject({
      status: 200,
      body: { working: { entries: 1 }, reads: { cache: { hits: expect.any(Number) } }, state: { queued: 0 } },
    });
  });

  const value = 1;
  it.each<[string, 'GET' | 'PUT' | 'DELETE', string, unknown, string]>([
    ['no value', 'PUT', 'sessions/s/k', {}, 'value'],
    ['no body', 'PUT', 'cache/k', undefined, ''],
    ['a body that is no object', 'PUT', 'cache/k', [1], ''],
    ['an unknown field', 'PUT', 'cache/k', { value, sliding: true }, 'sliding'],
    ['a life of 0', 'PUT', 'sessions/s/k', { value, ttl_seconds: 0 }, 'ttl_seconds'],
    ['a life of text', 'PUT', 'working/k', { value, ttl_seconds: '60' }, 'ttl_seconds'],
    ['an endless life', 'PUT', 'cache/k', { value, ttl_seconds: 1e300 }, 'ttl_seconds'],
    ['a kind that is none', 'PUT', 'sessions/s/k', { value, sliding: 'yes' }, 'sliding'],
    ['NUL in a value', 'PUT', 'cache/k', { value: 'a\0' }, 'value'],
    ['half a pair in a value', 'PUT', 'cache/k', { value: { a: '\ud800' } }, 'value.a'],
    ['half a pair in a name of a value', 'PUT', 'cache/k', { value: { '\ud800': 1 } }, 'value'],
    ['NUL in a session', 'PUT', 'sessions/a%00/k', { value }, 'session'],
    ['NUL in a key', 'GET', 'sessions/a/k%00', undefined, 'key'],
    ['a long key', 'GET', `cache/${'x'.repeat(201)}`, undefined, 'key'],
    ['a long type', 'PUT', `working/${'x'.repeat(201)}`, { value }, 'type'],
    ['a limit of 0', 'GET', 'sessions?limit=0', undefined, 'limit'],
    ['a cursor of somebody else', 'GET', 'working?cursor=%25', undefined, 'cursor'],
    ['an empty cursor', 'GET', 'sessions?cursor=', undefined, 'cursor'],
    ['an unknown parameter', 'GET', 'working?prefix=a', undefined, 'prefix'],
  ])('refuse %s', async (_, method, path, body, field) => {
    const answer = await ask(method, path, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
    expect(answer.body['detail']).toContain(field);
  });

  it('refuse a number that JSON cannot hold', async () => {
    const answer = await app.inject({
      method: 'PUT',
      url: '/v1/memory/cache/k',
      headers: { 'content-type': 'application/json' },
      payload: '{"value": [1e999]}',
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json<{ detail: string }>().detail).toContain('value[0]');
  });
});

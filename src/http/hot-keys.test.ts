import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTier, type TestTier } from '../../test/support/durable.ts';
import { apiKey, testServer, type TestServer } from '../../test/support/http.ts';
import { type Server, startRedis } from '../../test/support/servers.ts';
import { type HotTier, openHot } from '../tiers/hot/index.ts';
import { createInProcessTier } from '../tiers/hot/in-process/tier.ts';

let tier: TestTier;
beforeAll(async () => {
  tier = await freshTier('server');
});
afterAll(() => tier.remove());

describe.each(['redis', 'in-process'] as const)('keys of the hot tier: %s', (kind) => {
  let redis: Server | undefined;
  let hot: HotTier;
  let server: TestServer;
  beforeAll(async () => {
    if (kind === 'redis') redis = await startRedis();
    hot =
      redis === undefined
        ? createInProcessTier({ prefix: 'app:' })
        : await openHot({ redis: redis.url, keyPrefix: 'app:' });
    const apiKeys = [apiKey('root', 'admin'), apiKey('reader', 'read', 'write')];
    server = await testServer({ durable: tier.durable, hot, apiKeys });
  });
  afterAll(async () => {
    await server.app.close();
    await hot.close();
    await redis?.stop();
  });
  const ask = (url: string, method: 'GET' | 'DELETE' = 'GET', key = 'root') =>
    server.app.inject({ method, url, headers: { 'x-api-key': `${key}-secret` } });

  /** Those of all pages, by name: a scan may give one twice. */
  async function keysOf(prefix: string): Promise<Map<string, { key: string; type: string }>> {
    const found = new Map<string, { key: string; type: string }>();
    let cursor: string | null = null;
    do {
      const more = cursor === null ? '' : `&cursor=${cursor}`;
      const answer = await ask(`/v1/hot/keys?prefix=${encodeURIComponent(prefix)}${more}`);
      expect(answer.statusCode).toBe(200);
      const page = answer.json<{ items: { key: string; type: string }[]; next_cursor: string | null }>();
      for (const item of page.items) found.set(item.key, item);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return found;
  }

  it('tells of the tier', async () => {
    const answer = await ask('/v1/hot/info', 'GET', 'reader');
    expect([answer.statusCode, answer.json()]).toMatchObject([
      200,
      { kind, prefix: 'app:', keys: expect.any(Number), breaker: 'closed', nodes: [{ connected: true }] },
    ]);
  });

  it('lists keys by their beginning, page by page', async () => {
    const names = Array.from({ length: 1_200 }, (_, at) => `rec:symbol:${at}*`);
    await Promise.all(names.map((name) => hot.statistics.count(`app:${name}`, { n: 1 })));
    await hot.statistics.count('app:other', { n: 1 });
    const found = await keysOf('rec:symbol:');
    expect([...found.values()].every(({ type }) => type === 'hash')).toBe(true);
    expect([...found.keys()].toSorted()).toEqual(names.toSorted());
    // A star is a star.
    expect((await ask('/v1/hot/keys?prefix=rec:*')).json()).toMatchObject({ items: [] });
  });

  it('tells type, life and size of each key of a list', async () => {
    await hot.sessions.put('app:list:session', { one: '1', two: '2' }, 60_000);
    await hot.statistics.count('app:list:counts', { n: 1 });
    const items = [...(await keysOf('list:')).values()];
    const bytes = expect.any(Number) as number;
    expect(items.toSorted((one, other) => (one.key < other.key ? -1 : 1))).toEqual([
      { key: 'list:counts', type: 'hash', ttl_ms: null, bytes, length: 1 },
      { key: 'list:session', type: 'hash', ttl_ms: expect.any(Number), bytes, length: 2 },
    ]);
  });

  it('shows a key and removes it, with a row in the audit log', async () => {
    await hot.sessions.put('app:some:a%3Ab/c', { one: '1' }, 60_000);
    const url = `/v1/hot/keys/${encodeURIComponent('some:a%3Ab/c')}`;
    const shown = await ask(url);
    expect([shown.statusCode, shown.json()]).toEqual([
      200,
      {
        key: 'some:a%3Ab/c',
        type: 'hash',
        ttl_ms: expect.any(Number),
        bytes: expect.any(Number),
        length: 1,
        value: { one: '1' },
        complete: true,
      },
    ]);
    expect((await ask(url, 'DELETE')).json()).toEqual({ key: 'some:a%3Ab/c', deleted: true });
    expect((await ask(url)).json()).toMatchObject({ code: 'NOT_FOUND' });
    expect((await ask(url, 'DELETE')).json()).toMatchObject({ deleted: false });
    const { rows } = await tier.durable.query(
      'select actor, action, subject, detail from audit_log where subject = $1 order by id desc limit 1',
      [url],
    );
    expect(rows).toEqual([
      {
        actor: 'root',
        action: 'http:DELETE /v1/hot/keys/:key',
        subject: url,
        detail: { outcome: 'done', status: 200, request_id: expect.any(String) },
      },
    ]);
  });

  it('is for admins', async () => {
    const wanted = [
      ['/v1/hot/keys', 'GET'],
      ['/v1/hot/keys/x', 'GET'],
      ['/v1/hot/keys/x', 'DELETE'],
    ] as const;
    for (const [url, method] of wanted) expect((await ask(url, method, 'reader')).statusCode).toBe(403);
  });

  it.each(['x', 'MTIz', Buffer.from('a|99999999999999999999').toString('base64url'), '%00'])(
    'the cursor %s is no page of it',
    async (cursor) => {
      if (kind === 'in-process' && cursor === 'MTIz') return;
      const answer = await ask(`/v1/hot/keys?cursor=${cursor}`);
      expect([answer.statusCode, answer.json()]).toMatchObject([
        400,
        { detail: expect.stringContaining('cursor: expected') },
      ]);
    },
  );
});

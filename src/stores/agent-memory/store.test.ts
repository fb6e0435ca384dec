import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MemoryWorld, memoryWorld } from '../../../test/support/agent-memory.ts';
import { storeKinds } from '../../../test/support/stores.ts';
import type { AgentMemory } from './store.ts';

describe.each(storeKinds)('agent memory on %s', (kind) => {
  let world: MemoryWorld;
  let memory: AgentMemory;
  /** Another process over the same tiers. */
  let other: AgentMemory;
  beforeAll(async () => {
    world = await memoryWorld(kind);
  });
  beforeEach(() => {
    [memory, other] = [world.process(), world.process()];
  });
  afterEach(() => world.clear());
  afterAll(() => world.remove());

  it('working memory stays until it is replaced', async () => {
    await memory.working.put('market', { open: true });
    await memory.working.put('risk', [1]);
    await memory.working.put('short', 1, { ttl_seconds: 60 });
    await world.flushAll();
    await world.stores.flush();
    world.pass(400 * 86_400);
    expect(await other.working.get('market')).toEqual({ open: true });
    expect(await other.working.get('short')).toBeUndefined();
    await other.working.put('market', { open: false });
    await world.flushAll();
    expect(await memory.working.list()).toEqual({
      items: [
        { type: 'market', value: { open: false } },
        { type: 'risk', value: [1] },
      ],
      next_cursor: null,
    });
    expect(await memory.working.delete('risk')).toBe(true);
    expect(await memory.working.get('risk')).toBeUndefined();
  });

  it('the cache keeps an answer for 300 seconds, or as long as it is told', async () => {
    await memory.cache.put('a', { x: 1 });
    await memory.cache.put('b', null, { ttl_seconds: 301 });
    world.pass(299);
    expect(await other.cache.get('a')).toEqual({ x: 1 });
    world.pass(1);
    expect(await memory.cache.get('a')).toBeUndefined();
    expect(await memory.cache.get('b')).toBeNull();
    expect(await memory.cache.delete('b')).toBe(true);
    expect(await memory.cache.delete('b')).toBe(false);
    await expect(memory.cache.put('', 1)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('statistics count what lives, and how often it was found', async () => {
    const before = (await memory.statistics()).reads!;
    await memory.sessions.put('s', 'a', 1);
    await memory.sessions.put('s', 'b', 1);
    await memory.sessions.put('t', 'a', 1, { ttl_seconds: 5 });
    await memory.sessions.put('ended', 'a', 1);
    await memory.sessions.end('ended');
    await memory.working.put('w', 1);
    await memory.cache.put('c', 1);
    await memory.cache.get('c');
    await memory.cache.get('missing');
    await memory.sessions.get('s', 'a');
    world.pass(6);
    const found = await memory.statistics();
    expect(found).toMatchObject({
      as_of: new Date(world.nowMs).toISOString(),
      sessions: { live: 1, keys: 2 },
      working: { entries: 1 },
      cache: { entries: 1 },
      analyses: 0,
      preferences: 0,
      state: { queued: 0, oldest_ms: 0 },
    });
    expect(found.reads!.cache.hits - before.cache.hits).toBe(1);
    expect(found.reads!.cache.misses - before.cache.misses).toBe(1);
    expect(found.reads!.session.hits - before.session.hits).toBe(1);
    expect(found.reads!.working.hit_rate).toBeNull();
  });

  describe('analyses', () => {
    it('are appended, and listed newest first', async () => {
      const { analyses } = memory;
      const first = await analyses.add({ symbol: 'M&M', agent_type: 'news', result: { n: 1 } });
      expect(first).toEqual({
        id: first.id,
        symbol: 'M&M',
        agent_type: 'news',
        result: { n: 1 },
        created_at: `${new Date(world.nowMs).toISOString().slice(0, -1)}000Z`,
        repeated: false,
      });
      world.pass(1);
      await analyses.add({ symbol: 'M&M', agent_type: 'news', result: 2 });
      await analyses.add({
        symbol: 'M&M',
        agent_type: 'risk',
        result: null,
        created_at: '2020-01-01T00:00:00Z',
      });
      await analyses.add({ symbol: 'TCS', agent_type: 'risk', result: 'x' });
      const results = async (query: object) =>
        (await analyses.list({ symbol: 'M&M', ...query })).items.map(({ result }) => result);
      expect(await results({})).toEqual([2, { n: 1 }, null]);
      expect(await results({ agent_type: 'news' })).toEqual([2, { n: 1 }]);
      expect(await results({ to: '2021-01-01' })).toEqual([null]);
      const page = await analyses.list({ symbol: 'M&M', limit: '2' });
      expect(await results({ cursor: page.next_cursor })).toEqual([null]);
    });

    it('are appended once a key', async () => {
      const input = { symbol: 'TCS', agent_type: 'news', result: { a: 1, b: 2 }, idempotency_key: 'once' };
      const answers = await Promise.all([memory, other, memory].map(({ analyses }) => analyses.add(input)));
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
      await expect(memory.analyses.add({ ...input, result: 1 })).rejects.toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
      });
      expect((await memory.analyses.list({ symbol: 'TCS' })).items).toHaveLength(1);
    });

    it.each([
      ['symbol', { symbol: '' }],
      ['result', { result: undefined }],
      ['result', { result: 'a\0' }],
      ['created_at', { created_at: 'last tuesday' }],
      ['agent_type', { agent_type: '\ud800' }],
    ])('with a bad %s are refused', async (field, change) => {
      const input = { symbol: 'TCS', agent_type: 'news', result: 1, ...change };
      await expect(memory.analyses.add(input)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringContaining(field),
      });
    });
  });

  it('preferences are the last value a key', async () => {
    const { preferences } = memory;
    await preferences.put('u:1', 'theme', { dark: true });
    world.pass(1);
    expect(await preferences.put('u:1', 'theme', { dark: false })).toEqual({
      key: 'theme',
      value: { dark: false },
      updated_at: `${new Date(world.nowMs).toISOString().slice(0, -1)}000Z`,
    });
    await preferences.put('u:1', 'lang', 'hi');
    await preferences.put('u', '1:lang', 'en');
    expect((await preferences.all('u:1')).map(({ key, value }) => [key, value])).toEqual([
      ['lang', 'hi'],
      ['theme', { dark: false }],
    ]);
    expect((await preferences.get('u', '1:lang'))?.value).toBe('en');
    expect(await preferences.get('u', 'lang')).toBeUndefined();
    expect(await preferences.delete('u', '1:lang')).toBe(true);
    expect(await preferences.delete('u', '1:lang')).toBe(false);
    await expect(preferences.put('u', 'k', 'x\0')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(preferences.get('u\0', 'k')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

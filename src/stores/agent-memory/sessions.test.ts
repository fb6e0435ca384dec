import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MemoryWorld, memoryWorld } from '../../../test/support/agent-memory.ts';
import { storeKinds } from '../../../test/support/stores.ts';
import type { AgentMemory } from './store.ts';

describe.each(storeKinds)('sessions on %s', (kind) => {
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

  it('keeps values by key, for every process, until it is ended', async () => {
    const { sessions } = memory;
    expect(await sessions.get('s', 'k')).toBeUndefined();
    const started = await sessions.put('s', 'k', { n: 1 });
    expect(started).toEqual({
      session: 's',
      ttl_seconds: 3600,
      sliding: true,
      started_at: new Date(world.nowMs).toISOString(),
      expires_at: new Date(world.nowMs + 3_600_000).toISOString(),
    });
    await other.sessions.put('s', 'k2', null);
    expect(await other.sessions.get('s', 'k')).toEqual({ n: 1 });
    expect(await sessions.get('s', 'k2')).toBeNull();
    await world.flushAll();
    expect((await sessions.read('s'))?.items).toEqual([
      { key: 'k', value: { n: 1 } },
      { key: 'k2', value: null },
    ]);
    expect(await sessions.delete('s', 'k')).toBe(true);
    expect(await sessions.delete('s', 'k')).toBe(false);
    expect(await sessions.get('s', 'k')).toBeUndefined();
    expect(await sessions.end('s')).toBe(true);
    expect(await sessions.end('s')).toBe(false);
    expect(await other.sessions.get('s', 'k2')).toBeUndefined();
    expect(await sessions.read('s')).toBeUndefined();
    expect(await sessions.delete('s', 'k2')).toBe(false);
    expect((await sessions.list()).items).toEqual([]);
  });

  it('is never another one, whatever the names hold', async () => {
    const names = [
      ['a:b', 'c'],
      ['a', 'b:c'],
      ['a/b', 'c'],
      ['a', 'b/c'],
      ['a%2Fb', 'c'],
      ['a%', '2Fb/c'],
      ['1', 'x'],
      ['10', 'x'],
      ['日本 *', '{🙂}'],
    ] as const;
    for (const [session, key] of names) await memory.sessions.put(session, key, `${session} ${key}`);
    for (const [session, key] of names) {
      expect(await other.sessions.get(session, key)).toBe(`${session} ${key}`);
    }
    expect((await memory.sessions.read('a'))?.items.map(({ key }) => key)).toEqual(['b/c', 'b:c']);
    expect((await memory.sessions.read('1'))?.items.map(({ key }) => key)).toEqual(['x']);
    const listed = (await memory.sessions.list()).items.map(({ session }) => session);
    expect(listed.sort()).toEqual([...new Set(names.map(([session]) => session))].sort());
    await memory.sessions.end('1');
    expect(await memory.sessions.get('10', 'x')).toBe('10 x');
  });

  it('that comes after another of its name has nothing of it', async () => {
    await memory.sessions.put('s', 'old', 1);
    await memory.sessions.end('s');
    await memory.sessions.put('s', 'new', 2);
    expect(await memory.sessions.get('s', 'old')).toBeUndefined();
    await memory.sessions.put('short', 'old', 1, { ttl_seconds: 10 });
    world.pass(11);
    await other.sessions.put('short', 'new', 2);
    expect(await memory.sessions.get('short', 'old')).toBeUndefined();
    expect((await other.sessions.read('short'))?.items).toEqual([{ key: 'new', value: 2 }]);
  });

  it('slides with every use, as a whole', async () => {
    const { sessions } = memory;
    await sessions.put('s', 'untouched', 1, { ttl_seconds: 60 });
    await sessions.put('s', 'k', 1);
    const uses = [
      () => sessions.get('s', 'k'),
      () => sessions.get('s', 'missing'),
      () => sessions.put('s', 'k', 2),
      () => sessions.read('s'),
      () => sessions.delete('s', 'missing'),
    ];
    // Far beyond the life of a value that nobody renews.
    for (let round = 0; round < 40; round += 1) {
      world.pass(45);
      await uses[round % uses.length]!();
    }
    expect(await sessions.get('s', 'untouched')).toBe(1);
    world.pass(61);
    expect(await sessions.get('s', 'untouched')).toBeUndefined();
  });

  it('slides on in another process that had no part in it', async () => {
    await memory.sessions.put('s', 'untouched', 1, { ttl_seconds: 600 });
    for (let round = 0; round < 10; round += 1) {
      world.pass(500);
      await (round % 2 === 0 ? memory : other).sessions.get('s', 'k');
    }
    await world.flushAll();
    await world.stores.flush();
    expect(await world.process().sessions.get('s', 'untouched')).toBe(1);
  });

  it('of a fixed life ends when it was to end', async () => {
    const { sessions } = memory;
    await sessions.put('f', 'k', 1, { ttl_seconds: 60, sliding: false });
    const ends = new Date(world.nowMs + 60_000).toISOString();
    world.pass(50);
    expect(await sessions.get('f', 'k')).toBe(1);
    expect(await sessions.put('f', 'k2', 2, { ttl_seconds: 60 })).toMatchObject({
      expires_at: ends,
      sliding: false,
    });
    world.pass(11);
    expect(await sessions.get('f', 'k')).toBeUndefined();
    expect(await sessions.get('f', 'k2')).toBeUndefined();
    expect((await sessions.put('f', 'k', 3)).sliding).toBe(true);
  });

  it('takes another life or kind from a put that names one, with all it has', async () => {
    const { sessions } = memory;
    await sessions.put('s', 'a', 1, { ttl_seconds: 60 });
    expect(await other.sessions.put('s', 'b', 2, { ttl_seconds: 7200 })).toMatchObject({
      ttl_seconds: 7200,
    });
    expect(await sessions.put('s', 'c', 3)).toMatchObject({ ttl_seconds: 7200, sliding: true });
    world.pass(3_000);
    expect(await sessions.get('s', 'a')).toBe(1);
    await sessions.put('s', 'd', 4, { ttl_seconds: 100, sliding: false });
    world.pass(99);
    expect(await other.sessions.get('s', 'd')).toBe(4);
    expect(await other.sessions.get('s', 'b')).toBe(2);
    world.pass(2);
    expect(await sessions.get('s', 'b')).toBeUndefined();
  });

  it('keeps what two processes put at once, also when both start it', async () => {
    for (let round = 0; round < 3; round += 1) {
      const session = `race ${round}`;
      const keys = Array.from({ length: 12 }, (_, index) => `k${index}`);
      await Promise.all(
        keys.map((key, index) => (index % 2 === 0 ? memory : other).sessions.put(session, key, index)),
      );
      for (const [index, key] of keys.entries()) expect(await other.sessions.get(session, key)).toBe(index);
      const { rows } = await world.stores.durable.query<{ record: { generation: string } }>(
        'select record from agent_sessions where session = $1',
        [session],
      );
      expect(rows).toHaveLength(1);
    }
  });

  it('that is started and ended at once is whole or gone', async () => {
    const rounds = Array.from({ length: 10 }, (_, index) => index);
    await Promise.all(
      rounds.flatMap((index) => [
        memory.sessions.put('s', `a${index}`, index),
        other.sessions.put('s', `b${index}`, index),
        (index % 2 === 0 ? memory : other).sessions.end('s'),
      ]),
    );
    await memory.sessions.put('s', 'last', 1);
    expect(await other.sessions.get('s', 'last')).toBe(1);
    await other.sessions.end('s');
    expect(await memory.sessions.get('s', 'last')).toBeUndefined();
    await world.flushAll();
    expect((await memory.sessions.list()).items).toEqual([]);
  });

  it('that was ended is not brought back by a put that was under way', async () => {
    const held = { reached: deferred(), release: deferred() };
    const slow = world.process((state) => ({
      put: async (family, key, value, options) => {
        if (family === 'session') {
          held.reached.resolve();
          await held.release.promise;
        }
        return state.put(family, key, value, options);
      },
    }));
    await memory.sessions.put('s', 'old', 1);
    const put = slow.sessions.put('s', 'new', 2, { ttl_seconds: 60 });
    await held.reached.promise;
    expect(await other.sessions.end('s')).toBe(true);
    held.release.resolve();
    expect(await put).toMatchObject({ ttl_seconds: 60 });
    expect(await memory.sessions.get('s', 'old')).toBeUndefined();
    expect(await memory.sessions.get('s', 'new')).toBe(2);
    await world.flushAll();
    expect((await memory.sessions.read('s'))?.items).toEqual([{ key: 'new', value: 2 }]);
  });

  it('survives Redis being emptied', async () => {
    await memory.sessions.put('s', 'k', 1);
    await world.flushAll();
    await world.stores.flush();
    expect(await other.sessions.get('s', 'k')).toBe(1);
    await memory.sessions.put('s', 'k2', 2);
    expect(await other.sessions.get('s', 'k2')).toBe(2);
  });

  it('leaves nothing behind for long', async () => {
    for (const session of ['a', 'b', 'c']) await memory.sessions.put(session, 'k', 1, { ttl_seconds: 1 });
    await world.flushAll();
    world.pass(2 * 86_400);
    await memory.sessions.put('d', 'k', 1);
    const { rows } = await world.stores.durable.query('select session from agent_sessions');
    expect(rows).toEqual([{ session: 'd' }]);
    const { rows: lasting } = await world.stores.durable.query(
      "select key from hot_state where family like 'session%' and expires_at is null",
    );
    expect(lasting).toEqual([]);
  });

  it('pages its keys and the sessions', async () => {
    for (const key of ['a', 'b', 'c']) await memory.sessions.put('s', key, key);
    const first = await memory.sessions.read('s', { limit: 2 });
    expect(first?.items.map(({ key }) => key)).toEqual(['a', 'b']);
    const rest = await memory.sessions.read('s', { limit: 2, cursor: first!.next_cursor! });
    expect(rest).toMatchObject({ items: [{ key: 'c', value: 'c' }], next_cursor: null });
    await memory.sessions.put('t', 'a', 1, { ttl_seconds: 5, sliding: false });
    const page = await memory.sessions.list({ limit: 1 });
    expect(page.items).toMatchObject([{ session: 's' }]);
    expect((await memory.sessions.list({ cursor: page.next_cursor! })).items).toMatchObject([
      { session: 't', ttl_seconds: 5, sliding: false },
    ]);
  });

  it.each([
    ['', 'k', {}],
    ['x'.repeat(201), 'k', {}],
    ['s', '', {}],
    ['s\0', 'k', {}],
    ['s', '\ud800', {}],
    ['s', 'k', { ttl_seconds: 0 }],
    ['s', 'k', { ttl_seconds: 5e-324 }],
    ['s', 'k', { ttl_seconds: 0.999 }],
    ['s', 'k', { ttl_seconds: Number.NaN }],
    ['s', 'k', { ttl_seconds: 1e12 }],
  ])('refuses session %j, key %j, %j', async (session, key, options) => {
    await expect(memory.sessions.put(session, key, 1, options)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });
});

function deferred() {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

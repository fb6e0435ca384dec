import type { Item } from '@langchain/langgraph-checkpoint';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshTier, type TestTier, tierKinds } from '../../../../test/support/durable.ts';
import { createLangGraphStore, type LangGraphStore } from './index.ts';
import { namespacesQuery, searchQuery } from './reads.ts';

/** What ours promises beyond `BaseStore`. */
describe.each(tierKinds)('the LangGraph store on the %s tier', (kind) => {
  let tier: TestTier;
  let store: LangGraphStore;
  let now = new Date('2026-11-24T09:00:00.000Z');
  beforeAll(async () => {
    tier = await freshTier(kind);
    store = createLangGraphStore({ durable: tier.durable, clock: () => now });
  });
  beforeEach(() => tier.durable.query('truncate agent_store_items').then(() => undefined));
  afterAll(() => tier.remove());

  it('labels stay apart whatever they hold', async () => {
    await store.put(['a:b'], 'k', { from: 'a:b' });
    await store.put(['a', 'b'], 'k', { from: 'a, b' });
    await store.put(['a'], 'b:k', { from: 'a' });
    await store.put(['a:b', 'c'], 'k', { from: 'a:b, c' });
    expect((await store.get(['a:b'], 'k'))?.value).toEqual({ from: 'a:b' });
    expect((await store.get(['a', 'b'], 'k'))?.value).toEqual({ from: 'a, b' });
    const under = async (prefix: string[]) => (await store.search(prefix)).map(({ value }) => value['from']);
    expect(await under(['a:b'])).toEqual(['a:b', 'a:b, c']);
    expect(await under(['a'])).toEqual(['a', 'a, b']);
    expect(await store.listNamespaces({ prefix: ['a:b'] })).toEqual([['a:b'], ['a:b', 'c']]);
    expect(await store.listNamespaces({ suffix: ['b'] })).toEqual([['a', 'b']]);
    await store.delete(['a:b'], 'k');
    expect(await store.get(['a', 'b'], 'k')).not.toBeNull();
  });

  it('a search of everything gives everything', async () => {
    await store.put(['x'], 'k', {});
    await store.put(['y', 'z'], 'k', {});
    expect((await store.search([])).map(({ namespace }) => namespace)).toEqual([['x'], ['y', 'z']]);
  });

  it('versions rise, and never come back', async () => {
    const first = await store.putVersioned(['v'], 'k', { n: 1 });
    const second = await store.putVersioned(['v'], 'k', { n: 2 });
    expect(second).toBeGreaterThan(first);
    expect(await store.getVersioned(['v'], 'k')).toMatchObject({
      version: second,
      item: { value: { n: 2 } },
    });
    await store.delete(['v'], 'k');
    expect(await store.getVersioned(['v'], 'k')).toBeNull();
    const third = await store.putVersioned(['v'], 'k', { n: 3 });
    expect(third).toBeGreaterThan(second);
    await store.batch([{ namespace: ['v'], key: 'k', value: { n: 4 } }]);
    expect((await store.getVersioned(['v'], 'k'))!.version).toBeGreaterThan(third);
  });

  it('writes only over the expected version', async () => {
    const conflict = { code: 'CONFLICT', details: { namespace: ['v'], key: 'k' } };
    const first = await store.putVersioned(['v'], 'k', { n: 1 }, { expectedVersion: null });
    await expect(store.putVersioned(['v'], 'k', {}, { expectedVersion: null })).rejects.toMatchObject(
      conflict,
    );
    const second = await store.putVersioned(['v'], 'k', { n: 2 }, { expectedVersion: first });
    await expect(store.putVersioned(['v'], 'k', {}, { expectedVersion: first })).rejects.toMatchObject(
      conflict,
    );
    await expect(store.deleteVersioned(['v'], 'k', first)).rejects.toMatchObject(conflict);
    expect((await store.get(['v'], 'k'))?.value).toEqual({ n: 2 });
    await store.deleteVersioned(['v'], 'k', second);
    await expect(store.deleteVersioned(['v'], 'k', second)).rejects.toMatchObject(conflict);
    expect(await store.get(['v'], 'k')).toBeNull();
  });

  it('of many writers over one version, one wins each time', async () => {
    await store.put(['count'], 'k', { n: 0 });
    const increment = async (): Promise<void> => {
      for (;;) {
        const found = await store.getVersioned(['count'], 'k');
        const next = { n: Number(found!.item.value['n']) + 1 };
        try {
          await store.putVersioned(['count'], 'k', next, { expectedVersion: found!.version });
          return;
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONFLICT' });
        }
      }
    };
    await Promise.all(Array.from({ length: 12 }, increment));
    expect((await store.get(['count'], 'k'))?.value).toEqual({ n: 12 });
  });

  it('a batch is all or nothing', async () => {
    const version = await store.putVersioned(['t'], 'a', { n: 1 });
    const stale = { namespace: ['t'], key: 'a', value: { n: 3 }, expectedVersion: version };
    await store.put(['t'], 'a', { n: 2 });
    const batch = [
      { namespace: ['t'], key: '0', value: {} },
      stale,
      { namespace: ['t'], key: 'z', value: {} },
    ];
    await expect(store.batch(batch)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await store.search(['t'])).map(({ value }) => value)).toEqual([{ n: 2 }]);
    await expect(
      store.batch([
        { namespace: ['t'], key: 'b', value: {} },
        { namespace: ['t', ''], key: 'c', value: {} },
      ]),
    ).rejects.toMatchObject({ name: 'InvalidNamespaceError' });
    expect(await store.get(['t'], 'b')).toBeNull();
    await expect(store.batch([stale, stale])).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('what a batch reads is one state, while others write', async () => {
    const pair = (n: number) => [
      { namespace: ['pair'], key: 'a', value: { n } },
      { namespace: ['pair'], key: 'b', value: { n } },
    ];
    await store.batch(pair(0));
    const writes = Array.from({ length: 40 }, (_, n) => store.batch(pair(n + 1)));
    const reads = Array.from({ length: 40 }, () =>
      store.batch([
        { namespace: ['pair'], key: 'a' },
        { namespacePrefix: ['pair'] },
        { namespace: ['pair'], key: 'b' },
      ]),
    );
    await Promise.all(writes);
    for (const results of await Promise.all(reads)) {
      const [a, found, b] = results as unknown as [Item, Item[], Item];
      expect(a.value).toEqual(b.value);
      expect(found.map(({ value }) => value)).toEqual([a.value, b.value]);
    }
  });

  it('keeps the time of making, and the JSON form of what has one', async () => {
    const made = now;
    await store.put(['time'], 'k', { at: new Date(0), gone: undefined });
    now = new Date(made.getTime() + 60_000);
    await store.put(['time'], 'k2', {});
    await store.put(['time'], 'k', { at: new Date(0), gone: undefined });
    expect(await store.get(['time'], 'k')).toEqual({
      namespace: ['time'],
      key: 'k',
      value: { at: '1970-01-01T00:00:00.000Z' },
      createdAt: made,
      updatedAt: now,
    });
  });

  it.each([
    ['an array', [1]],
    ['text', 'text'],
    ['undefined', undefined],
    ['NUL', { a: 'x\0' }],
    ['half a pair', { a: '\ud800' }],
    ['a bigint', { a: 1n }],
  ])('refuses %s as a value', async (_, value) => {
    await expect(store.put(['bad'], 'k', value as never)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await store.get(['bad'], 'k')).toBeNull();
  });

  it('refuses what it cannot keep or answer, and says what', async () => {
    const invalid = (message: string) => ({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(message),
    });
    await expect(store.put(['a'], 'k\0', {})).rejects.toMatchObject(invalid('key'));
    await expect(store.put(['a'], 'k'.repeat(2_000), {})).rejects.toMatchObject(invalid('2000 bytes'));
    await expect(store.put(['\ud800'], 'k', {})).rejects.toThrow('surrogate');
    await expect(store.put(['x'.repeat(2_000)], 'k', {})).rejects.toThrow('at most 2000 bytes');
    await expect(store.search(['a'], { limit: 10_001 })).rejects.toMatchObject(invalid('limit'));
    await expect(store.search(['a'], { offset: -1 })).rejects.toMatchObject(invalid('offset'));
    await expect(store.search(['a'], { filter: { n: { $near: 1 } } })).rejects.toMatchObject(
      invalid('$near'),
    );
    await expect(store.search(['a'], { filter: { n: { $in: 1 } } })).rejects.toMatchObject(
      invalid('filter.n.$in'),
    );
    await expect(store.listNamespaces({ maxDepth: 0 })).rejects.toMatchObject(invalid('maxDepth'));
  });

  it('keeps a name as long as it may be', async () => {
    const namespace = Array.from({ length: 100 }, () => 'x'.repeat(10));
    const key = 'k'.repeat(200);
    await store.put(namespace, key, { long: 'x'.repeat(100_000) });
    expect((await store.search(namespace.slice(0, 99)))[0]?.key).toBe(key);
  });

  it('finds arrays and objects by what they hold', async () => {
    await store.put(['deep'], 'k', { tags: ['a', 'b'], at: { x: 1, y: 2 }, big: 1e300, text: '1e999' });
    const found = async (filter: object) => (await store.search(['deep'], { filter })).length;
    expect(await found({ tags: ['a', 'b'] })).toBe(1);
    expect(await found({ tags: ['a'] })).toBe(0);
    expect(await found({ at: { y: 2, x: 1 } })).toBe(1);
    expect(await found({ big: { $gt: 1e299, $lt: Number.POSITIVE_INFINITY } })).toBe(1);
    expect(await found({ text: { $gt: 1 } })).toBe(1);
  });

  it('a search looks at its range of the index alone, in the order it gives', async () => {
    await tier.durable.query(
      `insert into agent_store_items (namespace, key, value, id, version, created_at, updated_at)
       select array['users', (n / 10)::text, 'notes'], n::text, '{}', n, n, now(), now() from generate_series(1, 5000) as n`,
    );
    await tier.durable.query('analyze agent_store_items');
    const plan = async ({ sql, statement }: ReturnType<typeof searchQuery>) =>
      JSON.stringify((await tier.durable.query(`explain ${sql}`, statement.params)).rows);
    const few = await plan(searchQuery({ namespacePrefix: ['users', '7'], filter: { a: 1 } }));
    expect(few).toMatch(/Index Cond: \(\(namespace >= .* AND \(namespace < /);
    const many = await plan(searchQuery({ namespacePrefix: ['users'] }));
    expect(many).toMatch(/Index Scan using agent_store_items_search.*Index Cond: \(\(namespace >= /);
    expect(many).not.toMatch(/Sort/);
    const list = namespacesQuery({
      matchConditions: [{ matchType: 'prefix', path: ['users', '7', '*'] }],
      limit: 10,
      offset: 0,
    });
    expect(await plan(list)).toMatch(/Index Cond: \(\(namespace >= /);
    expect(await store.search(['users', '7'], { limit: 100 })).toHaveLength(10);
  });
});

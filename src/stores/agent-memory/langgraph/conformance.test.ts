import { AsyncBatchedStore, type BaseStore, InMemoryStore } from '@langchain/langgraph-checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTier, type TestTier, tierKinds } from '../../../../test/support/durable.ts';
import { createLangGraphStore } from './index.ts';

/** What `BaseStore` promises, for the reference of the package and for ours: each test uses namespaces of its own. */
const subjects = ['reference', ...tierKinds] as const;

describe.each(subjects)('BaseStore: %s', (subject) => {
  let tier: TestTier | undefined;
  let store: BaseStore;
  beforeAll(async () => {
    tier = subject === 'reference' ? undefined : await freshTier(subject);
    store = tier === undefined ? new InMemoryStore() : createLangGraphStore({ durable: tier.durable });
  });
  afterAll(() => tier?.remove());
  const keysUnder = async (prefix: string[], options = {}) =>
    (await store.search(prefix, options)).map(({ key }) => key);

  it('gives back what was put, with its times', async () => {
    const before = Date.now();
    await store.put(['basic', 'a'], 'k', { text: 'one', nested: { list: [1, null, true] } });
    const first = await store.get(['basic', 'a'], 'k');
    expect(first).toMatchObject({
      namespace: ['basic', 'a'],
      key: 'k',
      value: { text: 'one', nested: { list: [1, null, true] } },
    });
    expect(first?.createdAt).toBeInstanceOf(Date);
    expect(first?.createdAt.getTime()).toBeGreaterThanOrEqual(before);
    const createdAt = first?.createdAt.getTime();
    await store.put(['basic', 'a'], 'k', { text: 'two' });
    const second = await store.get(['basic', 'a'], 'k');
    expect(second?.value).toEqual({ text: 'two' });
    expect(second?.createdAt.getTime()).toBe(createdAt);
    expect(second?.updatedAt.getTime()).toBeGreaterThanOrEqual(createdAt!);
    expect(await store.get(['basic', 'a'], 'other')).toBeNull();
    expect(await store.get(['basic'], 'k')).toBeNull();
  });

  it('deletes, also what is not there', async () => {
    await store.put(['gone'], 'k', { a: 1 });
    await store.delete(['gone'], 'k');
    await store.delete(['gone'], 'k');
    expect(await store.get(['gone'], 'k')).toBeNull();
    expect(await keysUnder(['gone'])).toEqual([]);
  });

  it('a prefix is whole segments', async () => {
    await store.put(['users', '1'], 'one', { n: 1 });
    await store.put(['users', '10'], 'ten', { n: 10 });
    await store.put(['users', '1', 'notes'], 'note', { n: 1 });
    await store.put(['users'], 'root', { n: 0 });
    expect((await keysUnder(['users', '1'])).sort()).toEqual(['note', 'one']);
    expect(await keysUnder(['users', '10'])).toEqual(['ten']);
    expect(await keysUnder(['user'])).toEqual([]);
    expect((await keysUnder(['users'])).sort()).toEqual(['note', 'one', 'root', 'ten']);
    expect(await store.listNamespaces({ prefix: ['users', '1'] })).toEqual([
      ['users', '1'],
      ['users', '1', 'notes'],
    ]);
  });

  it.each([
    '100%',
    'a_b',
    String.raw`back\slash`,
    'ключ',
    '日本',
    '🙂',
    '*',
    '{x}',
    '"q"',
    ' ',
    'a b',
    'NULL',
    '\u0001',
  ])('a segment %j is itself alone', async (label) => {
    await store.put(['odd', label], label, { label });
    await store.put(['odd', `${label}x`], 'longer', {});
    await store.put(['odd', 'axb', '100x'], 'other', {});
    expect(await store.get(['odd', label], label)).toMatchObject({ namespace: ['odd', label], key: label });
    expect(await keysUnder(['odd', label])).toEqual([label]);
    await store.delete(['odd', `${label}x`], 'longer');
  });

  it.each([[[]], [['']], [['a', '']], [['a.b']], [['langgraph']], [['langgraph', 'x']], [['a\0b']]])(
    'refuses to put into %j',
    async (namespace: string[]) => {
      await expect(store.put(namespace, 'k', {})).rejects.toMatchObject({ name: 'InvalidNamespaceError' });
    },
  );

  it.each([[['']], [['a', '']], [['a.b']]])('refuses to look into %j', async (namespace: string[]) => {
    for (const call of [
      store.get(namespace, 'k'),
      store.search(namespace),
      store.delete(namespace, 'k'),
      store.listNamespaces({ prefix: namespace }),
    ]) {
      await expect(call).rejects.toMatchObject({ name: 'InvalidNamespaceError' });
    }
  });

  const people: Record<string, Record<string, unknown>> = {
    ann: { age: 30, city: 'Pune', active: true },
    bob: { age: 41, city: 'Delhi', active: false, note: null },
    cid: { age: '35', city: 'Pune' },
    dee: { city: 'Goa', age: 'unknown', active: true },
  };
  it.each([
    [{ city: 'Pune' }, 'ann cid'],
    [{ city: 'pune' }, ''],
    [{ active: true }, 'ann dee'],
    [{ note: null }, 'bob'],
    [{ note: undefined }, 'ann cid dee'],
    [{ city: 'Pune', active: true }, 'ann'],
    [{ age: { $gt: 35 } }, 'bob'],
    [{ age: { $gte: 35 } }, 'bob cid'],
    [{ age: { $lt: 35 } }, 'ann'],
    [{ age: { $lte: '35' } }, 'ann cid'],
    [{ age: { $gt: 30, $lt: 41 } }, 'cid'],
    [{ age: { $gte: 0.5 } }, 'ann bob cid'],
    [{ age: { $gt: 'unknown' } }, ''],
    [{ active: { $gte: 1 } }, 'ann dee'],
    [{ note: { $lte: 0 } }, 'bob'],
    [{ age: { $eq: 30 } }, 'ann'],
    [{ age: { $ne: 30 } }, 'bob cid dee'],
    [{ active: { $ne: true } }, 'bob cid'],
    [{ city: { $in: ['Goa', 'Delhi'] } }, 'bob dee'],
    [{ city: { $in: [] } }, ''],
    [{ city: { $nin: ['Goa', 'Delhi'] } }, 'ann cid'],
    [{ active: { $nin: [true] } }, 'bob cid'],
    [{ "x'; drop table --": 1 }, ''],
    [{}, 'ann bob cid dee'],
  ])('filters by %j', async (filter, expected) => {
    for (const [key, value] of Object.entries(people)) await store.put(['people'], key, value);
    expect(await keysUnder(['people'], { filter })).toEqual(expected.split(' ').filter(Boolean));
  });

  it('pages in the order of insertion', async () => {
    const order = ['e', 'b', 'd', 'a', 'c', 'f', 'g', 'h', 'i', 'j', 'k', 'l'];
    await store.batch(order.map((key) => ({ namespace: ['pages'], key, value: { key } })));
    await store.put(['pages'], 'b', { again: true });
    expect(await keysUnder(['pages'])).toEqual(order.slice(0, 10));
    expect(await keysUnder(['pages'], { limit: 3, offset: 2 })).toEqual(['d', 'a', 'c']);
    expect(await keysUnder(['pages'], { offset: 11 })).toEqual(['l']);
    expect(await keysUnder(['pages'], { limit: 0 })).toEqual([]);
  });

  it('a search by words without embeddings gives what the filter lets through', async () => {
    await store.put(['words'], 'k', { text: 'python' });
    const [item] = await store.search(['words'], { query: 'snakes' });
    expect(item).toMatchObject({ key: 'k' });
    expect(item?.score).toBeUndefined();
  });

  it('lists namespaces by prefix, suffix, wildcard and depth', async () => {
    for (const [second, third] of [
      ['a', 'v1'],
      ['a', 'v2'],
      ['b', 'v1'],
      ['b', 'x'],
    ] as const) {
      await store.put(['list', second, third], 'k', {});
      await store.put(['list', second, third], 'k2', {});
    }
    await store.put(['list', 'a', 'v1', 'deep'], 'k', {});
    const list = (options: object) => store.listNamespaces({ prefix: ['list'], ...options });
    expect(await list({})).toEqual([
      ['list', 'a', 'v1'],
      ['list', 'a', 'v1', 'deep'],
      ['list', 'a', 'v2'],
      ['list', 'b', 'v1'],
      ['list', 'b', 'x'],
    ]);
    expect(await list({ suffix: ['v1'] })).toEqual([
      ['list', 'a', 'v1'],
      ['list', 'b', 'v1'],
    ]);
    expect(await list({ suffix: ['b', '*'] })).toEqual([
      ['list', 'b', 'v1'],
      ['list', 'b', 'x'],
    ]);
    expect(await list({ prefix: ['list', '*', 'v1'] })).toEqual([
      ['list', 'a', 'v1'],
      ['list', 'a', 'v1', 'deep'],
      ['list', 'b', 'v1'],
    ]);
    expect(await list({ suffix: ['too', 'long', 'for', 'all', 'of', 'them'] })).toEqual([]);
    expect(await list({ maxDepth: 2 })).toEqual([
      ['list', 'a'],
      ['list', 'b'],
    ]);
    expect(await list({ maxDepth: 2, limit: 1, offset: 1 })).toEqual([['list', 'b']]);
    expect(await list({ limit: 2, offset: 1 })).toEqual([
      ['list', 'a', 'v1', 'deep'],
      ['list', 'a', 'v2'],
    ]);
  });

  it('a batch reads the state before it, and its last put of an item counts', async () => {
    await store.put(['batch'], 'old', { n: 1 });
    const results: readonly unknown[] = await store.batch([
      { namespace: ['batch'], key: 'old', value: { n: 2 } },
      { namespace: ['batch'], key: 'old' },
      { namespace: ['batch'], key: 'new', value: { n: 1 } },
      { namespacePrefix: ['batch'] },
      { namespace: ['batch'], key: 'old', value: { n: 3 } },
      { matchConditions: [{ matchType: 'prefix' as const, path: ['batch'] }], limit: 10, offset: 0 },
      { namespace: ['batch'], key: 'new', value: null },
      { namespace: ['batch'], key: 'new' },
    ]);
    expect(results).toHaveLength(8);
    expect(results[3]).toHaveLength(1);
    expect(results[5]).toEqual([['batch']]);
    expect(results[7]).toBeNull();
    expect((await store.get(['batch'], 'old'))?.value).toEqual({ n: 3 });
    expect(await store.get(['batch'], 'new')).toBeNull();
    expect(await store.batch([])).toEqual([]);
  });

  it('100 concurrent batches each leave what they put', async () => {
    const rounds = Array.from({ length: 100 }, (_, index) => index);
    await Promise.all(
      rounds.map((index) =>
        store.batch([
          { namespace: ['many', 'shared'], key: index % 2 === 0 ? 'x' : 'y', value: { index } },
          { namespace: ['many', String(index)], key: 'own', value: { index } },
          { namespace: ['many', 'shared'], key: index % 2 === 0 ? 'y' : 'x', value: { index } },
          { namespace: ['many', 'shared'], key: 'x' },
        ]),
      ),
    );
    for (const index of rounds) {
      expect((await store.get(['many', String(index)], 'own'))?.value).toEqual({ index });
    }
    const [x, y] = await store.batch([
      { namespace: ['many', 'shared'], key: 'x' },
      { namespace: ['many', 'shared'], key: 'y' },
    ]);
    // Both were put by one batch: none was mixed with another.
    expect(x?.value).toEqual(y?.value);
  });

  it('works behind AsyncBatchedStore, as a compiled graph uses it', async () => {
    const batched = new AsyncBatchedStore(store);
    batched.start();
    try {
      await Promise.all([1, 2, 3].map((n) => batched.put(['queued'], `k${n}`, { n })));
      expect((await batched.get(['queued'], 'k2'))?.value).toEqual({ n: 2 });
      expect(await batched.search(['queued'], { filter: { n: { $gt: 1 } } })).toHaveLength(2);
    } finally {
      await batched.stop();
    }
  });
});

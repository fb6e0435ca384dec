import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { verifyView } from '../../tiers/views/index.ts';
import { type Context, createContext } from './store.ts';

const NOW = '2030-11-22T20:28:30.408Z';
const HOUR_MS = 3_600_000;

describe.each(storeKinds)('context memory: %s', (kind) => {
  let stores: TestStores;
  let context: Context;
  let nowMs = Date.parse(NOW);
  const legacy = (key: string, value: unknown, createdAt: string | null, expiresAt: string | null) =>
    stores.durable.query(
      `insert into context_memory (context_type, key, value, ttl, created_at, expires_at, legacy_source, legacy_id)
       values ('old', $1, $2, 3600, $3, $4, 'cache/context.db', (select coalesce(max(legacy_id), 0) + 1 from context_memory))`,
      [key, JSON.stringify(value), createdAt, expiresAt],
    );
  const rowsOf = async (key: string): Promise<number> => {
    const { rows } = await stores.durable.query('select id from context_memory where key = $1', [key]);
    return rows.length;
  };

  beforeAll(async () => {
    stores = await freshStores(kind);
    context = createContext({ ...stores, clock: () => new Date(nowMs) });
  });
  afterAll(async () => {
    await context.close();
    await stores.remove();
  });

  it('a value lives an hour, or as long as was said', async () => {
    const { memory } = context;
    const put = await memory.put('user', 'a:{b}*', { value: { n: 1, s: 'é' } });
    expect(put).toEqual({
      type: 'user',
      key: 'a:{b}*',
      value: { n: 1, s: 'é' },
      version: expect.any(Number),
      created_at: expect.stringMatching(/^2030-11-22T20:28:30\.408\d{3}Z$/),
      expires_at: expect.stringMatching(/^2030-11-22T21:28:30\.408\d{3}Z$/),
    });
    expect(await memory.entry('user', 'a:{b}*')).toEqual(put);
    expect(await memory.get('user', 'a:{b}*')).toEqual({ n: 1, s: 'é' });
    await memory.put('user', 'short', { value: null, ttl_seconds: 10 });
    expect(await memory.entry('user', 'short')).toMatchObject({ value: null });
    nowMs += 10_001;
    await expect(memory.entry('user', 'short')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    nowMs += HOUR_MS;
    await expect(memory.entry('user', 'a:{b}*')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('a write with a version needs that version to stand there', async () => {
    const { memory } = context;
    const first = await memory.put('cas', 'k', { value: 1, expected_version: 0 });
    await expect(memory.put('cas', 'k', { value: 2, expected_version: 0 })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { version: first.version },
    });
    const second = await memory.put('cas', 'k', { value: 2, expected_version: first.version });
    await expect(
      memory.put('cas', 'k', { value: 3, expected_version: String(first.version) }),
    ).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`version ${second.version}`),
    });
    await expect(memory.remove('cas', 'k', { expected_version: first.version })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await memory.remove('cas', 'k', { expected_version: second.version });
    await expect(memory.get('cas', 'k')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    // Versions never come back, so nobody who read the first one can write over a later one.
    const third = await memory.put('cas', 'k', { value: 4, expected_version: 0 });
    expect([first.version, second.version]).not.toContain(third.version);
    expect(await rowsOf('k')).toBe(1);
  });

  it('of 32 callers with the same version one writes, and no increment is lost', async () => {
    const { memory } = context;
    const { version } = await memory.put('race', 'once', { value: 0 });
    const once = await Promise.allSettled(
      Array.from({ length: 32 }, (_, n) =>
        memory.put('race', 'once', { value: n, expected_version: version }),
      ),
    );
    const won = once.filter((outcome) => outcome.status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const outcome of once) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'CONFLICT' });
    }
    expect(await memory.get('race', 'once')).toBe(won[0]!.value.value);

    await memory.put('race', 'count', { value: 0 });
    const increment = async (): Promise<void> => {
      const { value, version: seen } = await memory.entry('race', 'count');
      try {
        await memory.put('race', 'count', { value: Number(value) + 1, expected_version: seen });
      } catch (error) {
        if ((error as { code?: string }).code !== 'CONFLICT') throw error;
        await increment();
      }
    };
    await Promise.all(Array.from({ length: 8 }, increment));
    expect(await memory.entry('race', 'count')).toMatchObject({ value: 8 });
    expect(await rowsOf('count')).toBe(1);
  });

  it('migrated rows count as values, are written over, and stay where they are', async () => {
    const { memory } = context;
    await legacy('m', 'older', '2030-11-22T10:00:00Z', '2031-01-01T00:00:00Z');
    await legacy('m', 'newer', '2030-11-22T11:00:00Z', '2031-01-01T00:00:00Z');
    await legacy('m', 'nobody knows when', null, null);
    // Written by a clock that was ahead.
    await legacy('ahead', 1, '2030-12-01T00:00:00.5Z', null);
    const { value, version } = await memory.entry('old', 'm');
    expect(value).toBe('newer');
    await memory.put('old', 'm', { value: 'ours', expected_version: version, ttl_seconds: 60 });
    expect(await memory.get('old', 'm')).toBe('ours');
    expect(await rowsOf('m')).toBe(4);
    nowMs += 120_000;
    // What it was written over does not come back: not after its life, and not when rows that are over are removed.
    await expect(memory.entry('old', 'm')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await memory.sweep();
    await expect(memory.entry('old', 'm')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await memory.put('old', 'ahead', { value: 2 });
    expect(await memory.get('old', 'ahead')).toBe(2);
    await memory.remove('old', 'ahead');
    await expect(memory.entry('old', 'ahead')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(memory.remove('old', 'ahead')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await memory.put('old', 'ahead', { value: 3, expected_version: 0 });
    expect(await memory.entry('old', 'ahead')).toMatchObject({ value: 3 });
  });

  it('rows that are over go', async () => {
    const { memory } = context;
    await memory.put('gone', 'gone', { value: 1, ttl_seconds: 1 });
    nowMs += 30_000;
    await memory.sweep();
    expect(await rowsOf('gone')).toBe(1);
    nowMs += 60_000;
    expect(await memory.sweep()).toBeGreaterThan(0);
    expect(await rowsOf('gone')).toBe(0);
  });

  it('keys of a type are listed in pages', async () => {
    const { memory } = context;
    const keys = ['a', 'B', 'c:d', 'é', 'over'];
    for (const key of keys)
      await memory.put('list', key, { value: key, ttl_seconds: key === 'over' ? 1 : 60 });
    nowMs += 2_000;
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await memory.keys('list', { limit: 2, cursor });
      seen.push(...page.items.map(({ key }) => key));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(['B', 'a', 'c:d', 'é']);
    await expect(memory.keys('list', { limit: 2, cursor: '!' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it('an empty Redis changes no answer, and every key is as PostgreSQL has it', async () => {
    const { memory } = context;
    await memory.put('flush', 'x', { value: [1] });
    await stores.flush();
    expect(await memory.get('flush', 'x')).toEqual([1]);
    const bound = stores.views.all.find(({ view }) => view.pattern.startsWith('context:memory'))!;
    expect(await verifyView(stores.hot, stores.durable, bound)).toMatchObject({ differences: [] });
  });

  it.each([
    [{ value: 'a\0b' }, 'value'],
    [{ value: { '\ud800': 1 } }, 'value'],
    [{ value: Number.NaN }, 'value'],
    [{ value: 1, ttl_seconds: 0 }, 'ttl_seconds'],
    [{ value: 1, ttl_seconds: 1e300 }, 'ttl_seconds'],
    [{ value: 1, expected_version: -1 }, 'expected_version'],
    [{ value: undefined }, 'value'],
  ])('%j is refused, naming %s', async (put, field) => {
    await expect(context.memory.put('bad', 'k', put)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(field),
    });
  });

  it.runIf(kind === 'server')(
    'the key holds the JSON for the life of the value, by the common clock',
    async () => {
      const other = createContext(stores);
      const { expires_at } = await other.memory.put('plan', 'a:b', { value: { x: 1 }, ttl_seconds: 100 });
      const key = 'stockroom:context:memory:plan:a%3ab';
      expect(JSON.parse(await stores.ask<string>('GET', key))).toEqual({ x: 1 });
      const life = await stores.ask<number>('PTTL', key);
      expect(life).toBeGreaterThan(90_000);
      expect(life).toBeLessThanOrEqual(101_000);
      expect(Math.abs(Date.parse(expires_at!) - Date.now() - 100_000)).toBeLessThan(10_000);
      await other.memory.put('plan', 'brief', { value: 1, ttl_seconds: 1 });
      expect(await other.memory.get('plan', 'brief')).toBe(1);
      await vi.waitFor(
        () => expect(other.memory.get('plan', 'brief')).rejects.toMatchObject({ code: 'NOT_FOUND' }),
        { timeout: 5_000 },
      );
      await other.memory.remove('plan', 'a:b');
      expect(await stores.ask('EXISTS', key)).toBe(0);
      await other.close();
    },
  );
});

import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { combinations, DAY_MS, NEVER, stateWorld } from '../../../test/support/hot-states.ts';
import { type StateFlush, stateFlush } from '../../core/state-diagnostics.ts';
import type { JsonValue } from './index.ts';

describe.each(combinations)('hot state over $hot and $durable', (combination) => {
  const world = stateWorld(combination);

  it('gives what was put, to every process, before PostgreSQL has it', async () => {
    const [here, there] = [world.fresh(), world.handle()];
    expect(await here.get(world.family, 'a')).toBeUndefined();
    await here.put(world.family, 'a', { n: 1, list: [true, null] });
    expect(await here.get(world.family, 'a')).toEqual({ n: 1, list: [true, null] });
    expect(await there.get(world.family, 'a')).toEqual({ n: 1, list: [true, null] });
    await there.put(world.family, 'a', null);
    expect(await here.get(world.family, 'a')).toBeNull();
    expect(await world.stored()).toEqual([]);
    expect(here.lag().queued).toBe(1);
  });

  it('gives it to PostgreSQL within the lag, and on flush, and on close', async () => {
    const soon = world.fresh({ lagMs: 20 });
    await soon.put(world.family, 'soon', 'x');
    await vi.waitFor(async () => expect(await world.stored()).toMatchObject([{ key: 'soon', value: 'x' }]), {
      timeout: 20_000,
    });
    await vi.waitFor(() => expect(soon.lag()).toEqual({ queued: 0, oldestMs: 0 }), { timeout: 20_000 });
    const flushed = world.fresh();
    await flushed.put(world.family, 'flushed', 'x', { lifeMs: DAY_MS });
    await flushed.flush();
    expect(await world.stored()).toMatchObject([
      { key: 'flushed', expires_at: `${new Date(world.nowMs + DAY_MS).toISOString().slice(0, -1)}000Z` },
    ]);
    const closed = world.fresh({ ...NEVER, batchMax: 2_000 });
    await closed.putMany(
      world.family,
      Array.from({ length: 1_200 }, (_, at) => [String(at), at] as const),
    );
    expect(closed.lag().queued).toBe(1_200);
    await closed.close();
    expect(await world.stored()).toHaveLength(1_200);
    await expect(closed.put(world.family, 'late', 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(closed.get(world.family, 'late')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('keeps every value and key, in Redis and in PostgreSQL', async () => {
    const here = world.fresh();
    // jsonb has no NUL, and no order of members.
    const character = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((one) => one !== '\0');
    const value = fc.jsonValue({ stringUnit: character });
    const key = fc.string({ unit: character, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(key, value, async (name, given) => {
        const expected = JSON.parse(JSON.stringify(given)) as JsonValue;
        await here.put(world.family, name, given as JsonValue);
        expect(await here.get(world.family, name)).toEqual(expected);
        await here.flush();
        const { items } = await here.list(world.family, { prefix: name, limit: 1 });
        expect(items).toEqual([{ key: name, value: expected, expires_at_ms: null }]);
      }),
      {
        numRuns: 60,
        examples: [
          ['', 5e-324],
          ['__proto__', { constructor: 1e308 }],
          ['%:{}*', '💹'],
        ],
      },
    );
  });

  it('lists by key, page by page', async () => {
    const here = world.fresh();
    const keys = ['b:2', 'b:10', 'b:%', 'a', 'c', 'b:é'];
    await here.putMany(
      world.family,
      keys.map((key) => [key, key] as const),
    );
    await here.delete(world.family, 'c');
    const first = await here.list(world.family, { prefix: 'b:', limit: 3 });
    expect(first.items.map(({ key }) => key)).toEqual(['b:%', 'b:10', 'b:2']);
    const second = await here.list(world.family, { prefix: 'b:', limit: 3, cursor: first.next_cursor ?? '' });
    expect(second).toEqual({ items: [{ key: 'b:é', value: 'b:é', expires_at_ms: null }], next_cursor: null });
    expect((await here.list(world.family)).items.map(({ key }) => key)).toEqual([
      'a',
      'b:%',
      'b:10',
      'b:2',
      'b:é',
    ]);
    await expect(here.list(world.family, { cursor: 'no cursor' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    await expect(here.list(world.family, { limit: 501 })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('refuses what cannot be kept before anything is written', async () => {
    const here = world.fresh();
    const wrong: [string, string, unknown, { lifeMs?: number }][] = [
      [world.family, 'a', 'a\0', {}],
      [world.family, 'a', { b: ['\udfff'] }, {}],
      [world.family, 'a\0', 1, {}],
      [world.family, '\ud800', 1, {}],
      [world.family, 'k'.repeat(2_001), 1, {}],
      ['Upper', 'a', 1, {}],
      ['', 'a', 1, {}],
      [world.family, 'a', 1, { lifeMs: 0 }],
      [world.family, 'a', 1, { lifeMs: Number.NaN }],
      [world.family, 'a', 1, { lifeMs: Infinity }],
    ];
    for (const [kind, key, value, options] of wrong) {
      await expect(here.put(kind, key, value as JsonValue, options)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      });
    }
    const some = [
      ['good', 1],
      ['bad', '\0'],
    ] as const;
    await expect(here.putMany(world.family, some)).rejects.toThrow('value: expected text without NUL');
    expect(here.lag().queued).toBe(0);
    expect(await here.get(world.family, 'good')).toBeUndefined();
  });

  it('lets the last of two values of one key count', async () => {
    const here = world.fresh();
    await here.putMany(world.family, [
      ['a', 1],
      ['a', 2],
    ]);
    expect(await here.get(world.family, 'a')).toBe(2);
  });

  it('gives the rows of the migration, and never sweeps them', async () => {
    const here = world.fresh({ ...NEVER, sweepMs: 1, sweepMax: 2 });
    const past = new Date(world.nowMs - 2 * DAY_MS - 1).toISOString();
    const insert = (key: string, value: string | null, source: string | null, expires: string | null) =>
      world.test.durable.query(
        `insert into hot_state (family, key, value, expires_at, legacy_source, legacy_key)
         values ($1, $2, $3::jsonb, $4::timestamptz, $5, $2)`,
        [world.family, key, value, expires, source],
      );
    await insert('kept', '{"score": 1.5e300}', 'scores.json', null);
    await insert('empty', null, 'scores.json', null);
    await insert('endless', '1', 'scores.json', 'infinity');
    await insert('over', '1', 'scores.json', past);
    for (const key of ['swept-1', 'swept-2', 'swept-3']) await insert(key, '1', null, past);
    await here.put(world.family, 'recent', 1, { lifeMs: 1 });
    await here.flush();
    await vi.waitFor(
      async () =>
        expect((await world.stored()).map(({ key }) => key)).toEqual([
          'empty',
          'endless',
          'kept',
          'over',
          'recent',
        ]),
      { timeout: 20_000 },
    );
    expect(await here.get(world.family, 'kept')).toEqual({ score: 1.5e300 });
    expect(await here.get(world.family, 'kept')).toEqual({ score: 1.5e300 });
    expect(await here.get(world.family, 'empty')).toBeNull();
    expect(await here.get(world.family, 'endless')).toBe(1);
    expect(await here.get(world.family, 'over')).toBeUndefined();
    await here.put(world.family, 'kept', 'new');
    await here.flush();
    await world.evict('kept');
    expect(await here.get(world.family, 'kept')).toBe('new');
  });

  it('tells of every flush', async () => {
    const told: StateFlush[] = [];
    const stop = stateFlush.subscribe((message) => told.push(message));
    const here = world.fresh();
    await here.put(world.family, 'a', 1);
    await here.put(world.family, 'a', 2);
    await here.put(world.family, 'b', 2);
    await here.flush();
    stop();
    expect(told).toEqual([
      {
        rows: 2,
        failed: 0,
        durationMs: expect.any(Number),
        oldestMs: expect.any(Number),
        errorCode: undefined,
      },
    ]);
  });

  it('waits for room, and drops nothing', async () => {
    const here = world.fresh({ ...NEVER, queueMax: 5, batchMax: 2 });
    let most = 0;
    const puts = Array.from({ length: 60 }, async (_, at) => {
      await here.put(world.family, String(at), at);
      most = Math.max(most, here.lag().queued);
    });
    await Promise.all(puts);
    await here.flush();
    expect(most).toBeLessThanOrEqual(5);
    expect(await world.stored()).toHaveLength(60);
  });
});

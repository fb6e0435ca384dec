import { describe, expect, it } from 'vitest';
import { combinations, DAY_MS, stateWorld } from '../../../test/support/hot-states.ts';

describe.each(combinations)('hot state of several processes over $hot and $durable', (combination) => {
  const world = stateWorld(combination);

  it('comes back when Redis lost it, and stands there again', async () => {
    const [here, there] = [world.fresh(), world.handle()];
    await here.put(world.family, 'a', 'value', { lifeMs: DAY_MS });
    await world.evict('a');
    // Its own process has it, whatever is lost.
    expect(await here.get(world.family, 'a')).toBe('value');
    await here.flush();
    await world.evict('a');
    expect(await there.get(world.family, 'a')).toBe('value');
    expect(await world.hot.states.read(world.fullKey('a'))).toMatchObject({
      kind: 'value',
      body: '"value"',
      expiresAtMs: world.nowMs + DAY_MS,
      confirmedAtMs: expect.any(Number),
    });
  });

  it('puts nothing older back than PostgreSQL gets while it is read', async () => {
    const [here, there] = [world.fresh(), world.handle()];
    await here.put(world.family, 'a', 'old');
    await here.flush();
    await here.put(world.family, 'a', 'new');
    await world.evict('a');
    // Another process finds the old one in PostgreSQL, within the lag.
    expect(await there.get(world.family, 'a')).toBe('old');
    expect(await there.get(world.family, 'a')).toBe('old');
    expect(await here.get(world.family, 'a')).toBe('new');
    await here.flush();
    expect(await there.get(world.family, 'a')).toBe('new');
    expect(await world.hot.states.read(world.fullKey('a'))).toMatchObject({ body: '"new"' });
  });

  it('lets the later put of two processes win, in whatever order they are flushed', async () => {
    for (const [first, second] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const processes = [world.fresh(), world.handle()] as const;
      await processes[0].put(world.family, 'a', 'older');
      await processes[1].put(world.family, 'a', 'newer');
      await world.evict('a');
      await processes[first].flush();
      await processes[second].flush();
      expect(await world.stored()).toMatchObject([{ value: 'newer' }]);
      for (const process of processes) expect(await process.get(world.family, 'a')).toBe('newer');
    }
  });

  it('does not bring back what was deleted, in whatever order it is flushed', async () => {
    for (const order of ['put first', 'delete first'] as const) {
      const [here, there] = [world.fresh(), world.handle()];
      await here.put(world.family, 'a', 'value');
      expect(await there.delete(world.family, 'a')).toBe(true);
      expect(await there.delete(world.family, 'a')).toBe(false);
      expect(await here.get(world.family, 'a')).toBeUndefined();
      await world.evict('a');
      if (order === 'put first') await here.flush();
      await there.flush();
      await here.flush();
      expect(await world.stored()).toMatchObject([{ key: 'a', value: null, deleted: true }]);
      for (const state of [here, there]) expect(await state.get(world.family, 'a')).toBeUndefined();
      expect(await here.delete(world.family, 'a')).toBe(false);
      expect((await here.list(world.family)).items).toEqual([]);
      await here.put(world.family, 'a', 'again');
      await here.flush();
      await world.evict('a');
      expect(await there.get(world.family, 'a')).toBe('again');
    }
  });

  it('says of a deletion whether there was a value, also when Redis lost it', async () => {
    const [here, there] = [world.fresh(), world.handle()];
    expect(await here.delete(world.family, 'a')).toBe(false);
    await here.put(world.family, 'a', 1);
    await world.evict('a');
    expect(await here.delete(world.family, 'a')).toBe(true);
    await here.put(world.family, 'a', 1);
    await here.flush();
    await world.evict('a');
    expect(await there.delete(world.family, 'a')).toBe(true);
  });

  it('never gives a value whose life is over', async () => {
    const [here, there] = [world.fresh(), world.handle()];
    await here.put(world.family, 'short', 1, { lifeMs: DAY_MS });
    await here.put(world.family, 'long', 2, { lifeMs: 3 * DAY_MS });
    await here.flush();
    world.nowMs += DAY_MS;
    expect(await here.get(world.family, 'short')).toBeUndefined();
    expect(await here.touch(world.family, 'short', DAY_MS)).toBe(false);
    await world.evict('short');
    expect(await there.get(world.family, 'short')).toBeUndefined();
    expect(await there.delete(world.family, 'short')).toBe(false);
    expect((await there.list(world.family)).items).toMatchObject([{ key: 'long', value: 2 }]);
  });

  it('lengthens a life, never shortens it, and loses no put of another process', async () => {
    const [here, there] = [world.fresh(), world.handle()];
    await here.put(world.family, 'a', 'value', { lifeMs: DAY_MS });
    await here.put(world.family, 'endless', 'value');
    expect(await there.touch(world.family, 'a', 3 * DAY_MS)).toBe(true);
    expect(await there.touch(world.family, 'a', 1)).toBe(true);
    expect(await there.touch(world.family, 'endless', 1)).toBe(true);
    expect(await there.touch(world.family, 'missing', 1)).toBe(false);
    // The touch is flushed before the put that it was of.
    await there.flush();
    await here.flush();
    world.nowMs += 2 * DAY_MS;
    for (const key of ['a', 'endless']) {
      expect(await here.get(world.family, key)).toBe('value');
      await world.evict(key);
      expect(await there.get(world.family, key)).toBe('value');
      await world.evict(key);
      expect(await there.touch(world.family, key, 1)).toBe(true);
    }
    world.nowMs += DAY_MS;
    expect(await here.get(world.family, 'a')).toBeUndefined();
  });

  it('tells PostgreSQL of a longer life of what it has already', async () => {
    const [here, there] = [world.fresh(), world.handle()];
    await here.put(world.family, 'a', 'value', { lifeMs: DAY_MS });
    await here.flush();
    const [before] = await world.stored();
    expect(await there.touch(world.family, 'a', 3 * DAY_MS)).toBe(true);
    await there.flush();
    const [after] = await world.stored();
    expect(after).toEqual({
      ...before,
      expires_at: `${new Date(world.nowMs + 3 * DAY_MS).toISOString().slice(0, -1)}000Z`,
    });
    await world.evict('a');
    world.nowMs += 2 * DAY_MS;
    expect(await here.get(world.family, 'a')).toBe('value');
  });
});

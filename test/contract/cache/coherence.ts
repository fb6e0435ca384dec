import { expect, it } from 'vitest';
import { createCache } from '../../../src/tiers/tiered/index.ts';
import { StockroomError } from '../../../src/core/errors.ts';
import {
  allCaughtUp,
  type CacheSubject,
  caughtUp,
  eventually,
  freshName,
  fullKey,
  twoProcesses,
  withEntries,
} from './subject.ts';

export function coherenceSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  it('serves no old value longer after a write than the heartbeat', async () => {
    const { here, there } = processes().pair<number>();
    for (let round = 0; round < 8; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [here, there] : [there, here];
      const { hot } = round % 2 === 0 ? processes().there : processes().here;
      for (let again = 0; again < 3; again += 1) await reader.get('key');
      await writer.set('key', round);
      await caughtUp(hot);
      expect(await reader.get('key')).toBe(round);
      expect(await reader.getOrSet('key', () => expect.unreachable())).toBe(round);
      expect(await writer.get('key')).toBe(round);
    }
  });

  it('learns of every way to write', async () => {
    const { here, there } = processes().pair<string>();
    const keys = ['set', 'setMany', 'delete', 'made'];
    const fill = async (): Promise<void> => {
      await there.setMany(new Map(keys.map((key) => [key, 'old'])));
      await here.getMany(keys);
      await caughtUp(processes().here.hot);
      expect((await here.getMany(keys)).size).toBe(4);
    };
    await fill();
    await there.set('set', 'new');
    await there.setMany({ setMany: 'new' });
    await there.delete('delete', 'made');
    await there.getOrSet('made', () => 'new');
    await caughtUp(processes().here.hot);
    expect(Object.fromEntries(await here.getMany(keys))).toEqual({ set: 'new', setMany: 'new', made: 'new' });
    expect(await here.get('delete')).toBeUndefined();
  });

  it('learns of tags that are dropped and of clear, for what it has in the process', async () => {
    const { here, there } = processes().pair<string>();
    for (const drop of [() => there.deleteByTag('t'), () => there.clear()]) {
      await here.set('key', 'old', { tags: ['t'] });
      expect(await here.get('key')).toBe('old');
      expect(await drop()).toBe(true);
      await caughtUp(processes().here.hot);
      expect(await here.get('key')).toBeUndefined();
      expect(await here.getMany(['key'])).toEqual(new Map());
      expect(await here.getOrSet('key', () => 'new', { tags: ['t'] })).toBe('new');
    }
  });

  it.runIf(subject.outside !== undefined)('learns of writers that do not use Stockroom', async () => {
    const { here, there, name } = processes().pair<string>();
    const raw = fullKey(processes().here.hot, name, 'key');
    for (const change of [
      () => subject.outside!.set(raw, 'from outside'),
      () => subject.outside!.delete(raw),
    ]) {
      await here.set('key', 'old');
      await allCaughtUp(processes());
      expect([await here.get('key'), await there.get('key')]).toEqual(['old', 'old']);
      await change();
      await allCaughtUp(processes());
      expect([await here.get('key'), await there.get('key')]).toEqual([undefined, undefined]);
      expect(await there.getOrSet('key', () => 'made')).toBe('made');
    }
  });

  it.runIf(subject.outside !== undefined)('learns that a mark was deleted by such a writer', async () => {
    const { here, name } = processes().pair<string>();
    const { hot } = processes().here;
    await here.set('key', 'old');
    expect(await here.get('key')).toBe('old');
    await subject.outside!.delete(`${fullKey(hot, name, '')}:all`);
    await caughtUp(hot);
    expect(await here.get('key')).toBeUndefined();
  });

  it('tells two caches over one tier of each other', async () => {
    const { here } = processes();
    const name = freshName();
    const managers = [createCache(here.hot), createCache(here.hot)];
    const [one, other] = managers.map((manager) => manager.namespace<number>(name)) as [
      ReturnType<typeof createOne>,
      ReturnType<typeof createOne>,
    ];
    for (let round = 0; round < 5; round += 1) {
      await one.set('key', round, { tags: ['t'] });
      expect(await one.get('key')).toBe(round);
      expect(await other.get('key')).toBe(round);
      if (round === 2) await other.deleteByTag('t');
      if (round === 3) await other.clear();
      if (round === 4) await other.delete('key');
      if (round >= 2) expect([await one.get('key'), await other.get('key')]).toEqual([undefined, undefined]);
    }
    await Promise.all(managers.map((manager) => manager.close()));
  });
  const createOne = () => processes().here.manager.namespace<number>(freshName());

  it('keeps what was made without Redis no longer than others would need to notice', async () => {
    const { here, there } = processes();
    const name = freshName();
    let refusing = false;
    const unreachable = (): never => {
      throw new StockroomError('HOT_TIMEOUT', 'too slow');
    };
    const flaky = withEntries(here.hot, {
      read: async (key) => (refusing ? unreachable() : here.hot.entries.read(key)),
      mark: async (key) => (refusing ? unreachable() : here.hot.entries.mark(key)),
    });
    const manager = createCache(flaky);
    const cache = manager.namespace<string>(name);
    const other = there.manager.namespace<string>(name);
    await cache.get('key');
    refusing = true;
    expect(await cache.getOrSet('key', () => 'made alone', { tags: ['t'] })).toBe('made alone');
    refusing = false;
    // Nobody who drops this tag can know of that value.
    await other.deleteByTag('t');
    await eventually(async () => {
      expect(await cache.getOrSet('key', () => 'made after', { tags: ['t'] })).toBe('made after');
    });
    await manager.close();
  });

  it('believes nothing that stands in Redis where a write was not acknowledged', async () => {
    const { here, there } = processes();
    const name = freshName();
    let refusing = true;
    const refuse = (): never => {
      throw new StockroomError('HOT_REFUSED', 'out of memory');
    };
    const flaky = withEntries(here.hot, {
      write: async (...write) => (refusing ? refuse() : here.hot.entries.write(...write)),
      drop: async (...drop) => (refusing ? refuse() : here.hot.entries.drop(...drop)),
    });
    const manager = createCache(flaky);
    const cache = manager.namespace<string>(name);
    const other = there.manager.namespace<string>(name);
    await other.setMany({ set: 'old', deleted: 'old' });
    // Gets that begin while the write is on its way must leave nothing behind either.
    const [set, deleted] = await Promise.all([
      cache.set('set', 'new'),
      cache.delete('deleted'),
      cache.get('set'),
      cache.get('deleted'),
    ]);
    expect([set, deleted]).toEqual([false, false]);
    expect(await cache.get('deleted')).toBeUndefined();
    expect(['new', undefined]).toContain(await cache.get('set'));
    refusing = false;
    await eventually(async () => expect(await other.getMany(['set', 'deleted'])).toEqual(new Map()));
    expect(await cache.set('set', 'newer')).toBe(true);
    await manager.close();
  });
}

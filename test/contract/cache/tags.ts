import { expect, it } from 'vitest';
import { allCaughtUp, type CacheSubject, caughtUp, eventually, twoProcesses } from './subject.ts';

export function tagsSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  it('drops what depends on a tag, in the process that says so at once', async () => {
    const { here, there } = processes().pair<string>();
    await here.set('one', 'one', { tags: ['a'] });
    await here.set('both', 'both', { tags: ['a', 'b'] });
    await here.set('other', 'other', { tags: ['b'] });
    await here.set('none', 'none');
    await there.getMany(['one', 'both', 'other', 'none']);
    expect(await here.deleteByTag('a')).toBe(true);
    expect([...(await here.getMany(['one', 'both', 'other', 'none'])).keys()]).toEqual(['other', 'none']);
    await caughtUp(processes().there.hot);
    expect([...(await there.getMany(['one', 'both', 'other', 'none'])).keys()]).toEqual(['other', 'none']);
    expect(await here.deleteByTag('nobody has it', 'b')).toBe(true);
    expect([...(await here.getMany(['one', 'both', 'other', 'none'])).keys()]).toEqual(['none']);
    expect(await here.deleteByTag()).toBe(true);
    expect(await here.get('none')).toBe('none');
  });

  it('takes tags of set, setMany, getOrSet, getOrSetMany and the factory', async () => {
    const { here, there } = processes().pair<number>();
    const tags = ['t'];
    const keys = ['set', 'setMany', 'getOrSet', 'getOrSetMany', 'factory', 'both', 'later', 'untagged'];
    const fill = async (): Promise<void> => {
      await here.set('set', 1, { tags });
      await here.setMany({ setMany: 1 }, { tags });
      await here.getOrSet('getOrSet', () => 1, { tags });
      await here.getOrSetMany(['getOrSetMany'], () => new Map([['getOrSetMany', 1]]), { tags });
      await here.getOrSet('factory', (context) => {
        context.tags('t', 'u');
        return 1;
      });
      await here.getOrSet(
        'both',
        (context) => {
          context.tags('v', 'v');
          return 1;
        },
        { tags },
      );
      await here.getOrSet('later', async (context) => {
        context.tags('v');
        await caughtUp(processes().here.hot);
        context.tags('t');
        return 1;
      });
      await here.set('untagged', 1, { tags: [] });
    };
    for (const dropping of [here, there]) {
      await fill();
      await allCaughtUp(processes());
      for (const cache of [here, there]) expect([...(await cache.getMany(keys)).keys()]).toEqual(keys);
      expect(await dropping.deleteByTag('t')).toBe(true);
      await allCaughtUp(processes());
      for (const cache of [here, there])
        expect([...(await cache.getMany(keys)).keys()]).toEqual(['untagged']);
    }
  });

  it('believes what is written after the drop', async () => {
    const { here, there } = processes().pair<string>();
    for (let round = 0; round < 3; round += 1) {
      await here.set('key', `round ${round}`, { tags: ['t'] });
      expect(await here.get('key')).toBe(`round ${round}`);
      await caughtUp(processes().there.hot);
      expect(await there.get('key')).toBe(`round ${round}`);
      await there.deleteByTag('t');
      expect(await there.get('key')).toBeUndefined();
    }
    expect(await there.getOrSet('key', () => 'made', { tags: ['t'] })).toBe('made');
    await caughtUp(processes().here.hot);
    expect(await here.get('key')).toBe('made');
  });

  it('takes a value that is written anew without its tag out of its reach', async () => {
    const { here, there } = processes().pair<string>();
    await here.set('key', 'tagged', { tags: ['t'] });
    await here.set('key', 'untagged');
    await there.deleteByTag('t');
    await allCaughtUp(processes());
    expect(await here.get('key')).toBe('untagged');
    expect(await there.get('key')).toBe('untagged');
  });

  it('lets two namespaces use one tag', async () => {
    const { pair } = processes();
    const [one, other] = [pair<number>(), pair<number>()];
    await one.here.set('key', 1, { tags: ['t'] });
    await other.here.set('key', 2, { tags: ['t'] });
    await one.here.deleteByTag('t');
    expect(await one.here.get('key')).toBeUndefined();
    expect(await other.here.get('key')).toBe(2);
  });

  it('clears the whole namespace, in every process, and nothing else', async () => {
    const { pair } = processes();
    const [cleared, other] = [pair<number>(), pair<number>()];
    const values = new Map(Array.from({ length: 200 }, (_, at) => [`key ${at}`, at] as const));
    const keys = [...values.keys()];
    await cleared.here.setMany(values);
    await other.here.setMany(values);
    await cleared.there.getMany(keys);
    expect(await cleared.here.clear()).toBe(true);
    expect(await cleared.here.getMany(keys)).toEqual(new Map());
    await caughtUp(processes().there.hot);
    expect(await cleared.there.getMany(keys)).toEqual(new Map());
    expect(await other.there.getMany(keys)).toEqual(values);
    expect(await other.here.getMany(keys)).toEqual(values);
    expect(await cleared.there.clear()).toBe(true);
  });

  it('believes what is written after clear', async () => {
    const { here, there } = processes().pair<number>();
    for (let round = 0; round < 3; round += 1) {
      await there.set('key', round, { tags: ['t'] });
      expect(await there.get('key')).toBe(round);
      await caughtUp(processes().here.hot);
      expect(await here.get('key')).toBe(round);
      await here.clear();
      expect(await here.get('key')).toBeUndefined();
      await caughtUp(processes().there.hot);
      expect(await there.get('key')).toBeUndefined();
    }
    // At the same time: either is right, and both agree.
    await Promise.all([here.clear(), here.set('key', 9), there.clear(), there.set('key', 9)]);
    await allCaughtUp(processes());
    expect(await there.get('key')).toBe(await here.get('key'));
  });

  it('ends a value whose mark is gone from Redis, since nobody knows why', async () => {
    const { here, there, name } = processes().pair<string>();
    await here.set('key', 'value', { tags: ['t'] });
    await there.get('key');
    const { hot } = processes().there;
    const keys: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page = await hot.scan(`${hot.prefix}c:${name}::`, cursor === '' ? undefined : cursor);
      keys.push(...page.keys);
      cursor = page.cursor;
    }
    expect(keys.length).toBeGreaterThan(1);
    await hot.entries.drop(keys);
    await allCaughtUp(processes());
    await eventually(async () => {
      expect(await here.get('key')).toBeUndefined();
      expect(await there.get('key')).toBeUndefined();
    });
  });
}

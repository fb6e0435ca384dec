import { expect, it } from 'vitest';
import type { ManyContext } from '../../../src/tiers/tiered/index.ts';
import {
  allCaughtUp,
  type CacheSubject,
  deferred,
  eventually,
  held,
  LONG_MS,
  times,
  twoProcesses,
} from './subject.ts';

/** Which keys a factory for many was called for, call by call. */
function recording<T>(value: (key: string) => T) {
  const calls: string[][] = [];
  const factory = async ({ keys }: ManyContext): Promise<Map<string, T>> => {
    calls.push([...keys].sort());
    return new Map(keys.map((key) => [key, value(key)]));
  };
  return { calls, factory };
}

export function manySuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  it('gives those that are there, in the order of the keys', async () => {
    const { here, there } = processes().pair<number>();
    expect(
      await here.setMany(
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
      ),
    ).toBe(true);
    expect(await there.setMany({ c: 3 })).toBe(true);
    for (const cache of [here, there]) {
      expect([...(await cache.getMany(['c', 'x', 'a', 'b', 'c', 'a']))]).toEqual([
        ['c', 3],
        ['a', 1],
        ['b', 2],
      ]);
      expect(await cache.getMany([])).toEqual(new Map());
    }
    expect(await here.setMany({})).toBe(true);
  });

  it('writes all with the options of the call', async () => {
    const { here, there } = processes().pair<number>();
    await here.setMany({ a: 1, b: 2 }, { tags: ['t'] });
    await here.setMany({ c: 3 }, { ttlMs: 1, jitter: 0 });
    await there.deleteByTag('t');
    await eventually(async () => expect(await there.getMany(['a', 'b', 'c'])).toEqual(new Map()));
  });

  it('calls the factory once, for what is not there', async () => {
    const { here, there } = processes().pair<string>();
    await here.set('here', 'set here');
    await there.set('there', 'set there');
    const { calls, factory } = recording((key) => `made ${key}`);
    const keys = ['x', 'here', 'y', 'there', 'x'];
    const found = await here.getOrSetMany(keys, factory);
    expect([...found]).toEqual([
      ['x', 'made x'],
      ['here', 'set here'],
      ['y', 'made y'],
      ['there', 'set there'],
    ]);
    expect(await here.getOrSetMany(keys, factory)).toEqual(found);
    expect(await there.getOrSetMany(keys, factory)).toEqual(found);
    expect(await there.get('x')).toBe('made x');
    expect(calls).toEqual([['x', 'y']]);
    expect(await here.getOrSetMany([], factory)).toEqual(new Map());
    expect(calls).toHaveLength(1);
  });

  it('takes a map or a record, and leaves out what is missing in it and what nobody asked for', async () => {
    const { here, there } = processes().pair<number | null>();
    const made = await here.getOrSetMany(['a', 'none', 'null'], async () => ({ a: 1, null: null, other: 9 }));
    expect([...made]).toEqual([
      ['a', 1],
      ['null', null],
    ]);
    expect(await there.getMany(['a', 'none', 'null', 'other'])).toEqual(made);
    const { calls, factory } = recording(() => 2);
    expect(await there.getOrSetMany(['a', 'none'], factory)).toEqual(
      new Map([
        ['a', 1],
        ['none', 2],
      ]),
    );
    expect(calls).toEqual([['none']]);
  });

  it('makes nothing that somebody else is making, alone or with others', async () => {
    const { here, there } = processes().pair<string>();
    const [one, many] = [held<string>(), deferred<Map<string, string>>()];
    const alone = here.getOrSet('a', one.factory);
    await one.running();
    let asked: string[] = [];
    const together = here.getOrSetMany(['a', 'b', 'c'], ({ keys }) => {
      asked = [...keys].sort();
      return many.promise;
    });
    await eventually(() => expect(asked).toEqual(['b', 'c']));
    const elsewhere = [
      there.getOrSetMany(['c', 'b', 'a'], () => expect.unreachable()),
      here.getOrSetMany(['b', 'a', 'c'], () => expect.unreachable()),
    ];
    const single = there.getOrSet('b', () => expect.unreachable());
    one.end.resolve('one');
    many.resolve(
      new Map([
        ['b', 'two'],
        ['c', 'three'],
      ]),
    );
    const all = { a: 'one', b: 'two', c: 'three' };
    for (const found of [await together, ...(await Promise.all(elsewhere))]) {
      expect(Object.fromEntries(found)).toEqual(all);
    }
    expect([await alone, await single]).toEqual(['one', 'two']);
  });

  it('does not wait for what others make before it makes its own', async () => {
    const { here, there } = processes().pair<string>();
    const [mine, theirs] = [held<string>(), held<string>()];
    const first = there.getOrSet('theirs', theirs.factory);
    await theirs.running();
    const found = here.getOrSetMany(['theirs', 'mine'], async ({ keys }) => {
      expect(keys).toEqual(['mine']);
      return new Map([['mine', await mine.factory()]]);
    });
    await mine.running();
    theirs.end.resolve('their value');
    mine.end.resolve('my value');
    expect([...(await found)]).toEqual([
      ['theirs', 'their value'],
      ['mine', 'my value'],
    ]);
    await first;
  });

  it('makes each key once, however many ask for however many at once', async () => {
    const { here, there } = processes().pair<string>();
    const keys = Array.from({ length: 40 }, (_, at) => `key ${at}`);
    const { calls, factory } = recording((key) => key);
    const found = await Promise.all(
      times(40, (at) => {
        const some = keys.filter((_, key) => (key * 7 + at) % 3 !== 0);
        return (at % 2 === 0 ? here : there).getOrSetMany(some, factory);
      }),
    );
    for (const values of found) for (const [key, value] of values) expect(value).toBe(key);
    expect(calls.flat().sort()).toEqual([...keys].sort());
  });

  it('gives the error of the factory, and has kept nothing', async () => {
    const { here, there } = processes().pair<string>({ errorBackoffMs: 0 });
    const failing = here.getOrSetMany(['a', 'b'], async () => Promise.reject(new Error('no answer')));
    await expect(failing).rejects.toThrow('no answer');
    const throwing = here.getOrSetMany(['c', 'd'], () => {
      throw new Error('at once');
    });
    await expect(throwing).rejects.toThrow('at once');
    const { calls, factory } = recording((key) => key);
    expect((await there.getOrSetMany(['a', 'b', 'c', 'd'], factory)).size).toBe(4);
    expect(calls.flat().sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('runs no factory again within errorBackoffMs', async () => {
    const { here } = processes().pair<string>({ errorBackoffMs: LONG_MS });
    await expect(
      here.getOrSetMany(['a', 'b'], async () => Promise.reject(new Error('the first'))),
    ).rejects.toThrow('the first');
    await expect(here.getOrSetMany(['b'], () => expect.unreachable())).rejects.toThrow('the first');
    await expect(here.getOrSet('a', () => expect.unreachable())).rejects.toThrow('the first');
  });

  it('ends after hardTimeoutMs, and tells its factory', async () => {
    const { here } = processes().pair<string>({ hardTimeoutMs: 100 });
    const signals: AbortSignal[] = [];
    const never = here.getOrSetMany(['a', 'b'], ({ signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    await expect(never).rejects.toMatchObject({ code: 'FACTORY_TIMEOUT' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('gives stale values at once, and makes them anew together', async () => {
    const { here, there } = processes().pair<string>({ staleWhileRevalidateMs: LONG_MS });
    await here.setMany({ a: 'old', b: 'old' }, { ttlMs: 1, jitter: 0 });
    await eventually(async () => expect((await here.getMany(['a', 'b'])).size).toBe(0));
    const { calls, factory } = recording(() => 'new');
    expect(await here.getOrSetMany(['a', 'b', 'c'], factory)).toEqual(
      new Map([
        ['a', 'old'],
        ['b', 'old'],
        ['c', 'new'],
      ]),
    );
    await eventually(async () => {
      expect(await there.getMany(['a', 'b'])).toEqual(
        new Map([
          ['a', 'new'],
          ['b', 'new'],
        ]),
      );
    });
    expect(calls.flat().sort()).toEqual(['a', 'b', 'c']);
  });

  it('loses to writers key by key', async () => {
    const { here, there } = processes().pair<string>();
    const made = held<Record<string, string>>();
    const found = here.getOrSetMany(['a', 'b', 'c'], made.factory);
    await made.running();
    await there.set('a', 'written');
    await here.delete('b');
    made.end.resolve({ a: 'made', b: 'made', c: 'made' });
    expect([...(await found).values()]).toEqual(['made', 'made', 'made']);
    await allCaughtUp(processes());
    for (const cache of [here, there]) {
      expect([...(await cache.getMany(['a', 'b', 'c']))]).toEqual([
        ['a', 'written'],
        ['c', 'made'],
      ]);
    }
  });
}

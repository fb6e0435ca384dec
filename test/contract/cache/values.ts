import { expect, it } from 'vitest';
import { type CacheSubject, caughtUp, eventually, standing, twoProcesses } from './subject.ts';

/** get, set, delete and getOrSet, one key at a time. */
export function valuesSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  it('gives everybody what was set, until it is deleted', async () => {
    const { here, there } = processes().pair<{ price: number }>();
    expect(await here.get('AAPL')).toBeUndefined();
    expect(await here.set('AAPL', { price: 190.5 })).toBe(true);
    expect(await here.get('AAPL')).toEqual({ price: 190.5 });
    expect(await there.get('AAPL')).toEqual({ price: 190.5 });
    expect(await here.set('AAPL', { price: 191 })).toBe(true);
    expect(await here.get('AAPL')).toEqual({ price: 191 });
    expect(await here.delete('AAPL')).toBe(true);
    expect(await here.get('AAPL')).toBeUndefined();
    await caughtUp(processes().there.hot);
    expect(await there.get('AAPL')).toBeUndefined();
  });

  it('deletes as many as it is given, and no other', async () => {
    const { here, there } = processes().pair<number>();
    await here.setMany({ a: 1, b: 2, c: 3 });
    await there.getMany(['a', 'b', 'c']);
    expect(await here.delete('a', 'b', 'not there')).toBe(true);
    expect(await here.delete()).toBe(true);
    await caughtUp(processes().there.hot);
    for (const cache of [here, there]) {
      expect(await cache.getMany(['a', 'b', 'c'])).toEqual(new Map([['c', 3]]));
    }
  });

  it.each([
    ['null', null],
    ['false', false],
    ['zero', 0],
    ['an empty text', ''],
    ['an empty list', []],
  ])('takes %s for a value', async (_, value) => {
    const { here, there } = processes().pair();
    await here.set('key', value);
    expect(await here.get('key')).toEqual(value);
    expect(await there.get('key')).toEqual(value);
    expect(await there.getOrSet('key', () => 'made')).toEqual(value);
    expect(await here.getOrSet('other', () => value)).toEqual(value);
    expect(await there.getOrSet('other', () => 'made')).toEqual(value);
    expect(await there.getMany(['other', 'key'])).toEqual(
      new Map([
        ['other', value],
        ['key', value],
      ]),
    );
  });

  it('keeps no undefined: not one that is set, and not one that a factory gives', async () => {
    const { here, there } = processes().pair();
    await expect(here.set('key', undefined)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(here.setMany({ good: 1, key: undefined })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await here.get('good')).toBeUndefined();
    let runs = 0;
    const factory = (): undefined => {
      runs += 1;
      return undefined;
    };
    for (const cache of [here, here, there]) expect(await cache.getOrSet('key', factory)).toBeUndefined();
    expect(runs).toBe(3);
    // Nor does it stand in the way of others.
    expect(await there.getOrSet('key', () => 'there is one')).toBe('there is one');
  });

  it('makes what is not there, once, and never what is', async () => {
    const { here, there } = processes().pair<string>();
    expect(await here.getOrSet('key', async () => 'made')).toBe('made');
    for (const cache of [here, there, here, there]) {
      expect(await cache.getOrSet('key', () => expect.unreachable())).toBe('made');
      expect(await cache.get('key')).toBe('made');
    }
  });

  it('tells the factory its key, and gives it no stale value where there is none', async () => {
    const { here } = processes().pair();
    const told: unknown[] = [];
    await here.getOrSet('the key', ({ key, stale, signal }) => told.push(key, stale, signal.aborted));
    expect(told).toEqual(['the key', undefined, false]);
  });

  it('keeps nothing that could not come back, and says so', async () => {
    const { here, name } = processes().pair();
    const refused = { code: 'INVALID_INPUT' };
    await here.set('key', 'before');
    await expect(here.set('key', { work: () => 1 })).rejects.toMatchObject(refused);
    await expect(here.setMany({ fine: 1, bad: Symbol('bad') })).rejects.toMatchObject(refused);
    await expect(here.getOrSet('made', () => new URL('http://host/'))).rejects.toMatchObject(refused);
    expect(await here.get('key')).toBe('before');
    expect(await standing(processes().here.hot, name, 'fine')).toBeUndefined();
  });

  it('gives back dates, bigints, maps, sets and bytes', async () => {
    const { here, there } = processes().pair();
    const value = {
      at: new Date(1_700_000_000_000),
      shares: 12_345_678_901_234_567_890n,
      bySymbol: new Map([['AAPL', new Set([1, Number.NaN])]]),
      bytes: new Uint8Array([0, 255]),
      nothing: null,
    };
    await here.set('key', value);
    expect(await here.get('key')).toEqual(value);
    expect(await there.get('key')).toEqual(value);
    expect(await there.getOrSet('made', () => value)).toEqual(value);
    expect(await here.get('made')).toEqual(value);
  });

  it('ends by itself', async () => {
    const { here, there } = processes().pair();
    await here.set('key', 'short', { ttlMs: 50 });
    await eventually(async () => {
      expect(await here.get('key')).toBeUndefined();
      expect(await there.get('key')).toBeUndefined();
    });
    expect(await there.getOrSet('key', () => 'new')).toBe('new');
  });
}

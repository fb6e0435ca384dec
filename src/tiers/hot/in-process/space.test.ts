import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Feeds } from '../feeds.ts';
import { Fields } from './fields.ts';
import { Space } from './space.ts';
import type { Value } from './values.ts';

const text = (characters: number): Value => ({ kind: 'text', text: 'x'.repeat(characters) });
const value = (version: string): Value => ({ kind: 'entry', entry: { kind: 'value', version, body: '' } });

/** A space whose clock the test sets. */
function spaceAt(bounds: { maxEntries?: number; maxBytes?: number } = {}): {
  space: Space;
  time: { ms: number };
  told: string[];
} {
  const time = { ms: 1_000 };
  const space = new Space({
    maxEntries: 1_000,
    maxBytes: 2 ** 30,
    ...bounds,
    clock: () => new Date(time.ms),
  });
  const feeds = new Feeds();
  const told: string[] = [];
  feeds.subscribe({ invalidated: (key) => told.push(key), gap: () => undefined });
  space.notices.join(feeds);
  return { space, time, told };
}

describe('the bounds of a space', () => {
  it('evicts what was used least recently when there are too many', () => {
    const { space } = spaceAt({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) space.set(key, text(1));
    space.find('a');
    space.set('b', text(2));
    space.set('d', text(1));
    space.set('e', text(1));
    expect(['a', 'b', 'c', 'd', 'e'].filter((key) => space.find(key) !== undefined)).toEqual(['b', 'd', 'e']);
    expect([space.size, space.evicted]).toEqual([3, 2]);
  });

  it('evicts until the bytes fit, also when a value grows where it stands', () => {
    const { space } = spaceAt({ maxBytes: 10_000 });
    const fields = new Fields({ a: '1' });
    space.set('hash', fields);
    for (let index = 0; index < 20; index += 1) space.set(`text ${index}`, text(50));
    const before = space.size;
    expect(before).toBe(21);
    fields.set('b', 'x'.repeat(4_000));
    space.changed('hash');
    expect(space.size).toBeLessThan(before);
    expect(space.bytes).toBeLessThanOrEqual(10_000);
    expect(space.find('hash')).toBe(fields);
    expect(space.find('text 0')).toBeUndefined();
    expect(space.find('text 19')).toBeDefined();
  });

  it('gives up what is too large by itself, and nothing else for it', () => {
    const { space } = spaceAt({ maxBytes: 10_000 });
    space.set('small', text(10));
    space.set('large', text(100));
    space.set('large', text(5_000));
    expect(space.find('large')).toBeUndefined();
    expect(space.find('small')).toBeDefined();
    expect([space.size, space.evicted]).toEqual([1, 1]);
  });

  it('tells of an entry that it evicts', () => {
    const { space, told } = spaceAt({ maxEntries: 2 });
    space.set('entry', value('1'));
    space.set('text', text(1));
    space.notices.flush();
    told.length = 0;
    space.set('another', text(1));
    space.set('third', text(1));
    space.notices.flush();
    expect(told).toEqual(['entry']);
  });

  it('counts bytes so that an empty space has none', () => {
    const step = fc.tuple(fc.nat(8), fc.constantFrom('set', 'grow', 'delete', 'find', 'expire'), fc.nat(300));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { space, time } = spaceAt({ maxEntries: 5, maxBytes: 4_000 });
        for (const [index, what, amount] of steps) {
          const key = `key ${index}`;
          if (what === 'set') space.set(key, index % 2 === 0 ? new Fields({ a: 'b' }) : text(amount));
          if (what === 'delete') space.delete(key);
          if (what === 'find') space.find(key);
          if (what === 'expire') space.expire(key, time.ms + amount);
          const found = what === 'grow' ? space.find(key) : undefined;
          if (found?.kind === 'hash') {
            found.set('grown', 'x'.repeat(amount));
            space.changed(key);
          }
          time.ms += 1;
          expect(space.size).toBeLessThanOrEqual(5);
          expect(space.bytes).toBeLessThanOrEqual(4_000);
          expect(space.bytes > 0).toBe(space.size > 0);
        }
        for (let index = 0; index <= 8; index += 1) space.delete(`key ${index}`);
        expect([space.size, space.bytes]).toEqual([0, 0]);
      }),
    );
  });
});

describe('expiry in a space', () => {
  it('ends at its millisecond', () => {
    const { space, time, told } = spaceAt();
    space.set('key', value('1'), 1_500);
    time.ms = 1_499;
    expect(space.find('key')).toBeDefined();
    time.ms = 1_500;
    space.notices.flush();
    told.length = 0;
    expect(space.find('key')).toBeUndefined();
    expect(space.expire('key', 9_999)).toBe(false);
    expect(space.delete('key')).toBe(false);
    space.notices.flush();
    expect(told).toEqual(['key']);
    expect([space.hits, space.misses, space.size]).toEqual([1, 1, 0]);
  });

  it('frees what nobody looks at while others are written', () => {
    const { space, time, told } = spaceAt({ maxEntries: 100_000 });
    for (let index = 0; index < 1_000; index += 1) space.set(`old ${index}`, value(String(index)), 2_000);
    space.notices.flush();
    told.length = 0;
    time.ms = 2_000;
    for (let index = 0; index < 300; index += 1) space.set('same key', text(1));
    space.notices.flush();
    expect(space.size).toBe(1);
    expect(told).toHaveLength(1_000);
  });
});

describe('a walk over a space', () => {
  const walk = (
    space: Space,
    prefix: string,
    between: (page: number) => void = () => undefined,
  ): string[] => {
    const found: string[] = [];
    let from: number | undefined = 0;
    for (let page = 0; from !== undefined; page += 1) {
      const next = space.page(prefix, from);
      found.push(...next.keys);
      from = next.next;
      between(page);
    }
    return found;
  };

  it('meets each key once, in pages', () => {
    const { space } = spaceAt({ maxEntries: 100_000 });
    const keys = Array.from({ length: 3_000 }, (_, index) => `a:${index}`);
    for (const key of keys) {
      space.set(key, text(1));
      space.set(`b:${key}`, text(1));
    }
    let pages = 0;
    expect(walk(space, 'a:', () => (pages += 1))).toEqual(keys);
    expect(pages).toBeGreaterThan(1);
    expect(walk(space, 'none')).toEqual([]);
    expect(walk(new Space({ maxEntries: 1, maxBytes: 1, clock: () => new Date() }), '')).toEqual([]);
  });

  it('meets each key that stays, and ends, whatever comes and goes and is used', () => {
    const { space, time } = spaceAt({ maxEntries: 100_000 });
    for (let index = 0; index < 2_000; index += 1) {
      space.set(`stays:${index}`, text(1));
      space.set(`goes:${index}`, text(1), index % 3 === 0 ? 2_000 : undefined);
    }
    const found = walk(space, '', (page) => {
      time.ms += 500;
      for (let index = page * 300; index < page * 300 + 300; index += 1) {
        space.delete(`goes:${index}`);
        space.set(`comes:${index}`, text(1));
        space.find(`stays:${index}`);
      }
    });
    const stayed = found.filter((key) => key.startsWith('stays:'));
    expect(new Set(stayed).size).toBe(2_000);
    expect(stayed).toHaveLength(2_000);
  });

  it('uses the places of what is gone again', () => {
    const { space } = spaceAt();
    for (let index = 0; index < 5_000; index += 1) {
      space.set(`key ${index}`, text(1));
      space.delete(`key ${index - 10}`);
    }
    expect(space.page('key', 0)).toMatchObject({ next: undefined });
    expect(space.page('key', 20)).toEqual({ keys: [], next: undefined });
  });
});

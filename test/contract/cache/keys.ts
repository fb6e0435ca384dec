import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CacheSubject, caughtUp, freshName, twoProcesses } from './subject.ts';

const odd = [
  '',
  ' ',
  'A:B',
  'A%3aB',
  'A',
  'B',
  ':all',
  ':tags',
  ':tag:t',
  '{x}',
  '*',
  'a*',
  'a?[b]\\',
  'with space and, comma = sign',
  'line\nbreak\r\n\0end',
  'ünïcödé 🦜 漢字',
  '\ud800',
  '\udc00x',
  'ud800',
  '%ud800',
  '__proto__',
  'constructor',
  'toString',
  '1',
  'x'.repeat(10_240),
  `${'x'.repeat(10_239)}y`,
];

export function keysSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  it('knows odd keys apart', async () => {
    const { here, there } = processes().pair<number>();
    for (const [at, key] of odd.entries()) expect(await here.set(key, at)).toBe(true);
    for (const [at, key] of odd.entries()) {
      expect(await here.get(key)).toBe(at);
      expect(await there.get(key)).toBe(at);
    }
    expect([...(await there.getMany(odd))]).toEqual(odd.map((key, at) => [key, at]));
    expect(await here.delete('A')).toBe(true);
    expect((await here.getMany(odd)).size).toBe(odd.length - 1);
  });

  it('makes, sets and deletes many odd keys at once', async () => {
    const { here, there } = processes().pair<number>();
    const values = new Map(odd.map((key, at) => [key, at]));
    expect(await here.getOrSetMany(odd, () => values)).toEqual(values);
    expect(await there.getMany(odd)).toEqual(values);
    expect(await there.setMany(new Map(odd.map((key, at) => [key, -at])))).toBe(true);
    await caughtUp(processes().here.hot);
    expect([...(await here.getMany(odd)).values()]).toEqual(odd.map((_, at) => -at));
    expect(await here.delete(...odd)).toBe(true);
    await caughtUp(processes().there.hot);
    expect(await there.getMany(odd)).toEqual(new Map());
  });

  it('learns of odd keys that another process writes', async () => {
    const { here, there } = processes().pair<string>();
    for (const key of odd) {
      await here.set(key, 'old');
      await here.get(key);
    }
    for (const key of odd) await there.set(key, 'new');
    await caughtUp(processes().here.hot);
    for (const key of odd) expect(await here.get(key)).toBe('new');
  });

  it('gives own properties of a record, whatever their names', async () => {
    const { here } = processes().pair<string>();
    const record = JSON.parse('{"__proto__": "a", "constructor": "b", "10": "c"}') as Record<string, string>;
    expect(await here.setMany(record)).toBe(true);
    const keys = ['__proto__', 'constructor', '10', 'toString'];
    expect(await here.getMany(keys)).toEqual(
      new Map([
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['10', 'c'],
      ]),
    );
    await here.delete(...keys);
    expect(await here.getOrSetMany(keys, async () => record)).toEqual(await here.getMany(keys));
    expect((await here.getMany(keys)).size).toBe(3);
  });

  it('depends on odd tags', async () => {
    const { here, there } = processes().pair<number>();
    for (const [at, tag] of odd.entries()) await here.set(String(at), at, { tags: [tag, 'common'] });
    expect((await there.getMany(odd.map((_, at) => String(at)))).size).toBe(odd.length);
    for (const [at, tag] of odd.entries()) {
      expect(await there.deleteByTag(tag)).toBe(true);
      expect(await there.get(String(at))).toBeUndefined();
      if (at > 0) continue;
      expect((await there.getMany(odd.map((_, other) => String(other)))).size).toBe(odd.length - 1);
    }
  });

  it('lets no two namespaces meet', async () => {
    const { here } = processes();
    const base = freshName();
    const names = [base, `${base}:`, `${base}:a`, `${base}%3a`, `${base} `, `{${base}}`, `${base}*`];
    const caches = names.map((name) => here.manager.namespace<string>(name));
    const keys = ['a', ':a', 'a:a', '', ':', 'b'];
    for (const [at, cache] of caches.entries()) {
      for (const key of keys) await cache.set(key, `${at} ${key}`, { tags: ['t'] });
    }
    await caches[0]!.delete('a');
    await caches[1]!.clear();
    await caches[2]!.deleteByTag('t');
    for (const [at, cache] of caches.entries()) {
      const found = [...(await cache.getMany(keys))];
      const all = keys.map((key) => [key, `${at} ${key}`]);
      expect(found).toEqual(at === 0 ? all.slice(1) : at <= 2 ? [] : all);
    }
  });

  it('takes a namespace name once, of 1 to 64 characters', () => {
    const { manager } = processes().here;
    const name = freshName();
    expect(manager.namespace(name).name).toBe(name);
    expect(manager.namespace('n'.repeat(64)).name).toHaveLength(64);
    for (const bad of [name, '', 'n'.repeat(65)]) {
      expect(() => manager.namespace(bad)).toThrow(
        expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining('namespace') }),
      );
    }
  });

  it('is a map of any texts to any values', async () => {
    const { here, there } = processes().pair();
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(...odd),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(text, fc.jsonValue()), async (values) => {
        const expected = new Map(Object.entries(values));
        await here.setMany(values);
        expect(await here.getMany([...expected.keys()])).toEqual(expected);
        await caughtUp(processes().there.hot);
        const read = await there.getMany([...expected.keys()]);
        // JSON has no -0: a value that has it takes the long way, and comes back with it.
        expect(read).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });
}

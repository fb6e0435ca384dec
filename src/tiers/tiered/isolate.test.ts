import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloneValue, deepFreeze } from './isolate.ts';

/** Every object in a value, itself among them. */
function objectsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found;
  found.add(value);
  for (const item of Object.values(value)) objectsIn(item, found);
  return found;
}

describe('deepFreeze', () => {
  it('leaves nothing of a JSON value that could be changed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const before = JSON.stringify(value);
        expect(deepFreeze(value)).toBe(true);
        for (const item of objectsIn(value)) {
          expect(Reflect.set(item, 'added', 1)).toBe(false);
          expect(Reflect.setPrototypeOf(item, null) && Object.getPrototypeOf(item) !== null).toBe(false);
          for (const key of Object.keys(item)) {
            expect(Reflect.set(item, key, 'changed')).toBe(false);
            expect(Reflect.deleteProperty(item, key)).toBe(false);
          }
        }
        expect(JSON.stringify(value)).toBe(before);
      }),
    );
  });

  it('takes primitives for what they are', () => {
    for (const value of [1, 'a', 1n, Symbol('a'), null, undefined, true])
      expect(deepFreeze(value)).toBe(true);
  });

  it.each([
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['a typed array', new Float64Array(2)],
    ['a Buffer', Buffer.from('abc')],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    ['a function', () => 1],
    ['a RegExp', /a/g],
    [
      'an instance of a class',
      new (class Money {
        readonly amount = 1;
      })(),
    ],
    ['an array of a subclass', new (class Names extends Array {})()],
  ])('says that %s can change, leaves it alone and freezes the rest', (_, changing) => {
    expect(deepFreeze(changing)).toBe(false);
    const value = { before: { a: 1 }, list: [changing, { b: 2 }], after: { c: 3 } };
    expect(deepFreeze(value)).toBe(false);
    expect(Object.isFrozen(value.list) && Object.isFrozen(value.list[1])).toBe(true);
    expect(Object.isFrozen(value.before) && Object.isFrozen(value.after)).toBe(true);
    expect(Object.isFrozen(changing)).toBe(false);
  });

  it('says that an accessor can change', () => {
    let reads = 0;
    const counter = {
      a: 1,
      get next() {
        return (reads += 1);
      },
    };
    expect(deepFreeze([counter])).toBe(false);
    expect(reads).toBe(0);
    const named = Object.defineProperty([], 'last', { set() {}, enumerable: true });
    expect(deepFreeze(named)).toBe(false);
  });

  it('reaches what is not enumerated: symbols, hidden properties, named properties of arrays', () => {
    const hidden = { a: 1 };
    const named = Object.assign([1, 2], { columns: { a: 1 } });
    const symbol = Symbol('s');
    const value = Object.defineProperty({ named, [symbol]: { a: 1 } }, 'hidden', { value: hidden });
    expect(deepFreeze(value)).toBe(true);
    expect([hidden, named, named.columns, value[symbol]].every((item) => Object.isFrozen(item))).toBe(true);
  });

  it('goes on below what was frozen before', () => {
    const value = Object.freeze({ inner: { a: 1 } });
    expect(deepFreeze(value)).toBe(true);
    expect(Object.isFrozen(value.inner)).toBe(true);
    expect(deepFreeze(value)).toBe(true);
  });

  it('ends with cycles and shared parts', () => {
    const shared = { a: 1 };
    const value: Record<string, unknown> = { one: shared, two: [shared] };
    value.self = value;
    expect(deepFreeze(value)).toBe(true);
    expect(Object.isFrozen(value) && Object.isFrozen(shared)).toBe(true);
  });

  it('overflows no stack', () => {
    const innermost = { a: 1 };
    let value: unknown = innermost;
    for (let level = 0; level < 100_000; level++) value = level % 2 === 0 ? [value] : { value };
    expect(deepFreeze(value)).toBe(true);
    expect(Object.isFrozen(innermost)).toBe(true);
  });
});

describe('cloneValue', () => {
  it('gives a copy that shares nothing, of a frozen value too', () => {
    const value = { list: [1, { a: new Date(5) }], map: new Map([['k', new Float32Array([1.5])]]), n: -0 };
    deepFreeze(value);
    const copy = cloneValue(value);
    expect(copy).toStrictEqual(value);
    const originals = objectsIn(value);
    expect([...objectsIn(copy)].some((item) => originals.has(item))).toBe(false);
    copy.list.push(2);
    copy.map.get('k')!.fill(0);
    expect(value.list).toHaveLength(2);
    expect(value.map.get('k')).toStrictEqual(new Float32Array([1.5]));
  });

  it('refuses what cannot be copied', () => {
    const refused = expect.objectContaining({ code: 'INVALID_INPUT' });
    expect(() => cloneValue({ a: () => 1 })).toThrow(refused);
    expect(() => cloneValue([Symbol('a')])).toThrow(refused);
  });
});

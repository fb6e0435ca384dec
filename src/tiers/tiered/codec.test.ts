import { Buffer } from 'node:buffer';
import { createContext, runInContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { StockroomError } from '../../core/errors.ts';
import { jsonCodec } from './codec.ts';
import { MAX_DEPTH } from './codec-tagged.ts';

const encode = (value: unknown): string | Uint8Array => jsonCodec.encode(value);
const decode = (stored: string | Uint8Array): unknown => jsonCodec.decode(stored);
const roundTrip = (value: unknown): unknown => decode(encode(value));

/** The path that the refusal of a value names. */
function refusedAt(value: unknown): unknown {
  try {
    encode(value);
  } catch (error) {
    if (!(error instanceof StockroomError) || error.code !== 'INVALID_INPUT') throw error;
    expect(error.message).toContain(String(error.details.path));
    return error.details.path;
  }
  throw new Error('the value was not refused');
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

const typedArrays = [
  fc.int8Array(),
  fc.uint8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
];

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: loneSurrogate() }), fc.constant('$'));

function loneSurrogate(): fc.Arbitrary<string> {
  return fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit));
}

/** Every kind of value that is promised to come back, in one another. */
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(text, fc.double(), fc.integer(), fc.bigInt(), fc.boolean(), fc.constantFrom(null, undefined)),
    fc.oneof(fc.date({ noInvalidDate: false }), ...typedArrays),
    fc.uint8Array().map((bytes) => new Uint8Array(bytes).buffer),
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toJSON')), tie('value')),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((entries) => new Map(entries)),
    fc.array(tie('value')).map((members) => new Set(members)),
  ),
}));

/** A property that is undefined is left out, as JSON has it; a prototype of null becomes the usual one. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [normal(key), normal(item)]));
  if (value instanceof Set) return new Set([...value].map(normal));
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null)
    return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, normal(item)]));
}

/** Equality that knows keys, members and bytes one by one, and in order: `toEqual` pairs those of Map and Set freely. */
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (value instanceof Map) return ['Map', [...value].map(([key, item]) => [shown(key), shown(item)])];
  if (value instanceof Set) return ['Set', [...value].map(shown)];
  if (value instanceof ArrayBuffer) return ['ArrayBuffer', Buffer.from(value).toString('hex')];
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return [value.constructor.name, bytes.toString('hex')];
  }
  if (value instanceof Date) return ['Date', value.getTime()];
  if (typeof value !== 'object' || value === null) return value;
  return ['Object', Object.entries(value).map(([key, item]) => [key, shown(item)])];
}

describe('jsonCodec', () => {
  it('gives back every kind of value, however they are nested', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(shown(roundTrip(value))).toStrictEqual(shown(normal(value)));
      }),
      { numRuns: 500 },
    );
  });

  it('gives back what JSON gives back, as it does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(shown(roundTrip(value))).toStrictEqual(shown(normal(value)));
      }),
    );
  });

  it('writes plain JSON as it is', () => {
    expect(encode({ a: [1, 'x', null, true], $: ['Date', 0] })).toBe(
      'j{"a":[1,"x",null,true],"$":["Date",0]}',
    );
    expect(encode(new Date(0))).toBe('s{"$":["Date",0]}');
  });

  it.each([NaN, Infinity, -Infinity, -0, 0, 5e-324, 2 ** 53, undefined, null, '', 0n, -255n, 2n ** 200n])(
    '%s',
    (value) => {
      expect(roundTrip(value)).toBe(value);
      expect(roundTrip([value, 1])).toStrictEqual([value, 1]);
    },
  );

  it('keeps the kind and the bits of typed arrays, and gives memory of their own', () => {
    const quietNaN = new Float32Array(new Uint32Array([0x7fc0_0001]).buffer);
    expect(new Uint32Array((roundTrip(quietNaN) as Float32Array).buffer)).toStrictEqual(
      new Uint32Array([0x7fc0_0001]),
    );
    const part = new Uint16Array([1, 2, 3, 4]).subarray(1, 3);
    const back = roundTrip(part) as Uint16Array;
    expect(back).toStrictEqual(new Uint16Array([2, 3]));
    expect(back.buffer.byteLength).toBe(4);
  });

  it('keeps a Date that is invalid', () => {
    expect((roundTrip(new Date(NaN)) as Date).getTime()).toBeNaN();
  });

  it('gives a Buffer back as a Uint8Array', () => {
    const back = roundTrip({ a: Buffer.from('abc') }) as { a: Uint8Array };
    expect(back.a).toStrictEqual(new Uint8Array([97, 98, 99]));
    expect(Buffer.isBuffer(back.a)).toBe(false);
  });

  it('keeps undefined in arrays, leaves it out of objects, and fills holes with it', () => {
    // oxlint-disable-next-line no-sparse-arrays
    expect(roundTrip([undefined, , 1])).toStrictEqual([undefined, undefined, 1]);
    expect(roundTrip({ a: undefined, b: 1 })).toStrictEqual({ b: 1 });
    expect(roundTrip({ a: undefined, b: 1n })).toStrictEqual({ b: 1n });
  });

  it('tells tags from objects that look like them', () => {
    for (const value of [{ $: ['Date', 0] }, { $: 1n }, { $: { $: [1n] }, a: 2n }, [{ $: 'Map' }, 1n]]) {
      expect(roundTrip(value)).toStrictEqual(value);
    }
  });

  it.each(['1', '1n'])('keeps a key __proto__ as a property beside %s', (item) => {
    const value = JSON.parse('{"__proto__":{"polluted":true},"a":{"constructor":{"prototype":1}}}') as object;
    const back = roundTrip({ value, item: item === '1' ? 1 : 1n }) as { value: object };
    expect(Object.getPrototypeOf(back.value)).toBe(Object.prototype);
    expect(Object.hasOwn(back.value, '__proto__')).toBe(true);
    expect(shown(back.value)).toStrictEqual(shown(value));
    expect('polluted' in {}).toBe(false);
  });

  it('takes an object without a prototype, and those of another realm, as plain', () => {
    expect(roundTrip(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 });
    const foreign: unknown = runInContext(
      '({ a: [1, new Date(5), new Map([[1, new Uint8Array(2)]])] })',
      createContext(),
    );
    expect(roundTrip(foreign)).toStrictEqual({ a: [1, new Date(5), new Map([[1, new Uint8Array(2)]])] });
  });

  it('reads its text as bytes too, wherever they stand', () => {
    const bytes = Buffer.from(String(encode({ a: 'é€😀' })));
    expect(decode(bytes)).toStrictEqual({ a: 'é€😀' });
    const padded = new Uint8Array(bytes.length + 7);
    padded.set(bytes, 5);
    expect(decode(padded.subarray(5, 5 + bytes.length))).toStrictEqual({ a: 'é€😀' });
  });

  it('keeps lone surrogates through UTF-8', () => {
    const value = { '\ud800': ['\udfff', 1n] };
    expect(decode(Buffer.from(String(encode(value))))).toStrictEqual(value);
  });
});

describe('what the codec refuses', () => {
  class Money {
    readonly amount = 1;
  }
  class Day extends Date {}
  class Names extends Array<string> {}
  class Index extends Map {}
  class Prices extends Float64Array {}

  it.each<[string, unknown, string]>([
    ['a function', { a: [0, 1, 2, { b: () => 1 }] }, '$.a[3].b'],
    ['a symbol', [Symbol('x')], '$[0]'],
    ['toJSON', { at: { toJSON: () => 'x' } }, '$.at.toJSON'],
    ['a symbol as a key', { a: { [Symbol('x')]: 1 } }, '$.a'],
    ['an instance of a class', { 'a b': new Money() }, '$["a b"]'],
    ['a RegExp', [/a/], '$[0]'],
    ['an Error', [new Error('x')], '$[0]'],
    ['a DataView', [new DataView(new ArrayBuffer(1))], '$[0]'],
    ['a shared buffer', [new SharedArrayBuffer(1)], '$[0]'],
    ['a boxed primitive', [Object(1)], '$[0]'],
    ['a Promise', { a: Promise.resolve(1) }, '$.a'],
    ['a Date of a subclass', [new Day(0)], '$[0]'],
    ['an array of a subclass', { names: Names.from(['a']) }, '$.names'],
    ['a Map of a subclass', [new Index()], '$[0]'],
    ['a typed array of a subclass', [new Prices(1)], '$[0]'],
    ['an object with inherited values', Object.create({ a: 1 }), '$'],
    ['the same without a prototype at the end', Object.create(Object.create(null) as object), '$'],
    ['a named property of an array', { m: /b(?<c>.)/.exec('abd') }, '$.m.index'],
    ['something in a Map', new Map([[1, new Map([[{ k: /a/ }, 1]])]]), '$[0][1][0][0].k'],
    ['something in a Set', { s: new Set([1, [/a/]]) }, '$.s[1][0]'],
  ])('%s', (_, value, path) => {
    expect(refusedAt(value)).toBe(path);
  });

  it('cycles, and not what is only met twice', () => {
    const cyclic: { a: unknown[] } = { a: [1] };
    cyclic.a.push(cyclic);
    expect(refusedAt(cyclic)).toBe('$.a[1]');
    const map = new Map();
    map.set('self', map);
    expect(refusedAt({ map })).toBe('$.map[0][1]');
    const shared = { x: 1 };
    expect(roundTrip([shared, shared])).toStrictEqual([shared, shared]);
    expect(roundTrip([shared, shared, 1n])).toStrictEqual([shared, shared, 1n]);
  });

  it('more levels than it can read back', () => {
    expect(roundTrip(nested(MAX_DEPTH))).toStrictEqual(nested(MAX_DEPTH));
    expect(() => encode(nested(MAX_DEPTH + 1))).toThrow(/more than 500 levels, found at \$.{199}…$/);
    let maps: unknown = 1;
    for (let level = 0; level < MAX_DEPTH; level++) maps = new Map([[{ $: level }, maps]]);
    expect(() => encode(maps)).toThrow('more than 500 levels');
    const inner = [...(maps as Map<unknown, unknown>).values()][0];
    expect(encode(roundTrip(inner))).toStrictEqual(encode(inner));
    expect(() => decode(`s${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toThrow('500 levels');
  });

  it('what is longer than a string can be', () => {
    // A real one takes a gigabyte.
    const stringify = vi.spyOn(JSON, 'stringify').mockImplementation(() => {
      throw new RangeError('Invalid string length');
    });
    try {
      expect(() => encode([1])).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
      expect(() => encode([1n])).toThrow('too large to be cached');
    } finally {
      stringify.mockRestore();
    }
  });
});

import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StockroomError } from '../../core/errors.ts';
import { jsonCodec } from './codec.ts';

describe('text and bytes that the codec did not write', () => {
  const faulty = (stored: string | Uint8Array): unknown => {
    try {
      return jsonCodec.decode(stored);
    } catch (error) {
      if (error instanceof StockroomError && error.code === 'INVALID_INPUT') return undefined;
      throw error;
    }
  };

  it.each([
    ['nothing', ''],
    ['another form', 'x1'],
    ['no JSON', 'j{"password":'],
    ['a tag that is none', 's{"$":1}'],
    ['a tag without a name', 's{"$":[]}'],
    ['a tag with company', 's{"$":["undefined"],"a":1}'],
    ['an unknown tag', 's{"$":["RegExp","a"]}'],
    ['a tag by the name of a method', 's{"$":["constructor","a"]}'],
    ['a number', 's{"$":["number","1"]}'],
    ['a bigint', 's{"$":["bigint","0x1"]}'],
    ['an empty bigint', 's{"$":["bigint",""]}'],
    ['a Date', 's{"$":["Date","2026"]}'],
    ['bytes', 's{"$":["ArrayBuffer","a*=="]}'],
    ['bytes that were cut off', 's{"$":["ArrayBuffer","AAA"]}'],
    ['bytes that are none', 's{"$":["Uint8Array",8]}'],
    ['part of an element', 's{"$":["Float64Array","AAAA"]}'],
    ['a Map', 's{"$":["Map",1]}'],
    ['an escaped array', 's{"$":["Object",[]]}'],
    ['an escaped null', 's{"$":["Object",null]}'],
  ])('%s', (_, text) => {
    expect(() => jsonCodec.decode(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  it('quotes nothing of them', () => {
    let thrown: unknown;
    try {
      jsonCodec.decode('j{"password":"hunter2"');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(StockroomError);
    expect((thrown as Error).message).not.toContain('hunter2');
    expect((thrown as Error).cause).toBeUndefined();
  });

  it('are read or refused, and change no prototype', () => {
    const before = Reflect.ownKeys(Object.prototype);
    const key = fc.constantFrom('$', '__proto__', 'constructor', 'a');
    const names = fc.constantFrom(
      'Map',
      'Set',
      'Object',
      'Date',
      'bigint',
      'number',
      'Int16Array',
      '__proto__',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.oneof(fc.constantFrom(null, true, 1, 'AAAA'), names),
        fc.array(tie('tree')),
        fc.tuple(names, tie('tree'), tie('tree')),
        fc.dictionary(key, tie('tree')),
        fc.tuple(names, tie('tree')).map((tag) => ({ $: tag })),
      ),
    }));
    const garbage = fc.oneof(
      fc.uint8Array(),
      fc.uint8Array().map((bytes) => Buffer.concat([Buffer.from('s'), bytes])),
      tree.map((value) => `s${JSON.stringify(value)}`),
    );
    fc.assert(
      fc.property(garbage, (stored) => {
        faulty(stored);
        expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
      }),
      { numRuns: 1000 },
    );
  });

  it('are told from an entry with a few bytes changed, or read as another value', () => {
    const entry = Buffer.from(
      String(jsonCodec.encode({ at: new Date(5), n: [1n, -0], m: new Map([['k', new Uint8Array(9)]]) })),
    );
    fc.assert(
      fc.property(fc.nat({ max: entry.length - 1 }), fc.integer({ min: 0, max: 255 }), (index, byte) => {
        const changed = Buffer.from(entry);
        changed[index] = byte;
        faulty(changed);
        faulty(changed.subarray(0, index));
      }),
    );
  });
});

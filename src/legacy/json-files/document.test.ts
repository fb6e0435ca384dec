import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { anyJson, anyStyle, type Json, write } from '../../../test/support/json-documents.ts';
import { decode, elements, members, readDocument, scalar } from './document.ts';

const anyObject = anyJson.map((value): Json & { kind: 'object' } => ({
  kind: 'object',
  members: [
    ['first "one"', value],
    ['', { kind: 'number', text: '12345678901234567890.10' }],
    ...(value.kind === 'object'
      ? value.members.map(([key, member]): [string, Json] => [`m${key}`, member])
      : []),
  ],
}));

describe('members', () => {
  it('are slices of the text, each the document that stood there', () => {
    fc.assert(
      fc.property(anyObject, anyStyle, (object, style) => {
        const text = write(object, style);
        const found = members(text)!;
        expect(found.map(([name]) => name)).toEqual(object.members.map(([name]) => name));
        const whole = new Map(Object.entries(JSON.parse(text) as object));
        for (const [name, slice] of found) {
          expect(text).toContain(slice);
          expect(JSON.parse(slice)).toEqual(whole.get(name));
        }
        // No digit is lost, which JSON.parse would do.
        expect(new Map(found).get('')).toBe('12345678901234567890.10');
      }),
    );
  });

  it('are none of a text that breaks off, wherever it does', () => {
    fc.assert(
      fc.property(anyObject, anyStyle, (object, style) => {
        const text = write(object, style).trimEnd();
        for (let end = 0; end < text.length; end++) expect(members(text.slice(0, end))).toBeNull();
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    '',
    'null',
    '[]',
    '"{}"',
    '{} x',
    '{"a" 1}',
    '{"a":}',
    '{"a": 1,}',
    '{a: 1}',
    '{"a": 1 "b": 2}',
    '{"a": ]}',
    '\ufeff{}',
  ])('are none of %j', (text) => {
    expect(members(text)).toBeNull();
  });

  it('may be what only Python writes', () => {
    expect(members('{"a": NaN, "b": -Infinity, "c": [Infinity]}')).toEqual([
      ['a', 'NaN'],
      ['b', '-Infinity'],
      ['c', '[Infinity]'],
    ]);
    expect(members(' {\n} ')).toEqual([]);
    expect(members('{"a\\u0000\\"": "}]"}')).toEqual([['a\u0000"', '"}]"']]);
  });

  it('of a key that stands twice are two', () => {
    expect(members('{"a": 1, "a": 2}')).toEqual([
      ['a', '1'],
      ['a', '2'],
    ]);
  });

  it('of a deep document are found without recursion', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(members(`{"a": ${deep}}`)).toEqual([['a', deep]]);
  });
});

describe('elements', () => {
  it('are the items of an array, each as it stands', () => {
    fc.assert(
      fc.property(fc.array(anyJson, { maxLength: 6 }), anyStyle, (items, style) => {
        const text = write({ kind: 'array', items }, style);
        expect(elements(text)!.map((slice) => JSON.parse(slice) as unknown)).toEqual(JSON.parse(text));
        if (items.length > 0) expect(elements(text.trimEnd().slice(0, -1))).toBeNull();
      }),
    );
  });

  it.each(['', '{}', '[', '[1', '[1,]', '[,1]', '[1 2]', '1'])('are none of %j', (text) => {
    expect(elements(text)).toBeNull();
  });
});

describe('scalar', () => {
  it.each([
    [undefined, null],
    ['null', null],
    ['"a\\n\\u20b9"', 'a\n₹'],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['-5', -5n],
    ['1.50', 1.5],
    ['1e2', 100],
    ['-0.0', -0],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['NaN', 'NaN'],
    ['true', 'true'],
    ['{"a": 1.50}', '{"a": 1.50}'],
    ['"raw\ttab"', '"raw\ttab"'],
    ['12x', '12x'],
  ])('%j', (slice, value) => {
    expect(scalar(slice)).toBe(value);
  });
});

describe('decode', () => {
  it('says whether the bytes are UTF-8, and a U+FFFD that was written is no damage', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 12 }),
          fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          const { text, valid } = decode(bytes);
          expect(valid).toBe(Buffer.from(text, 'utf8').equals(bytes));
        },
      ),
      { numRuns: 2000 },
    );
    expect(decode(Buffer.from('half \ufffd'))).toEqual({ text: 'half \ufffd', valid: true });
    expect(decode(Uint8Array.of(0x61, 0xff))).toEqual({ text: 'a\ufffd', valid: false });
    expect(decode(Buffer.from('\ufeffa')).text).toBe('\ufeffa');
  });
});

describe('readDocument', () => {
  const directory = mkdtempSync(join(tmpdir(), 'stockroom-document-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('gives the bytes as they are', () => {
    const file = join(directory, 'a.json');
    writeFileSync(file, Uint8Array.of(0x7b, 0xff, 0x7d));
    const { bytes, valid } = readDocument(file);
    expect([Buffer.from(bytes).toString('hex'), valid]).toEqual(['7bff7d', false]);
  });
});

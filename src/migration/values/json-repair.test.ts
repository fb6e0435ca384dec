import * as fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { anyJson, anyStyle, meaning, nearlyJson, write } from '../../../test/support/json-documents.ts';
import { repairJson, storableText, stringToken } from './json-repair.ts';
import { MAX_DEPTH, scanJson } from './json-scan.ts';

describe('repairJson', () => {
  let client: Client;
  beforeAll(async () => {
    client = new Client({ connectionString: inject('postgresUrl') });
    await client.connect();
  });
  afterAll(() => client.end());

  it('gives what jsonb takes and keeps exactly, whatever it was given', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(nearlyJson, { minLength: 50, maxLength: 150 }), async (documents) => {
        const repaired = documents.map((document) => repairJson(document).text);
        for (const text of repaired) expect(scanJson(text).flags, text).toBe(0);
        const { rows } = await client.query<{ kept: string }>(
          'SELECT d::jsonb::text AS kept FROM unnest($1::text[]) WITH ORDINALITY AS t (d, n) ORDER BY n',
          [repaired],
        );
        expect(rows.map(({ kept }) => ({ ...scanJson(kept) }))).toEqual(
          repaired.map((text) => ({ ...scanJson(text) })),
        );
      }),
      { numRuns: 25 },
    );
  });

  it('leaves alone what needs no repair, and names a reason for all that does', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          nearlyJson,
          fc.tuple(anyJson, anyStyle).map((pair) => write(...pair)),
        ),
        (document) => {
          const { flags, a, b } = scanJson(document);
          const { text, reasons } = repairJson(document);
          expect(reasons.length > 0).toBe(flags !== 0);
          if (flags === 0) expect({ ...scanJson(text) }).toEqual({ flags, a, b });
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('turns what is no JSON into a string of its text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        const document = `${text}}`;
        const repaired = repairJson(document);
        expect(repaired.reasons).toEqual(['JSON_MALFORMED']);
        expect(JSON.parse(repaired.text)).toBe(document.replaceAll('\u0000', '\ufffd'));
      }),
    );
  });

  it.each([
    ['{"a": NaN}', '{"a": null}', ['JSON_NAN']],
    ['[Infinity, -Infinity]', '[null, null]', ['JSON_NAN']],
    ['{"a": "x\\u0000y"}', '{"a": "x\ufffdy"}', ['JSON_NUL']],
    ['{"a\\u0000": 1}', '{"a\ufffd": 1}', ['JSON_NUL']],
    ['["\\ud83d"]', '["\ufffd"]', ['JSON_LONE_SURROGATE']],
    ['["\\ud83d\\ude00"]', '["\u{1f600}"]', []],
    ['{"a": 1, "b": 2, "a": [3]}', '{"a": [3], "b": 2}', ['JSON_DUPLICATE_KEY']],
    ['{"a": -0.0}', '{"a": 0}', ['JSON_NEGATIVE_ZERO']],
    ['[-0.5, -10]', '[-0.5, -10]', []],
    ['[1e1001]', '["1e1001"]', ['JSON_NUMBER_RANGE']],
    ['[1e1000, 12345678901234567890.123]', '[1e1000, 12345678901234567890.123]', []],
    [`[0.${'1'.repeat(1001)}]`, `["0.${'1'.repeat(1001)}"]`, ['JSON_NUMBER_RANGE']],
    [
      '{"a": NaN, "b": "\\u0000", "b": -0}',
      '{"a": null, "b": 0}',
      ['JSON_NAN', 'JSON_NUL', 'JSON_DUPLICATE_KEY', 'JSON_NEGATIVE_ZERO'],
    ],
    ["{'a': 1}", `"{'a': 1}"`, ['JSON_MALFORMED']],
    ['{"a": [1, 2', '"{\\"a\\": [1, 2"', ['JSON_MALFORMED']],
    ['', '""', ['JSON_MALFORMED']],
    ['\ufeff{}', '"\ufeff{}"', ['JSON_MALFORMED']],
  ])('%j', (document, text, reasons) => {
    expect(repairJson(document)).toEqual({ text, reasons });
  });

  it('keeps the meaning of all but what it repairs', () => {
    fc.assert(
      fc.property(anyJson, anyStyle, (json, style) => {
        const text = write(json, style);
        const { text: repaired, reasons } = repairJson(`[NaN, ${text}]`);
        expect(reasons).toEqual(['JSON_NAN']);
        const rest = write({ kind: 'array', items: [{ kind: 'word', text: 'null' }, json] }, [11]);
        expect({ ...scanJson(repaired) }, meaning(json)).toEqual({ ...scanJson(rest) });
      }),
    );
  });

  it('makes a string of what is nested too deeply, and does not exhaust the stack', () => {
    const nested = (levels: number): string => `${'['.repeat(levels)}NaN${']'.repeat(levels)}`;
    expect(repairJson(nested(MAX_DEPTH)).reasons).toEqual(['JSON_NAN']);
    for (const document of [nested(MAX_DEPTH + 1), nested(50_000)]) {
      expect(repairJson(document)).toEqual({ text: JSON.stringify(document), reasons: ['JSON_TOO_DEEP'] });
    }
  });

  it('takes a long string with many escapes', () => {
    const document = JSON.stringify([
      Array.from({ length: 300_000 }, () => '"\\').join(''),
      '\n'.repeat(300_000),
    ]);
    expect(repairJson(document)).toEqual({ text: document.replace('","', '", "'), reasons: [] });
  });
});

describe('storableText', () => {
  it('is what PostgreSQL holds, with as many characters', () => {
    expect(storableText('a\u0000b\ud83dc\ude00')).toBe('a\ufffdb\ufffdc\ufffd');
    expect(storableText('\u{1f600}')).toBe('\u{1f600}');
  });
});

describe('stringToken', () => {
  it('ends where the string ends', () => {
    expect(stringToken('x"a\\"b"c', 1)).toBe('"a\\"b"');
    expect(stringToken('"a', 0)).toBeNull();
    expect(stringToken('"\\q"', 0)).toBeNull();
    expect(stringToken('"a\nb"', 0)).toBeNull();
    expect(stringToken('a', 0)).toBeNull();
  });
});

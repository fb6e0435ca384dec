import * as fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  anyJson,
  anyStyle,
  changes,
  type Json,
  meaning,
  plainText,
  write,
} from '../../../test/support/json-documents.ts';
import * as scan from './json-scan.ts';

const { scanJson, scanJsonBytes } = scan;
const hashOf = (text: string): string => {
  const { flags, a, b } = scanJson(text);
  expect(flags, text).toBe(0);
  return `${a}:${b}`;
};

describe('against PostgreSQL', () => {
  let client: Client;
  beforeAll(async () => {
    client = new Client({ connectionString: inject('postgresUrl') });
    await client.connect();
  });
  afterAll(() => client.end());

  async function asKept(documents: readonly string[]): Promise<string[]> {
    const { rows } = await client.query<{ kept: string }>(
      'SELECT d::jsonb::text AS kept FROM unnest($1::text[]) WITH ORDINALITY AS t (d, n) ORDER BY n',
      [documents],
    );
    return rows.map((row) => row.kept);
  }

  it('the hash of a document is that of the text that jsonb makes of it', async () => {
    const written = fc.tuple(anyJson, anyStyle).map(([json, style]) => write(json, style));
    await fc.assert(
      fc.asyncProperty(fc.array(written, { minLength: 40, maxLength: 120 }), async (documents) => {
        const kept = await asKept(documents);
        expect(kept.map(hashOf)).toEqual(documents.map(hashOf));
      }),
      { numRuns: 25 },
    );
  });

  it('of every number whose exponent it lets through, jsonb keeps the value', async () => {
    const edge = scan.MAX_EXPONENT;
    const numbers = [
      `1e${edge}`,
      `1e-${edge}`,
      '9'.repeat(edge),
      `0.${'0'.repeat(edge - 1)}1`,
      `1.5e-${edge}`,
    ];
    expect((await asKept(numbers)).map((text) => scanJson(text).a)).toEqual(
      numbers.map((text) => scanJson(text).a),
    );
  });

  it('a document as deep as is let through is kept', async () => {
    const deep = `${'['.repeat(scan.MAX_DEPTH)}${']'.repeat(scan.MAX_DEPTH)}`;
    expect((await asKept([deep])).map(hashOf)).toEqual([hashOf(deep)]);
    expect(scanJson(`[${deep}]`).flags).toBe(scan.TOO_DEEP);
    expect(scanJson('{"a":'.repeat(100_000)).flags).toBe(scan.TOO_DEEP);
  });
});

describe('the hash', () => {
  it('is that of the meaning: how a document is written makes no difference', () => {
    fc.assert(
      fc.property(anyJson, anyStyle, anyStyle, (json, one, other) => {
        expect(hashOf(write(json, one))).toBe(hashOf(write(json, other)));
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order of members, but on that of elements', () => {
    expect(hashOf('{"a": 1, "b": [2, 3]}')).toBe(hashOf('{"b": [2, 3], "a": 1}'));
    expect(hashOf('[1, 2]')).not.toBe(hashOf('[2, 1]'));
  });

  it('changes with any single value or key', () => {
    fc.assert(
      fc.property(anyJson, anyJson, (json, other) => {
        const [own, before] = [meaning(json), hashOf(write(json, [11]))];
        for (const changed of changes(json, other)) {
          if (meaning(changed) !== own) expect(hashOf(write(changed, [11]))).not.toBe(before);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is another for each of the small documents', () => {
    const atoms: Json[] = [
      ...['null', 'true', 'false'].map((text) => ({ kind: 'word', text }) as Json),
      ...['0', '1', '10', '-1', '0.1', '1e10'].map((text): Json => ({ kind: 'number', text })),
      ...['', '0', '1', 'a', 'b', 'ab', 'null'].map((value): Json => ({ kind: 'string', value })),
    ];
    let level: Json[] = atoms;
    for (let depth = 0; depth < 2; depth++) {
      const few = depth === 0 ? level : level.filter((_, index) => index % 7 === 0);
      level = level.concat(few.flatMap((one) => nest(one, few, atoms)));
    }
    const byHash = new Map<string, string>();
    for (const json of level) {
      const hash = hashOf(write(json, [11]));
      const known = byHash.get(hash);
      if (known === undefined) byHash.set(hash, meaning(json));
      else expect(meaning(json)).toBe(known);
    }
    expect(byHash.size).toBeGreaterThan(9000);
  });

  it('reads the part of a buffer that it is given', () => {
    const bytes = Buffer.from('x{"a": 1}x');
    const { flags, a, b } = scanJsonBytes(bytes, 1, bytes.length - 1);
    expect({ flags, hash: `${a}:${b}` }).toEqual({ flags: 0, hash: hashOf('{"a":1}') });
    expect(scanJsonBytes(bytes, 1, bytes.length - 2).flags).toBe(scan.MALFORMED);
  });
});

/** Documents around one value: alone, beside another, as the value of a key, twice as a key's own text. */
function nest(one: Json, others: readonly Json[], keys: readonly Json[]): Json[] {
  const array = (...items: Json[]): Json => ({ kind: 'array', items });
  const object = (...members: [string, Json][]): Json => ({ kind: 'object', members });
  const names = keys.flatMap((key) => (key.kind === 'string' ? [key.value] : []));
  return [
    array(),
    object(),
    array(one),
    ...others.map((other) => array(one, other)),
    ...names.map((name) => object([name, one])),
    ...others.slice(0, 12).map((other) => object(['a', one], ['b', other])),
  ];
}

describe('what jsonb would not keep is flagged', () => {
  it.each([
    ['{"a": "x\\u0000y"}', scan.NUL],
    ['"\\ud83d"', scan.LONE_SURROGATE],
    ['"\\ude00"', scan.LONE_SURROGATE],
    ['"\\ud83d x"', scan.LONE_SURROGATE],
    ['"\\ud83d\\ud83d\\ude00"', scan.LONE_SURROGATE],
    ['{"\\ud83d": 1}', scan.LONE_SURROGATE],
    ['{"a": 1, "a": 1}', scan.DUPLICATE_KEY],
    ['{"a": 1, "\\u0061": 2}', scan.DUPLICATE_KEY],
    ['[{"a": {"b": 1, "b": 2}}]', scan.DUPLICATE_KEY],
    ['-0', scan.NEGATIVE_ZERO],
    ['[-0.00e7]', scan.NEGATIVE_ZERO],
    [`1e${scan.MAX_EXPONENT + 1}`, scan.HUGE_NUMBER],
    ['1e-99999999999999999999', scan.HUGE_NUMBER],
    ['9'.repeat(scan.MAX_EXPONENT + 1), scan.HUGE_NUMBER],
    [`0.${'1'.repeat(scan.MAX_EXPONENT + 1)}`, scan.HUGE_NUMBER],
  ])('%j', (document, flag) => {
    expect(scanJson(document).flags).toBe(flag);
  });

  it.each([
    '',
    ' ',
    '{',
    '[1,]',
    '[,1]',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '01',
    '-',
    '+1',
    '1.',
    '.5',
    '1e',
    'NaN',
    '[Infinity]',
    '-Infinity',
    'nul',
    'nulll',
    'True',
    '"a',
    '"\t"',
    '"\\x41"',
    '"\\u12g4"',
    '"\\u00',
    "'a'",
    '1 2',
    '\u00a01',
    '\ufeff{}',
    '[1}',
  ])('malformed: %j', (document) => {
    expect(() => JSON.parse(document)).toThrow();
    expect(scanJson(document).flags & scan.MALFORMED).toBe(scan.MALFORMED);
  });

  it('a key that stands twice among many', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(plainText, { minLength: 2, maxLength: 90 }),
        fc.nat(),
        fc.nat(),
        (keys, from, to) => {
          const members = keys.map((key) => `${JSON.stringify(key)}:{"x":1}`);
          expect(scanJson(`{${members.join()}}`).flags).toBe(0);
          const repeated = members[from % members.length]!;
          members.splice(to % (members.length + 1), 0, repeated);
          expect(scanJson(`{${members.join()}}`).flags).toBe(scan.DUPLICATE_KEY);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('says of any text whether it is JSON as JSON.parse does', () => {
    const noise = fc.string({
      unit: fc.constantFrom(...'{}[]":,.-+eE0129 \\u/ntrulefas\n'.split('')),
      maxLength: 14,
    });
    fc.assert(
      fc.property(noise, (document) => {
        let valid = true;
        try {
          JSON.parse(document);
        } catch {
          valid = false;
        }
        expect((scanJson(document).flags & scan.MALFORMED) === 0).toBe(valid);
      }),
      { numRuns: 5000 },
    );
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import * as hostile from '../../../../test/support/hostile/documents.ts';
import { anyJson, anyStyle, type Json, plainText, write } from '../../../../test/support/json-documents.ts';
import { rehearse, type Rehearsal } from '../../rehearse/index.ts';

let database: TestDatabase;
let root: string;

beforeAll(async () => {
  database = await freshDatabase();
  root = mkdtempSync(join(tmpdir(), 'stockroom-any-files-'));
});
afterAll(async () => {
  rmSync(root, { recursive: true, force: true });
  await database.drop();
});

const NOW = new Date('2026-01-09T10:00:00Z');

function rehearsed(directory: string): Promise<Rehearsal> {
  const config = {
    databaseUrl: database.url,
    databasePoolMax: 4,
    dataDir: join(root, 'data'),
    schema: 'stockroom',
  };
  return rehearse({ directory, config, clock: () => NOW });
}

const word = (text: string): Json => ({ kind: 'word', text: text as 'null' });
const string = (value: string): Json => ({ kind: 'string', value });

/** A document, and now and then one that only Python takes, or that PostgreSQL cannot hold. */
const document = fc.oneof(
  { weight: 8, arbitrary: anyJson },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      word('NaN'),
      word('-Infinity'),
      word('-0.0'),
      word('"a\\u0000b"'),
      word('"\\ud83d"'),
    ),
  },
);

const time = fc
  .tuple(
    fc.date({
      min: new Date('2026-01-09T08:00:00Z'),
      max: new Date('2026-01-09T09:59:00Z'),
      noInvalidDate: true,
    }),
    fc.constantFrom('', '.5', '.123456', '.000000', '.1234567'),
    fc.constantFrom('', 'Z', '+00:00', '+05:30'),
    fc.constantFrom('T', ' '),
  )
  .map(([date, fraction, suffix, separator]) =>
    string(date.toISOString().slice(0, 19).replace('T', separator) + fraction + suffix),
  );

const object = (members: [string, Json][]): Json => ({ kind: 'object', members });
/** Names that no source knows, in any order among those that it does. */
const withOthers = (known: fc.Arbitrary<[string, Json][]>): fc.Arbitrary<Json> =>
  fc
    .tuple(
      known,
      fc.array(
        fc.tuple(
          plainText.map((name) => `x${name}`),
          document,
        ),
        { maxLength: 2 },
      ),
      fc.boolean(),
    )
    .map(([own, others, first]) => object(first ? [...others, ...own] : [...own, ...others]));

const preference = withOthers(
  fc.tuple(document, fc.oneof(time, fc.constant(word('null')))).map(([value, at]): [string, Json][] => [
    ['value', value],
    ['updated_at', at],
  ]),
);
const preferences = fc.array(fc.tuple(plainText, preference), { minLength: 1, maxLength: 4 }).map(object);
const scores = fc.tuple(time, fc.array(fc.tuple(plainText, document), { maxLength: 4 })).map(([at, found]) =>
  object([
    ['ttl_hours', word('6')],
    ['scores', object(found)],
    ['timestamp', at],
  ]),
);
const cached = fc.tuple(time, document, fc.boolean()).map(([at, data, first]) =>
  object(
    first
      ? [
          ['timestamp', at],
          ['data', data],
        ]
      : [
          ['data', data],
          ['timestamp', at],
        ],
  ),
);
const analysis = withOthers(
  fc.tuple(document, time).map(([result, at]): [string, Json][] => [
    ['symbol', string('A')],
    ['agent_type', string('risk')],
    ['result', result],
    ['timestamp', at],
  ]),
);
const payload = withOthers(
  fc.tuple(fc.array(document, { maxLength: 3 }), time).map(([items, at]): [string, Json][] => [
    ['items', { kind: 'array', items }],
    ['as_of', at],
    ['universe', string('nifty')],
    ['mode', string('Swing')],
  ]),
);
const prices = withOthers(
  fc.array(fc.tuple(time, document), { maxLength: 4 }).map((candles): [string, Json][] => [
    [
      'data',
      {
        kind: 'array',
        items: candles.map(([at, open]) =>
          object([
            ['time', at],
            ['open', open],
          ]),
        ),
      },
    ],
    ['row_count', word(String(candles.length))],
    ['columns', { kind: 'array', items: [] }],
  ]),
);

/** A line of a file of lines has no ends of lines in it. */
const onOneLine = fc.array(fc.constantFrom(0, 1, 2, 3, 4, 8), { minLength: 1, maxLength: 6 });
const text = (json: fc.Arbitrary<Json>, style = anyStyle): fc.Arbitrary<string> =>
  fc.tuple(json, style).map(([one, how]) => write(one, how));

/** So many of each file at once: a rehearsal costs more than what it moves. */
const EACH = 12;
const lines = fc
  .tuple(
    fc.array(fc.oneof(text(analysis, onOneLine), fc.constantFrom('', '{"symbol": "A')), { maxLength: 6 }),
    fc.constantFrom('\n', ''),
  )
  .map(([all, end]) => all.join('\n') + end);
const kinds: [name: (at: number) => string, content: fc.Arbitrary<string>][] = [
  [(at) => `cache/memory/user_${at}.json`, text(preferences)],
  [(at) => `data/global_scores/${at}/score_cache.json`, text(scores)],
  [(at) => `cache/quotes_${at}.json`, text(cached)],
  [(at) => `cache/memory/analyses_${at}.jsonl`, lines],
  [(at) => `data/top_picks/picks_2026-01-${10 + at}.json`, text(payload)],
  [(at) => `.cache/historical/A_1d_0123456789${at + 10}.json`, text(prices)],
];
const directories = fc
  .tuple(...kinds.map(([, content]) => fc.array(content, { minLength: EACH, maxLength: EACH })))
  .map((found) =>
    found.flatMap((contents, kind) =>
      contents.map((content, at): [string, string] => [kinds[kind]![0](at), content]),
    ),
  );

it('any files at all come back', async () => {
  const directory = join(root, 'any');
  const property = fc.asyncProperty(directories, async (files) => {
    rmSync(directory, { recursive: true, force: true });
    for (const [file, content] of files) {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      writeFileSync(join(directory, file), content);
    }
    const { differences, back, verified } = await rehearsed(directory);
    expect(differences).toEqual([]);
    expect(verified).toEqual({ ok: true, differences: 0 });
    expect(back).toMatchObject({ different: 0, missing: 0, unexpected: 0 });
    expect(back.rows).toBeGreaterThan(2 * EACH);
  });
  await fc.assert(property, { numRuns: 4, endOnFailure: true });
}, 120_000);

it.each(Object.entries(hostile))('%s come back', async (name, build) => {
  const directory = join(root, name);
  build(directory);
  const { differences, back } = await rehearsed(directory);
  expect(differences).toEqual([]);
  expect(back).toMatchObject({ different: 0, missing: 0, unexpected: 0 });
  expect(back.rows).toBeGreaterThan(0);
});

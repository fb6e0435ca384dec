import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { writeSample } from '../../../legacy/sample/index.ts';
import { type DurableTier, migrate, openDurable } from '../../../tiers/durable/index.ts';
import { discover } from '../../discover.ts';
import { runMigration } from '../../run.ts';
import type { SourceDefinition } from '../../source.ts';
import { builtInSources } from '../../sources/index.ts';
import {
  type FileOutcome,
  loadedPages,
  newPages,
  newPrices,
  newStates,
  type PlacedChange,
  writeFileBack,
} from '../index.ts';

const NOW = new Date('2026-01-09T10:00:00Z');
const fileSources = builtInSources.filter(({ files }) => files !== undefined);

let database: TestDatabase;
let root: string;
const opened: DurableTier[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  root = mkdtempSync(join(tmpdir(), 'stockroom-since-'));
});
afterAll(async () => {
  for (const tier of opened) await tier.close();
  rmSync(root, { recursive: true, force: true });
  await database.drop();
});

/** A schema into which a directory was moved. */
async function moved(schema: string, directory: string): Promise<DurableTier> {
  const tier = await openDurable({ databaseUrl: database.url, databasePoolMax: 4, dataDir: root, schema });
  opened.push(tier);
  await migrate(tier);
  await runMigration({ tier, directory, clock: () => NOW, stores: fileSources.map(({ id }) => id) });
  return tier;
}

/** What Stockroom does to the rows of the sample. */
const WRITES = [
  `UPDATE memory_preferences SET value = '"sepia"', updated_at = '2026-01-09T09:00:00Z' WHERE pref_key = 'theme'
     AND user_id = (SELECT min(user_id) FROM memory_preferences)`,
  `DELETE FROM memory_preferences WHERE pref_key = 'theme' AND user_id = (SELECT max(user_id) FROM memory_preferences)`,
  `INSERT INTO memory_preferences (user_id, pref_key, value, updated_at)
     SELECT user_id, 'ünï', '{"b": [1, 2.50], "a": null}', '2026-01-09T09:00:00.25Z' FROM
       (SELECT min(user_id) AS user_id FROM memory_preferences UNION SELECT 'new one') users`,
  `UPDATE memory_analyses SET result = '{"score": 1.50, "signals": []}' WHERE id = (SELECT min(id) + 3 FROM memory_analyses)`,
  `DELETE FROM memory_analyses WHERE id = (SELECT min(id) + 5 FROM memory_analyses)`,
  `INSERT INTO memory_analyses (symbol, agent_type, result, created_at)
     SELECT symbol, 'risk', '{"signals": ["x"], "score": 7.0}', '2026-01-09T09:30:00Z' FROM
       (SELECT min(symbol) AS symbol FROM memory_analyses UNION ALL SELECT 'BRAND NEW' UNION ALL SELECT 'BRAND NEW') symbols`,
  `UPDATE hot_state SET value = value || '{"blend_score": 99.5}' WHERE family = 'scores'
     AND key = (SELECT min(key) FROM hot_state WHERE family = 'scores')`,
  `UPDATE hot_state SET value = NULL, deleted = true WHERE family = 'scores'
     AND key = (SELECT max(key) FROM hot_state WHERE family = 'scores')`,
  `INSERT INTO hot_state (family, key, value, created_at, expires_at)
     SELECT 'scores', 'NEWEST', '{"symbol": "NEWEST", "blend_score": 50.0}', created_at, expires_at
     FROM hot_state WHERE family = 'scores' LIMIT 1`,
  `UPDATE hot_state SET deleted = true WHERE family = 'cache' AND key = (SELECT min(key) FROM hot_state WHERE family = 'cache')`,
  `INSERT INTO hot_state (family, key, value, created_at) VALUES
     ('market-cache', 'quotes:SBIN', '{"id": "1", "value": {"price": 5.0}, "market": "XNSE", "tags": []}', '2026-01-09T09:45:00Z')`,
  `UPDATE pick_archive SET payload = payload || '{"note": "looked at"}' WHERE id = (SELECT min(id) FROM pick_archive)`,
  `DELETE FROM pick_archive WHERE id = (SELECT max(id) FROM pick_archive)`,
  `DELETE FROM price_history WHERE id = (SELECT min(id) FROM price_history)`,
];

/** Everything that there is to write back: every row that is there, and the keys of those that are not any more. */
async function changesOf(
  tier: DurableTier,
  directory: string,
  source: SourceDefinition,
): Promise<PlacedChange[]> {
  const discovery = await discover(directory, [source]);
  const isOne = source.files!.rowsPerFile === 'one';
  const changes: PlacedChange[] = [];
  for (const unit of discovery.units) {
    const there = new Set<unknown>();
    for await (const page of loadedPages(tier, source, unit.name))
      for (const tuple of page) {
        there.add(tuple.key);
        changes.push({ key: tuple.key, tuple, path: isOne ? String(tuple.key) : unit.files[0]! });
      }
    const context = {
      nowMicros: NOW.getTime() * 1000,
      timezones: new Map(),
      companions: discovery.companions,
      onUnreadable: () => undefined,
    };
    for (const { key, rejected, expired } of unit.rows(context)) {
      if (there.has(key) || rejected !== undefined || expired === true) continue;
      changes.push({ key, tuple: null, path: isOne ? String(key) : unit.files[0]! });
    }
  }
  await discovery.close();
  const made = source.family === undefined ? newPages(tier, source) : newStates(tier, source);
  for await (const page of made) for (const { tuple } of page) changes.push({ key: null, tuple, path: null });
  return changes;
}

/** What the tables hold of a source. */
async function rowsOf(tier: DurableTier, source: SourceDefinition): Promise<unknown[]> {
  const columns = source.columns.map(({ target }) => `"${target}"::text`).join(', ');
  const family = source.family === undefined ? 'true' : `family = '${source.family}' AND NOT deleted`;
  const { rows } = await tier.query(
    `SELECT ${columns} FROM ${source.table} WHERE ${family} ORDER BY (${columns.replaceAll('::text', '::text COLLATE "C"')})`,
  );
  return rows;
}

it('after going back the old files hold everything written since', async () => {
  const directory = join(root, 'old');
  await writeSample(directory, { now: NOW });
  const tier = await moved('before', directory);
  for (const sql of WRITES) await tier.query(sql);
  const outcomes: FileOutcome[] = [];
  for (const source of fileSources) {
    const changes = await changesOf(tier, directory, source);
    const context = { nowMicros: NOW.getTime() * 1000, timezones: new Map<string, string>() };
    const done = writeFileBack({ directory, source, changes, context });
    outcomes.push(...done);
    // Once more there is nothing to do, but for the lines that were appended: nobody has said which they are.
    if (source.id === 'memory_analyses') continue;
    const again = writeFileBack({ directory, source, changes, context });
    expect(again.filter(({ did }) => did !== 'unchanged')).toEqual([]);
  }
  const counts = new Map<string, number>();
  for (const { did } of outcomes) counts.set(did, (counts.get(did) ?? 0) + 1);
  expect(Object.fromEntries(counts)).toEqual({ unchanged: expect.any(Number), written: 11, removed: 6 });

  const again = await moved('after', directory);
  // The copy of the general cache is a file of the old one now.
  await tier.query(
    `UPDATE hot_state SET family = 'cache', key = 'quotes_SBIN', value = value -> 'value', expires_at = created_at + interval '192 hours'
     WHERE family = 'market-cache'`,
  );
  for (const source of fileSources) {
    const before = await rowsOf(tier, source);
    expect(before.length).toBeGreaterThan(3);
    expect(await rowsOf(again, source)).toEqual(before);
  }
});

it('the candles that Stockroom took in become files as well, those of old files do not', async () => {
  const tier = await moved('prices', join(root, 'old'));
  await tier.query(
    `INSERT INTO price_candles (symbol, interval, source, chunk, candles, candle_count, revision, updated_at)
     SELECT 'TCS', '1d', source, '2026', candles, 2, 1, now() FROM (VALUES
       ('own', '[[1767841200000, 2, 3.5, 1, 2.5, 10, 1767900000000], [1767927600500, 2, 3, 1, 2, null, 1767950000000]]'::jsonb),
       ('old', (SELECT jsonb_build_array(jsonb_build_array(1767841200000, 1, 1, 1, 1, 1,
          floor(extract(epoch FROM max(cached_at)) * 1000))) FROM price_history WHERE symbol = 'TCS'))
     ) AS given (source, candles)`,
  );
  const changes: PlacedChange[] = [];
  for await (const { tuple } of newPrices(tier)) changes.push({ key: null, tuple, path: null });
  const directory = join(root, 'prices');
  const context = { nowMicros: NOW.getTime() * 1000, timezones: new Map<string, string>() };
  const outcomes = writeFileBack({ directory, source: { id: 'price_history' }, changes, context });
  expect(outcomes).toMatchObject([{ did: 'written' }]);
  const text = readFileSync(join(directory, outcomes[0]!.path), 'utf8');
  expect(JSON.parse(text)).toEqual({
    data: [
      { time: '2026-01-08T03:00:00', open: 2, high: 3.5, low: 1, close: 2.5, volume: 10 },
      { time: '2026-01-09T03:00:00.500000', open: 2, high: 3, low: 1, close: 2, volume: null },
    ],
    row_count: 2,
    columns: ['time', 'open', 'high', 'low', 'close', 'volume'],
  });
});

it.skipIf(spawnSync('python3', ['--version']).status !== 0)('and Python reads them', () => {
  const script = `import json, sys, pathlib
root = pathlib.Path(sys.argv[1])
user = json.loads((root / 'cache/memory/user_new one.json').read_text())
lines = [json.loads(line) for line in (root / 'cache/memory/analyses_BRAND NEW.jsonl').read_text().splitlines()]
scores = json.loads((root / 'data/global_scores/score_cache.json').read_text())['scores']
quotes = json.loads((root / 'cache/quotes_SBIN.json').read_text())
every = [json.loads(file.read_text()) for file in root.rglob('*.json')]
print(json.dumps([user, lines, scores['NEWEST'], quotes, len(every)]))`;
  const printed = execFileSync('python3', ['-c', script, join(root, 'old')], { encoding: 'utf8' });
  const line = {
    symbol: 'BRAND NEW',
    agent_type: 'risk',
    result: { score: 7, signals: ['x'] },
    timestamp: '2026-01-09T09:30:00Z',
  };
  expect(JSON.parse(printed)).toEqual([
    { ünï: { value: { b: [1, 2.5], a: null }, updated_at: '2026-01-09T09:00:00.250000Z' } },
    [line, line],
    { symbol: 'NEWEST', blend_score: 50 },
    { timestamp: '2026-01-09T09:45:00Z', data: { price: 5 } },
    expect.any(Number),
  ]);
  expect(readFileSync(join(root, 'old/cache/memory/user_new one.json'), 'utf8')).toContain('2.50');
});

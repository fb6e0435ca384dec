import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { writeSample } from '../../../legacy/sample/index.ts';
import { openDurable, migrate, type DurableTier } from '../../../tiers/durable/index.ts';
import { discover } from '../../discover.ts';
import { runMigration, verifyMigration } from '../../run.ts';
import type { SourceDefinition } from '../../source.ts';
import { builtInSources } from '../../sources/index.ts';
import type { Discovery } from '../../unit.ts';
import { fileBackOf, loadedPages, type PlacedChange, writeFileBack } from '../index.ts';

const LEGACY = new URL('../../../../../shared/legacy/', import.meta.url).pathname;
const NOW = new Date('2026-01-09T10:00:00Z');
const fileSources = builtInSources.filter(({ files }) => files !== undefined);

let database: TestDatabase;
let tier: DurableTier;
let root: string;

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());
let schema = 0;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'stockroom-file-back-'));
  tier = await openDurable({
    databaseUrl: database.url,
    databasePoolMax: 4,
    dataDir: root,
    schema: `s${++schema}`,
  });
  await migrate(tier);
});
afterEach(async () => {
  await tier.close();
  rmSync(root, { recursive: true, force: true });
});

/** Every loaded row of a unit with the file that it is in. */
async function changesOf(unit: Discovery['units'][number]): Promise<PlacedChange[]> {
  const changes: PlacedChange[] = [];
  for await (const page of loadedPages(tier, unit.source, unit.name))
    for (const tuple of page)
      changes.push({
        key: tuple.key,
        tuple,
        path: unit.source.files!.rowsPerFile === 'one' ? String(tuple.key) : unit.files[0]!,
      });
  return changes;
}

/** A row that Stockroom had made would be where the old application put it. */
function expectOwnPlaces(source: SourceDefinition, changes: readonly PlacedChange[]): void {
  const back = fileBackOf(source)!;
  for (const { tuple, path, key } of changes) {
    // The archive's files are named after the time of storing, which their payloads do not hold.
    if (source.id === 'pick_archive') continue;
    const place = back.placeOf(tuple!);
    expect(place.path).toBe(path);
    if (source.id !== 'memory_analyses') expect(place.key).toBe(key);
  }
}

const cases: [string, (directory: string) => Promise<Date>][] = [
  [
    'the sample',
    async (directory) => {
      await writeSample(directory, { now: NOW, scale: 3 });
      return NOW;
    },
  ],
  ...['generated', 'real'].map((name): [string, (directory: string) => Promise<Date>] => [
    name,
    (directory) => {
      cpSync(join(LEGACY, name), directory, { recursive: true });
      return Promise.resolve(new Date(name === 'real' ? '2026-01-15T00:00:00Z' : '2026-11-22T21:00:00Z'));
    },
  ]),
];

describe.each(cases)('the files of %s', (name, fill) => {
  const runnable = name === 'the sample' || existsSync(join(LEGACY, name));

  it.skipIf(!runnable)(
    'stay as they are when nothing changed, and come back when all is written anew',
    async () => {
      const directory = join(root, 'old');
      const now = await fill(directory);
      const clock = (): Date => now;
      const move = { tier, directory, clock, stores: fileSources.map(({ id }) => id) };
      const report = await runMigration(move);
      const loaded = new Map(report.sources.map(({ id, loaded: rows }) => [id, rows]));
      const discovery = await discover(directory, fileSources);
      const was = new Map(
        discovery.units
          .flatMap(({ files }) => files)
          .map((file) => [file, readFileSync(join(directory, file))]),
      );
      const nowMicros = now.getTime() * 1000;
      const seen = new Map<string, number>();
      for (const anew of [false, true]) {
        for (const unit of discovery.units) {
          const changes = await changesOf(unit);
          expectOwnPlaces(unit.source, changes);
          const context = { nowMicros, timezones: new Map(), anew };
          const outcomes = writeFileBack({ directory, source: unit.source, changes, context });
          expect(outcomes.filter(({ did }) => did !== 'unchanged' && (!anew || did !== 'written'))).toEqual(
            [],
          );
          if (anew) seen.set(unit.source.id, (seen.get(unit.source.id) ?? 0) + outcomes.length);
        }
        const other = [...was].filter(([file, bytes]) => !bytes.equals(readFileSync(join(directory, file))));
        expect(other.map(([file]) => file)).toEqual([]);
      }
      expect([...seen].filter(([id, rows]) => loaded.get(id) !== rows)).toEqual([]);
      await discovery.close();
      expect(await verifyMigration(move)).toMatchObject({ differences_total: 0 });
    },
  );
});

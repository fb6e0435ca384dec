import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Report, runMigration, verifyMigration } from '../../src/migration/index.ts';
import { makeTemplate, openEmbedded } from '../../src/tiers/durable/embedded/open-embedded.ts';
import { migrate } from '../../src/tiers/durable/index.ts';
import { directoryState } from '../support/directory-state.ts';
import { freshTier, type TestTier, tierKinds } from '../support/durable.ts';
import * as documents from '../support/hostile/documents.ts';
import * as keys from '../support/hostile/keys.ts';
import * as hostile from '../support/hostile.ts';

type Build = (directory: string) => hostile.Expectation;

const fixtures: Record<string, Build> = {
  'an empty file': hostile.emptyFile,
  'no database': hostile.notADatabase,
  'a Git LFS pointer': hostile.lfsPointer,
  'rows in the -wal alone': hostile.walOnlyRows,
  'a hot journal': hostile.hotJournal,
  'loops of links': hostile.symlinkLoop,
  'an older table': hostile.fewerColumns,
  'a newer table': hostile.extraColumns,
  "somebody else's tables": hostile.foreignTables,
  'older shapes': hostile.olderShapes,
  'files of nobody': hostile.unclaimedFiles,
  'a file without permission': hostile.unreadableFile,
  'UTF-16': hostile.utf16Database,
  'strange values': hostile.weirdValues,
  'one bad row': (directory) => hostile.oneBadRow(directory, 9),
  'one bad row, the first': (directory) => hostile.oneBadRow(directory, 9, 1),
  'one bad row, the last': (directory) => hostile.oneBadRow(directory, 9, 9),
  'one table twice': (directory) => hostile.sameTableTwice(directory, false),
  'one table twice, differing': (directory) => hostile.sameTableTwice(directory, true),
  'strange preferences': documents.strangePreferences,
  'strange scores': documents.strangeScores,
  'strange lines': documents.strangeLines,
  'broken documents': documents.brokenDocuments,
  'a key that is no row number': keys.descendingKey,
  'keys that PostgreSQL cannot hold': keys.strangeLevels,
};
/** PGlite has the same engine above it: a few show that nothing depends on the driver. */
const onEmbedded = [
  'rows in the -wal alone',
  'strange values',
  'one bad row',
  'strange preferences',
  'one table twice, differing',
];

let directory: string;
let tier: TestTier;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stockroom-hostile-'));
});
afterEach(async () => {
  await tier.remove();
  rmSync(directory, { recursive: true, force: true });
});

const run = (): Promise<Report> => runMigration({ tier: tier.durable, directory });

/** What a report says of its sources, as an expectation does; those without a row are left out. */
function countsOf(report: Report): hostile.ExpectedSource[] {
  return report.sources
    .filter((source) => source.read > 0)
    .map(({ id, read, loaded, quarantined, skipped, altered }) => ({
      sourceId: id,
      read,
      loaded,
      quarantined,
      skipped,
      altered,
    }));
}

function check(report: Report, expected: hostile.Expectation): void {
  const byId = (a: hostile.ExpectedSource, b: hostile.ExpectedSource): number =>
    a.sourceId < b.sourceId ? -1 : 1;
  expect(countsOf(report).sort(byId)).toEqual([...expected.sources].sort(byId));
  expect(report.unreadable.map(({ file }) => file).sort()).toEqual(expected.unreadable);
  for (const { reason } of report.unreadable) expect(reason).toMatch(/\w{3}/);
  expect([...report.unclaimed].sort()).toEqual(expected.unclaimed);
  const aside = expected.unreadable.length > 0 || expected.sources.some(({ quarantined }) => quarantined > 0);
  expect(report).toMatchObject({ exit: aside ? 3 : 0, ok: true, differences: [], differences_total: 0 });
  expect(report.sources.map(({ verified }) => verified)).not.toContain(false);
}

/** What is in the database, table by table; the numbers that PostgreSQL gives itself are left out. */
async function contents(): Promise<Record<string, unknown>> {
  const { durable } = tier;
  const { rows } = await durable.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'stockroom' AND table_type = 'BASE TABLE'
     AND table_name NOT IN ('migration_runs', 'schema_migrations', 'view_intents')`,
  );
  const found: Record<string, unknown> = {};
  for (const { name } of rows) {
    const own = name.startsWith('migration_')
      ? `- 'id' - 'quarantined_at' - 'loaded_at' - 'verified_at'`
      : '';
    const answer = await durable.query<{ row: string }>(
      `SELECT (to_jsonb(t) ${own})::text AS row FROM "${name}" t ORDER BY 1`,
    );
    if (answer.rows.length > 0) found[name] = answer.rows.map(({ row }) => row);
  }
  return found;
}

describe.each(tierKinds)('on the %s', (kind) => {
  let template: string;
  beforeAll(async () => {
    template = join(mkdtempSync(join(tmpdir(), 'stockroom-template-')), 'template.tar');
    if (kind === 'embedded') await makeTemplate(template, 'stockroom', migrate);
  });
  afterAll(() => rmSync(dirname(template), { recursive: true }));
  beforeEach(async () => {
    if (kind === 'server') tier = await freshTier(kind);
    else {
      // With a template a database is there in a fraction of the time.
      const durable = await openEmbedded({ memory: true, schema: 'stockroom', template });
      tier = { durable, remove: () => durable.close() };
    }
  });

  it.each(Object.entries(fixtures).filter(([name]) => kind === 'server' || onEmbedded.includes(name)))(
    '%s: what was expected, once, and the old files as they were',
    async (_, build) => {
      const expected = build(directory);
      const before = directoryState(directory);
      const first = await run();
      check(first, expected);
      const loaded = await contents();
      const second = await run();
      check(second, expected);
      expect(second.sources.map(({ checksum }) => checksum)).toEqual(
        first.sources.map(({ checksum }) => checksum),
      );
      expect(await contents()).toEqual(loaded);
      check(await verifyMigration({ tier: tier.durable, directory }), expected);
      expect(await contents()).toEqual(loaded);
      expect(directoryState(directory)).toEqual(before);
    },
  );
});

describe('single values', () => {
  beforeEach(async () => {
    tier = await freshTier('server');
  });

  it('each strange value is where it must be, with its bytes where they are kept', async () => {
    const { rows } = hostile.weirdValues(directory);
    await run();
    const fates = new Map<string, hostile.WeirdRow['fate']>();
    for (const table of new Set(rows.map(({ sourceId }) => sourceId))) {
      const { rows: loaded } = await tier.durable.query<{ id: bigint; columns: string[] }>(
        `SELECT t.legacy_id AS id, coalesce(array_agg(o.column) FILTER (WHERE o.column IS NOT NULL), '{}')::text[] AS columns
         FROM ${table} t LEFT JOIN migration_originals o ON o.source = $1 AND o.key = t.legacy_id::text GROUP BY 1`,
        [table],
      );
      for (const { id, columns } of loaded)
        fates.set(`${table} ${id}`, columns.length > 0 ? 'altered' : 'loaded');
      for (const { id, column } of rows.filter((row) => row.sourceId === table && row.fate === 'altered')) {
        expect(loaded.find((row) => Number(row.id) === id)?.columns).toEqual([column]);
      }
    }
    const { rows: aside } = await tier.durable.query<{ source: string; key: string; column: string }>(
      'SELECT source, key, "column" FROM migration_quarantine',
    );
    for (const { source, key } of aside) fates.set(`${source} ${key}`, 'quarantined');
    expect(rows.map(({ what, sourceId, id }) => [what, fates.get(`${sourceId} ${id}`)])).toEqual(
      rows.map(({ what, fate }) => [what, fate]),
    );
    for (const { source, key, column } of aside) {
      expect(column).toBe(rows.find((row) => row.sourceId === source && String(row.id) === key)?.column);
    }
  });

  it('what is set aside is there whole', async () => {
    documents.strangePreferences(directory);
    documents.strangeScores(directory);
    await run();
    const { rows } = await tier.durable.query<{ bytes: Uint8Array; reason: string }>(
      'SELECT bytes, reason FROM migration_quarantine ORDER BY source, reason, bytes',
    );
    expect(rows.map(({ bytes, reason }) => [reason, Buffer.from(bytes).toString('utf8')])).toEqual([
      ['BAD_KEY', '{"s\\u0000": {"a": 1}}'],
      ['BAD_KEY', `{"half\\ud83d": {"value": 3, "updated_at": "2026-01-09T10:00:00"}}`],
      ['BAD_KEY', `{"nul\\u0000": {"value": 2, "updated_at": "2026-01-09T10:00:00"}}`],
      ['DUPLICATE_KEY', `{"twice": {"value": "the second", "updated_at": "2026-01-09T10:00:00"}}`],
    ]);
    const kept = await tier.durable.query<{ value: unknown }>(
      `SELECT value FROM memory_preferences WHERE pref_key = 'twice'`,
    );
    expect(kept.rows).toEqual([{ value: 'the first' }]);
  });
});

describe('a locked database', () => {
  it('is reported after a bounded wait, and loads when it is free', async () => {
    tier = await freshTier('server');
    const locked = await hostile.lockedDatabase(directory);
    try {
      const report = await run();
      check(report, locked);
      expect(report.unreadable[0]?.reason).toContain('locked by another process');
    } finally {
      await locked.release();
    }
    check(await run(), locked.released);
  });
});

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeSample } from '../../src/legacy/sample/index.ts';
import { rehearse, type Rehearsal, type RehearsalOptions } from '../../src/migration/rehearse/index.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { call } from '../support/cli.ts';
import { FILES, type Shape, writeTable } from '../support/codecs/harness.ts';
import { EXTRAS, tables } from '../support/codecs/tables.ts';
import { anyRow, type GivenRow, looseId } from '../support/codecs/values.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { directoryState } from '../support/directory-state.ts';
import * as keys from '../support/hostile/keys.ts';
import { addTable, put, requests } from '../support/hostile/kit.ts';
import * as hostile from '../support/hostile.ts';
import { Process, requireBuilt } from './process.ts';

const FILE = 'cache/llm_costs.db';

let database: TestDatabase;
let root: string;
let directory: string;
let scratch: string;
const given = { TMPDIR: process.env['TMPDIR'], directory: tmpdir() };

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  root = mkdtempSync(join(given.directory, 'stockroom-rehearse-'));
  directory = join(root, 'old');
  scratch = mkdtempSync(join(root, 'scratch-'));
  process.env['TMPDIR'] = scratch;
});
afterEach(() => {
  if (given.TMPDIR === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = given.TMPDIR;
  rmSync(root, { recursive: true, force: true });
});

const config = (kind: 'server' | 'embedded'): RehearsalOptions['config'] => ({
  databaseUrl: kind === 'server' ? database.url : undefined,
  databasePoolMax: 5,
  dataDir: join(root, 'data'),
  schema: 'stockroom',
});

/** Rehearses, and makes sure that nothing was changed or left behind. */
async function rehearsed(
  kind: 'server' | 'embedded' = 'server',
  options: Partial<RehearsalOptions> = {},
): Promise<Rehearsal> {
  const before = directoryState(directory);
  const rehearsal = await rehearse({ directory, config: config(kind), ...options });
  expect(directoryState(directory)).toEqual(before);
  await expectNothingLeft();
  return rehearsal;
}

async function schemas(): Promise<string[]> {
  const tier = await openServer({ url: database.url, schema: 'public', poolMax: 1 });
  try {
    const { rows } = await tier.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'stockroom%' ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  } finally {
    await tier.close();
  }
}

async function expectNothingLeft(): Promise<void> {
  expect(readdirSync(scratch)).toEqual([]);
  expect(existsSync(join(root, 'data'))).toBe(false);
  expect(await schemas()).toEqual([]);
}

const tableOf = (rehearsal: Rehearsal, source: string): Rehearsal['tables'][number] =>
  rehearsal.tables.find((table) => table.source === source)!;

describe.each(['server', 'embedded'] as const)('a rehearsal in a %s', (kind) => {
  it('moves a sample there and back', async () => {
    await writeSample(directory, { now: new Date('2026-01-09T10:00:00Z') });
    const phases: string[] = [];
    const rehearsal = await rehearsed(kind, {
      clock: () => new Date('2026-01-09T10:00:00Z'),
      onPhase: ({ name }) => phases.push(name),
    });
    expect(phases).toEqual(['snapshot', 'inspect', 'run', 'verify', 'back', 'compare']);
    expect(rehearsal).toMatchObject({ ok: true, exit: 3, directory, scratch: null, differences: [] });
    const { back, tables: found } = rehearsal;
    expect(back).toMatchObject({ different: 0, missing: 0, unexpected: 0 });
    expect(back.exact + back.same_meaning + back.left).toBe(back.rows);
    expect(found.map(({ source }) => source).sort()).toEqual(
      [
        'agent_analyses agent_learnings ai_recommendations context_memory llm_requests pick_agent_contributions',
        'pick_events pick_outcomes rl_policies support_resistance_levels top_picks_runs user_preferences',
        'general_cache global_scores memory_analyses memory_preferences pick_archive price_history',
      ]
        .flatMap((names) => names.split(' '))
        .sort(),
    );
    // Times of one column in two forms: of one of them the other comes back.
    expect(found.flatMap(({ forms }) => forms.map(({ column }) => column))).toEqual(['exit_time_utc']);
    expect(rehearsal.left_out).toEqual([]);
    expect(rehearsal.prediction.database_bytes).toBeGreaterThan(0);
  });
});

const fixtures: Record<string, (directory: string) => hostile.Expectation> = {
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
  'one bad row': (at) => hostile.oneBadRow(at, 9),
  'one table twice': (at) => hostile.sameTableTwice(at, false),
  'one table twice, differing': (at) => hostile.sameTableTwice(at, true),
  'a key that is no row number': keys.descendingKey,
  'keys that PostgreSQL cannot hold': keys.strangeLevels,
};

describe('a hostile directory', () => {
  it.each(Object.entries(fixtures))('%s: every row comes back', async (_, build) => {
    const expected = build(directory);
    const rehearsal = await rehearsed();
    expect(rehearsal.differences).toEqual([]);
    expect(rehearsal.back).toMatchObject({ different: 0, missing: 0, unexpected: 0 });
    expect(rehearsal.unreadable.map(({ file }) => file).sort()).toEqual([...expected.unreadable].sort());
    expect([...rehearsal.unclaimed].sort()).toEqual([...expected.unclaimed].sort());
    const quarantined = expected.sources.reduce((sum, one) => sum + one.quarantined, 0);
    expect(rehearsal.sources.reduce((sum, one) => sum + one.quarantined, 0)).toBe(quarantined);
    expect(rehearsal.exit).toBe(quarantined + expected.unreadable.length > 0 ? 3 : 0);
  });

  it('gives back what was a duplicate, and what was quarantined, byte for byte', async () => {
    hostile.sameTableTwice(directory, true);
    addTable(directory, 'cache/bad.db', 'agent_learnings', [
      { agent_type: 'a', accuracy: 'none', last_updated: 'x' },
    ]);
    const { back } = await rehearsed();
    expect(back).toMatchObject({ rows: 12, exact: 12, from_duplicates: 4, from_quarantine: 1 });
  });

  it('a file that another process locks is reported, and the others are rehearsed', async () => {
    const locked = await hostile.lockedDatabase(directory);
    try {
      const rehearsal = await rehearsed();
      expect(rehearsal.unreadable.map(({ file }) => file)).toEqual([FILE]);
      expect(rehearsal).toMatchObject({ exit: 3, back: { rows: 3, exact: 3 } });
    } finally {
      await locked.release();
    }
  });
});

/**
 * In a zone east of UTC the first hours of the year 1 lie in the year 0, which Intl calls the year 1 before Christ: these
 * load a year off.
 */
const withoutYearZero = (rows: readonly GivenRow[]): GivenRow[] =>
  rows.filter(({ computed_at_ist: at }) => typeof at !== 'string' || !at.startsWith('0001-01-01'));

it('any rows at all come back, or say that they do not', async () => {
  const size = { minLength: 25, maxLength: 25 };
  const shapes: readonly Shape[] = ['typed', 'untyped'];
  const loose = fc.tuple(looseId, anyRow(tables[0]!, EXTRAS)).map(([id, row]) => ({ id, ...row }));
  const round = fc.tuple(
    fc.array(loose, size),
    ...shapes.flatMap(() => tables.map((table) => fc.array(anyRow(table, EXTRAS), size))),
  );
  const property = fc.asyncProperty(round, async ([first, ...others]) => {
    writeTable(directory, 'loose', tables[0]!, first);
    shapes.forEach((shape, at) =>
      tables.forEach((table, index) =>
        writeTable(directory, shape, table, withoutYearZero(others[at * tables.length + index]!)),
      ),
    );
    const rehearsal = await rehearsed();
    expect(Object.values(FILES).every((file) => existsSync(join(directory, file)))).toBe(true);
    expect(rehearsal.differences).toEqual([]);
    expect(rehearsal.back).toMatchObject({ different: 0, missing: 0, unexpected: 0 });
    rmSync(directory, { recursive: true });
  });
  await fc.assert(property, {
    numRuns: process.env['STOCKROOM_TEST_LONG'] === '1' ? 40 : 4,
    endOnFailure: true,
  });
}, 200_000);

describe('what is found', () => {
  it('a directory that is not there, and one that holds nothing', async () => {
    await expect(rehearse({ directory, config: config('server') })).rejects.toMatchObject({
      code: 'DIRECTORY_NOT_FOUND',
    });
    put(directory, 'notes.txt', 'nothing');
    await expect(rehearsed()).rejects.toMatchObject({ code: 'NOTHING_TO_MIGRATE' });
    await expectNothingLeft();
  });

  it('too little space, before anything is copied', async () => {
    addTable(directory, FILE, 'llm_requests', requests(5));
    const options = { directory, config: config('embedded'), freeBytes: async () => 1 << 20 };
    await expect(rehearse(options)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/needs about \d+ MiB in .*, and 1 MiB are free/),
    });
    await expectNothingLeft();
  });

  it('a value that has two storage classes with the same bytes', async () => {
    const definition =
      'CREATE TABLE llm_requests (id INTEGER PRIMARY KEY, model, tokens_input, tokens_output, cost_usd, created_at)';
    addTable(
      directory,
      FILE,
      'llm_requests',
      [{ model: Buffer.from([0xff, 0x61]), cost_usd: 5n }],
      definition,
    );
    const rehearsal = await rehearsed();
    expect(rehearsal.exit).toBe(0);
    expect(tableOf(rehearsal, 'llm_requests')).toMatchObject({
      same_meaning: 1,
      forms: [
        { column: 'model', example: { key: '1', was: 'BLOB of 2 bytes ff61' } },
        { column: 'cost_usd', example: { was: 'INTEGER 5', came: 'REAL 5' } },
      ],
    });
  });
});

describe('the command', () => {
  const env = (): Record<string, string> => ({ DATABASE_URL: database.url, TMPDIR: scratch });

  it('says what it found, what the move needs and what comes next', async () => {
    addTable(directory, FILE, 'llm_requests', requests(5));
    const { exit, out, err } = await call(['migrate', 'rehearse', directory], env());
    expect(exit).toBe(0);
    expect(out).toContain(
      'Rehearsed: everything is proven, and every row comes back. 5 rows moved there, 5 of them back',
    );
    expect(out).toMatch(/cache\/llm_costs\.db:llm_requests +5 +5 +0 +0 +0 +0/);
    expect(out).toMatch(/The real move: about .* in PostgreSQL/);
    expect(out).toContain(`Next: \`stockroom migrate run ${directory}\``);
    expect(err).toMatch(
      /take +snapshot[^]*copy +llm_requests[^]*back +llm_requests[^]*compare +llm_requests/,
    );
    await expectNothingLeft();
  });

  it('prints one document with --json, and leaves the scratch with --keep', async () => {
    addTable(directory, FILE, 'llm_requests', requests(5));
    const { exit, json } = await call(['migrate', 'rehearse', directory, '--json', '--keep'], env());
    expect(exit).toBe(0);
    const rehearsal = json() as unknown as Rehearsal;
    expect(rehearsal).toMatchObject({ ok: true, exit: 0, back: { rows: 5, exact: 5 } });
    const kept = rehearsal.scratch!;
    const copy = new Sqlite(join(kept.directory, 'back', FILE), { readonly: true });
    expect(copy.prepare('SELECT count(*) FROM llm_requests').pluck().get()).toBe(5);
    copy.close();
    const found = await schemas();
    expect(found).toEqual([expect.stringMatching(/^stockroom_rehearsed_/)]);
    expect(kept.schema).toContain(found[0]!);
    // A later rehearsal leaves what was kept.
    await call(['migrate', 'rehearse', directory], env());
    expect(await schemas()).toEqual(found);
    expect(readdirSync(scratch)).toHaveLength(1);
    const tier = await openServer({ url: database.url, schema: 'public', poolMax: 1 });
    await tier.query(`DROP SCHEMA ${found[0]!} CASCADE`);
    await tier.close();
  });

  it('explains itself', async () => {
    const { exit, out } = await call(['migrate', 'rehearse', '--help']);
    expect(exit).toBe(0);
    expect(out).toMatch(/Examples:[^]*Exit codes:/);
  });
});

describe('a process that ends in the middle', () => {
  beforeAll(requireBuilt);

  const started = (): Process =>
    new Process(['migrate', 'rehearse', directory], { DATABASE_URL: database.url, TMPDIR: scratch }, root);
  const copying = (process: Process): true | null => (/^copy /m.test(process.err) ? true : null);

  it('by Ctrl-C leaves nothing', async () => {
    await writeSample(directory, { scale: 2 });
    const before = directoryState(directory);
    const running = started();
    await running.until(copying);
    running.child.kill('SIGINT');
    const { exit, err } = await running.ended();
    expect(exit).toBe(130);
    expect(err).toContain('INTERRUPTED: the rehearsal was interrupted');
    expect(directoryState(directory)).toEqual(before);
    await expectNothingLeft();
  });

  it('by a kill leaves the directory as it was, and the next rehearsal clears up', async () => {
    await writeSample(directory, { scale: 2 });
    const before = directoryState(directory);
    const running = started();
    await running.until(copying);
    running.child.kill('SIGKILL');
    await running.ended();
    expect(directoryState(directory)).toEqual(before);
    expect(readdirSync(scratch)).toHaveLength(1);
    expect(await schemas()).toHaveLength(1);
    const rehearsal = await rehearsed();
    expect(rehearsal.back).toMatchObject({ different: 0, missing: 0, unexpected: 0 });
  });
});

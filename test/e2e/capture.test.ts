import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectDirectory, runMigration, verifyMigration } from '../../src/migration/index.ts';
import {
  hasPython,
  inDatabase,
  logOf,
  replayOnto,
  rowsOf,
  schemaOf,
  writeWithPython,
} from '../support/capture.ts';
import { call } from '../support/cli.ts';
import { freshTier } from '../support/durable.ts';
import { OldDirectory, REQUESTS } from '../support/old-directory.ts';

const CONTEXT = 'cache/context.db';
const LEVELS = 'cache/top_picks_runs.db';
const FILES = [CONTEXT, REQUESTS, LEVELS];
const TABLES: [string, string][] = [
  [CONTEXT, 'user_preferences'],
  [LEVELS, 'support_resistance_levels'],
  [REQUESTS, 'llm_requests'],
];
const preferences = [
  { id: 1, user_id: 'ann', pref_key: 'mode', pref_value: '"a"' },
  { id: 2, user_id: 'bob', pref_key: 'mode', pref_value: '"b"' },
];

let old: OldDirectory;
let scratch: string;
const at = (file: string): string => join(old.path, file);
const capture = (what: 'install' | 'remove'): ReturnType<typeof call> =>
  call(['capture', what, old.path, '--json']);

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-capture-'));
  old = new OldDirectory()
    .requests(10)
    .table(CONTEXT, 'user_preferences', preferences)
    .table(LEVELS, 'support_resistance_levels', [])
    .write('cache/memory/user_7.json', '{"theme": {"value": "dark", "updated_at": "2026-01-05T10:00:00"}}');
});
afterEach(() => {
  old.remove();
  rmSync(scratch, { recursive: true, force: true });
});

describe.skipIf(!hasPython).each(['delete', 'wal'])(
  'an application in Python, in journal mode %s',
  (mode) => {
    it.each([1, 2, 3])('sees no difference, and the log tells all that it did (seed %i)', async (seed) => {
      for (const file of FILES) inDatabase(at(file), (db) => db.pragma(`journal_mode = ${mode}`));
      const plain = join(scratch, 'plain');
      cpSync(old.path, plain, { recursive: true });
      expect((await capture('install')).exit).toBe(0);
      expect(schemaOf(at(CONTEXT))).toMatchObject({ journal: mode });
      const before = new Map(FILES.map((file, index) => [file, join(scratch, `${index}.db`)]));
      for (const [file, copy] of before) copyFileSync(at(file), copy);

      const seen = await writeWithPython(old.path, seed, 400);
      expect(seen).toBe(await writeWithPython(plain, seed, 400));
      expect(seen).toContain('IntegrityError');
      for (const [file, table] of TABLES) {
        const rows = rowsOf(at(file), table);
        expect(rows).toEqual(rowsOf(join(plain, file), table));
        expect(rows).not.toEqual(rowsOf(before.get(file)!, table));
        expect(logOf(at(file)).map(({ row_id }) => row_id)).not.toContain(null);
        expect(replayOnto(before.get(file)!, at(file), table)).toEqual(rows);
      }
    });
  },
);

describe('capture install', () => {
  it('says what is captured, and what is followed by its content', async () => {
    const { exit, json } = await capture('install');
    expect(exit).toBe(0);
    expect(json()).toEqual({
      ok: true,
      exit: 0,
      directory: old.path,
      failed: [],
      files: [
        { file: REQUESTS, tables: [{ name: 'llm_requests', by: 'row' }], changed: true },
        { file: CONTEXT, tables: [{ name: 'user_preferences', by: 'row' }], changed: true },
        { file: LEVELS, tables: [{ name: 'support_resistance_levels', by: 'row' }], changed: true },
      ],
      by_content: [{ source: 'memory_preferences', files: 1 }],
    });
    const { out } = await call(['capture', 'install', old.path]);
    expect(out).toContain(`${REQUESTS}  captured already`);
    expect(out).toMatch(/followed by their content:\n {2}memory_preferences {2}1 file/);
  });

  it('changes nothing the second time, not a byte', async () => {
    await capture('install');
    const before = FILES.map((file) => readFileSync(at(file)));
    const { json } = await capture('install');
    expect((json()['files'] as { changed: boolean }[]).map(({ changed }) => changed)).toEqual([
      false,
      false,
      false,
    ]);
    expect(FILES.map((file) => readFileSync(at(file)))).toEqual(before);
  });

  it('adds a table that came since, mends triggers, and leaves those of others alone', async () => {
    old.change(
      'CREATE TRIGGER theirs AFTER INSERT ON llm_requests BEGIN UPDATE llm_requests SET model = NEW.model WHERE id = 1; END',
    );
    await capture('install');
    const token = controlOf(REQUESTS);
    expect(token).toMatchObject({ version: '1', muted: '0' });
    expect(Date.parse(token['installed_at']!)).not.toBeNaN();
    const whole = schemaOf(at(REQUESTS));
    old.change(`DROP TRIGGER _stockroom_llm_requests_delete;
      DROP TRIGGER _stockroom_llm_requests_insert;
      CREATE TRIGGER _stockroom_llm_requests_insert AFTER INSERT ON llm_requests BEGIN SELECT 1; END;
      CREATE TRIGGER _stockroom_gone_insert AFTER INSERT ON llm_requests BEGIN SELECT 1; END`);
    old.change('DELETE FROM llm_requests WHERE id = 2');
    expect((await capture('install')).json()['files']).toContainEqual(
      expect.objectContaining({ file: REQUESTS, changed: true }),
    );
    expect(schemaOf(at(REQUESTS))).toEqual(whole);
    old.table(REQUESTS, 'agent_learnings', []);
    await capture('install');
    old.change("INSERT INTO agent_learnings (agent_type) VALUES ('technical')");
    old.change("INSERT INTO llm_requests (id, model) VALUES (99, 'm')");
    expect(controlOf(REQUESTS)).toEqual(token);
    expect(logOf(at(REQUESTS))).toEqual([
      { tbl: 'agent_learnings', row_id: 1 },
      { tbl: 'llm_requests', row_id: 99 },
      { tbl: 'llm_requests', row_id: 1 },
    ]);
  });

  it('begins anew, with another token, where half of it is gone', async () => {
    await capture('install');
    const { token } = controlOf(REQUESTS);
    old.change('DROP TABLE _stockroom_capture');
    await capture('install');
    expect(controlOf(REQUESTS)['token']).not.toBe(token);
    old.change("UPDATE _stockroom_capture SET value = '2' WHERE name = 'version'");
    const { exit, json } = await capture('install');
    expect(exit).toBe(3);
    expect(json()['failed']).toEqual([{ file: REQUESTS, reason: expect.stringContaining('of version 2') }]);
  });

  it('reports a file that cannot be written or stays locked, and goes on with the others', async () => {
    // The header says: a form that may be read and not written.
    const descriptor = openSync(at(REQUESTS), 'r+');
    writeSync(descriptor, Uint8Array.of(3), 0, 1, 18);
    closeSync(descriptor);
    const holder = new Sqlite(at(CONTEXT));
    holder.exec('BEGIN IMMEDIATE');
    const { exit, json } = await capture('install');
    holder.close();
    expect(exit).toBe(3);
    expect(json()).toMatchObject({ ok: false, files: [{ file: LEVELS, changed: true }] });
    expect(json()['failed']).toEqual([
      { file: REQUESTS, reason: expect.stringMatching(/llm_costs\.db cannot be written/) },
      { file: CONTEXT, reason: expect.stringMatching(/context\.db stayed locked by another process/) },
    ]);
  });

  it('gives way to a reader who never ends, and leaves no part of itself behind', async () => {
    const before = schemaOf(at(CONTEXT));
    const reader = new Sqlite(at(CONTEXT));
    const rows = reader.prepare('SELECT * FROM user_preferences').iterate();
    rows.next();
    const { json } = await capture('install');
    rows.return?.();
    reader.close();
    expect(json()['failed']).toEqual([{ file: CONTEXT, reason: expect.stringContaining('stayed locked') }]);
    expect(schemaOf(at(CONTEXT))).toEqual(before);
  });

  it('refuses a directory without any source', async () => {
    const { exit, json } = await call(['capture', 'install', scratch, '--json']);
    expect([exit, json()]).toEqual([1, expect.objectContaining({ ok: false })]);
    expect(json()['error']).toMatchObject({ code: 'NOTHING_TO_MIGRATE' });
  });
});

describe('capture remove', () => {
  it('leaves the schema as it was, whatever was logged', async () => {
    old.change('CREATE TRIGGER theirs AFTER INSERT ON llm_requests BEGIN SELECT 1; END');
    const before = [REQUESTS, CONTEXT].map((file) => schemaOf(at(file)));
    await capture('install');
    old.change("INSERT INTO llm_requests (model) VALUES ('m')");
    old.change('DELETE FROM llm_requests WHERE id = 11; UPDATE sqlite_sequence SET seq = 10 WHERE seq = 11');
    const { exit, json } = await capture('remove');
    expect([exit, json()['files']]).toEqual([0, FILES]);
    expect([REQUESTS, CONTEXT].map((file) => schemaOf(at(file)))).toEqual(before);
    expect((await capture('remove')).json()).toMatchObject({ ok: true, files: [] });
  });

  it('leaves an empty sqlite_sequence where there was none: SQLite drops it never', async () => {
    const { schema } = schemaOf(at(LEVELS)) as { schema: { name: string }[] };
    expect(schema.map(({ name }) => name)).not.toContain('sqlite_sequence');
    await capture('install');
    await capture('remove');
    const after = schemaOf(at(LEVELS)) as { schema: { name: string }[] };
    expect(after.schema.filter(({ name }) => name !== 'sqlite_sequence')).toEqual(schema);
    expect(after).toMatchObject({ sequences: [], integrity: 'ok' });
  });

  it('takes out what is left of an installation whose tables are no source any more', async () => {
    await capture('install');
    old.change('ALTER TABLE llm_requests RENAME TO older; DROP TABLE _stockroom_capture');
    expect((await capture('remove')).json()['files']).toContain(REQUESTS);
    old.change("INSERT INTO older (model) VALUES ('m')");
    expect(JSON.stringify(schemaOf(at(REQUESTS)))).not.toContain('_stockroom');
  });
});

it('is nothing to the migration: the same rows, the same proof, no table too many', async () => {
  const test = await freshTier('server');
  try {
    const first = await runMigration({ tier: test.durable, directory: old.path });
    expect(first).toMatchObject({ exit: 0, unclaimed: [] });
    await capture('install');
    old.change("INSERT INTO llm_requests (model) VALUES ('m'); DELETE FROM llm_requests WHERE id = 11");
    expect(await inspectDirectory({ directory: old.path })).toMatchObject({ exit: 0, unclaimed: [] });
    const verified = await verifyMigration({ tier: test.durable, directory: old.path });
    expect(verified).toMatchObject({
      exit: 0,
      unclaimed: [],
      differences_total: 0,
      warnings: first.warnings,
    });
    const again = await runMigration({ tier: test.durable, directory: old.path });
    expect(again.sources.map(({ checksum }) => checksum)).toEqual(
      first.sources.map(({ checksum }) => checksum),
    );
  } finally {
    await test.remove();
  }
});

function controlOf(file: string): Record<string, string> {
  return inDatabase(at(file), (db) =>
    Object.fromEntries(
      db.prepare('SELECT name, value FROM _stockroom_capture').raw().all() as [string, string][],
    ),
  );
}

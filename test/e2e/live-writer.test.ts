import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runMigration, verifyMigration } from '../../src/migration/index.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { definitionOf, insertRows, requests, withDatabase } from '../support/hostile/kit.ts';

const WRITER = fileURLToPath(new URL('../support/live-writer.js', import.meta.url));
const FILE = 'cache/llm_costs.db';
const ROWS = 3000;
/** How often a run begins while the writer writes. */
const RUNS = process.env['STOCKROOM_TEST_LONG'] === '1' ? 20 : 3;

interface Progress {
  /** Rows 1 to this one are committed. */
  lastId: number;
  commits: number;
  errors: string[];
  longestMs: number;
}

let test: TestTier;
let directory: string;
let writer: ChildProcess;
beforeEach(async () => {
  test = await freshTier('server');
  directory = mkdtempSync(join(tmpdir(), 'stockroom-live-'));
});
afterEach(async () => {
  if (writer.exitCode === null) writer.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
  await test.remove();
});

async function ask(message: 'how far?' | 'stop'): Promise<Progress> {
  const answer = once(writer, 'message');
  writer.send(message);
  return ((await answer) as [Progress])[0];
}

/** Waits until the writer has committed so many more rows than it had. */
async function commitsMore(count: number): Promise<Progress> {
  const start = await ask('how far?');
  for (;;) {
    const now = await ask('how far?');
    if (now.commits >= start.commits + count) return now;
  }
}

const filesBeside = (): string[] => readdirSync(join(directory, 'cache')).sort();

/** A row as one text, as both sides can write it. */
async function loadedRows(): Promise<string[]> {
  const { rows } = await test.durable.query<Record<string, unknown>>(
    'SELECT legacy_id, model, tokens_input, tokens_output, cost_usd::float8 AS cost FROM llm_requests ORDER BY legacy_id',
  );
  return rows.map((row) => Object.values(row).join(' '));
}

function sourceRows(): string[] {
  const db = new Sqlite(join(directory, FILE), { readonly: true });
  try {
    return db
      .prepare('SELECT id, model, tokens_input, tokens_output, cost_usd FROM llm_requests ORDER BY id')
      .raw()
      .all()
      .map((row) => (row as unknown[]).join(' '));
  } finally {
    db.close();
  }
}

describe.each(['delete', 'wal'])(
  'a database that is written while it is read, in journal mode %s',
  (mode) => {
    it.each(['held', 'reopen'])('by a writer whose connection is %s', async (manner) => {
      withDatabase(directory, FILE, (db) => {
        db.pragma(`journal_mode = ${mode}`);
        db.exec(definitionOf('llm_requests'));
        db.transaction(() => insertRows(db, 'llm_requests', requests(ROWS)))();
      });
      const before = filesBeside();
      writer = fork(WRITER, [join(directory, FILE), manner], { execArgv: [] });
      let progress = await commitsMore(20);
      for (let round = 0; round < RUNS; round++) {
        const report = await runMigration({ tier: test.durable, directory });
        expect(report).toMatchObject({ exit: 0, ok: true, unreadable: [], differences_total: 0 });
        expect(report.sources.find(({ id }) => id === 'llm_requests')).toMatchObject({
          verified: true,
          quarantined: 0,
        });
        const { rows } = await test.durable.query<{ n: bigint }>(
          'SELECT count(*) AS n FROM llm_requests WHERE legacy_id <= $1',
          [progress.lastId],
        );
        // What was committed before the run began is here; what came during it may be.
        expect(rows[0]?.n).toBe(BigInt(progress.lastId));
        const after = await ask('how far?');
        expect(after.commits).toBeGreaterThan(progress.commits);
        progress = after;
      }
      // Enough for every kind of change to be among what the last run has to catch up with.
      await commitsMore(20);
      const ended = once(writer, 'exit');
      const last = await ask('stop');
      await ended;
      expect(last.errors).toEqual([]);
      const report = await runMigration({ tier: test.durable, directory });
      expect(report).toMatchObject({ exit: 0, differences_total: 0 });
      expect((await verifyMigration({ tier: test.durable, directory })).exit).toBe(0);
      expect(filesBeside()).toEqual(before);
      // Last: to read a database in WAL mode makes files beside it.
      expect(await loadedRows()).toEqual(sourceRows());
      expect(report.warnings.map(({ code }) => code)).toContain('SOURCE_UPDATED');
    });
  },
);

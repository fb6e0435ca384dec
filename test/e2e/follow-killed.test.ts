import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/legacy/sample/random.ts';
import { type FollowReport, runMigration, verifyMigration } from '../../src/migration/index.ts';
import { type DurableTier, migrate, openDurable } from '../../src/tiers/durable/index.ts';
import { captureByHand } from '../support/captured.ts';
import { freshDatabase } from '../support/database.ts';
import { definitionOf, insertRows, requests, withDatabase } from '../support/hostile/kit.ts';
import { type Environment, Process, requireBuilt } from './process.ts';

const WRITER = fileURLToPath(new URL('../support/live-writer.js', import.meta.url));
const FILE = 'cache/llm_costs.db';
const ROWS = 3000;
const LONG = process.env['STOCKROOM_TEST_LONG'] === '1';
const KILLS = LONG ? 25 : 5;
/** A follower is killed within so long after its start: from before its first look to the middle of its work. */
const MAX_LIFE_MS = 2500;

interface Progress {
  lastId: number;
  commits: number;
  errors: string[];
}

let scratch: string;
let writer: ChildProcess | undefined;
beforeAll(() => requireBuilt());
afterEach(() => {
  if (writer?.exitCode === null) writer.kill('SIGKILL');
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function ask(message: 'how far?' | 'stop'): Promise<Progress> {
  const answer = once(writer!, 'message');
  writer!.send(message);
  return ((await answer) as [Progress])[0];
}

async function within<T>(env: Environment, work: (tier: DurableTier) => Promise<T>): Promise<T> {
  const tier = await openDurable({
    databaseUrl: env['DATABASE_URL'],
    databasePoolMax: 3,
    dataDir: env['STOCKROOM_DATA_DIR'] ?? '',
    schema: 'stockroom',
  });
  try {
    return await work(tier);
  } finally {
    await tier.close();
  }
}

function sourceRows(directory: string): string[] {
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

async function loadedRows(tier: DurableTier): Promise<string[]> {
  const { rows } = await tier.query<Record<string, unknown>>(
    'SELECT legacy_id, model, tokens_input, tokens_output, cost_usd::float8 AS cost FROM llm_requests ORDER BY legacy_id',
  );
  return rows.map((row) => Object.values(row).join(' '));
}

/** An old directory with capture, migrated, and a writer that goes on writing. */
async function begin(env: Environment, mode: string): Promise<string> {
  scratch ??= mkdtempSync(join(tmpdir(), 'stockroom-follow-'));
  const directory = mkdtempSync(join(scratch, 'old-'));
  withDatabase(directory, FILE, (db) => {
    db.pragma(`journal_mode = ${mode}`);
    db.exec(definitionOf('llm_requests'));
    db.transaction(() => insertRows(db, 'llm_requests', requests(ROWS)))();
  });
  await within(env, async (tier) => {
    await migrate(tier);
    await runMigration({ tier, directory });
  });
  withDatabase(directory, FILE, (db) => captureByHand(db, ['llm_requests']));
  writer = fork(WRITER, [join(directory, FILE), mode === 'wal' ? 'held' : 'reopen'], { execArgv: [] });
  await ask('how far?');
  return directory;
}

/** Kills followers while the writer writes, lets one end, and compares. */
async function storm(env: Environment, mode: string, kills: number): Promise<void> {
  const directory = await begin(env, mode);
  const random = createRandom(kills, `follow ${mode}`);
  for (let count = 0; count < kills; count++) {
    const follower = new Process(['follow', directory, '--json'], env, directory);
    const ended = follower.ended();
    if (count === 0) await follower.until(({ out }) => /"changes":[1-9]/.test(out) || null);
    await Promise.race([delay(random.next() * MAX_LIFE_MS), ended]);
    follower.child.kill('SIGKILL');
    expect(await ended).toMatchObject({ exit: null });
  }
  const exit = once(writer!, 'exit');
  const { errors, commits } = await ask('stop');
  await exit;
  expect(errors).toEqual([]);
  expect(commits).toBeGreaterThan(0);
  const {
    out,
    exit: code,
    err,
  } = await new Process(['follow', directory, '--once', '--json'], env, directory).ended();
  expect(code, err).toBe(0);
  expect(JSON.parse(out) as FollowReport).toMatchObject({ lag: 0, kept_here: 0, differences_total: 0 });
  await within(env, async (tier) => {
    expect(await loadedRows(tier)).toEqual(sourceRows(directory));
    expect(await verifyMigration({ tier, directory })).toMatchObject({ exit: 0, differences_total: 0 });
    expect(await runMigration({ tier, directory })).toMatchObject({ exit: 0, warnings: [] });
  });
}

describe('a follower that is killed at any moment', () => {
  it.each(['delete', 'wal'])(
    'loses nothing and does nothing twice, on a server, journal mode %s',
    { timeout: 120_000 },
    async (mode) => {
      const database = await freshDatabase();
      await storm({ DATABASE_URL: database.url }, mode, KILLS);
      await database.drop();
    },
  );

  it('loses nothing and does nothing twice, in the embedded database', { timeout: 240_000 }, async () => {
    scratch ??= mkdtempSync(join(tmpdir(), 'stockroom-follow-'));
    await storm({ STOCKROOM_DATA_DIR: join(scratch, 'embedded') }, 'wal', LONG ? KILLS : 2);
  });
});

describe('a follower', () => {
  it('ends after the batch in hand when it is asked to, and a second one is refused', {
    timeout: 60_000,
  }, async () => {
    const database = await freshDatabase();
    const env = { DATABASE_URL: database.url };
    const directory = await begin(env, 'wal');
    const follower = new Process(['follow', directory], env, directory);
    const ended = follower.ended();
    await follower.until(({ err }) => /applied/.test(err) || null);
    const second = await new Process(['follow', directory, '--once'], env, directory).ended();
    expect(second).toMatchObject({ exit: 1, out: '' });
    expect(second.err).toContain(`RUN_IN_PROGRESS: another process follows ${directory}`);
    follower.child.kill('SIGTERM');
    expect(await ended).toMatchObject({ exit: 143 });
    expect(follower.err).toContain('following has stopped after the batch in hand');
    expect(await within(env, (tier) => verifyKeys(tier))).toEqual([]);
    await database.drop();
  });
});

/** Chunks whose books do not fit what is loaded. */
async function verifyKeys(tier: DurableTier): Promise<unknown[]> {
  const { rows } = await tier.query<{ sum: bigint; there: bigint }>(
    'SELECT sum(loaded)::bigint AS sum, (SELECT count(*) FROM llm_requests) AS there FROM migration_chunks',
  );
  return rows.filter(({ sum, there }) => sum !== there);
}

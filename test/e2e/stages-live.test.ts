import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/legacy/sample/random.ts';
import { runMigration } from '../../src/migration/index.ts';
import { type DurableTier, migrate, openDurable } from '../../src/tiers/durable/index.ts';
import { hasPython } from '../support/capture.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { definitionOf, insertRows, requests, withDatabase } from '../support/hostile/kit.ts';
import { type Ended, Process, requireBuilt } from './process.ts';

const WRITER = fileURLToPath(new URL('../support/stage_writer.py', import.meta.url));
const FILE = 'cache/llm_costs.db';
const RATE = 200;
const ROWS = 2000;
const LONG = process.env['STOCKROOM_TEST_LONG'] === '1';
const KILLS = LONG ? 25 : 6;
const WAY = ['dual-write', 'shadow', 'live', 'legacy', 'dual-write', 'shadow', 'live', 'ramp-down'] as const;
const TIMEOUT_MS = 280_000;

type Acknowledged = [what: 'insert' | 'update' | 'delete', name: string, value: number | null, side: string];

describe.skipIf(!hasPython)('a store that moves under a writer that is not ours', () => {
  let database: TestDatabase;
  let tier: DurableTier;
  let scratch: string;
  let env: Record<string, string>;
  const running = new Set<Process>();
  let writer: ChildProcess | undefined;

  beforeAll(() => requireBuilt());
  beforeEach(async () => {
    database = await freshDatabase();
    scratch = mkdtempSync(join(tmpdir(), 'stockroom-stages-'));
    env = { DATABASE_URL: database.url, STOCKROOM_DATA_DIR: join(scratch, 'data') };
    tier = await openDurable({
      databaseUrl: database.url,
      databasePoolMax: 3,
      dataDir: join(scratch, 'data'),
      schema: 'stockroom',
    });
    await migrate(tier);
    withDatabase(join(scratch, 'old'), FILE, (db) => {
      db.exec(definitionOf('llm_requests'));
      db.transaction(() => insertRows(db, 'llm_requests', requests(ROWS)))();
    });
    await runMigration({ tier, directory: join(scratch, 'old') });
  });
  afterEach(async () => {
    writer?.kill('SIGKILL');
    for (const one of running) one.child.kill('SIGKILL');
    await Promise.all([...running].map((one) => one.ended()));
    running.clear();
    await tier.close();
    await database.drop();
    rmSync(scratch, { recursive: true, force: true });
  });

  function start(argv: readonly string[]): Process {
    const started = new Process(argv, env, scratch);
    running.add(started);
    started.child.on('close', () => running.delete(started));
    return started;
  }

  /** Starts a command again whenever it is killed, until `stop`. */
  function keep(argv: readonly string[]): { current: () => Process; stop: () => Promise<Ended> } {
    let stopped = false;
    let current = start(argv);
    const again = (one: Process): void => {
      one.child.on('close', () => {
        if (stopped) return;
        current = start(argv);
        again(current);
      });
    };
    again(current);
    return {
      current: () => current,
      stop: () => {
        stopped = true;
        current.child.kill('SIGTERM');
        return current.ended();
      },
    };
  }

  function startWriter(url: string): void {
    const old = join(scratch, 'old', FILE);
    writer = spawn('python3', [WRITER, old, url, String(RATE), join(scratch, 'log'), '7'], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
  }

  async function stopWriter(): Promise<Acknowledged[]> {
    writer!.stdin!.end();
    if (writer!.exitCode === null) await once(writer!, 'close');
    expect(writer!.exitCode).toBe(0);
    const lines = readFileSync(join(scratch, 'log'), 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Acknowledged);
  }

  const acknowledgedBy = (count: number): Promise<void> =>
    waitUntil(() => linesOf(join(scratch, 'log')) >= count);

  /** Takes the store to a stage, whatever kills the command on the way. */
  async function reach(stage: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const { exit, err } = await start(['stage', 'set', 'llm-costs', stage]).ended();
      if (exit === 0) return;
      const { rows } = await tier.query<{ stage: string; state: string }>(
        'SELECT stage, state FROM migration_stages',
      );
      const isThere = rows[0]?.stage === stage && rows[0].state !== 'fenced';
      // The move was done when its process died; the next call finishes what is left of it.
      if (isThere && exit === null) continue;
      if (attempt === 40) throw new Error(`${stage} is not reached: ${err}`);
    }
  }

  /** What must stand on both sides after everything that was acknowledged. */
  async function agree(log: readonly Acknowledged[]): Promise<void> {
    const expected = new Map<string, number>();
    for (const [what, name, value] of log) {
      if (what === 'delete') expected.delete(name);
      else expected.set(name, value!);
    }
    const { rows } = await tier.query<{ name: string; value: bigint }>(
      "SELECT model AS name, tokens_input AS value FROM llm_requests WHERE model LIKE 'w7-%' ORDER BY id",
    );
    const here = rows.map(({ name, value }) => `${name} ${value}`).sort();
    let there: string[] = [];
    withDatabase(join(scratch, 'old'), FILE, (db) => {
      there = (
        db
          .prepare("SELECT model, tokens_input FROM llm_requests WHERE model LIKE 'w7-%'")
          .raw()
          .all() as unknown[][]
      )
        .map((row) => row.join(' '))
        .sort();
    });
    const wanted = [...expected].map(([name, value]) => `${name} ${value}`).sort();
    expect(here).toEqual(wanted);
    expect(there).toEqual(wanted);
    const all = await tier.query<{ n: bigint }>('SELECT count(*) AS n FROM llm_requests');
    expect(Number(all.rows[0]!.n)).toBe(ROWS + wanted.length);
  }

  async function serve(): Promise<{ url: string; service: ReturnType<typeof keep> }> {
    const port = await freePort();
    env['PORT'] = String(port);
    const service = keep(['serve']);
    const url = `http://127.0.0.1:${port}`;
    await waitUntil(async () => (await fetch(`${url}/health/ready`).catch(() => null))?.ok === true);
    return { url, service };
  }

  // The one below goes the same way, and is killed on it.
  it.runIf(LONG)(
    'goes through all stages and back, and nothing is lost or doubled',
    {
      timeout: TIMEOUT_MS,
    },
    async () => {
      const { url, service } = await serve();
      const follower = keep(['follow', join(scratch, 'old')]);
      startWriter(url);
      let written = 0;
      for (const stage of WAY) {
        await reach(stage);
        await acknowledgedBy((written += RATE / 2));
      }
      const log = await stopWriter();
      expect(new Set(log.map(([, , , side]) => side))).toEqual(new Set(['old', 'new']));
      await follower.stop();
      await reach('legacy');
      await agree(log);
      await service.stop();
    },
  );

  it(`and is killed ${KILLS} times on the way`, { timeout: TIMEOUT_MS }, async () => {
    const { url } = await serve();
    const follower = keep(['follow', join(scratch, 'old')]);
    startWriter(url);
    const random = createRandom(KILLS, 'stages');
    const done = new AbortController();
    const killing = (async () => {
      for (let kill = 0; kill < KILLS && !done.signal.aborted; kill++) {
        await delay(300 + random.next() * 1700);
        const alive = [...running];
        alive[Math.floor(random.next() * alive.length)]?.child.kill('SIGKILL');
      }
    })();
    let written = 0;
    try {
      for (const stage of WAY) {
        await reach(stage);
        await acknowledgedBy((written += RATE / 2));
      }
      await killing;
    } finally {
      done.abort();
    }
    const log = await stopWriter();
    await follower.stop();
    await reach('legacy');
    await agree(log);
  });
});

function linesOf(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
}

async function waitUntil(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('what was waited for did not happen within 60 s');
    await delay(50);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

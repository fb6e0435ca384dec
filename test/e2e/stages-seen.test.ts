import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { followDirectory, runMigration } from '../../src/migration/index.ts';
import { routeRead, setStage, type Stage } from '../../src/migration/stages/index.ts';
import { bucketOf } from '../../src/migration/stages/route.ts';
import { type DurableTier, migrate, openDurable } from '../../src/tiers/durable/index.ts';
import { openStores } from '../../src/system/index.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import { call } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { OldDirectory } from '../support/old-directory.ts';

describe('stages as they are seen and set', () => {
  let database: TestDatabase;
  let tier: DurableTier;
  let old: OldDirectory;
  let env: Record<string, string>;
  let scratch: string;
  beforeEach(async () => {
    database = await freshDatabase();
    scratch = mkdtempSync(join(tmpdir(), 'stockroom-seen-'));
    env = { DATABASE_URL: database.url, STOCKROOM_DATA_DIR: scratch };
    tier = await openDurable({
      databaseUrl: database.url,
      databasePoolMax: 4,
      dataDir: scratch,
      schema: 'stockroom',
    });
    await migrate(tier);
    old = new OldDirectory().requests(20);
    await runMigration({ tier, directory: old.path });
  });
  afterEach(async () => {
    await tier.close();
    await database.drop();
    old.remove();
    rmSync(scratch, { recursive: true, force: true });
  });

  const reach = async (stage: Stage): Promise<void> => {
    for (const to of ['dual-write', 'shadow', 'live'] as const) {
      await setStage({ tier, store: 'llm-costs', to });
      if (to === stage) return;
    }
  };

  it('on the command line, with what was found at the gates', async () => {
    const before = await call(['stage', 'show', '--json'], env);
    expect(before.json()['items']).toHaveLength(10);
    const moved = await call(['stage', 'set', 'llm-costs', 'dual-write'], env);
    expect(moved.exit).toBe(0);
    expect(moved.out).toContain('verified: 20 rows are the same');
    expect(moved.out).toContain('llm-costs went from legacy to dual-write');
    const shown = await call(['stage', 'show', 'llm-costs'], env);
    expect(shown.out).toMatch(/llm-costs +dual-write +the old files/);
    expect(shown.out).toContain('next: shadow');
    expect(shown.out).toContain('legacy to dual-write: moved');
  });

  it.each([
    [['stage', 'set', 'llm-costs', 'love'], 2, /stage: expected one of legacy, dual-write/],
    [['stage', 'set', 'llm-cost', 'dual-write'], 2, /there is no store llm-cost; the stores are/],
    [
      ['stage', 'set', 'llm-costs', 'live', '--ramp', '101'],
      2,
      /--ramp: expected a whole number from 0 to 100/,
    ],
    [['stage', 'set', 'llm-costs', 'live', '--force', ' '], 2, /--force: expected a reason/],
    [['stage', 'set', 'llm-costs', 'shadow', '--ramp', '5'], 2, /ramp: expected only with the stage live/],
    [['stage', 'set', 'llm-costs', 'live'], 1, /from there it goes to dual-write, not to live/],
    [['stage', 'set', 'scores', 'dual-write'], 1, /holds no file of scores/],
  ])('%j is refused and moves nothing', async (argv, exit, words) => {
    const refused = await call(argv, env);
    expect([refused.exit, refused.err]).toEqual([exit, expect.stringMatching(words)]);
    expect((await tier.query('SELECT FROM migration_stages')).rows).toEqual([]);
  });

  it('a closed gate is told of and kept, and a reason opens those that lose no write', async () => {
    await tier.query('UPDATE llm_requests SET tokens_input = tokens_input + 1 WHERE legacy_id = 7');
    const closed = await call(['stage', 'set', 'llm-costs', 'dual-write'], env);
    expect([closed.exit, closed.err]).toEqual([
      1,
      expect.stringMatching(/GATE_CLOSED.*llm_requests 7 \(mismatch\)/),
    ]);
    await expect(tier.query("INSERT INTO llm_requests (model) VALUES ('free')")).resolves.toBeDefined();
    const forced = await call(
      ['stage', 'set', 'llm-costs', 'dual-write', '--force', 'the old side is right'],
      env,
    );
    expect(forced.exit).toBe(0);
    const moves = await tier.query('SELECT outcome, forced FROM migration_moves ORDER BY id');
    expect(moves.rows).toEqual([
      { outcome: 'refused', forced: null },
      { outcome: 'moved', forced: 'the old side is right' },
    ]);
    const { rows } = await tier.query<{ n: bigint }>(
      "SELECT count(*) AS n FROM audit_log WHERE action = 'stage.set' AND subject = 'llm-costs'",
    );
    expect(rows[0]!.n).toBe(2n);
  });

  it('reads that differ in shadow take a store back to dual-write, and are kept without their text', async () => {
    await reach('shadow');
    await tier.transaction(async (session) => {
      await session.query(`SET LOCAL stockroom.replay = 'on'`);
      await session.query(
        "UPDATE llm_requests SET tokens_input = 4711, model = 'secret' WHERE legacy_id = 20",
      );
    });
    const stop = new AbortController();
    const following = followDirectory({ tier, directory: old.path, signal: stop.signal });
    await vi.waitFor(
      async () => {
        const { rows } = await tier.query('SELECT stage FROM migration_stages');
        expect(rows).toEqual([{ stage: 'dual-write' }]);
      },
      { timeout: 30_000, interval: 100 },
    );
    stop.abort();
    await following;
    const { rows } = await tier.query<{
      result: string;
      old_side: object;
      new_side: Record<string, unknown>;
    }>('SELECT result, old_side, new_side FROM migration_mismatches');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows[0]).toMatchObject({ result: 'mismatch', new_side: { tokens_input: '4711' } });
    expect(JSON.stringify(rows)).not.toContain('secret');
    const moves = await tier.query('SELECT to_stage, outcome FROM migration_moves ORDER BY id DESC LIMIT 1');
    expect(moves.rows).toEqual([{ to_stage: 'dual-write', outcome: 'demoted' }]);
  });

  it('the ramp sends reads by a hash of their key, but for records that the old side is still owed', async () => {
    expect(await routeRead(tier, 'llm-costs', '1')).toMatchObject({ side: 'new' });
    await reach('live');
    await setStage({ tier, store: 'llm-costs', to: 'live', ramp: 30 });
    const keys = Array.from({ length: 20 }, (_, index) => String(index + 1));
    for (const key of keys) {
      const { side } = await routeRead(tier, 'llm-costs', key);
      expect([key, side]).toEqual([key, bucketOf(key) < 30 ? 'new' : 'old']);
    }
    const { rows } = await tier.query<{ id: bigint }>(
      "INSERT INTO llm_requests (model) SELECT 'm' FROM generate_series(1, 20) RETURNING id",
    );
    for (const { id } of rows)
      expect(await routeRead(tier, 'llm-costs', String(id))).toMatchObject({ side: 'new' });
    await followDirectory({ tier, directory: old.path, once: true });
    const sides = await Promise.all(
      rows.map(async ({ id }) => (await routeRead(tier, 'llm-costs', String(id))).side),
    );
    expect(new Set(sides)).toEqual(new Set(['old', 'new']));
  });

  it('a key that was taken in live is known after going back: its write is not asked for twice', async () => {
    await reach('live');
    const system = await openStores({ durable: tier, hot: createInProcessTier({ prefix: 'p:' }) });
    try {
      const request = { model: 'gpt-4o', tokens_input: 1, tokens_output: 2, idempotency_key: 'once' };
      const first = await system.stores.llmCosts.log(request);
      await setStage({ tier, store: 'llm-costs', to: 'legacy' });
      const again = await system.stores.llmCosts.log(request);
      expect(again.id).toBe(first.id);
      await expect(
        system.stores.llmCosts.log({ ...request, idempotency_key: 'other' }),
      ).rejects.toMatchObject({
        code: 'NOT_AUTHORITY',
      });
    } finally {
      await system.close();
    }
  });
});

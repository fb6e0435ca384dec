import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { followDirectory, type FollowStatus, runMigration } from '../../src/migration/index.ts';
import { routeRead, setStage, type Stage } from '../../src/migration/stages/index.ts';
import { bucketOf } from '../../src/migration/stages/route.ts';
import { type DurableTier, migrate, openDurable } from '../../src/tiers/durable/index.ts';
import { openStores } from '../../src/system/index.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import { stand } from '../support/cleanup.ts';
import { call } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { OldDirectory, REQUESTS } from '../support/old-directory.ts';

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

  describe('with stores that are complete, and one that is not', () => {
    const CONTEXT = 'cache/context.db';
    const SCORES = 'data/global_scores/score_cache.json';
    const PRICES = '.cache/historical/TCS_1d_0123456789ab.json';
    const preference = { user_id: 'ann', pref_key: 'a', pref_value: '1', updated_at: '2026-01-05 10:00:00' };
    const METADATA = '.cache/historical/metadata.json';
    const gone = [PRICES, REQUESTS, SCORES];

    beforeEach(async () => {
      old.table(CONTEXT, 'user_preferences', [preference]);
      old.table(REQUESTS, 'user_preferences', []);
      old.write(
        SCORES,
        '{"timestamp": "2026-01-09T11:00:00", "ttl_hours": 6, "scores": {"TCS": {"score": 1}}}',
      );
      old.write(
        PRICES,
        '{"data": [{"time": "2026-01-08T00:00:00", "open": 1, "high": 2, "low": 1, "close": 2, "volume": 10}], "row_count": 1, "columns": ["time"]}',
      );
      old.write(
        METADATA,
        '{"TCS_1d_0123456789ab": {"symbol": "TCS", "interval": "1d", "source": "yahoo", "cached_at": "2026-01-09T05:00:00"}}',
      );
      expect((await runMigration({ tier, directory: old.path })).exit).toBe(0);
      for (const store of ['llm-costs', 'context']) await setStage({ tier, store, to: 'dual-write' });
      expect(await followDirectory({ tier, directory: old.path, once: true })).toMatchObject({
        exit: 0,
        skipped: [],
      });
    });

    const remove = (): void => [...gone, METADATA].forEach((file) => rmSync(join(old.path, file)));
    const complete = (): Promise<void> => stand(tier, old.path, ['llm-costs', 'scores', 'price-history']);
    const waiting = async (): Promise<unknown> => {
      const shown = await call(['stage', 'show', 'context', '--json'], env);
      return (shown.json()['items'] as { lag: { old: unknown } }[])[0]!.lag.old;
    };
    const followOnce = () => call(['follow', old.path, '--once', '--json'], env);

    it('their removed files are missed by nobody', async () => {
      await complete();
      remove();
      const followed = await followOnce();
      expect(followed.json()).toMatchObject({ exit: 0, lag: 0, unreadable: [], skipped: gone });
      expect((followed.json()['files'] as { file: string }[]).map(({ file }) => file)).toEqual([CONTEXT]);
      expect(followed.exit).toBe(0);
      expect(followed.err.match(/3 files of complete stores are not followed: \.cache/g)).toHaveLength(1);
      expect(await waiting()).toBe(0);
      // A program that only opens a database that was removed leaves this.
      old.write(REQUESTS, '').write(SCORES, '');
      expect((await followOnce()).json()).toMatchObject({ exit: 0, lag: 0, unreadable: [] });
      expect(await waiting()).toBe(0);
      renameSync(join(old.path, CONTEXT), join(old.path, 'elsewhere'));
      expect((await followOnce()).json()).toMatchObject({ exit: 3, unreadable: [{ file: CONTEXT }] });
      expect(await waiting()).toBeNull();
    });

    it('nor by a follower that runs when they are completed', async () => {
      const stop = new AbortController();
      let last: FollowStatus | undefined;
      const onStatus = (status: FollowStatus): void => void (last = status);
      const following = followDirectory({ tier, directory: old.path, signal: stop.signal, onStatus });
      const until = (work: () => void) => vi.waitFor(work, { timeout: 20_000, interval: 50 });
      await until(() => expect(last?.rounds).toBeGreaterThan(0));
      rmSync(join(old.path, REQUESTS));
      await until(() => expect(last?.files.find(({ file }) => file === REQUESTS)?.away).toBeTruthy());
      await complete();
      await until(() => expect(last).toMatchObject({ lag: 0, skipped: gone, files: [{ file: CONTEXT }] }));
      stop.abort();
      expect(await following).toMatchObject({ exit: 0, unreadable: [] });
    });

    it('their rows in quarantine are nobody’s concern any more', async () => {
      old.change("INSERT INTO llm_requests (model, tokens_input) VALUES ('m', 'many')");
      expect((await followOnce()).json()).toMatchObject({ exit: 3, quarantined: 1 });
      await complete();
      expect((await followOnce()).json()).toMatchObject({ exit: 0, quarantined: 0 });
    });

    it('a file of theirs is followed for a store that had no rows in it yet', async () => {
      await complete();
      old.change("INSERT INTO user_preferences (user_id, pref_key, pref_value) VALUES ('eve', 'b', '2')");
      expect(await waiting()).toBe(1);
      expect((await followOnce()).json()).toMatchObject({ exit: 0, inserted: 1, skipped: [PRICES, SCORES] });
      expect(await waiting()).toBe(0);
    });
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

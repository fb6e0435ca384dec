import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  followDirectory,
  type FollowOptions,
  type FollowReport,
  type FollowStatus,
} from '../../src/migration/index.ts';
import { startTcpProxy, type TcpProxy } from '../../src/testing/index.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { migrate } from '../../src/tiers/durable/index.ts';
import { captureByHand } from '../support/captured.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { withDatabase } from '../support/hostile/kit.ts';
import { Migrations } from '../support/migrations.ts';
import { OldDirectory, REQUESTS } from '../support/old-directory.ts';

const clock = (): Date => new Date('2026-01-09T12:00:00Z');
const WAIT = { timeout: 20_000, interval: 50 };

let old: OldDirectory;
beforeEach(() => {
  old = new OldDirectory();
});
afterEach(() => old.remove());

const cached = (data: unknown): string => JSON.stringify({ timestamp: '2026-01-09T11:00:00', data });
const scores = (entries: Record<string, unknown>): string =>
  JSON.stringify({ timestamp: '2026-01-09T11:00:00', ttl_hours: 6, scores: entries });
const analysis = (symbol: string): string =>
  `${JSON.stringify({ symbol, agent_type: 'technical', timestamp: '2026-01-09T11:00:00', result: {} })}\n`;

describe('files without capture', () => {
  let test: TestTier;
  let here: Migrations;
  beforeEach(async () => {
    test = await freshTier('server');
    here = new Migrations(test.durable, old);
  });
  afterEach(() => test.remove());

  const follow = (): Promise<FollowReport> =>
    followDirectory({ tier: test.durable, directory: old.path, once: true, clock });
  const state = (family: string): Promise<string[]> =>
    here.values(`SELECT key || ' ' || value::text FROM hot_state WHERE family = '${family}' ORDER BY 1`);
  const symbols = (): Promise<string[]> =>
    here.values('SELECT symbol FROM memory_analyses ORDER BY legacy_id');

  it('a cache file is changed, added and removed', async () => {
    old.write('cache/a.json', cached(1)).write('cache/b.json', cached(2)).write('cache/c.json', cached(3));
    await here.run({ clock });
    await follow();
    old.write('cache/a.json', cached(10)).write('cache/d.json', cached(4));
    rmSync(join(old.path, 'cache/b.json'));
    expect(await follow()).toMatchObject({ exit: 0, inserted: 1, updated: 1, removed: 1, unreadable: [] });
    expect(await state('cache')).toEqual(['a 10', 'c 3', 'd 4']);
    expect((await here.run({ clock })).exit).toBe(0);
  });

  it('a file whose writer is in the middle of it keeps what is loaded, until it is whole', async () => {
    old.write('cache/a.json', cached(1)).write('data/score_cache.json', scores({ TCS: { score: 1 } }));
    await here.run({ clock });
    await follow();
    old.write('cache/a.json', cached('long').slice(0, -4)).write('data/score_cache.json', '');
    const report = await follow();
    expect(report).toMatchObject({ exit: 3, inserted: 0, updated: 0, removed: 0 });
    expect(report.unreadable.map(({ file }) => file).sort()).toEqual([
      'cache/a.json',
      'data/score_cache.json',
    ]);
    expect([await state('cache'), await state('scores')]).toEqual([['a 1'], ['TCS {"score": 1}']]);
    old.write('cache/a.json', cached('long')).write('data/score_cache.json', scores({ INFY: { score: 2 } }));
    expect(await follow()).toMatchObject({ exit: 0, inserted: 1, updated: 1, removed: 1, unreadable: [] });
    expect([await state('cache'), await state('scores')]).toEqual([['a "long"'], ['INFY {"score": 2}']]);
  });

  it('lines are appended, one of them in two steps', async () => {
    const file = 'cache/memory/analyses_technical.jsonl';
    old.write(file, analysis('A') + analysis('B'));
    await here.run({ clock });
    await follow();
    const half = analysis('D').slice(0, 20);
    old.write(file, analysis('A') + analysis('B') + analysis('C') + half);
    expect(await follow()).toMatchObject({ exit: 3, inserted: 1, quarantined: 1 });
    old.write(file, analysis('A') + analysis('B') + analysis('C') + analysis('D'));
    expect(await follow()).toMatchObject({ exit: 0, inserted: 1, quarantined: 0 });
    expect(await symbols()).toEqual(['A', 'B', 'C', 'D']);
  });

  it.each(['delete', 'wal'])('a database is read again when it changed, in journal mode %s', async (mode) => {
    old.requests(10);
    old.change(`PRAGMA journal_mode = ${mode}`);
    await here.run({ clock });
    const quiet = await follow();
    expect(quiet).toMatchObject({ exit: 0, inserted: 0, updated: 0, removed: 0 });
    old.change(`UPDATE llm_requests SET cost_usd = 3 WHERE id = 2; DELETE FROM llm_requests WHERE id = 9;
      INSERT INTO llm_requests (model) VALUES ('a')`);
    const report = await follow();
    expect(report).toMatchObject({ exit: 0, inserted: 1, updated: 1, removed: 1 });
    expect(report.files).toMatchObject([{ file: REQUESTS, mode: 'poll', waiting: 0 }]);
    const written = await here.written();
    expect((await here.run({ clock })).exit).toBe(0);
    expect(await here.written()).toEqual(written);
  });

  it('a row that was left out as a copy takes its place when the other one changes', async () => {
    old.requests(3).table('old/llm_costs.db', 'llm_requests', [{ id: 3, model: 'gpt-4', cost_usd: 0.25 }]);
    old.change(
      "DELETE FROM llm_requests; INSERT INTO llm_requests (id, model, cost_usd) VALUES (3, 'gpt-4', 0.25)",
    );
    old.change("UPDATE llm_requests SET created_at = '2026-01-09 10:00:00'", REQUESTS);
    old.change("UPDATE llm_requests SET created_at = '2026-01-09 10:00:00'", 'old/llm_costs.db');
    await here.run({ clock });
    withDatabase(old.path, REQUESTS, (db) => captureByHand(db, ['llm_requests']));
    await follow();
    expect(await here.values('SELECT legacy_source FROM llm_requests')).toEqual([REQUESTS]);
    old.change('UPDATE llm_requests SET cost_usd = 7');
    expect(await follow()).toMatchObject({ exit: 0, updated: 1, inserted: 1 });
    expect(await here.values("SELECT legacy_source || ' ' || cost_usd FROM llm_requests ORDER BY 1")).toEqual(
      [`${REQUESTS} 7`, 'old/llm_costs.db 0.25'],
    );
    expect((await here.run({ clock })).exit).toBe(0);
  });

  it('a directory that was never migrated is not followed', async () => {
    old.requests(1);
    await expect(follow()).rejects.toMatchObject({ code: 'NO_RUN' });
  });
});

describe('a follower that goes on', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let stop: AbortController;
  let following: Promise<FollowReport>;
  let last: FollowStatus | undefined;
  let seen: Set<string>;
  let test: TestTier;
  let here: Migrations;

  beforeEach(async () => {
    database = await freshDatabase();
    const url = new URL(database.url);
    proxy = await startTcpProxy({ target: { host: url.hostname, port: Number(url.port) } });
    const durable = await openServer({ url: database.url, schema: 'stockroom', poolMax: 2 });
    await migrate(durable);
    test = { durable, remove: () => durable.close() };
    here = new Migrations(durable, old);
    old.requests(20).write('cache/a.json', cached(1));
    await here.run({ clock });
    withDatabase(old.path, REQUESTS, (db) => captureByHand(db, ['llm_requests']));
    url.port = String(proxy.port);
    const through = await openServer({ url: url.href, schema: 'stockroom', poolMax: 3 });
    [stop, seen, last] = [new AbortController(), new Set(), undefined];
    const options: FollowOptions = {
      tier: through,
      directory: old.path,
      signal: stop.signal,
      clock,
      onStatus: (status) => {
        last = status;
        seen.add(status.state);
      },
    };
    following = (async () => {
      try {
        return await followDirectory(options);
      } finally {
        await through.close();
      }
    })();
  });
  afterEach(async () => {
    stop.abort();
    await following.catch(() => undefined);
    await proxy.close();
    await test.remove();
    await database.drop();
  });

  const cost = async (id: number): Promise<string | undefined> =>
    (await here.values<string>(`SELECT cost_usd FROM llm_requests WHERE legacy_id = ${id}`))[0];
  const upToDate = (): Promise<void> =>
    vi.waitFor(() => expect(last).toMatchObject({ lag: 0, state: 'following' }), WAIT);

  it('applies what is written meanwhile, and ends when it is told to', async () => {
    await upToDate();
    old.change('UPDATE llm_requests SET cost_usd = 4 WHERE id = 4');
    old.write('cache/b.json', cached(2));
    await vi.waitFor(async () => {
      expect(await cost(4)).toBe('4');
      expect(await here.values("SELECT key FROM hot_state WHERE family = 'cache' ORDER BY 1")).toEqual([
        'a',
        'b',
      ]);
    }, WAIT);
    stop.abort();
    expect(await following).toMatchObject({ exit: 0, changes: expect.any(Number), updated: 1, inserted: 1 });
  });

  it('waits for PostgreSQL while that is away, and goes on', async () => {
    await upToDate();
    proxy.refuse();
    await vi.waitFor(() => expect(last?.state).toBe('waiting'), WAIT);
    old.change('UPDATE llm_requests SET cost_usd = 5 WHERE id = 5');
    proxy.heal();
    await vi.waitFor(async () => expect(await cost(5)).toBe('5'), WAIT);
    await upToDate();
  });

  it('waits for an old file while that is away, and keeps what is loaded of it', async () => {
    await upToDate();
    const file = join(old.path, REQUESTS);
    const elsewhere = `${old.path}.away`;
    renameSync(file, elsewhere);
    await vi.waitFor(() => expect(last?.files.find((one) => one.file === REQUESTS)?.away).toBeTruthy(), WAIT);
    expect(await here.values('SELECT count(*) FROM llm_requests')).toEqual([20n]);
    renameSync(elsewhere, file);
    old.change('DELETE FROM llm_requests WHERE id = 6');
    await vi.waitFor(async () => expect(await cost(6)).toBeUndefined(), WAIT);
    await upToDate();
  });

  it('lets a migration run have its turn', async () => {
    await upToDate();
    old.change('UPDATE llm_requests SET cost_usd = 7 WHERE id = 7');
    expect(await here.run({ clock })).toMatchObject({ exit: 0 });
    await vi.waitFor(async () => expect(await cost(7)).toBe('7'), WAIT);
    await upToDate();
  });
});

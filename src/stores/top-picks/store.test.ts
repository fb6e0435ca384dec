import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { latestQuery, runsQuery } from './schema.ts';
import { createTopPicks, type TopPicks } from './store.ts';

/** run id, universe, mode, time, trigger, picks */
const rows = [
  ['a', 'nifty50', 'Swing', '2026-11-20T09:00:00.000001Z', 'hourly', 2n],
  ['b', 'nifty50', 'Swing', '2026-11-21T09:00:00Z', 'hourly', 3n],
  // The newest of its universe and mode, and it picked nothing.
  ['c', 'nifty50', 'Swing', '2026-11-22T09:00:00Z', 'manual', 0n],
  ['d', 'nifty50', 'Swing', '2026-11-22T10:00:00Z', 'manual', null],
  ['e', 'banknifty', 'Scalping', '2026-11-22T11:00:00Z', 'manual', 1n],
  // The same id again, at the same time: the later row is the newer one.
  ['b', 'nifty50', 'Swing', '2026-11-21T09:00:00Z', 'again', 4n],
] as const;

describe.each(storeKinds)('top picks that are there: %s', (kind) => {
  let tier: TestStores;
  let topPicks: TopPicks;
  const latest = (query: Record<string, string>) => topPicks.latest(latestQuery.parse(query));
  /** Without those that the tests of `latest` add. */
  const runs = (query: Record<string, string>) =>
    topPicks.runs(runsQuery.parse({ to: '2026-11-22T12:00:00Z', ...query }));

  beforeAll(async () => {
    tier = await freshStores(kind);
    for (const [id, ...row] of rows) {
      const picks = [{ symbol: id, risk_reward_ratio: null }];
      const payload = JSON.stringify({ picks, generated_at: 'naive', metadata: {} });
      await tier.durable.query(
        'insert into top_picks_runs (run_id, universe, mode, generated_at, trigger, picks_count, elapsed_sec, total_analyzed, payload) values ($1, $2, $3, $4, $5, $6, 104.23165685994582, 50, $7)',
        [id, ...row, payload],
      );
    }
    topPicks = createTopPicks(tier);
  });
  afterAll(async () => {
    await topPicks.close();
    await tier.remove();
  });

  it('latest is the newest run with picks, whatever the case of the question', async () => {
    expect(await latest({ universe: 'NIFTY50', mode: 'swing' })).toEqual({
      id: 6,
      run_id: 'b',
      universe: 'nifty50',
      mode: 'Swing',
      generated_at: '2026-11-21T09:00:00.000000Z',
      trigger: 'again',
      total_analyzed: 50,
      filtered_count: null,
      picks_count: 4,
      elapsed_sec: 104.23165685994582,
      items: [{ symbol: 'b', risk_reward_ratio: null }],
      as_of: 'naive',
      elapsed_seconds: 104.23165685994582,
    });
  });

  it.each([
    ['{"items": [1], "as_of": "then", "generated_at": "x"}', [1], 'then'],
    ['{"items": null, "picks": [2]}', [2], '2026-11-22T12:00:00.000000Z'],
    ['"no JSON {"', [], '2026-11-22T12:00:00.000000Z'],
  ])('latest finds the picks in %s', async (payload, items, as_of) => {
    const universe = `custom${items.join()}`;
    await tier.durable.query(
      "insert into top_picks_runs (run_id, universe, mode, generated_at, picks_count, payload) values ('f', $1, 'Futures', '2026-11-22T12:00:00Z', 1, $2)",
      [universe, payload],
    );
    expect(await latest({ universe, mode: 'Futures' })).toMatchObject({ items, as_of });
  });

  it('latest as of a time does not see later runs', async () => {
    const query = { universe: 'nifty50', mode: 'Swing' };
    expect(await latest({ ...query, as_of: '2026-11-20T09:00:00.000001Z' })).toMatchObject({ run_id: 'a' });
    await expect(latest({ ...query, as_of: '2026-11-20T09:00:00Z' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('nifty50 in mode Swing'),
    });
  });

  it('latest of a mode without runs is not found', async () => {
    await expect(latest({ universe: 'nifty50', mode: 'Options' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('a run is the newest of its id', async () => {
    expect(await topPicks.run('b')).toMatchObject({ id: 6, trigger: 'again' });
    expect(await topPicks.run('c')).toMatchObject({ picks_count: 0, payload: { generated_at: 'naive' } });
    await expect(topPicks.run('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(topPicks.run('b', { as_of: '2026-11-21T08:00:00.000000Z' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('runs are listed newest first without their payload', async () => {
    const { items, next_cursor } = await runs({});
    expect(items.map((run) => run.id)).toEqual([5, 4, 3, 6, 2, 1]);
    expect(items[0]).not.toHaveProperty('payload');
    expect(next_cursor).toBeNull();
  });

  it('each universe and mode is listed, with the newest run that picked anything', async () => {
    await tier.durable.query(
      "insert into top_picks_runs (run_id, universe, mode, generated_at, picks_count, payload) values ('g', 'empty', 'Swing', '2026-11-22T12:00:00Z', 0, '{}')",
    );
    const { rows: pairs } = await tier.durable.query<{ universe: string; mode: string; run: string | null }>(
      `select universe, mode, (array_agg(run_id order by generated_at desc, id desc) filter (where picks_count > 0))[1] as run
       from top_picks_runs group by universe, mode order by universe collate "C", mode collate "C"`,
    );
    expect(pairs).toContainEqual({ universe: 'empty', mode: 'Swing', run: null });
    const listed = await topPicks.universes();
    expect(
      listed.map(({ universe, mode, latest: run }) => ({ universe, mode, run: run?.run_id ?? null })),
    ).toEqual(pairs);
    expect(listed).toContainEqual({
      universe: 'nifty50',
      mode: 'Swing',
      latest: expect.objectContaining({ id: 6, run_id: 'b', picks_count: 4 }),
    });
  });

  it('pages hold every run once, also where times are equal', async () => {
    const seen: unknown[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < rows.length; page += 1) {
      const answer: Awaited<ReturnType<typeof runs>> = await runs(
        cursor === null ? { limit: '1' } : { limit: '1', cursor },
      );
      seen.push(...answer.items.map((run) => run.id));
      cursor = answer.next_cursor;
    }
    expect(seen).toEqual([5, 4, 3, 6, 2, 1]);
    expect(cursor).toBeNull();
  });

  it.each([
    [{ universe: 'BANKNIFTY' }, [5]],
    [{ mode: 'SWING', trigger: 'hourly' }, [2, 1]],
    [{ from: '2026-11-22T09:00:00Z', to: '2026-11-22T11:00:00Z' }, [4, 3]],
    [{ as_of: '2026-11-21T12:00:00Z' }, [6, 2, 1]],
    [{ trigger: 'nobody' }, []],
  ])('filters by %j', async (query: Record<string, string>, expected) => {
    expect((await runs(query)).items.map((run) => run.id)).toEqual(expected);
  });
});

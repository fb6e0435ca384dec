import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshStores, routesOver, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import type { App } from '../../http/app.ts';
import { routeTopPicks } from '../../http/routes/top-picks.ts';
import { createViews } from '../../tiers/views/index.ts';
import { verifyView } from '../../tiers/views/index.ts';
import { latestQuery, type RunNotice, type SavePayload } from './schema.ts';
import { createTopPicks, type TopPicks } from './store.ts';
import type { Subscription } from './subscription.ts';

const NOW = '2026-11-22T20:28:30.408Z';

function payloadOf(more: Partial<SavePayload> & Record<string, unknown> = {}): SavePayload {
  return {
    universe: 'NIFTY50',
    mode: 'SCALPING',
    generated_at: '2026-11-22T08:29:24.408900',
    total_analyzed: 50,
    passed_filter: 41,
    picks: [{ symbol: 'TCS', risk_reward_ratio: 1.5 }, { symbol: 'M&M' }],
    metadata: { analysis_time_seconds: 47.82718410805806 },
    ...more,
  };
}

describe.each(storeKinds)('top picks that are saved: %s', (kind) => {
  let stores: TestStores;
  let topPicks: TopPicks;
  let app: App;
  const latest = (universe: string, mode = 'Scalping') =>
    topPicks.latest(latestQuery.parse({ universe, mode }));
  const count = async (): Promise<number> =>
    Number((await stores.durable.query<{ n: bigint }>('select count(*) n from top_picks_runs')).rows[0]!.n);
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: '/v1/top-picks/runs',
      payload: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });

  beforeAll(async () => {
    stores = await freshStores(kind);
    topPicks = createTopPicks({ ...stores, clock: () => new Date(NOW) });
    app = await routesOver((to) => routeTopPicks(to, topPicks));
  });
  afterAll(async () => {
    await app.close();
    await topPicks.close();
    await stores.remove();
  });

  it('a run is kept by the old rules', async () => {
    const saved = await topPicks.save(payloadOf(), { trigger: 'hourly' });
    expect(saved).toEqual({
      id: 1,
      run_id: 'nifty50:Scalping:2026-11-22T20:28:30.408000',
      universe: 'nifty50',
      mode: 'Scalping',
      generated_at: '2026-11-22T02:59:24.408900Z',
      trigger: 'hourly',
      total_analyzed: 50,
      filtered_count: 41,
      picks_count: 2,
      elapsed_sec: 47.82718410805806,
      repeated: false,
    });
    expect(await latest('nifty50')).toMatchObject({
      run_id: saved.run_id,
      items: [{ symbol: 'TCS', risk_reward_ratio: 1.5 }, { symbol: 'M&M' }],
      as_of: '2026-11-22T08:29:24.408900',
      elapsed_seconds: 47.82718410805806,
    });
    expect(await topPicks.run(saved.run_id)).toMatchObject({ payload: payloadOf() });
  });

  it.each([
    [{ generated_at: '2026-11-22T08:29:24+00:00' }, '2026-11-22T08:29:24.000000Z'],
    [{ generated_at: null, as_of: '2026-11-22 00:10:00.5' }, '2026-11-21T18:40:00.500000Z'],
    [{ generated_at: undefined }, '2026-11-22T20:28:30.408'],
  ])('its time by %j', async (more, expected) => {
    const { generated_at } = await topPicks.save(payloadOf({ universe: 'times', ...more }));
    expect(generated_at.startsWith(expected)).toBe(true);
  });

  it('NaN of an engine is null', async () => {
    const { run_id } = await topPicks.save(payloadOf({ universe: 'nan', items: [{ ratio: Number.NaN }] }));
    expect(await topPicks.run(run_id)).toMatchObject({ payload: { items: [{ ratio: null }] } });
  });

  it('a run without picks is no latest, and an older one takes no place', async () => {
    await topPicks.save(payloadOf({ universe: 'u', generated_at: '2026-11-22T09:00:00Z', run_id: 'newer' }));
    await topPicks.save(payloadOf({ universe: 'u', generated_at: '2026-11-22T08:00:00Z', run_id: 'older' }));
    await topPicks.save(payloadOf({ universe: 'u', generated_at: '2026-11-22T10:00:00Z', picks: [] }));
    expect(await latest('u')).toMatchObject({ run_id: 'newer' });
    await topPicks.save(payloadOf({ universe: 'u', generated_at: '2026-11-22T11:00:00Z', run_id: 'last' }));
    expect(await latest('u')).toMatchObject({ run_id: 'last' });
  });

  it('the same key saves once, and refuses another run', async () => {
    const before = await count();
    const results = await Promise.all(
      Array.from({ length: 8 }, () =>
        topPicks.save(payloadOf({ universe: 'idem' }), { idempotencyKey: 'k' }),
      ),
    );
    expect(new Set(results.map(({ id }) => id)).size).toBe(1);
    expect(results.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(await count()).toBe(before + 1);
    await expect(
      topPicks.save(payloadOf({ universe: 'idem', items: [] }), { idempotencyKey: 'k' }),
    ).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect(await topPicks.save(payloadOf({ universe: 'idem', run_id: 'mine' }))).toMatchObject({
      repeated: false,
    });
    expect(await topPicks.save(payloadOf({ universe: 'idem', run_id: 'mine' }))).toMatchObject({
      repeated: true,
    });
  });

  it('a transaction of others that fails leaves neither the run nor its keys', async () => {
    const run = topPicks.prepare(payloadOf({ universe: 'composed' }));
    const write = (fails: boolean) =>
      stores.durable.transaction(async (session) => {
        const changes = stores.views.changes();
        const saved = await topPicks.saveIn(session, changes, run);
        changes.note(session);
        if (fails) throw new Error('the picks were refused');
        return { changes, saved };
      });
    await expect(write(true)).rejects.toThrow('refused');
    await expect(latest('composed')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { changes, saved } = await write(false);
    await changes.apply();
    expect(await latest('composed')).toMatchObject({ run_id: run.runId, id: saved.id });
  });

  it('the answers stay when Redis is empty, and every key is as PostgreSQL has it', async () => {
    const before = await latest('nifty50');
    await stores.flush();
    expect(await latest('nifty50')).toEqual(before);
    await topPicks.save(payloadOf({ universe: 'flushed' }));
    expect(await latest('flushed')).toMatchObject({ universe: 'flushed' });
    let keys = 0;
    for (const bound of stores.views.all) {
      const report = await verifyView(stores.hot, stores.durable, bound);
      expect(report.differences).toEqual([]);
      keys += report.keys;
    }
    expect(keys).toBeGreaterThan(3);
  });

  it.runIf(kind === 'server')('the keys are those of the plan, with their lives', async () => {
    const { run_id } = await topPicks.save(payloadOf({ universe: 'keys' }));
    const key = 'stockroom:picks:latest:keys:Scalping';
    expect(JSON.parse(await stores.ask<string>('GET', key))).toMatchObject({ run_id });
    const life = await stores.ask<number>('PTTL', key);
    expect(life).toBeGreaterThan(290_000);
    expect(life).toBeLessThanOrEqual(300_000);
    expect(Number(await stores.ask<string>('ZSCORE', 'stockroom:picks:runs', run_id))).toBe(
      Date.parse('2026-11-22T02:59:24.408Z'),
    );
    const hash = `stockroom:picks:run:${run_id.replaceAll(':', '%3a')}`;
    expect(await stores.ask('HGET', hash, 'universe')).toBe('keys');
    expect(await stores.ask('HGET', hash, 'created_at')).toBe('2026-11-22T02:59:24.408900Z');
    expect(JSON.parse(await stores.ask<string>('HGET', hash, 'picks_json'))).toHaveLength(2);
  });

  it('an id that comes back older keeps the place of the newer run', async () => {
    const of = (time: string, key: string) =>
      topPicks.save(payloadOf({ universe: 'twice', run_id: 'twice', generated_at: time }), {
        idempotencyKey: key,
      });
    await of('2026-11-22T09:00:00Z', 'twice-1');
    await of('2026-11-22T08:00:00Z', 'twice-2');
    expect(await topPicks.run('twice')).toMatchObject({ generated_at: '2026-11-22T09:00:00.000000Z' });
    const ranking = await stores.hot.rankings.top('stockroom:picks:runs', 100);
    expect(ranking.find(({ id }) => id === 'twice')?.score).toBe(Date.parse('2026-11-22T09:00:00Z'));
  });

  it('subscribers are told of each run once and in order, of other processes too, and again after a failure', async () => {
    const told: RunNotice[] = [];
    let fails = true;
    const subscription = await topPicks.subscribe((run) => {
      if (run.universe === 'told2' && fails) {
        fails = false;
        throw new Error('not now');
      }
      told.push(run);
    });
    // Another store over the same database, as another process has it.
    const views = createViews({ hot: stores.hot, durable: stores.durable });
    const other = createTopPicks({ durable: stores.durable, views });
    const first = await topPicks.save(payloadOf({ universe: 'told1' }));
    const second = await other.save(payloadOf({ universe: 'told2' }));
    const third = await topPicks.save(payloadOf({ universe: 'told3' }));
    await topPicks.save(payloadOf({ universe: 'told4', picks: [] }));
    await vi.waitFor(() => expect(told).toHaveLength(4), { timeout: 10_000 });
    expect(told.slice(0, 3).map(({ run_id }) => run_id)).toEqual([first.run_id, second.run_id, third.run_id]);
    expect(told[3]).toEqual({
      run_id: expect.stringMatching(/^told4:Scalping:/),
      universe: 'told4',
      mode: 'Scalping',
      generated_at: '2026-11-22T02:59:24.408900Z',
      picks_count: 0,
    });
    await subscription.close();
    await other.save(payloadOf({ universe: 'told5' }));
    expect(told).toHaveLength(4);
    await other.close();
    await views.close();
  });

  it('a run that is committed after later ones is told as well', async () => {
    const told: string[] = [];
    let subscription: Subscription | undefined;
    if (stores.durable.concurrency === 1) return;
    let end: (() => void) | undefined;
    const waits = new Promise<void>((resolve) => (end = resolve));
    const run = topPicks.prepare(payloadOf({ universe: 'late' }));
    const slow = stores.durable.transaction(async (session) => {
      await topPicks.saveIn(session, stores.views.changes(), run);
      subscription = await topPicks.subscribe((notice) => void told.push(notice.universe));
      await waits;
    });
    await vi.waitFor(() => expect(subscription).toBeDefined());
    await topPicks.save(payloadOf({ universe: 'early' }));
    await vi.waitFor(() => expect(told).toEqual(['early']));
    end!();
    await slow;
    topPicks.announce();
    await vi.waitFor(() => expect(told).toEqual(['early', 'late']));
    await subscription!.close();
  });

  it('over HTTP: 201, 200 for a repetition, 409 for another run', async () => {
    const body = payloadOf({ universe: 'Http', items: [{ symbol: 'TCS' }] });
    const first = await post(body, { 'idempotency-key': 'http-1' });
    expect([first.statusCode, first.json()]).toMatchObject([201, { universe: 'http', repeated: false }]);
    const again = await post(body, { 'idempotency-key': 'http-1' });
    expect([again.statusCode, again.json().run_id]).toEqual([200, first.json().run_id]);
    const other = await post({ ...body, mode: 'Swing' }, { 'idempotency-key': 'http-1' });
    expect([other.statusCode, other.json().code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
    const got = await app.inject(`/v1/top-picks/runs/${encodeURIComponent(first.json().run_id)}`);
    expect(got.json().payload).toEqual(body);
  });

  it.each([
    [{ mode: 'Swing', items: [] }, 'universe'],
    [{ universe: 'u', mode: 1, items: [] }, 'mode'],
    [{ universe: 'u', mode: 'Swing' }, 'items'],
    [{ universe: 'u', mode: 'Swing', items: {} }, 'items'],
    [{ universe: 'u\0', mode: 'Swing', items: [] }, 'universe'],
    [{ universe: 'u', mode: 'Swing', items: [], generated_at: 'yesterday' }, 'generated_at'],
    [{ universe: 'u', mode: 'Swing', items: [], generated_at: '2026-11-22' }, 'generated_at'],
    [{ universe: 'u', mode: 'Swing', items: [], total_analyzed: 1e300 }, 'total_analyzed'],
    [{ universe: 'u', mode: 'Swing', items: [], elapsed_seconds: -1 }, 'elapsed_seconds'],
    [{ universe: 'u', mode: 'Swing', items: [{ note: 'a\0b' }] }, 'items[0].note'],
    [{ universe: 'u', mode: 'Swing', items: [{ '\ud800': 1 }] }, 'items[0]'],
    [['a list'], 'payload'],
  ])('over HTTP: %j is refused, naming %s', async (body, field) => {
    const answer = await post(body);
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'INVALID_INPUT']);
    expect(answer.json().detail).toContain(field);
  });

  it('over HTTP: what is no JSON, or too deep, is refused', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const payload = `{"universe":"u","mode":"Swing","items":${deep}}`;
    const headers = { 'content-type': 'application/json' };
    const answer = await app.inject({ method: 'POST', url: '/v1/top-picks/runs', payload, headers });
    expect(answer.statusCode).toBe(400);
    const key = { ...headers, 'idempotency-key': 'k'.repeat(300) };
    const long = await app.inject({
      method: 'POST',
      url: '/v1/top-picks/runs',
      payload: JSON.stringify(payloadOf()),
      headers: key,
    });
    expect([long.statusCode, long.json().detail]).toEqual([400, expect.stringContaining('idempotency-key')]);
  });
});

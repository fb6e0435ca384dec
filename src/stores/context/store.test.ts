import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { verifyView } from '../../tiers/views/index.ts';
import { historyQuery, latestQuery, learningsQuery } from './schema.ts';
import { type Context, createContext } from './store.ts';

const NOW = '2026-11-22T20:28:30.408Z';

describe.each(storeKinds)('context: %s', (kind) => {
  let stores: TestStores;
  let context: Context;
  const latest = (query: Record<string, string>) => context.analyses.latest(latestQuery.parse(query));
  const history = (query: Record<string, string>) => context.analyses.history(historyQuery.parse(query));
  const list = (query: Record<string, string>) => context.learnings.list(learningsQuery.parse(query));

  beforeAll(async () => {
    stores = await freshStores(kind);
    context = createContext({ ...stores, clock: () => new Date(NOW) });
  });
  afterAll(async () => {
    await context.close();
    await stores.remove();
  });

  it('the latest analysis is the newest, whatever was logged after it', async () => {
    const { analyses } = context;
    const logged = await analyses.log({
      symbol: 'M&M',
      agent_type: 'technical',
      score: 32.78,
      confidence: 'Low',
      signals: [{ type: 'rsi', value: 60.408158402720645 }],
      reasoning: 'RSI at extreme — watch ₹ levels',
      metadata: { i: 111 },
      created_at: '2026-11-22T20:00:00.000001Z',
    });
    expect(logged).toEqual({
      id: expect.any(Number),
      symbol: 'M&M',
      agent_type: 'technical',
      score: 32.78,
      confidence: 'Low',
      signals: [{ type: 'rsi', value: 60.408158402720645 }],
      reasoning: 'RSI at extreme — watch ₹ levels',
      metadata: { i: 111 },
      global_context: null,
      policy_context: null,
      created_at: '2026-11-22T20:00:00.000001Z',
      repeated: false,
    });
    await analyses.log({ symbol: 'M&M', agent_type: 'technical', created_at: '2026-11-22T19:00:00Z' });
    await analyses.log({ symbol: 'M&M', agent_type: 'policy', score: -0.5 });
    const { repeated: _, ...expected } = logged;
    expect(await latest({ symbol: 'M&M', agent_type: 'technical' })).toEqual(expected);
    await stores.flush();
    expect(await latest({ symbol: 'M&M', agent_type: 'technical' })).toEqual(expected);
    expect(await latest({ symbol: 'M&M', agent_type: 'policy' })).toMatchObject({
      score: -0.5,
      confidence: null,
    });
  });

  it('within an age, and as of a time', async () => {
    const query = { symbol: 'M&M', agent_type: 'technical' };
    expect(await latest({ ...query, max_age_minutes: '29' })).toMatchObject({ score: 32.78 });
    await expect(latest({ ...query, max_age_minutes: '28' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const asOf = { ...query, as_of: '2026-11-22T20:00:00Z' };
    expect(await latest(asOf)).toMatchObject({ score: null, created_at: '2026-11-22T19:00:00.000000Z' });
    expect(await latest({ ...asOf, max_age_minutes: '61' })).toMatchObject({ score: null });
    await expect(latest({ ...asOf, max_age_minutes: '60' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(latest({ symbol: 'M&M', agent_type: 'nobody' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('the history is newest first, in pages, of so many days', async () => {
    const at = (time: string, agent_type: string) => ({ symbol: 'H', agent_type, created_at: time });
    await context.analyses.logMany([
      at('2026-11-21T09:00:00Z', 'a'),
      at('2026-11-22T09:00:00Z', 'b'),
      at('2026-11-22T09:00:00Z', 'c'),
      at('2026-11-22T09:00:00Z', 'a'),
      at('2026-11-21T20:28:30.408Z', 'gone after a day'),
    ]);
    const agents = async (query: Record<string, string>) =>
      (await history({ symbol: 'H', ...query })).items.map((item) => item.agent_type);
    // Of one time in the order in which they were written, as the old application gave them.
    expect(await agents({})).toEqual(['b', 'c', 'a', 'gone after a day', 'a']);
    expect(await agents({ days: '1' })).toEqual(['b', 'c', 'a']);
    expect(await agents({ agent_type: 'a' })).toEqual(['a', 'a']);
    expect(await agents({ as_of: '2026-11-22T00:00:00Z' })).toEqual(['gone after a day', 'a']);
    const seen: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof history>> = await history({
        symbol: 'H',
        limit: '2',
        ...(cursor === null ? {} : { cursor }),
      });
      seen.push(...page.items.map((item) => item.agent_type));
      cursor = page.next_cursor;
    } while (cursor !== null && seen.length < 10);
    expect(seen).toEqual(['b', 'c', 'a', 'gone after a day', 'a']);
  });

  it('what is logged in one millisecond keeps its order', async () => {
    for (const score of [1, 2, 3]) await context.analyses.log({ symbol: 'O', agent_type: 'a', score });
    expect((await history({ symbol: 'O' })).items.map(({ score }) => score)).toEqual([3, 2, 1]);
    expect(await latest({ symbol: 'O', agent_type: 'a' })).toMatchObject({ score: 3 });
  });

  it('the same key logs once, and refuses another analysis', async () => {
    const analysis = { symbol: 'I', agent_type: 'a', score: 1 };
    const options = { idempotencyKey: 'k' };
    const both = await Promise.all([
      context.analyses.log(analysis, options),
      context.analyses.log(analysis, options),
    ]);
    expect(both.filter(({ repeated }) => repeated)).toHaveLength(1);
    await expect(context.analyses.log({ ...analysis, score: 2 }, options)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    const many = [analysis, { ...analysis, score: 2 }];
    await context.analyses.logMany(many, { idempotencyKey: 'm' });
    expect(await context.analyses.logMany(many, { idempotencyKey: 'm' })).toMatchObject([
      { repeated: true },
      { repeated: true, score: 2 },
    ]);
    expect((await history({ symbol: 'I' })).items).toHaveLength(3);
  });

  it('100 callers at once are all logged', async () => {
    await Promise.all(
      Array.from({ length: 100 }, (_, score) =>
        context.analyses.log({ symbol: `C${score % 3}`, agent_type: 'a', score }),
      ),
    );
    const { rows } = await stores.durable.query("select id from agent_analyses where symbol like 'C_'");
    expect(rows).toHaveLength(100);
  });

  it('preferences are kept by user and key, whatever is in their names', async () => {
    const { preferences } = context;
    await preferences.put('user:1', '{k}', 1);
    await preferences.put('user', '1:{k}', 2);
    await preferences.putMany('user:1', { notify: true, sectors: ['IT', 'Banks'], '*': null });
    expect(await preferences.get('user:1', '{k}')).toBe(1);
    expect(await preferences.get('user:1', '*')).toBeNull();
    expect(await preferences.put('user:1', '{k}', { risk: 'moderate' })).toMatchObject({
      user_id: 'user:1',
      key: '{k}',
      value: { risk: 'moderate' },
    });
    await stores.flush();
    expect(await preferences.get('user:1', '{k}')).toEqual({ risk: 'moderate' });
    expect(await preferences.all('user:1')).toEqual({
      '*': null,
      notify: true,
      sectors: ['IT', 'Banks'],
      '{k}': { risk: 'moderate' },
    });
    expect(await preferences.all('nobody')).toEqual({});
    await expect(preferences.get('user:1', 'none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(preferences.put('u', '__proto__', 1)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('accuracy moves by the number of samples', async () => {
    const { learnings } = context;
    const of = { agent_type: 'technical', pattern: '{"pattern": "hammer"}' };
    expect(await learnings.learn({ ...of, accuracy: 0.75, samples: 4 })).toMatchObject({
      accuracy: 0.75,
      sample_size: 4,
    });
    // (0.75 · 4 + 1 · 1) / 5, then (0.8 · 5 + 0 · 3) / 8
    expect(await learnings.learn({ ...of, correct: true })).toMatchObject({ accuracy: 0.8, sample_size: 5 });
    expect(await learnings.learn({ ...of, correct: false, samples: 3 })).toMatchObject({
      accuracy: 0.5,
      sample_size: 8,
    });
    await learnings.learn({ agent_type: 'technical', pattern: 'doji', correct: true });
    expect((await list({ agent_type: 'technical' })).items).toMatchObject([
      { pattern: 'doji' },
      { pattern: of.pattern, sample_size: 8 },
    ]);
  });

  it('32 concurrent outcomes are all counted, and one with a key once', async () => {
    const { learnings } = context;
    const of = { agent_type: 'policy', pattern: 'gap' };
    await Promise.all(
      Array.from({ length: 32 }, (_, n) => learnings.learn({ ...of, correct: n % 4 === 0, samples: 2 })),
    );
    const [learnt] = (await list({ agent_type: 'policy' })).items;
    expect(learnt).toMatchObject({ sample_size: 64 });
    expect(learnt!.accuracy).toBeCloseTo(0.25, 12);
    const keyed = await Promise.all(
      Array.from({ length: 8 }, () => learnings.learn({ ...of, correct: true }, { idempotencyKey: 'l' })),
    );
    expect(keyed.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(new Set(keyed.map(({ sample_size }) => sample_size))).toEqual(new Set([65]));
    await expect(
      learnings.learn({ ...of, pattern: 'other', correct: true }, { idempotencyKey: 'l' }),
    ).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect((await list({ agent_type: 'policy' })).items).toHaveLength(1);
  });

  it('of migrated rows of one pattern the newest goes on; one without figures begins anew', async () => {
    const insert = (pattern: string, accuracy: number | null, samples: number | null, at: string | null) =>
      stores.durable.query(
        `insert into agent_learnings (agent_type, pattern_recognized, accuracy, sample_size, last_updated)
         values ('old', $1, $2, $3, $4)`,
        [pattern, accuracy, samples, at],
      );
    await insert('p', 0.5, 10, '2026-11-02T00:00:00Z');
    await insert('p', 0.1, 1, '2026-11-01T00:00:00Z');
    await insert('q', null, 7, null);
    expect(
      await context.learnings.learn({ agent_type: 'old', pattern: 'p', correct: true, samples: 10 }),
    ).toMatchObject({ accuracy: 0.75, sample_size: 20 });
    expect((await list({ agent_type: 'old' })).items.map((item) => item.accuracy)).toEqual([0.75, 0.1, null]);
    expect(
      await context.learnings.learn({ agent_type: 'old', pattern: 'q', accuracy: 0.3, samples: 2 }),
    ).toMatchObject({ accuracy: 0.3, sample_size: 2 });
    const first = await list({ agent_type: 'old', limit: '2' });
    const rest = await list({ agent_type: 'old', limit: '2', cursor: first.next_cursor! });
    expect([...first.items, ...rest.items].map((item) => item.accuracy)).toEqual([0.3, 0.75, 0.1]);
  });

  it('every key is as PostgreSQL has it', async () => {
    let keys = 0;
    for (const bound of stores.views.all) {
      const report = await verifyView(stores.hot, stores.durable, bound);
      expect(report.differences).toEqual([]);
      keys += report.keys;
    }
    expect(keys).toBeGreaterThan(3);
  });

  it.runIf(kind === 'server')('the keys are those of the plan', async () => {
    await context.analyses.log({ symbol: 'NIFTY 50', agent_type: 'a:b', score: 1.5, signals: ['x'] });
    const analysis = 'stockroom:context:analysis:NIFTY 50:a%3ab';
    expect(await stores.ask('HGET', analysis, 'score')).toBe('1.5');
    expect(await stores.ask('HGET', analysis, 'signals')).toBe('["x"]');
    expect(Number(await stores.ask('TTL', analysis))).toBeGreaterThan(86_000);
    await context.preferences.put('u:1', 'k', ['v']);
    expect(await stores.ask('GET', 'stockroom:context:user:u%3a1:k')).toBe('["v"]');
    expect(Number(await stores.ask('TTL', 'stockroom:context:user:u%3a1:k'))).toBeGreaterThan(3_500);
    await context.learnings.learn({ agent_type: 'keys', pattern: 'p', accuracy: 0.5, samples: 3 });
    const learning = 'stockroom:context:learning:keys';
    expect(await stores.ask('HGET', learning, 'pattern')).toBe('p');
    expect(await stores.ask('HGET', learning, 'sample_size')).toBe('3');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { verifyView } from '../../tiers/views/index.ts';
import { createLlmCosts, type LlmCosts } from './store.ts';

const NOW = '2026-11-22T20:28:30.408Z';
const TODAY = '2026-11-22';
const call = { model: 'gpt-4', tokens_input: 1_000, tokens_output: 500 };

describe.each(storeKinds)('logging LLM requests on the %s tiers', (kind) => {
  let stores: TestStores;
  let llmCosts: LlmCosts;
  beforeAll(async () => {
    stores = await freshStores(kind);
    llmCosts = createLlmCosts({ ...stores, clock: () => new Date(NOW) });
  });
  afterAll(async () => {
    await llmCosts.close();
    await stores.remove();
  });

  async function rowOf(id: unknown): Promise<Record<string, unknown>> {
    const { rows } = await stores.durable.query('select * from llm_requests where id = $1', [String(id)]);
    return rows[0]!;
  }

  async function content(key: string): Promise<unknown> {
    const found = await stores.hot.projections.read(`stockroom:${key}`);
    return found?.kind === 'hash' ? found.fields : found;
  }

  it('a request is priced when it is logged, exactly', async () => {
    // 1,000 × 30 + 500 × 60 US dollars per million: https://openai.com/api/pricing of gpt-4.
    const logged = await llmCosts.log({ ...call, tags: ['a', 'b', 'a'], user_id: 'u', response_id: 'r-1' });
    expect(logged).toEqual({
      id: expect.any(Number),
      created_at: '2026-11-22T20:28:30.408000Z',
      cost_usd: '0.06',
      priced: true,
      priced_by: expect.stringMatching(/^genai-prices \d+\.\d+\.\d+$/),
      repeated: false,
    });
    expect(await rowOf(logged.id)).toMatchObject({ tags: ['a', 'b'], user_id: 'u', response_id: 'r-1' });
  });

  it('the id of the response is the idempotency key: again is the first answer, another payload is refused', async () => {
    const request = { ...call, response_id: 'r-2', tags: null };
    const first = await llmCosts.log(request);
    expect(await llmCosts.log({ ...call, response_id: 'r-2' })).toEqual({ ...first, repeated: true });
    await expect(llmCosts.log({ ...request, tokens_output: 1 })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
  });

  it('cached and reasoning tokens are a part of the whole, and billed once at their own rate', async () => {
    // claude-sonnet-4: 3 in, 0.3 read from and 3.75 written to a cache, 15 out, per million.
    const request = {
      model: 'claude-sonnet-4-20250514',
      tokens_input: 1_000_000,
      cached_read_tokens: 500_000,
      cached_write_tokens: 100_000,
      tokens_output: 10_000,
      reasoning_tokens: 9_000,
    };
    const { cost_usd } = await llmCosts.log(request);
    // 0.4 × 3 + 0.5 × 0.3 + 0.1 × 3.75 + 0.01 × 15
    expect(cost_usd).toBe('1.875');
    await expect(llmCosts.log({ ...request, tokens_input: 599_999 })).rejects.toThrow(
      'tokens_input: expected at least the 600000 tokens',
    );
  });

  it('a model that nobody knows is not priced, and counts as such', async () => {
    const logged = await llmCosts.log({
      ...call,
      model: 'no-such-model',
      created_at: '2026-10-01T00:00:00Z',
    });
    expect(logged).toMatchObject({ cost_usd: null, priced: false, priced_by: null });
    expect(await llmCosts.spend({ date: '2026-10-01' })).toMatchObject({
      total_cost_usd: '0',
      total_requests: 1,
      unpriced_requests: 1,
    });
    await expect(llmCosts.price('no-such-model')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('what the caller says it cost is kept as it is', async () => {
    const cost_usd = '123456789.000000000000000001';
    const { id } = await llmCosts.log({ ...call, cost_usd, created_at: '2026-10-02T00:00:00Z' });
    expect(await rowOf(id)).toMatchObject({ cost_usd, priced_by: 'caller' });
  });

  it('an override holds from its time on, and not before', async () => {
    const override = { model: 'house', input_usd_per_1k: '0.5', output_usd_per_1k: '2' };
    await llmCosts.putPriceOverride({ ...override, valid_from: '2026-10-03T00:00:00.000000Z' }, 'test');
    const at = async (created_at: string) =>
      (await llmCosts.log({ ...call, model: 'house', cached_read_tokens: 1_000, created_at })).cost_usd;
    expect(await at('2026-10-02T23:59:59.999999Z')).toBeNull();
    expect(await at('2026-10-03T00:00:00Z')).toBe('1.5');
    await llmCosts.putPriceOverride(
      { ...override, valid_from: '2026-10-03T01:00:00.000000Z', cached_read_usd_per_1k: '0.05' },
      'test',
    );
    expect(await at('2026-10-03T01:00:00Z')).toBe('1.05');
    const { rows } = await stores.durable.query(
      "select actor, detail from audit_log where subject = 'llm-price:house' order by id",
    );
    expect(rows).toHaveLength(2);
    expect(rows[1]).toMatchObject({ actor: 'test', detail: { cached_read_usd_per_1k: '0.05' } });
    expect(await llmCosts.price('house')).toMatchObject({
      priced_by: 'override',
      input: { usd_per_1k: '0.5' },
      cached_read: { usd_per_1k: '0.05' },
    });
  });

  it('many are logged together or not at all', async () => {
    const day = '2026-10-05';
    const many = [1, 2, 3].map((n) => ({ ...call, tokens_input: n, created_at: `${day}T00:00:00Z` }));
    const first = await llmCosts.logMany(many, 'batch');
    expect(first.map(({ repeated }) => repeated)).toEqual([false, false, false]);
    expect((await llmCosts.logMany(many, 'batch')).every(({ repeated }) => repeated)).toBe(true);
    const other = [
      { ...call, created_at: `${day}T00:00:00Z` },
      { ...many[1]!, idempotency_key: 'batch#1', tokens_output: 9 },
    ];
    // At the same time as one that has to stand.
    const [refused, good] = await Promise.allSettled([llmCosts.logMany(other), llmCosts.logMany(many)]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'IDEMPOTENCY_CONFLICT' } });
    expect(good.status).toBe('fulfilled');
    expect(await llmCosts.spend({ date: day })).toMatchObject({ total_requests: 6 });
  });

  it('the keys stand as soon as it is logged, and come back after Redis was emptied', async () => {
    const created_at = '2026-10-06T12:00:00.123456Z';
    const { id } = await llmCosts.log({ ...call, model: 'gpt-4:x', cost_usd: '0.1', created_at });
    const keys = async () => [
      await content('llm:daily:2026-10-06'),
      await content('llm:model:gpt-4%3ax:2026-10-06'),
      await content(`llm:request:${id}`),
    ];
    const expected = [
      {
        total_cost: '0.1',
        total_requests: '1',
        total_input_tokens: '1000',
        total_output_tokens: '500',
        unpriced_requests: '0',
      },
      { requests: '1', cost: '0.1', unpriced_requests: '0' },
      { model: 'gpt-4:x', tokens_input: '1000', tokens_output: '500', cost_usd: '0.1', created_at },
    ];
    expect(await keys()).toEqual(expected);
    await stores.flush();
    const again = await llmCosts.log({ ...call, model: 'gpt-4:x', cost_usd: '0.2', created_at });
    expect((await keys()).slice(0, 2)).toEqual([
      {
        ...(expected[0] as object),
        total_cost: '0.3',
        total_requests: '2',
        total_input_tokens: '2000',
        total_output_tokens: '1000',
      },
      { requests: '2', cost: '0.3', unpriced_requests: '0' },
    ]);
    const ranking = await stores.hot.rankings.top('stockroom:llm:requests', 1_000);
    const score = Date.parse('2026-10-06T12:00:00.123Z');
    expect(ranking).toContainEqual({ id: String(id), score });
    expect(ranking).toContainEqual({ id: String(again.id), score });
    const { rows } = await stores.durable.query('select from llm_requests where created_at is not null');
    expect(ranking).toHaveLength(rows.length);
  });

  it('64 callers at once: every one is there, once, and the sums are those of the rows', async () => {
    const tags = ['x', 'y'];
    const one = (n: number) =>
      llmCosts.log({
        ...call,
        tokens_input: n,
        tags: [tags[n % 2]!],
        user_id: `user-${n % 5}`,
        model: n % 3 === 0 ? 'gpt-4' : 'gpt-4o',
        response_id: `load-${n}`,
        created_at: `${TODAY}T0${n % 9}:00:00Z`,
      });
    const logged = await Promise.all(Array.from({ length: 64 * 4 }, (_, n) => one(n >> 1)));
    expect(new Set(logged.map(({ id }) => id)).size).toBe(128);
    expect(logged.filter(({ repeated }) => repeated)).toHaveLength(128);
    await checkTotals(stores);
    for (const view of stores.views.all) {
      const { pattern, keys, differences } = await verifyView(stores.hot, stores.durable, view);
      expect([pattern, differences]).toEqual([pattern, []]);
      expect(keys).toBeGreaterThan(0);
    }
  });

  it('the sums follow every change of the rows', async () => {
    const { durable } = stores;
    await durable.query("update llm_requests set created_at = null where model = 'gpt-4o'");
    await checkTotals(stores);
    await durable.query(`update llm_requests set created_at = '2026-11-22T00:00:00Z', cost_usd = null, model = 'm',
      user_id = null, tags = '["z", "z"]' where created_at is null`);
    await checkTotals(stores);
    await durable.query("delete from llm_requests where model = 'm' or user_id = 'user-0'");
    await checkTotals(stores);
    await durable.query(
      `insert into llm_requests (model, cost_usd, created_at) values (repeat('é', 5000), 1, $1)`,
      [NOW],
    );
    await checkTotals(stores);
    await durable.query('truncate llm_requests cascade');
    expect((await durable.query('select from llm_daily_totals')).rows).toEqual([]);
  });
});

/** The sums of the days are those of the rows, recomputed from them alone. */
async function checkTotals({ durable }: TestStores): Promise<void> {
  const fields = 'kind, value, day, requests, unpriced, tokens_input, tokens_output, cost_usd';
  const { rows: kept } = await durable.query(
    `select ${fields.replace('cost_usd', 'trim_scale(cost_usd) as cost_usd')} from llm_daily_totals
     where requests <> 0 order by 1, 2, 3`,
  );
  const { rows: made } = await durable.query(
    `select kind, llm_total_value(value) as value, (created_at at time zone 'UTC')::date as day, count(*) as requests,
       count(*) filter (where cost_usd is null) as unpriced, coalesce(sum(tokens_input), 0) as tokens_input,
       coalesce(sum(tokens_output), 0) as tokens_output, trim_scale(coalesce(sum(cost_usd), 0)) as cost_usd
     from llm_requests cross join lateral (
       values ('all', ''), ('model', model), ('user', user_id)
       union select 'tag', tag from jsonb_array_elements_text(tags) as tag) as scope (kind, value)
     where created_at is not null and value is not null
     group by kind collate "C", llm_total_value(value) collate "C", 1, 2, 3 order by 1, 2, 3`,
  );
  expect(kept.length).toBeGreaterThan(0);
  expect(kept).toEqual(made);
  const { rows: empty } = await durable.query(
    'select from llm_daily_totals where requests = 0 and (unpriced <> 0 or tokens_input <> 0 or cost_usd <> 0)',
  );
  expect(empty).toEqual([]);
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { createLlmCosts, type LlmCosts } from './store.ts';

const call = { model: 'gpt-4', tokens_input: 10, tokens_output: 10 };

describe.each(storeKinds)('new prices on the %s tiers', (kind) => {
  let stores: TestStores;
  let llmCosts: LlmCosts;
  beforeAll(async () => {
    stores = await freshStores(kind);
    llmCosts = createLlmCosts({ ...stores, clock: () => new Date('2026-11-22T20:28:30.408Z') });
  });
  afterAll(async () => {
    await llmCosts.close();
    await stores.remove();
  });

  it('prices anew what was logged, but what its caller priced, with a row in the audit log', async () => {
    const at = '2026-11-20T00:00:00Z';
    const house = { ...call, model: 'house', created_at: at };
    const unpriced = await llmCosts.log(house);
    await llmCosts.log({ ...house, cost_usd: '7' });
    await llmCosts.log({ ...house, created_at: '2026-11-21T00:00:00Z' });
    await stores.durable.query(
      `insert into llm_requests (model, tokens_input, tokens_output, cost_usd, created_at, legacy_source, legacy_id)
      values ('house', 1, 1, 1, $1, 'old.db', 1)`,
      [at],
    );
    await stores.durable.query(
      `insert into llm_requests (model, tokens_input, tokens_output, created_at)
      select 'house', 100, 0, $1 from generate_series(1, 1200)`,
      [at],
    );
    await llmCosts.putPriceOverride(
      {
        model: 'house',
        valid_from: '2026-01-01T00:00:00.000000Z',
        input_usd_per_1k: '1',
        output_usd_per_1k: '2',
      },
      'test',
    );
    const range = { from: '2026-11-20T00:00:00.000000Z', to: '2026-11-21T00:00:00.000000Z' };
    const answer = await llmCosts.reprice(range, 'somebody');
    expect(answer).toEqual({
      audit_subject: expect.any(String),
      examined: 1_201,
      changed: 1_201,
      unpriced: 0,
      kept: 1,
      sum_before_usd: '0',
      sum_after_usd: '120.03',
    });
    expect(await llmCosts.spend({ date: '2026-11-20' })).toMatchObject({
      total_cost_usd: '128.03',
      unpriced_requests: 0,
    });
    const { rows } = await stores.durable.query(
      'select actor, action, detail from audit_log where subject = $1',
      [answer.audit_subject],
    );
    expect(rows).toEqual([
      {
        actor: 'somebody',
        action: 'llm-reprice',
        detail: expect.objectContaining({ changed: 1_201, done: true }),
      },
    ]);
    expect(await llmCosts.reprice(range, 'somebody')).toMatchObject({ changed: 0, sum_after_usd: '120.03' });
    const { rows: row } = await stores.durable.query('select priced_by from llm_requests where id = $1', [
      String(unpriced.id),
    ]);
    expect(row).toEqual([{ priced_by: 'override' }]);
  });
});

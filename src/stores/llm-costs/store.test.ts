import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTier, type TestTier, tierKinds } from '../../../test/support/durable.ts';
import { createLlmCosts, type LlmCosts } from './store.ts';

const NOW = '2026-11-22T20:28:30.408Z';

/** model, input tokens, output tokens, cost, time */
const rows = [
  ['gpt-4', 1_000, 500, '0.06', '2026-11-22T20:00:00Z'],
  ['gpt-4', 10, 5, '0.0000001', '2026-11-22T00:00:00Z'],
  ['gpt-4o-mini', 7, 3, '0.1', '2026-11-21T23:59:59.999999Z'],
  ['gpt-4o-mini', 7, 3, '0.2', '2026-11-21T21:00:00Z'],
  // Its price is not known.
  ['new-model', 100, 50, null, '2026-11-21T20:28:30.408001Z'],
  // At the cutoff of one day, and so outside it.
  ['gpt-4', 1, 1, '5', '2026-11-21T20:28:30.408Z'],
  ['gpt-4', 1, 1, '7', '2026-11-01T00:00:00Z'],
  // Dated after now.
  ['gpt-4', 1, 1, '0.5', '2026-11-23T00:00:00Z'],
  // Without a time it belongs to no day.
  ['gpt-4', 1, 1, '11', null],
] as const;

describe.each(tierKinds)('LLM costs on the %s tier', (kind) => {
  let tier: TestTier;
  let llmCosts: LlmCosts;

  beforeAll(async () => {
    tier = await freshTier(kind);
    for (const row of rows) {
      await tier.durable.query(
        'insert into llm_requests (model, tokens_input, tokens_output, cost_usd, created_at) values ($1, $2, $3, $4, $5)',
        row,
      );
    }
    llmCosts = createLlmCosts({ durable: tier.durable, clock: () => new Date(NOW) });
  });
  afterAll(() => tier.remove());

  it('the spend of today is exact', async () => {
    expect(await llmCosts.spend()).toEqual({
      date: '2026-11-22',
      total_cost_usd: '0.0600001',
      total_requests: 2,
      total_input_tokens: 1_010,
      total_output_tokens: 505,
      unpriced_requests: 0,
    });
  });

  it('a day is one of UTC, from its first instant to before the next', async () => {
    expect(await llmCosts.spend({ date: '2026-11-21' })).toMatchObject({
      date: '2026-11-21',
      total_cost_usd: '5.3',
      total_requests: 4,
      unpriced_requests: 1,
    });
  });

  it('as_of is the day to ask for, and hides what came later', async () => {
    expect(await llmCosts.spend({ as_of: '2026-11-21T21:00:00.000000Z' })).toMatchObject({
      date: '2026-11-21',
      total_cost_usd: '5.2',
      total_requests: 3,
    });
  });

  it('a day without requests cost nothing, up to the last day there is', async () => {
    for (const date of ['1999-01-01', '9999-12-31']) {
      expect(await llmCosts.spend({ date })).toMatchObject({
        date,
        total_cost_usd: '0',
        total_requests: 0,
        total_input_tokens: 0,
      });
    }
  });

  it('usage is what came after now − days × 24 hours, the future included', async () => {
    expect(await llmCosts.usage({ days: 1 })).toEqual({
      period_days: 1,
      as_of: NOW,
      data_age_seconds: 0,
      total_requests: 6,
      total_input_tokens: 1_125,
      total_output_tokens: 562,
      total_cost_usd: '0.8600001',
      avg_cost_per_request: '0.17200002',
      unpriced_requests: 1,
      by_model: [
        { model: 'gpt-4', requests: 3, cost_usd: '0.5600001' },
        { model: 'gpt-4o-mini', requests: 2, cost_usd: '0.3' },
        { model: 'new-model', requests: 1, cost_usd: '0' },
      ],
      daily_breakdown: [
        { date: '2026-11-23', requests: 1, cost_usd: '0.5' },
        { date: '2026-11-22', requests: 2, cost_usd: '0.0600001' },
        { date: '2026-11-21', requests: 3, cost_usd: '0.3' },
      ],
      by_tag: [],
    });
  });

  it('usage as of a time knows nothing later', async () => {
    expect(await llmCosts.usage({ days: 1, as_of: '2026-11-22T00:00:00.000000Z' })).toMatchObject({
      as_of: '2026-11-22T00:00:00.000000Z',
      total_requests: 5,
      total_cost_usd: '5.3000001',
    });
  });

  it('no usage is zeros', async () => {
    expect(await llmCosts.usage({ days: 3_650, as_of: '1999-01-01T00:00:00.000000Z' })).toMatchObject({
      total_requests: 0,
      total_cost_usd: '0',
      avg_cost_per_request: '0',
      by_model: [],
      daily_breakdown: [],
      by_tag: [],
    });
  });

  it('counts beyond 2^53 and sums beyond 2^63 keep every digit', async () => {
    const huge = 9_223_372_036_854_775_807n;
    for (let n = 0; n < 2; n += 1) {
      await tier.durable.query(
        "insert into llm_requests (model, tokens_input, tokens_output, cost_usd, created_at) values ('huge', $1, 0, 123456789012345678901234567890.123456789, '2001-01-01T00:00:00Z')",
        [huge],
      );
    }
    expect(await llmCosts.spend({ date: '2001-01-01' })).toMatchObject({
      total_input_tokens: '18446744073709551614',
      total_cost_usd: '246913578024691357802469135780.246913578',
    });
  });
});

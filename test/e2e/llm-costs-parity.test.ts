import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMigration } from '../../src/migration/index.ts';
import { createLlmCosts, type LlmCosts } from '../../src/stores/llm-costs/store.ts';
import { freshTier, type TestTier } from '../support/durable.ts';

interface Expected {
  now_utc: string;
  'llm.daily_spend': number;
  'llm.usage_1d': object;
  'llm.usage_7d': object;
  'llm.usage_30d': object;
  'llm.budget_alert_1': object;
}

/** What the old application answered about an old directory, beside it. */
const legacy = new URL('../../../shared/legacy/', import.meta.url);
const answers = new URL('generated.expected.json', legacy);

describe.skipIf(!existsSync(answers))('LLM costs after a migration, as the old application answered', () => {
  // It was written by Python, whose JSON has NaN.
  const text = existsSync(answers) ? readFileSync(answers, 'utf8') : '{}';
  const expected = JSON.parse(text.replaceAll(/: NaN\b/g, ': null')) as Expected;
  let tier: TestTier;
  let llmCosts: LlmCosts;
  beforeAll(async () => {
    tier = await freshTier('server');
    const now = new Date(`${expected.now_utc.slice(0, 23)}Z`);
    const directory = fileURLToPath(new URL('generated', legacy));
    await runMigration({ tier: tier.durable, directory, stores: ['llm-costs'], clock: () => now });
    llmCosts = createLlmCosts({ durable: tier.durable, clock: () => now });
  });
  afterAll(async () => {
    await llmCosts.close();
    await tier.remove();
  });

  it('the spend of the day', async () => {
    expect(Number((await llmCosts.spend()).total_cost_usd)).toBeCloseTo(expected['llm.daily_spend'], 12);
  });

  it.each([1, 7, 30] as const)('the usage of %i days', async (days) => {
    const usage = await llmCosts.usage({ days });
    expect({
      period_days: usage.period_days,
      total_requests: usage.total_requests,
      total_input_tokens: usage.total_input_tokens,
      total_output_tokens: usage.total_output_tokens,
      total_cost_usd: rounded(usage.total_cost_usd, 2),
      avg_cost_per_request: rounded(usage.avg_cost_per_request, 4),
      by_model: usage.by_model.map((row) => ({ ...row, cost_usd: rounded(row.cost_usd, 2) })),
      daily_breakdown: usage.daily_breakdown.map((row) => ({ ...row, cost_usd: rounded(row.cost_usd, 2) })),
    }).toEqual(expected[`llm.usage_${days}d`]);
  });

  it('the budget of the day', async () => {
    const { status, spent_usd, budget_usd, remaining_usd, percentage_used } = await llmCosts.budget({
      daily_usd: '1.0',
    });
    expect({
      status,
      spent_usd: rounded(spent_usd, 2),
      budget_usd: Number(budget_usd),
      remaining_usd: rounded(remaining_usd, 2),
      percentage_used: rounded(percentage_used, 1),
    }).toEqual(expected['llm.budget_alert_1']);
  });
});

function rounded(value: string | number, decimals: number): number {
  return Number(Number(value).toFixed(decimals));
}

import { spend, spendQuery, usage, usageQuery } from '../../stores/llm-costs/schema.ts';
import type { LlmCosts } from '../../stores/llm-costs/store.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

export function routeLlmCosts(app: App, llmCosts: LlmCosts): void {
  app.get(
    '/v1/llm/spend',
    {
      schema: {
        tags: ['LLM costs'],
        summary: 'The spend of one day in UTC',
        querystring: spendQuery,
        response: { 200: spend, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => llmCosts.spend(request.query),
  );
  app.get(
    '/v1/llm/usage',
    {
      schema: {
        tags: ['LLM costs'],
        summary: 'Totals, by model and by day, of the last days × 24 hours',
        querystring: usageQuery,
        response: { 200: usage, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => llmCosts.usage(request.query),
  );
}

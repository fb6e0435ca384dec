import {
  modelParams,
  modelPrice,
  overrideBody,
  overrideItem,
  overridesPage,
  priceQuery,
  repriced,
  repriceInput,
} from '../../stores/llm-costs/price-schema.ts';
import type { LlmCosts } from '../../stores/llm-costs/store.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

const tags = ['LLM costs'];

export function routeLlmPrices(app: App, llmCosts: LlmCosts): void {
  app.get(
    '/v1/llm/prices/:model',
    {
      schema: {
        tags,
        summary: 'What a model costs per 1,000 tokens',
        params: modelParams,
        querystring: priceQuery,
        response: { 200: modelPrice, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => llmCosts.price(request.params.model, request.query),
  );
  app.get(
    '/v1/llm/prices',
    {
      schema: {
        tags,
        summary: 'The prices that were set here, before the price list',
        response: { 200: overridesPage, ...problems(401, 403, 503) },
      },
    },
    async () => ({ items: await llmCosts.priceOverrides(), next_cursor: null }),
  );
  app.put(
    '/v1/llm/prices/:model',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Set the price of a model from a time on',
        params: modelParams,
        body: overrideBody,
        response: { 200: overrideItem, ...problems(400, 401, 403, 503) },
      },
    },
    ({ params: { model }, body, caller }) => llmCosts.putPriceOverride({ model, ...body }, caller),
  );
  app.post(
    '/v1/llm/reprice',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Price what was logged in a range anew',
        body: repriceInput,
        response: { 200: repriced, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => llmCosts.reprice(request.body, request.caller),
  );
}

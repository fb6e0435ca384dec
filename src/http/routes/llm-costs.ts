import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { keyInput } from '../../stores/llm-costs/inputs.ts';
import {
  llmRequests,
  type LlmRequestInput,
  type Logged,
  logged,
  loggedMany,
} from '../../stores/llm-costs/request-schema.ts';
import { spend, spendQuery, usage, usageQuery } from '../../stores/llm-costs/schema.ts';
import type { LlmCosts } from '../../stores/llm-costs/store.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';
import { routeLlmBudgets } from './llm-budgets.ts';
import { routeLlmPrices } from './llm-prices.ts';

/** A thousand requests with every field at a usual length. */
const BODY_MAX_BYTES = 4 * 1_024 * 1_024;

const tags = ['LLM costs'];

const keyHeader = z.looseObject({
  'idempotency-key': keyInput
    .optional()
    .describe('Of the whole: sent again with the same body, nothing is logged twice'),
});

export function routeLlmCosts(app: App, llmCosts: LlmCosts): void {
  app.post(
    '/v1/llm/requests',
    {
      bodyLimit: BODY_MAX_BYTES,
      schema: {
        tags,
        summary: 'Log one request or many',
        description:
          'The body is {"requests": [...]}, a bare array of requests, or one request by itself, which is answered by itself. All are logged, or none.',
        headers: keyHeader,
        body: llmRequests,
        response: { 201: z.union([logged, loggedMany]), ...problems(400, 401, 403, 409, 503) },
      },
      preValidation: (request, _reply, done) => {
        listRequests(request);
        done();
      },
    },
    async (request, reply) => {
      const { requests } = request.body;
      const key = request.headers['idempotency-key'];
      void reply.code(201);
      if (!isSingle.has(request)) {
        return { items: await llmCosts.logMany(requests, key), next_cursor: null };
      }
      return logOne(llmCosts, requests[0]!, key);
    },
  );
  app.get(
    '/v1/llm/spend',
    {
      schema: {
        tags,
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
        tags,
        summary: 'Totals, by model, by day and by tag, of the last days × 24 hours',
        querystring: usageQuery,
        response: { 200: usage, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => llmCosts.usage(request.query),
  );
  routeLlmBudgets(app, llmCosts);
  routeLlmPrices(app, llmCosts);
}

/** Requests whose body was one request by itself. */
const isSingle = new WeakSet<FastifyRequest>();

/** One form for the three that are taken, so that a fault is named by its field. */
function listRequests(request: FastifyRequest): void {
  const { body } = request;
  if (Array.isArray(body)) request.body = { requests: body as unknown[] };
  else if (typeof body === 'object' && body !== null && !('requests' in body)) {
    isSingle.add(request);
    request.body = { requests: [body] };
  }
}

function logOne(llmCosts: LlmCosts, request: LlmRequestInput, key: string | undefined): Promise<Logged> {
  return llmCosts.log(key === undefined ? request : { ...request, idempotency_key: key });
}

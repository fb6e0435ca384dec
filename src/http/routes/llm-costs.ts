import type { FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { keyInput } from '../../stores/llm-costs/inputs.ts';
import {
  llmRequest,
  llmRequests,
  type LlmRequestInput,
  type Logged,
  logged,
  loggedMany,
} from '../../stores/llm-costs/request-schema.ts';
import {
  loggedRequest,
  requestsPage,
  requestsQuery,
  spend,
  spendQuery,
  usage,
  usageQuery,
} from '../../stores/llm-costs/schema.ts';
import type { LlmCosts } from '../../stores/llm-costs/store.ts';
import type { App } from '../app.ts';
import { answerList, loggedLines, logLines, takesLines, wholeList } from '../lines.ts';
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
      config: { lines: true },
      schema: {
        tags,
        summary: 'Log one request or many',
        description:
          'The body is {"requests": [...]}, a bare array of requests, or one request by itself, which is answered by itself. All are logged, or none. ' +
          takesLines,
        headers: keyHeader,
        body: llmRequests,
        response: {
          201: z.union([logged, loggedMany, loggedLines]),
          ...problems(400, 401, 403, 409, 415, 503),
        },
      },
      preValidation: (request, _reply, done) => {
        listRequests(request);
        done();
      },
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key'];
      void reply.code(201);
      const body: unknown = request.body;
      if (body instanceof Readable) {
        return logLines(body, { schema: llmRequest, key }, (lines) =>
          llmCosts.logMany(
            lines.map((line) =>
              line.key === undefined ? line.value : { ...line.value, idempotency_key: line.key },
            ),
          ),
        );
      }
      const { requests } = request.body;
      if (!isSingle.has(request)) {
        return { items: await llmCosts.logMany(requests, key), next_cursor: null };
      }
      return logOne(llmCosts, requests[0]!, key);
    },
  );
  routeSpend(app, llmCosts);
  routeLlmBudgets(app, llmCosts);
  routeLlmPrices(app, llmCosts);
}

function routeSpend(app: App, llmCosts: LlmCosts): void {
  app.get(
    '/v1/llm/requests',
    {
      schema: {
        tags,
        summary: 'The requests that were logged, newest first',
        description: wholeList,
        querystring: requestsQuery,
        response: { 200: requestsPage, ...problems(400, 401, 403, 503) },
      },
    },
    (request, reply) =>
      answerList(request, reply, {
        query: request.query,
        item: loggedRequest,
        page: (query) => llmCosts.requests(query),
      }),
  );
  app.get(
    '/v1/llm/spend',
    {
      config: { etag: true },
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
      config: { etag: true },
      schema: {
        tags,
        summary: 'Totals, by model, by day and by tag, of the last days × 24 hours',
        querystring: usageQuery,
        response: { 200: usage, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => llmCosts.usage(request.query),
  );
}

/** Requests whose body was one request by itself. */
const isSingle = new WeakSet<FastifyRequest>();

/** One form for the three that are taken, so that a fault is named by its field. */
function listRequests(request: FastifyRequest): void {
  const { body } = request;
  if (body instanceof Readable) return;
  if (Array.isArray(body)) request.body = { requests: body as unknown[] };
  else if (typeof body === 'object' && body !== null && !('requests' in body)) {
    isSingle.add(request);
    request.body = { requests: [body] };
  }
}

function logOne(llmCosts: LlmCosts, request: LlmRequestInput, key: string | undefined): Promise<Logged> {
  return llmCosts.log(key === undefined ? request : { ...request, idempotency_key: key });
}

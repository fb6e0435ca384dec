import { z } from 'zod';
import {
  budgetDeleted,
  budgetInput,
  budgetItem,
  budgetQuery,
  budgetScopeQuery,
  budgetsPage,
  budgetsQuery,
  budgetStatus,
  released,
  reservation,
  reservationInput,
} from '../../stores/llm-costs/budget-schema.ts';
import { idInput, keyInput } from '../../stores/llm-costs/inputs.ts';
import { llmRequest, logged } from '../../stores/llm-costs/request-schema.ts';
import type { LlmCosts } from '../../stores/llm-costs/store.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

const tags = ['LLM costs'];
const reservationParams = z.strictObject({ id: idInput });
const keyHeader = z.looseObject({ 'idempotency-key': keyInput.optional() });

export function routeLlmBudgets(app: App, llmCosts: LlmCosts): void {
  app.get(
    '/v1/llm/budget',
    {
      schema: {
        tags,
        summary: "How today's spend stands beside a daily budget",
        querystring: budgetQuery,
        response: { 200: budgetStatus, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => llmCosts.budget(request.query),
  );
  app.get(
    '/v1/llm/budgets',
    {
      schema: {
        tags,
        summary: 'The budgets that are set, and how they stand',
        querystring: budgetsQuery,
        response: { 200: budgetsPage, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => llmCosts.budgets(request.query),
  );
  app.put(
    '/v1/llm/budgets',
    {
      schema: {
        tags,
        summary: 'Set the budgets of a scope',
        body: budgetInput,
        response: { 200: budgetItem, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => llmCosts.putBudget(request.body, request.caller),
  );
  app.delete(
    '/v1/llm/budgets',
    {
      schema: {
        tags,
        summary: 'Remove the budgets of a scope',
        querystring: budgetScopeQuery,
        response: { 200: budgetDeleted, ...problems(400, 401, 403, 503) },
      },
    },
    async ({ query: { scope }, caller }) => ({
      scope,
      deleted: await llmCosts.deleteBudget(scope, caller),
    }),
  );
  routeReservations(app, llmCosts);
}

function routeReservations(app: App, llmCosts: LlmCosts): void {
  app.post(
    '/v1/llm/reservations',
    {
      schema: {
        tags,
        summary: 'Set money aside for a call',
        headers: keyHeader,
        body: reservationInput,
        response: { 201: reservation, ...problems(400, 401, 402, 403, 409, 503) },
      },
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key'];
      void reply.code(201);
      return llmCosts.reserve(key === undefined ? request.body : { ...request.body, idempotency_key: key });
    },
  );
  app.post(
    '/v1/llm/reservations/:id/settle',
    {
      schema: {
        tags,
        summary: 'Log the call that money was set aside for, and free it',
        params: reservationParams,
        body: llmRequest,
        response: { 200: logged, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    (request) => llmCosts.settle(request.params.id, request.body),
  );
  app.delete(
    '/v1/llm/reservations/:id',
    {
      schema: {
        tags,
        summary: 'Free what was set aside for a call that was not made',
        params: reservationParams,
        response: { 200: released, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => llmCosts.release(request.params.id),
  );
}

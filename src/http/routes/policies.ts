import {
  activeQuery,
  policiesPage,
  policiesQuery,
  policy,
  policyInput,
  policyParams,
  policyPatch,
} from '../../stores/pick-log/policy-schema.ts';
import type { Policies } from '../../stores/pick-log/store.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

const tags = ['Policies'];

/** Changes are in the audit log with the caller's name. */
export function routePolicies(app: App, policies: Policies): void {
  routePolicyReads(app, policies);
  app.post(
    '/v1/policies',
    {
      schema: {
        tags,
        summary: 'A new policy, as a draft',
        body: policyInput,
        response: { 201: policy, ...problems(400, 401, 403, 409, 503) },
      },
    },
    async (request, reply) => {
      const created = await policies.create(request.body, { actor: request.caller });
      return reply.code(201).send(created);
    },
  );
  app.patch(
    '/v1/policies/:id',
    {
      schema: {
        tags,
        summary: 'Changes name, description or metrics; of a draft its config as well',
        params: policyParams,
        body: policyPatch,
        response: { 200: policy, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    ({ params, body, caller }) => policies.update(params.id, body, { actor: caller }),
  );
  app.post(
    '/v1/policies/:id/activate',
    {
      schema: {
        tags,
        summary: 'Makes a policy the active one, and retires the one that was',
        params: policyParams,
        response: { 200: policy, ...problems(400, 401, 403, 404, 503) },
      },
    },
    ({ params, caller }) => policies.activate(params.id, { actor: caller }),
  );
  app.post(
    '/v1/policies/:id/retire',
    {
      schema: {
        tags,
        summary: 'Retires a policy; without another being activated none is active then',
        params: policyParams,
        response: { 200: policy, ...problems(400, 401, 403, 404, 503) },
      },
    },
    ({ params, caller }) => policies.retire(params.id, { actor: caller }),
  );
}

function routePolicyReads(app: App, policies: Policies): void {
  app.get(
    '/v1/policies',
    {
      schema: {
        tags,
        summary: 'Policies, newest first',
        querystring: policiesQuery,
        response: { 200: policiesPage, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => policies.list(request.query),
  );
  app.get(
    '/v1/policies/active',
    {
      config: { etag: true },
      schema: {
        tags,
        summary: 'The active policy, or the one that was active at a time',
        querystring: activeQuery,
        response: { 200: policy, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => policies.active(request.query),
  );
  app.get(
    '/v1/policies/:id',
    {
      schema: {
        tags,
        summary: 'A policy',
        params: policyParams,
        response: { 200: policy, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => policies.get(request.params.id),
  );
}

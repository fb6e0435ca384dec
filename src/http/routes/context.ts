import { Readable } from 'node:stream';
import { z } from 'zod';
import {
  analysesBody,
  analysesPage,
  analysis,
  analysisInput,
  historyQuery,
  idempotencyHeaders,
  latestQuery,
  learningsPage,
  learningsQuery,
  learnInput,
  learnt,
  loggedAnalyses,
  loggedAnalysis,
  preference,
  preferenceParams,
  preferencePut,
  preferences,
  preferencesPut,
  savedPreference,
  userParams,
} from '../../stores/context/schema.ts';
import type { Context } from '../../stores/context/store.ts';
import type { App } from '../app.ts';
import { allOf, answerList, loggedLines, logLines, takesLines, wholeList } from '../lines.ts';
import { problems } from '../problem.ts';
import { routeContextMemory } from './context-memory.ts';

const tags = ['Context'];

/** What the agents know: their analyses, the memory, the preferences of users and what was learnt. */
export function routeContext(app: App, context: Context): void {
  routeAnalyses(app, context);
  routeContextMemory(app, context);
  routePreferences(app, context);
  routeLearnings(app, context);
}

function routeAnalyses(app: App, { analyses }: Context): void {
  app.post(
    '/v1/context/analyses',
    {
      config: { lines: true },
      schema: {
        tags,
        summary: 'Log one analysis, or a list of them',
        description: `Each of a list for itself: when one is refused the others are kept. ${takesLines}`,
        headers: idempotencyHeaders,
        body: analysesBody,
        response: {
          201: z
            .union([loggedAnalysis, loggedAnalyses, loggedLines])
            .describe('As one, as a list, or of lines'),
          ...problems(400, 401, 403, 409, 415, 503),
        },
      },
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key'];
      const given: unknown = request.body;
      if (given instanceof Readable) {
        const logged = await logLines(given, { schema: analysisInput, key }, (lines) =>
          allOf(lines.map((line) => analyses.log(line.value, { idempotencyKey: line.key }))),
        );
        return reply.code(201).send(logged);
      }
      const options = { idempotencyKey: key };
      const { body } = request;
      const answer = Array.isArray(body)
        ? { items: await analyses.logMany(body, options), next_cursor: null }
        : await analyses.log(body, options);
      return reply.code(201).send(answer);
    },
  );
  app.get(
    '/v1/context/analyses/latest',
    {
      schema: {
        tags,
        summary: 'The newest analysis of a symbol by an agent',
        querystring: latestQuery,
        response: { 200: analysis, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => analyses.latest(request.query),
  );
  app.get(
    '/v1/context/analyses',
    {
      schema: {
        tags,
        summary: 'The analyses of a symbol in the last days × 24 hours, newest first',
        description: wholeList,
        querystring: historyQuery,
        response: { 200: analysesPage, ...problems(400, 401, 403, 503) },
      },
    },
    (request, reply) =>
      answerList(request, reply, {
        query: request.query,
        item: analysis,
        page: (query) => analyses.history(query),
      }),
  );
}

function routePreferences(app: App, { preferences: store }: Context): void {
  app.put(
    '/v1/context/preferences/:user_id',
    {
      schema: {
        tags,
        summary: 'Set several preferences of a user; the others stay',
        params: userParams,
        body: preferencesPut,
        response: { 200: preferences, ...problems(400, 401, 403, 503) },
      },
    },
    async ({ params: { user_id }, body }) => {
      await store.putMany(user_id, body.preferences);
      return { user_id, preferences: await store.all(user_id) };
    },
  );
  app.get(
    '/v1/context/preferences/:user_id',
    {
      schema: {
        tags,
        summary: 'All preferences of a user',
        params: userParams,
        response: { 200: preferences, ...problems(400, 401, 403, 503) },
      },
    },
    async ({ params: { user_id } }) => ({ user_id, preferences: await store.all(user_id) }),
  );
  app.put(
    '/v1/context/preferences/:user_id/:key',
    {
      schema: {
        tags,
        summary: 'Set a preference of a user',
        params: preferenceParams,
        body: preferencePut,
        response: { 200: savedPreference, ...problems(400, 401, 403, 503) },
      },
    },
    ({ params: { user_id, key }, body }) => store.put(user_id, key, body.value),
  );
  app.get(
    '/v1/context/preferences/:user_id/:key',
    {
      schema: {
        tags,
        summary: 'A preference of a user',
        params: preferenceParams,
        response: { 200: preference, ...problems(400, 401, 403, 404, 503) },
      },
    },
    async ({ params: { user_id, key } }) => ({ user_id, key, value: await store.get(user_id, key) }),
  );
}

function routeLearnings(app: App, { learnings }: Context): void {
  app.post(
    '/v1/context/learnings',
    {
      schema: {
        tags,
        summary: 'Count outcomes of a pattern in',
        description: 'The accuracy moves by the number of samples; concurrent requests are all counted.',
        headers: idempotencyHeaders,
        body: learnInput,
        response: { 200: learnt, ...problems(400, 401, 403, 409, 503) },
      },
    },
    (request) => learnings.learn(request.body, { idempotencyKey: request.headers['idempotency-key'] }),
  );
  app.get(
    '/v1/context/learnings',
    {
      schema: {
        tags,
        summary: 'What was learnt, last first',
        querystring: learningsQuery,
        response: { 200: learningsPage, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => learnings.list(request.query),
  );
}

import {
  answerOf,
  countsOf,
  dueAnswer,
  dueInput,
  type DueOptions,
  type DueReport,
} from '../../stores/recommendations/due-report.ts';
import {
  evaluation,
  exitResults,
  idParams,
  listQuery,
  loggedRun,
  logHeaders,
  oneQuery,
  recommendation,
  recommendationsPage,
  scalpingExitsBody,
  topPicksPayload,
} from '../../stores/recommendations/schema.ts';
import type { Recommendations } from '../../stores/recommendations/store.ts';
import type { App } from '../app.ts';
import { answerList, wholeList } from '../lines.ts';
import { problems } from '../problem.ts';
import { NDJSON, withProgress } from '../progress.ts';

const tags = ['Recommendations'];
/** A run of 50 picks has some 150 kB. */
const RUN_MAX_BYTES = 8 * 1024 * 1024;

/** Evaluates from the candles that the service has; `recommendations.evaluateDue` with its candles bound. */
export type EvaluateDue = (options: Omit<DueOptions, 'candles'>) => Promise<DueReport>;

export function routeRecommendations(
  app: App,
  recommendations: Recommendations,
  evaluateDue: EvaluateDue,
): void {
  routeReads(app, recommendations);
  routeDue(app, evaluateDue);
  app.post(
    '/v1/recommendations',
    {
      bodyLimit: RUN_MAX_BYTES,
      schema: {
        tags,
        summary: 'Log the picks of a run',
        description:
          'The body is what the engine gave; its first 50 picks are logged. A run_id in it, or an Idempotency-Key, makes the request idempotent.',
        headers: logHeaders,
        body: topPicksPayload,
        response: {
          200: loggedRun.describe('It had been logged before'),
          201: loggedRun,
          ...problems(400, 401, 403, 409, 503),
        },
      },
    },
    async (request, reply) => {
      const idempotencyKey = request.headers['idempotency-key'];
      const logged = await recommendations.logRun(request.body, { idempotencyKey });
      return reply.code(logged.repeated > 0 ? 200 : 201).send(logged);
    },
  );
  app.post(
    '/v1/recommendations/scalping-exits',
    {
      schema: {
        tags,
        summary: 'Apply one or many exits of scalping positions',
        description:
          'Each marks the oldest open Scalping recommendation of its symbol and entry day in India. The same exit again marks nothing more.',
        body: scalpingExitsBody,
        response: { 200: exitResults, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => recommendations.applyScalpingExits(request.body),
  );
  app.post(
    '/v1/recommendations/:id/evaluation',
    {
      schema: {
        tags,
        summary: 'Say how a recommendation ended',
        description: 'The same evaluation again changes nothing; another one is refused.',
        params: idParams,
        body: evaluation,
        response: { 200: recommendation, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    (request) => recommendations.evaluate(request.params.id, request.body),
  );
}

function routeReads(app: App, recommendations: Recommendations): void {
  app.get(
    '/v1/recommendations',
    {
      schema: {
        tags,
        summary: 'Recommendations and their evaluations, newest first',
        description: wholeList,
        querystring: listQuery,
        response: { 200: recommendationsPage, ...problems(400, 401, 403, 503) },
      },
    },
    (request, reply) =>
      answerList(request, reply, {
        query: request.query,
        item: recommendation,
        page: (query) => recommendations.list(query),
      }),
  );
  app.get(
    '/v1/recommendations/:id',
    {
      config: { etag: true },
      schema: {
        tags,
        summary: 'One recommendation',
        params: idParams,
        querystring: oneQuery,
        response: { 200: recommendation, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => recommendations.get(request.params.id, request.query),
  );
}

function routeDue(app: App, evaluateDue: EvaluateDue): void {
  app.post(
    '/v1/recommendations/evaluate-due',
    {
      schema: {
        tags,
        summary:
          'Evaluate the recommendations whose horizon is over from price history. ' +
          `With Accept: ${NDJSON} a line of progress a page, the last one with the result`,
        body: dueInput,
        response: { 200: dueAnswer, ...problems(400, 401, 403, 503) },
      },
    },
    (request, reply) =>
      withProgress(request, reply, async ({ onProgress, signal }) => {
        const { exchange, benchmark } = request.body;
        const watched = {
          onProgress: (progress: Parameters<typeof countsOf>[0]) => onProgress(countsOf(progress)),
          signal,
        };
        return answerOf(await evaluateDue({ exchange, benchmark, ...watched }));
      }),
  );
}

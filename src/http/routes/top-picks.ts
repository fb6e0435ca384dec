import {
  latest,
  latestQuery,
  run,
  runParams,
  runQuery,
  runsPage,
  runsQuery,
  runSummary,
  savedRun,
  type SavedRun,
  saveHeaders,
  type SaveOptions,
  savePayload,
  type SavePayload,
  universesPage,
} from '../../stores/top-picks/schema.ts';
import type { TopPicks } from '../../stores/top-picks/store.ts';
import type { App } from '../app.ts';
import { answerList, wholeList } from '../lines.ts';
import { problems } from '../problem.ts';

const tags = ['Top picks'];

export interface TopPicksRoutes {
  /** Saves a run with what belongs to it in other stores; the run alone when absent. */
  readonly saveRun?: (payload: SavePayload, options: SaveOptions) => Promise<SavedRun>;
}

export function routeTopPicks(app: App, topPicks: TopPicks, { saveRun }: TopPicksRoutes = {}): void {
  const save: NonNullable<TopPicksRoutes['saveRun']> =
    saveRun ?? ((payload, options) => topPicks.save(payload, options));
  app.post(
    '/v1/top-picks/runs',
    {
      schema: {
        tags,
        summary: 'Save a run of the engine',
        description:
          'The body is what the engine gave. A run_id in it, or an Idempotency-Key, makes the request idempotent.',
        headers: saveHeaders,
        body: savePayload,
        response: {
          200: savedRun.describe('It had been saved before'),
          201: savedRun,
          ...problems(400, 401, 403, 409, 503),
        },
      },
    },
    async (request, reply) => {
      const idempotencyKey = request.headers['idempotency-key'];
      const saved = await save(request.body, idempotencyKey === undefined ? {} : { idempotencyKey });
      return reply.code(saved.repeated ? 200 : 201).send(saved);
    },
  );
  routeReads(app, topPicks);
}

function routeReads(app: App, topPicks: TopPicks): void {
  app.get(
    '/v1/top-picks/latest',
    {
      config: { etag: true },
      schema: {
        tags,
        summary: 'The newest run of a universe and mode that picked anything',
        querystring: latestQuery,
        response: { 200: latest, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => topPicks.latest(request.query),
  );
  app.get(
    '/v1/top-picks/universes',
    {
      config: { etag: true },
      schema: {
        tags,
        summary: 'Each universe and mode of which there is a run, with the newest one that picked anything',
        response: { 200: universesPage, ...problems(401, 403, 503) },
      },
    },
    async () => ({ items: await topPicks.universes(), next_cursor: null }),
  );
  app.get(
    '/v1/top-picks/runs',
    {
      schema: {
        tags,
        summary: 'Runs without their payload, newest first',
        description: wholeList,
        querystring: runsQuery,
        response: { 200: runsPage, ...problems(400, 401, 403, 503) },
      },
    },
    (request, reply) =>
      answerList(request, reply, {
        query: request.query,
        item: runSummary,
        page: (query) => topPicks.runs(query),
      }),
  );
  app.get(
    '/v1/top-picks/runs/:run_id',
    {
      config: { etag: true },
      schema: {
        tags,
        summary: 'The newest run of that id',
        params: runParams,
        querystring: runQuery,
        response: { 200: run, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => topPicks.run(request.params.run_id, request.query),
  );
}

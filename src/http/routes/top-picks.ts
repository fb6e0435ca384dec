import {
  latest,
  latestQuery,
  run,
  runParams,
  runQuery,
  runsPage,
  runsQuery,
} from '../../stores/top-picks/schema.ts';
import type { TopPicks } from '../../stores/top-picks/store.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

const tags = ['Top picks'];

export function routeTopPicks(app: App, topPicks: TopPicks): void {
  app.get(
    '/v1/top-picks/latest',
    {
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
    '/v1/top-picks/runs',
    {
      schema: {
        tags,
        summary: 'Runs without their payload, newest first',
        querystring: runsQuery,
        response: { 200: runsPage, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => topPicks.runs(request.query),
  );
  app.get(
    '/v1/top-picks/runs/:run_id',
    {
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

import { listQuery, recommendationsPage } from '../../stores/recommendations/schema.ts';
import type { Recommendations } from '../../stores/recommendations/store.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

export function routeRecommendations(app: App, recommendations: Recommendations): void {
  app.get(
    '/v1/recommendations',
    {
      schema: {
        tags: ['Recommendations'],
        summary: 'Recommendations and their evaluations, newest first',
        querystring: listQuery,
        response: { 200: recommendationsPage, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => recommendations.list(request.query),
  );
}

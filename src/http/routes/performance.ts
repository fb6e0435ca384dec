import {
  performance,
  type Performance,
  performanceQuery,
  type PerformanceQuery,
} from '../../stores/recommendations/performance/schema.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

export function routePerformance(
  app: App,
  performanceOf: (query: PerformanceQuery) => Promise<Performance>,
): void {
  app.get(
    '/v1/recommendations/performance',
    {
      config: { etag: true },
      schema: {
        tags: ['Recommendations'],
        summary: 'How the evaluated recommendations did, each figure with its n',
        querystring: performanceQuery,
        response: { 200: performance, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => performanceOf(request.query),
  );
}

import { scoreOf } from '../../stores/support-resistance/formulas.ts';
import {
  levels,
  levelsParams,
  levelsQuery,
  priceScore,
  putBody,
  putQuery,
  scoredLevels,
  scoreQuery,
} from '../../stores/support-resistance/schema.ts';
import type { SupportResistance } from '../../stores/support-resistance/store.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

const tags = ['Support and resistance'];

export function routeLevels(app: App, supportResistance: SupportResistance): void {
  app.get(
    '/v1/levels/:symbol',
    {
      config: { etag: true },
      schema: {
        tags,
        summary: 'The levels of a symbol, computed from price history when there are none of this period',
        params: levelsParams,
        querystring: levelsQuery,
        response: { 200: scoredLevels, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => {
      const { price, ...query } = request.query;
      const found = supportResistance.get({ ...request.params, ...query });
      if (price === undefined) return found;
      return found.then((known) => ({ ...known, price, score: scoreOf(price, known) }));
    },
  );
  app.get(
    '/v1/levels/:symbol/score',
    {
      schema: {
        tags,
        summary: 'A price against the levels of a symbol; 50 without levels',
        params: levelsParams,
        querystring: scoreQuery,
        response: { 200: priceScore, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => supportResistance.score({ ...request.params, ...request.query }),
  );
  app.put(
    '/v1/levels/:symbol',
    {
      schema: {
        tags,
        summary: 'Keeps levels that were computed elsewhere, and gives those that count now: the newest',
        params: levelsParams,
        querystring: putQuery,
        body: putBody,
        response: { 200: levels, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => supportResistance.put({ ...request.body, ...request.params, ...request.query }),
  );
}

import {
  pricesParams,
  prices,
  pricesQuery,
  putAnswer,
  putBody,
  putQuery,
  removed,
  removeQuery,
  stats,
} from '../../stores/price-history/schema.ts';
import type { PriceHistory } from '../../stores/price-history/store.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

const tags = ['Price history'];
/** What `PUT_MAX` candles need, with room. */
const BODY_MAX_BYTES = 4 * 1024 ** 2;

export function routePrices(app: App, priceHistory: PriceHistory): void {
  app.get(
    '/v1/prices/stats',
    {
      schema: {
        tags,
        summary: 'What is kept, and how often it was enough',
        response: { 200: stats, ...problems(401, 403, 503) },
      },
    },
    () => priceHistory.stats(),
  );
  app.get(
    '/v1/prices/:symbol',
    {
      schema: {
        tags,
        summary: 'Candles of a range; what is missing is asked of the providers',
        params: pricesParams,
        querystring: pricesQuery,
        response: { 200: prices, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => priceHistory.get({ ...request.params, ...request.query }),
  );
  app.put(
    '/v1/prices/:symbol',
    {
      bodyLimit: BODY_MAX_BYTES,
      schema: {
        tags,
        summary: 'Add candles, or replace those that are there',
        params: pricesParams,
        querystring: putQuery,
        body: putBody,
        response: { 200: putAnswer, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => priceHistory.put({ ...request.params, ...request.query, ...request.body }),
  );
  app.delete(
    '/v1/prices/:symbol',
    {
      schema: {
        tags,
        summary: 'Remove candles, and what is known about their times',
        params: pricesParams,
        querystring: removeQuery,
        response: { 200: removed, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => priceHistory.remove({ ...request.params, ...request.query }),
  );
}

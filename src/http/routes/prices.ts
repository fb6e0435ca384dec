import { Readable } from 'node:stream';
import { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import {
  candleInput,
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
import type { PriceHistory, PricesInput } from '../../stores/price-history/store.ts';
import type { App } from '../app.ts';
import { putsLines, writeLines, writtenLines } from '../lines.ts';
import { problems } from '../problem.ts';

const tags = ['Price history'];
/** What `PUT_MAX` candles need, with room. */
const BODY_MAX_BYTES = 4 * 1024 ** 2;

export function routePrices(app: App, priceHistory: PriceHistory): void {
  app.get(
    '/v1/prices/stats',
    {
      config: { etag: true },
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
      config: { etag: true },
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
      config: { lines: true },
      schema: {
        tags,
        summary: 'Add candles, or replace those that are there',
        description: `${putsLines} Lines take no from and to: what lies between their candles is not known to be all.`,
        params: pricesParams,
        querystring: putQuery,
        body: putBody,
        response: { 200: z.union([putAnswer, writtenLines]), ...problems(400, 401, 403, 413, 415, 503) },
      },
    },
    (request) => {
      const series = { ...request.params, ...request.query };
      const body: unknown = request.body;
      if (body instanceof Readable) return putLines(priceHistory, series, body);
      return priceHistory.put({ ...series, ...request.body });
    },
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

/** @throws StockroomError INVALID_INPUT for a range: of lines nobody says that they are all of it */
function putLines(
  priceHistory: PriceHistory,
  series: Omit<PricesInput, 'candles'>,
  body: Readable,
): ReturnType<typeof writeLines> {
  const field = series.from === undefined ? 'to' : 'from';
  if (series[field] !== undefined) {
    throw new StockroomError('INVALID_INPUT', `${field}: expected none with lines, found a time`, {
      details: { field },
    });
  }
  return writeLines(
    body,
    candleInput,
    async (candles) => (await priceHistory.put({ ...series, candles })).written,
  );
}

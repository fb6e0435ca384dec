import type { z } from 'zod';
import {
  cacheAnswer,
  cacheStats,
  getQuery,
  invalidateBody,
  keyParams,
  removed,
  setBody,
  storedAnswer,
} from '../../stores/market-cache/schema.ts';
import { StockroomError } from '../../core/errors.ts';
import type { JsonValue, MarketCache } from '../../stores/market-cache/index.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

const tags = ['Cache'];
/** A value of 1,000,000 characters, each of them escaped, and what stands around it. */
const BODY_MAX_BYTES = 8 * 1_048_576;

export function routeCache(app: App, marketCache: MarketCache): void {
  routeValues(app, marketCache);
  routeWhole(app, marketCache);
}

/** @throws NOT_FOUND */
async function find(marketCache: MarketCache, key: string, query: z.output<typeof getQuery>) {
  const { as_of: asOf, allow_stale: allowStale, ...market } = query;
  const answer = await marketCache.get(key, {
    ...market,
    allow_stale: allowStale === 'true',
    as_of: asOf === undefined ? undefined : new Date(asOf),
  });
  if (answer !== undefined) return { key, ...answer };
  throw new StockroomError('NOT_FOUND', `${JSON.stringify(key)}: nothing fresh, and no copy to be given now`);
}

function routeValues(app: App, marketCache: MarketCache): void {
  app.put(
    '/v1/cache/:key',
    {
      bodyLimit: BODY_MAX_BYTES,
      schema: {
        tags,
        summary: 'Keep a value',
        description:
          'While its market is open it is fresh for ttl_seconds, at most until the close; while it is closed, until it opens.',
        params: keyParams,
        body: setBody,
        response: { 200: storedAnswer, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => {
      const { value, ...options } = request.body;
      return marketCache.set(request.params.key, value as JsonValue, options);
    },
  );
  app.get(
    '/v1/cache/:key',
    {
      schema: {
        tags,
        summary: 'The fresh value, or the copy while the market is closed',
        params: keyParams,
        querystring: getQuery,
        response: { 200: cacheAnswer, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => find(marketCache, request.params.key, request.query),
  );
  app.delete(
    '/v1/cache/:key',
    {
      schema: {
        tags,
        summary: 'Remove a value and its copy, in every process',
        params: keyParams,
        response: { 200: removed, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => marketCache.delete(request.params.key),
  );
}

function routeWhole(app: App, marketCache: MarketCache): void {
  app.get(
    '/v1/cache/stats',
    {
      config: { etag: true },
      schema: {
        tags,
        summary: 'What is kept, and what this process was asked for',
        response: { 200: cacheStats, ...problems(401, 403, 503) },
      },
    },
    () => marketCache.stats(),
  );
  app.delete(
    '/v1/cache',
    {
      schema: {
        tags,
        summary: 'Remove everything, in every process',
        response: { 200: removed, ...problems(401, 403, 503) },
      },
    },
    () => marketCache.clear(),
  );
  app.post(
    '/v1/cache/invalidate',
    {
      schema: {
        tags,
        summary: 'Remove what has a tag, or whose key begins so, in every process',
        body: invalidateBody,
        response: { 200: removed, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => {
      const { tag, prefix } = request.body;
      return marketCache.invalidate(tag === undefined ? { prefix: prefix! } : { tag });
    },
  );
}

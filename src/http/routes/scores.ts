import { Readable } from 'node:stream';
import { z } from 'zod';
import {
  clearAnswer,
  putAnswer,
  putBody,
  score,
  scoreInput,
  scoreParams,
  scoreQuery,
  topPage,
  topQuery,
} from '../../stores/scores/schema.ts';
import type { Scores } from '../../stores/scores/store.ts';
import type { App } from '../app.ts';
import { putsLines, writeLines, writtenLines } from '../lines.ts';
import { problems } from '../problem.ts';

const tags = ['Scores'];
/** Thousands of scores with their agents. */
const BODY_MAX_BYTES = 32 * 1024 * 1024;

export function routeScores(app: App, scores: Scores): void {
  app.put(
    '/v1/scores',
    {
      bodyLimit: BODY_MAX_BYTES,
      config: { lines: true },
      schema: {
        tags,
        summary: 'Stores scores, all or none; a newer score of a symbol that is there stays',
        description: putsLines,
        body: putBody,
        response: { 200: z.union([putAnswer, writtenLines]), ...problems(400, 401, 403, 413, 415, 503) },
      },
    },
    (request) => {
      const body: unknown = request.body;
      if (body instanceof Readable) {
        return writeLines(body, scoreInput, async (lines) => (await scores.put(lines)).stored);
      }
      const { scores: given, ...options } = request.body;
      return scores.put(given, options);
    },
  );
  app.get(
    '/v1/scores/top',
    {
      config: { etag: true },
      schema: {
        tags,
        summary: 'The best of a universe, or of all',
        querystring: topQuery,
        response: { 200: topPage, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => scores.top(request.query),
  );
  app.get(
    '/v1/scores/:symbol',
    {
      config: { etag: true },
      schema: {
        tags,
        summary: 'The score of a symbol',
        params: scoreParams,
        querystring: scoreQuery,
        response: { 200: score, ...problems(400, 401, 403, 404, 503) },
      },
    },
    (request) => scores.get(request.params.symbol, request.query),
  );
  app.delete(
    '/v1/scores',
    {
      config: { access: 'write' },
      schema: {
        tags,
        summary: 'Removes all scores',
        response: { 200: clearAnswer, ...problems(401, 403, 503) },
      },
    },
    () => scores.clear(),
  );
}

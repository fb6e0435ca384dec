import { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import {
  memoryEntry,
  memoryHeaders,
  memoryKeys,
  memoryKeysQuery,
  memoryParams,
  memoryPut,
  memoryTypeParams,
  type Version,
} from '../../stores/context/schema.ts';
import type { Context } from '../../stores/context/store.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

const tags = ['Context'];

export function routeContextMemory(app: App, { memory }: Context): void {
  app.put(
    '/v1/context/memory/:type/:key',
    {
      schema: {
        tags,
        summary: 'Write a value that lives for ttl_seconds',
        description:
          'With expected_version, If-Match or If-None-Match: * only while that version, or nothing, stands there.',
        params: memoryParams,
        headers: memoryHeaders,
        body: memoryPut,
        response: { 200: memoryEntry, ...problems(400, 401, 403, 409, 503) },
      },
    },
    async ({ params: { type, key }, headers, body }, reply) => {
      const expected = body.expected_version ?? versionOf(headers);
      const entry = await memory.put(type, key, {
        ...body,
        ...(expected === undefined ? {} : { expected_version: expected }),
      });
      return reply.header('etag', tagOf(entry.version)).send(entry);
    },
  );
  app.get(
    '/v1/context/memory/:type/:key',
    {
      schema: {
        tags,
        summary: 'A value with its version; the version is its ETag',
        params: memoryParams,
        response: { 200: memoryEntry, ...problems(400, 401, 403, 404, 503) },
      },
    },
    async ({ params: { type, key } }, reply) => {
      const entry = await memory.entry(type, key);
      return reply.header('etag', tagOf(entry.version)).send(entry);
    },
  );
  app.delete(
    '/v1/context/memory/:type/:key',
    {
      schema: {
        tags,
        summary: 'Remove a value',
        params: memoryParams,
        headers: memoryHeaders,
        response: {
          204: z.null().describe('It is gone'),
          ...problems(400, 401, 403, 404, 409, 503),
        },
      },
    },
    async ({ params: { type, key }, headers }, reply) => {
      await memory.remove(type, key, { expected_version: versionOf(headers) });
      return reply.code(204).send(null);
    },
  );
  routeKeys(app, memory);
}

function routeKeys(app: App, memory: Context['memory']): void {
  app.get(
    '/v1/context/memory/:type',
    {
      schema: {
        tags,
        summary: 'The keys of a type that have a value, in their order',
        params: memoryTypeParams,
        querystring: memoryKeysQuery,
        response: { 200: memoryKeys, ...problems(400, 401, 403, 503) },
      },
    },
    ({ params: { type }, query }) => memory.keys(type, query),
  );
}

function tagOf(version: number | string): string {
  return `"${version}"`;
}

function versionOf(headers: {
  'if-match'?: string | undefined;
  'if-none-match'?: string | undefined;
}): Version | undefined {
  const match = headers['if-match'];
  if (match !== undefined && headers['if-none-match'] !== undefined) {
    throw new StockroomError('INVALID_INPUT', 'if-match: expected nothing beside if-none-match, found both');
  }
  if (match !== undefined) return match.replaceAll(/\D/g, '');
  return headers['if-none-match'] === undefined ? undefined : 0;
}

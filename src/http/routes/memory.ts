import { StockroomError } from '../../core/errors.ts';
import { CACHE_TTL_SECONDS } from '../../stores/agent-memory/memories.ts';
import {
  cacheBody,
  cacheKept,
  cacheValue,
  deleted,
  ended,
  keyParams,
  memoryStatistics,
  pageQuery,
  sessionBody,
  sessionKept,
  sessionKeyParams,
  sessionPage,
  sessionParams,
  sessionsPage,
  sessionValue,
  typeParams,
  workingBody,
  workingKept,
  workingPage,
  workingValue,
} from '../../stores/agent-memory/schema.ts';
import type { AgentMemory } from '../../stores/agent-memory/store.ts';
import type { App } from '../app.ts';
import { problems } from '../problem.ts';

const tags = ['Agent memory'];
const usual = problems(400, 401, 403, 503);
const found = problems(400, 401, 403, 404, 503);

export function routeMemory(app: App, memory: AgentMemory): void {
  routeSessionKeys(app, memory);
  routeSessions(app, memory);
  routeCache(app, memory);
  routeWorking(app, memory);
  const schema = {
    tags,
    summary: 'How much is remembered, and how often it is found',
    response: { 200: memoryStatistics, ...problems(401, 403, 503) },
  };
  app.get('/v1/memory/stats', { config: { etag: true }, schema }, () => memory.statistics());
}

function routeSessionKeys(app: App, { sessions }: AgentMemory): void {
  const url = '/v1/memory/sessions/:session/:key';
  const put = {
    tags,
    summary: 'Put a value into a session, which is started when there is none',
    params: sessionKeyParams,
    body: sessionBody,
    response: { 200: sessionKept, ...usual },
  };
  app.put(url, { schema: put }, async ({ params: { session, key }, body: { value, ...options } }) => ({
    ...(await sessions.put(session, key, jsonOf(value), options)),
    key,
  }));
  const get = {
    tags,
    summary: 'A value of a session',
    params: sessionKeyParams,
    response: { 200: sessionValue, ...found },
  };
  app.get(url, { schema: get }, async ({ params: { session, key } }) => {
    const value = await sessions.get(session, key);
    if (value === undefined)
      throw notFound(`key ${JSON.stringify(key)} in a live session ${JSON.stringify(session)}`);
    return { session, key, value };
  });
  const remove = {
    tags,
    summary: 'Delete a value of a session',
    params: sessionKeyParams,
    response: { 200: deleted, ...usual },
  };
  app.delete(url, { schema: remove }, async ({ params: { session, key } }) => ({
    deleted: await sessions.delete(session, key),
  }));
}

function routeSessions(app: App, { sessions }: AgentMemory): void {
  const list = {
    tags,
    summary: 'Live sessions, by name',
    querystring: pageQuery,
    response: { 200: sessionsPage, ...usual },
  };
  app.get('/v1/memory/sessions', { schema: list }, ({ query }) => sessions.list(query));
  const read = {
    tags,
    summary: 'A session with its values, by key',
    params: sessionParams,
    querystring: pageQuery,
    response: { 200: sessionPage, ...found },
  };
  app.get('/v1/memory/sessions/:session', { schema: read }, async ({ params: { session }, query }) => {
    const page = await sessions.read(session, query);
    if (page === undefined) throw notFound(`live session ${JSON.stringify(session)}`);
    return page;
  });
  const end = {
    tags,
    summary: 'End a session with everything in it',
    params: sessionParams,
    response: { 200: ended, ...usual },
  };
  app.delete('/v1/memory/sessions/:session', { schema: end }, async ({ params: { session } }) => ({
    ended: await sessions.end(session),
  }));
}

function routeCache(app: App, { cache }: AgentMemory): void {
  const url = '/v1/memory/cache/:key';
  const put = {
    tags,
    summary: 'Keep an answer for a while',
    params: keyParams,
    body: cacheBody,
    response: { 200: cacheKept, ...usual },
  };
  app.put(url, { schema: put }, async ({ params: { key }, body: { value, ttl_seconds } }) => {
    await cache.put(key, jsonOf(value), { ttl_seconds });
    return { key, ttl_seconds: ttl_seconds ?? CACHE_TTL_SECONDS };
  });
  const get = {
    tags,
    summary: 'An answer that was kept',
    params: keyParams,
    response: { 200: cacheValue, ...found },
  };
  app.get(url, { schema: get }, async ({ params: { key } }) => {
    const value = await cache.get(key);
    if (value === undefined) throw notFound(`live cache entry ${JSON.stringify(key)}`);
    return { key, value };
  });
  const remove = {
    tags,
    summary: 'Forget an answer',
    params: keyParams,
    response: { 200: deleted, ...usual },
  };
  app.delete(url, { schema: remove }, async ({ params: { key } }) => ({ deleted: await cache.delete(key) }));
}

function routeWorking(app: App, { working }: AgentMemory): void {
  const url = '/v1/memory/working/:type';
  const put = {
    tags,
    summary: 'Replace the working memory of a type',
    params: typeParams,
    body: workingBody,
    response: { 200: workingKept, ...usual },
  };
  app.put(url, { schema: put }, async ({ params: { type }, body: { value, ttl_seconds } }) => {
    await working.put(type, jsonOf(value), { ttl_seconds });
    return { type, ttl_seconds: ttl_seconds ?? null };
  });
  const get = {
    tags,
    summary: 'The working memory of a type',
    params: typeParams,
    response: { 200: workingValue, ...found },
  };
  app.get(url, { schema: get }, async ({ params: { type } }) => {
    const value = await working.get(type);
    if (value === undefined) throw notFound(`working memory of the type ${JSON.stringify(type)}`);
    return { type, value };
  });
  const list = {
    tags,
    summary: 'All working memory, by type',
    querystring: pageQuery,
    response: { 200: workingPage, ...usual },
  };
  app.get('/v1/memory/working', { schema: list }, ({ query }) => working.list(query));
}

type Json = Parameters<AgentMemory['working']['put']>[1];

/** A body was parsed from JSON, so it is some; what PostgreSQL cannot keep of it is refused below. */
function jsonOf(value: unknown): Json {
  return value as Json;
}

function notFound(what: string): StockroomError {
  return new StockroomError('NOT_FOUND', `There is no ${what}`);
}

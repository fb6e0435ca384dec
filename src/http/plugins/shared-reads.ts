import type { RouteHandlerMethod } from 'fastify';
import { Relay } from '../../core/relay.ts';
import type { App } from '../app.ts';
import { hashTag } from './etag.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

interface Answer {
  readonly text: string;
  readonly tag: string;
}

/**
 * What many ask for at once is read, checked, written as text and hashed once for all of them. No caller is given what was read before
 * its request came: who comes while a read is under way shares the next one. For routes with `config.etag`, whose answers depend on
 * their URL and on the time alone. Registered before those routes.
 */
export function installSharedReads(app: App): void {
  app.addHook('onRoute', (route) => {
    if (route.method === 'GET' && route.config?.etag === true) route.handler = sharing(route.handler);
  });
}

function sharing(handler: RouteHandlerMethod): RouteHandlerMethod {
  const reads = new Relay<Answer>();
  return async function share(this, request, reply) {
    const { text, tag } = await reads.join(request.url, async () => {
      const given = await handler.call(this, request, reply);
      const text = reply.serialize(given) as string;
      return { text, tag: hashTag(text) };
    });
    return reply.header('etag', tag).type(JSON_TYPE).send(text);
  };
}

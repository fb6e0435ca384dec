import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import type { App } from '../app.ts';

/** Enough that two answers never share one by chance. */
const HASH_LENGTH = 22;

/**
 * Answers of routes with `config.etag` carry a weak validator, the hash of what is answered; some carry the version of a row. Who has
 * it already is told so with 304 and no body. Registered before compression, so that the hash is that of the text.
 */
export function installEtags(app: App): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (request.method !== 'GET' || reply.statusCode !== 200 || typeof payload !== 'string') {
      done(null, payload);
      return;
    }
    const tag = tagOf(request, reply, payload);
    if (tag === undefined) {
      done(null, payload);
      return;
    }
    // It may be kept, and must be asked for anew each time; never by what serves several callers.
    void reply.header('etag', tag).header('cache-control', 'private, no-cache');
    if (!isKnown(request.headers['if-none-match'], tag)) {
      done(null, payload);
      return;
    }
    void reply.code(304).removeHeader('content-type').removeHeader('content-length');
    done(null, null);
  });
}

/** The version that the route gave, or a hash where it wants one. */
function tagOf(request: FastifyRequest, reply: FastifyReply, payload: string): string | undefined {
  const given = reply.getHeader('etag');
  if (typeof given === 'string') return given;
  if (request.routeOptions.config.etag !== true) return undefined;
  return `W/"${createHash('sha256').update(payload).digest('base64url').slice(0, HASH_LENGTH)}"`;
}

/** Compared weakly (RFC 9110, 8.8.3.2). */
function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const opaque = (one: string): string => one.trim().replace(/^W\//, '');
  return header.trim() === '*' || header.split(',').some((one) => opaque(one) === opaque(tag));
}

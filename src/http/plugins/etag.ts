import { createHash } from 'node:crypto';
import type { App } from '../app.ts';

/** Enough that two answers never share one by chance. */
const HASH_LENGTH = 22;

/**
 * Answers with a validator (the hash of what is answered, or the version of a row) may be kept by their caller: who has one already is
 * told so with 304 and no body. Registered before compression, so that the hash is that of the text.
 */
export function installEtags(app: App): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const tag = reply.getHeader('etag');
    // Files of the console come as streams, with a validator and rules of their own.
    const ours = typeof payload === 'string' && typeof tag === 'string';
    if (!ours || request.method !== 'GET' || reply.statusCode !== 200) {
      done(null, payload);
      return;
    }
    // It may be kept, and must be asked for anew each time; never by what serves several callers.
    void reply.header('cache-control', 'private, no-cache');
    if (!isKnown(request.headers['if-none-match'], tag)) {
      done(null, payload);
      return;
    }
    void reply.code(304).removeHeader('content-type').removeHeader('content-length');
    done(null, null);
  });
}

/** The validator of an answer without a version. */
export function hashTag(text: string): string {
  return `W/"${createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH)}"`;
}

/** Compared weakly (RFC 9110, 8.8.3.2). */
function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const opaque = (one: string): string => one.trim().replace(/^W\//, '');
  return header.trim() === '*' || header.split(',').some((one) => opaque(one) === opaque(tag));
}

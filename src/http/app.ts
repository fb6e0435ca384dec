import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Scope } from '../core/config-values.ts';

/** What a caller needs for a route: a scope of its API key, or nothing where only programs and forms are given out. */
export type Access = Scope | 'open';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent: `read` for GET and HEAD, `write` for the rest. */
    access?: Access;
    /** Its answer depends on the URL and the time alone: it is shared, and carries a validator. See plugins/shared-reads.ts. */
    etag?: boolean;
    /** Takes lines of JSON as well, as a stream: see plugins/lines.ts. */
    lines?: boolean;
    /** What happens when the process is overloaded; absent: the request is refused. */
    pressureHandler?: () => undefined;
  }
  interface FastifyRequest {
    /** The name of the API key, or `loopback`. */
    caller: string;
  }
}

/** A Fastify instance whose routes take zod schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export function accessOf({ method, routeOptions }: Pick<FastifyRequest, 'method' | 'routeOptions'>): Access {
  return routeOptions.config.access ?? (method === 'GET' || method === 'HEAD' ? 'read' : 'write');
}

/** For what must answer while the process is overloaded: probes and metrics are how anybody learns that it is. */
export const answersUnderPressure = { pressureHandler: () => undefined };

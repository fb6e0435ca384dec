import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { App } from '../app.ts';

/** The id that the caller's own log has, when it gave one that can do no harm in ours. */
export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
}

/** One log line and one observation for every request; a connection is let go once its last answer is out. */
export function installRequests(app: App, metrics: Metrics): void {
  let closing = false;
  app.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    // Answers depend on the time and on who asks; files of the console say otherwise for themselves.
    void reply.header('cache-control', 'no-store');
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched';
    const { method } = request;
    const status = reply.statusCode;
    metrics.httpDuration.observe({ method, route, status }, reply.elapsedTime / 1_000);
    logRequest(request, reply, route);
    // The caller would keep it for its next request, and the server would wait for that until a timeout.
    if (closing) setImmediate(() => app.server.closeIdleConnections());
    done();
  });
}

function logRequest(request: FastifyRequest, reply: FastifyReply, route: string): void {
  const line = {
    method: request.method,
    route,
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    caller: request.caller,
    from: request.socket.remoteAddress,
  };
  // Probes and scrapes come every few seconds and say nothing new.
  if (route.startsWith('/health') || route === '/metrics') request.log.debug(line, 'request');
  else request.log.info(line, 'request');
}

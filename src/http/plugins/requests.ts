import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type RequestSpan, requestSpans } from '../../telemetry/http-spans.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { isTraced } from '../../telemetry/traced.ts';
import type { App } from '../app.ts';

/** The id that the caller's own log has, when it gave one that can do no harm in ours. */
export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
}

/** One log line and one observation for every request, and one span where there is an SDK by now. */
export function installRequests(app: App, metrics: Metrics): void {
  const begin = isTraced() ? requestSpans() : undefined;
  // Their fields are ours, and hold no secret: to look for one in each of them would take longer than to write it.
  const lines = app.log.child({}, { redact: [] });
  const spans = new WeakMap<FastifyRequest, RequestSpan>();
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    // Answers depend on the time and on who asks; files of the console say otherwise for themselves.
    void reply.header('cache-control', 'no-store');
    if (begin === undefined) {
      done();
      return;
    }
    const { method, id, headers } = request;
    const span = begin({ method, route: request.routeOptions.url, id, headers });
    spans.set(request, span);
    // A stream that its reader leaves was answered; whoever leaves before was not.
    const { raw } = reply;
    raw.once('close', () => span.end(raw.headersSent ? raw.statusCode : undefined));
    // All that follows is in it: Fastify carries it on past the body, which comes over a connection of many requests.
    span.run(done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched';
    const { method } = request;
    const status = reply.statusCode;
    metrics.httpDuration.observe({ method, route, status }, reply.elapsedTime / 1_000);
    // A request that was refused before it got here has none.
    const span = spans.get(request);
    if (span === undefined) logRequest(lines, request, reply, route);
    else span.run(() => logRequest(lines, request, reply, route));
    span?.end(status);
    done();
  });
}

function logRequest(
  lines: FastifyBaseLogger,
  request: FastifyRequest,
  reply: FastifyReply,
  route: string,
): void {
  const line = {
    reqId: request.id,
    method: request.method,
    route,
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    caller: request.caller,
    from: request.socket.remoteAddress,
  };
  // Probes and scrapes come every few seconds and say nothing new.
  if (route.startsWith('/health') || route === '/metrics') lines.debug(line, 'request');
  else lines.info(line, 'request');
}

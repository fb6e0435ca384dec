import type { FastifyReply, FastifyRequest } from 'fastify';
import { Socket } from 'node:net';
import type { App } from '../app.ts';
import { answerClientError } from './errors.ts';

/** A request with a body has to arrive as a whole within this time; lines may take longer, as long as some arrive within it. */
export const ARRIVAL_MS = 30_000;

/**
 * Ends connections on which a body does not arrive. Node.js has one bound for every request, which a body of any number of lines
 * cannot keep; that of the headers stays its own.
 */
export function installArrival(app: App, ms: number): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (hasBody(request)) watch(request, reply, ms);
    done();
  });
}

function hasBody({ raw: { headers, socket } }: FastifyRequest): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  // What is asked without a connection is there at once.
  return socket instanceof Socket && (encoding !== undefined || (length !== undefined && length !== '0'));
}

function watch(request: FastifyRequest, reply: FastifyReply, ms: number): void {
  const { raw, routeOptions } = request;
  const { socket } = raw;
  const lines = routeOptions.config.lines === true;
  let received = socket.bytesRead;
  const timer = setInterval(() => {
    const answered = reply.raw.writableFinished;
    const flows = lines && !answered && socket.bytesRead !== received;
    received = socket.bytesRead;
    if (flows && !raw.complete) return;
    clearInterval(timer);
    if (raw.complete) return;
    request.log.warn({ received }, 'a request did not arrive');
    // Refused already, and sent on all the same.
    if (answered) socket.destroy();
    else answerClientError(Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
  }, ms);
  raw.once('close', () => clearInterval(timer));
}

import type { FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { z } from 'zod';
import { type ErrorCode, messageOf, StockroomError } from '../../core/errors.ts';
import type { App } from '../app.ts';
import { type InputFault, PROBLEM_TYPE, type Problem, problemOf } from '../problem.ts';

const FOUND_MAX_LENGTH = 100;

const refusals: Readonly<Record<number, ErrorCode>> = {
  404: 'NOT_FOUND',
  413: 'TOO_LARGE',
  415: 'UNSUPPORTED_TYPE',
  431: 'TOO_LARGE',
};

/** Every error leaves as application/problem+json with a stable code. */
export function installErrors(app: App): void {
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const detail = `There is no ${request.method} ${pathOf(request)}; /docs lists what there is`;
    return send(reply, problemOf('NOT_FOUND', detail, request.id));
  });
}

/** Also for what the router refuses before a handler is found, where `setErrorHandler` does not reach. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = describeError(error, request);
  if (answer.status >= 500) request.log.error({ err: error, code: answer.code }, 'the request failed');
  if (answer.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (answer.status === 503) void reply.header('retry-after', '5');
  return send(reply, answer);
}

/** Bytes that are no HTTP at all: there is no request to answer, only a socket. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const answer = connectionProblem(error.code);
  const body = JSON.stringify(answer);
  const line = `${answer.status} ${STATUS_CODES[answer.status]}`;
  const head = [`HTTP/1.1 ${line}`, `Content-Type: ${PROBLEM_TYPE}`, 'Connection: close'];
  socket.end(`${head.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function connectionProblem(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW')
    return problemOf('TOO_LARGE', 'The headers are larger than 16 KiB together', '');
  const late = code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const detail = late ? 'The request did not arrive in time' : 'The bytes received are no valid HTTP request';
  return problemOf('INVALID_INPUT', detail, '');
}

function send(reply: FastifyReply, answer: Problem): FastifyReply {
  // Already text: the schema of the route is that of its good answers.
  return reply
    .code(answer.status)
    .type(PROBLEM_TYPE)
    .serializer((text: string) => text)
    .send(JSON.stringify(answer));
}

function describeError(error: unknown, request: FastifyRequest): Problem {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const place = error.validationContext ?? 'querystring';
    const faults = error.validation.flatMap((issue) => faultsOf(issue, place, request));
    const detail = faults
      .map(({ field, expected, found }) => `${field}: expected ${expected}, found ${found}`)
      .join('; ');
    return problemOf('INVALID_INPUT', detail, request.id, faults);
  }
  if (error instanceof StockroomError) return problemOf(error.code, error.message, request.id);
  const code = refusalOf(error);
  if (code !== undefined) return problemOf(code, messageOf(error), request.id);
  // Whatever it was, its message was not written for callers: the log has it under the id.
  return problemOf('INTERNAL', `Something failed inside; the log has it under ${request.id}`, request.id);
}

/** Fastify and its plugins refuse requests with an error that holds a 4xx status. */
function refusalOf(error: unknown): ErrorCode | undefined {
  const status = z.object({ statusCode: z.number().min(400).max(499) }).safeParse(error).data?.statusCode;
  if (status === undefined) return undefined;
  return refusals[status] ?? 'INVALID_INPUT';
}

function faultsOf(issue: FastifySchemaValidationError, place: string, request: FastifyRequest): InputFault[] {
  const unknown = z.array(z.string()).safeParse(issue.params['keys']);
  if (issue.keyword === 'unrecognized_keys' && unknown.success) {
    const expected = `one of ${namesIn(request, place).join(', ') || 'none'}`;
    return unknown.data.map((field) => ({ in: place, field, expected, found: 'a name that is not known' }));
  }
  const field = issue.instancePath.slice(1).replaceAll('/', '.');
  const expected = issue.message ?? 'another value';
  return [{ in: place, field, expected, found: describeFound(valueAt(request, place, field)) }];
}

function partOf(source: object | undefined, place: string): unknown {
  return source === undefined ? undefined : (source as Record<string, unknown>)[place];
}

function namesIn(request: FastifyRequest, place: string): string[] {
  const schema = partOf(request.routeOptions.schema, place);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function valueAt(request: FastifyRequest, place: string, field: string): unknown {
  const source = partOf({ ...request, querystring: request.query, params: request.params }, place);
  return field
    .split('.')
    .reduce<unknown>(
      (value, name) => (typeof value === 'object' && value !== null ? partOf(value, name) : undefined),
      source,
    );
}

export function describeFound(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > FOUND_MAX_LENGTH ? `${text.slice(0, FOUND_MAX_LENGTH)}…` : text;
}

/** The path alone: a query string may hold what a log or an answer should not repeat. */
function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? request.url;
}

import { z } from 'zod';
import { type ErrorCode, errorCatalogue } from '../core/errors.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export const inputFault = z.object({
  in: z.string().describe('querystring, params, headers or body'),
  field: z.string(),
  expected: z.string(),
  found: z.string(),
});

/** RFC 9457. */
export const problem = z
  .object({
    type: z.string().describe('A URN of the code'),
    title: z.string(),
    status: z.number(),
    code: z.string().describe('Stable: programs branch on it; see docs/errors.md'),
    detail: z.string(),
    request_id: z.string().describe('The x-request-id of the answer; the log has it too'),
    errors: z.array(inputFault).optional().describe('With INVALID_INPUT: every value that was refused'),
  })
  .meta({ id: 'Problem' });

export type InputFault = z.output<typeof inputFault>;
export type Problem = z.output<typeof problem>;

export function problemOf(
  code: ErrorCode,
  detail: string,
  requestId: string,
  errors?: InputFault[],
): Problem {
  const { status, title } = errorCatalogue[code];
  return {
    type: `urn:stockroom:problem:${code}`,
    title,
    status,
    code,
    detail,
    request_id: requestId,
    ...(errors === undefined ? {} : { errors }),
  };
}

const answers = {
  400: 'A value in the request is not of the expected form',
  401: 'No valid API key was given',
  402: 'A budget has not enough left',
  403: 'The API key lacks the scope, or the caller is not on loopback',
  404: 'There is no such thing',
  409: 'What is there does not allow it, or the idempotency key was used with another payload',
  413: 'The request is larger than is taken',
  415: 'The body is of a kind that is not taken here',
  429: 'The API key has asked too often; Retry-After says when to come back',
  503: 'PostgreSQL cannot be reached, or the process is overloaded',
} as const;

/** The answers of a route that are problems, for its schema. */
export function problems<S extends keyof typeof answers>(...statuses: S[]) {
  const entries = statuses.map((status) => [
    status,
    { description: answers[status], content: { 'application/problem+json': { schema: problem } } },
  ]);
  return Object.fromEntries(entries) as Record<
    S,
    { description: string; content: { 'application/problem+json': { schema: typeof problem } } }
  >;
}

import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { errorCatalogue } from '../../src/core/errors.ts';
import { PROBLEM_TYPE } from '../../src/http/problem.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { testServer, type TestServer } from '../support/http.ts';
import { type GeneratedRequest, type OpenApi, requestsTo } from '../support/openapi-requests.ts';

const LONG = process.env['STOCKROOM_TEST_LONG'] === '1';
const REQUESTS = LONG ? 30_000 : 3_000;
/** No request is answered later than this, whatever it asks for. */
const ANSWER_MS = 20_000;
const CODES = Object.keys(errorCatalogue);

const problem = z.object({ status: z.number(), code: z.enum(CODES), detail: z.string().min(1) });

let tier: TestTier;
let server: TestServer;
beforeAll(async () => {
  tier = await freshTier('server');
  server = await testServer({ durable: tier.durable });
});
afterAll(async () => {
  await server.app.close();
  await tier.remove();
});

type Answer = Awaited<ReturnType<TestServer['app']['inject']>>;

async function answerTo(request: GeneratedRequest): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
  });
  try {
    return await Promise.race([server.app.inject(request as never), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the log says about the last failure: an answer with 500 says nothing. */
function lastFailure(): string {
  const line = server.log.findLast(({ err }) => err !== undefined);
  return JSON.stringify(line?.['err'] ?? null, null, 1).slice(0, 3_000);
}

async function check(request: GeneratedRequest): Promise<void> {
  server.log.length = 0;
  const answer = await answerTo(request);
  if (answer.statusCode >= 500) throw new Error(`${answer.statusCode} ${answer.body} ${lastFailure()}`);
  if (answer.statusCode < 400) return;
  expect(answer.headers['content-type']).toBe(PROBLEM_TYPE);
  expect(problem.parse(answer.json()).status).toBe(answer.statusCode);
}

/** The request that failed, made as small as it goes, and why: one of a hundred thousand characters is cut. */
function told({
  counterexample,
  errorInstance,
  seed,
  counterexamplePath,
}: fc.RunDetails<[GeneratedRequest]>): string {
  const request = JSON.stringify(counterexample?.[0]).slice(0, 1_500);
  return `${request}\n${String(errorInstance).slice(0, 3_000)}\nseed ${seed}, path ${counterexamplePath}`;
}

it(
  'whatever is asked, an answer comes: what was asked for, or what is wrong with it',
  async () => {
    const { paths } = (await server.app.inject('/openapi.json')).json<OpenApi>();
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
    );
    // A route that takes a body has the most that can be wrong with it.
    const weights = routes.map(({ operation }) => (operation.requestBody === undefined ? 1 : 3));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const failures: string[] = [];
    for (const [at, { method, path, operation }] of routes.entries()) {
      const outcome = await fc.check(fc.asyncProperty(requestsTo(method, path, operation), check), {
        numRuns: Math.ceil((REQUESTS * weights[at]!) / total),
        maxSkipsPerRun: 0,
      });
      if (outcome.failed) failures.push(told(outcome));
    }
    expect(failures.join('\n\n')).toBe('');
    expect((await server.app.inject('/health/ready')).statusCode).toBe(200);
  },
  LONG ? 1_200_000 : 240_000,
);

import * as fc from 'fast-check';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { errorCatalogue } from '../../src/core/errors.ts';
import { PROBLEM_TYPE } from '../../src/http/problem.ts';
import { listen } from '../../src/http/server.ts';
import { type HotTier, openHot } from '../../src/tiers/hot/index.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { testServer, type TestServer } from '../support/http.ts';
import { type GeneratedRequest, type OpenApi, requestsTo } from '../support/openapi-requests.ts';
import { type Server, startRedis } from '../support/servers.ts';

const LONG = process.env['STOCKROOM_TEST_LONG'] === '1';
const REQUESTS = LONG ? 24_000 : 1_500;
/** No request is answered later than this, whatever it asks for. */
const ANSWER_MS = 20_000;
const CODES = Object.keys(errorCatalogue);

const problem = z.object({ status: z.number(), code: z.enum(CODES), detail: z.string().min(1) });

let redis: Server;
let hot: HotTier;
let tier: TestTier;
let server: TestServer;
let origin: URL;
beforeAll(async () => {
  redis = await startRedis();
  hot = await openHot({ redis: redis.url });
  tier = await freshTier('server');
  server = await testServer({ durable: tier.durable, hot });
  origin = new URL(await listen(server.app, { host: '127.0.0.1', port: 0 }));
});
afterAll(async () => {
  await server.app.close();
  await hot.close();
  await redis.stop();
  await tier.remove();
});

interface Answer {
  readonly statusCode: number;
  readonly type: unknown;
  readonly body: string;
}
let sent = 0;
const answered = new Map<number, number>();

/** By turns without a connection, which takes what no client would send, and over one, as clients do. */
async function ask(request: GeneratedRequest): Promise<Answer> {
  sent += 1;
  if (sent % 4 === 0 || request.url.startsWith('/v1/events')) {
    const answer = await overSocket(request);
    if (answer !== undefined) return answer;
  }
  const { statusCode, headers, body } = await server.app.inject(request as never);
  return { statusCode, type: headers['content-type'], body };
}

/** @returns undefined when Node.js does not send such a request */
function overSocket({ method, url, headers, payload }: GeneratedRequest): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    let request: ClientRequest;
    try {
      request = httpRequest({ host: origin.hostname, port: origin.port, method, path: url, headers });
    } catch {
      resolve(undefined);
      return;
    }
    request.once('error', reject);
    request.once('response', (response) => {
      const { statusCode = 0, headers: told } = response;
      if (told['content-type']?.startsWith('text/event-stream') === true) {
        resolve({ statusCode, type: told['content-type'], body: '' });
        response.destroy();
        return;
      }
      resolve(text(response).then((body) => ({ statusCode, type: told['content-type'], body })));
    });
    request.end(payload);
  });
}

async function answerTo(request: GeneratedRequest): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
  });
  try {
    return await Promise.race([ask(request), late]);
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
  answered.set(answer.statusCode, (answered.get(answer.statusCode) ?? 0) + 1);
  if (answer.statusCode < 400) return;
  expect(answer.type).toBe(PROBLEM_TYPE);
  expect(problem.parse(JSON.parse(answer.body)).status).toBe(answer.statusCode);
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
    if (LONG)
      console.info(`${sent} requests; answers by status: ${JSON.stringify(Object.fromEntries(answered))}`);
    expect(failures.join('\n\n')).toBe('');
    expect((await server.app.inject('/health/ready')).statusCode).toBe(200);
    // Fewer would say that the generator no longer finds what is right, or what is wrong.
    for (const status of [200, 201, 400, 404])
      expect(answered.get(status) ?? 0).toBeGreaterThan(REQUESTS / 100);
  },
  LONG ? 1_200_000 : 240_000,
);

import type { FastifySchema } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { accessOf } from '../app.ts';
import { NDJSON } from '../progress.ts';

export const tags = [
  { name: 'Migration', description: 'What became of the old data' },
  { name: 'LLM costs', description: 'What the calls of language models cost' },
  { name: 'Recommendations', description: 'What was recommended, and how it ended' },
  { name: 'Top picks', description: 'The runs of the top-picks engine' },
  { name: 'Context', description: 'What agents found, remember and learnt, and what users prefer' },
  { name: 'Picks', description: 'Picks with what agents said about them, and their outcomes' },
  { name: 'Policies', description: 'The policies that picks are made by' },
  { name: 'Support and resistance', description: 'Levels of prices' },
  { name: 'Price history', description: 'Candles' },
  { name: 'Scores', description: 'The newest score of each symbol' },
  { name: 'Cache', description: 'Values that are fresh for a while, by the hours of the market' },
  { name: 'Market', description: 'Sessions and holidays of the exchanges' },
  { name: 'Agent memory', description: 'Sessions, answers and the working memory of agents' },
  { name: 'Hot tier', description: 'Redis as it is: figures and keys' },
  { name: 'Service', description: 'Health, figures and events of this process' },
] as const;

const lines = { schema: { type: 'string', description: 'One JSON document a line' } } as const;

/** What may become of any request, whatever its route says. */
const common = { 413: 'TooLarge', 429: 'RateLimited' } as const;

type Given = Parameters<typeof jsonSchemaTransform>[0];
type Transform = typeof jsonSchemaTransform;
type Whole = { paths?: Record<string, unknown>; components?: { schemas?: Record<string, unknown> } };

interface Operation {
  responses?: Record<string, unknown> | undefined;
  requestBody?: { content: Record<string, { schema: object }> };
  'x-lines'?: boolean;
  'x-answers-lines'?: boolean;
  [name: string]: unknown;
}

/** Each operation has an id for generators of clients, and says which scope its key needs. */
export function describeRoute(given: Given): ReturnType<Transform> {
  const { schema, url } = jsonSchemaTransform(given);
  const { route } = given;
  const method = String(route.method);
  const access = accessOf({ method, routeOptions: { config: route.config ?? {} } } as never);
  const described = {
    ...schema,
    operationId: operationId(method, route.url),
    'x-scope': access,
    ...(access === 'open' ? { security: [{}] } : {}),
    ...(route.config?.lines === true ? { 'x-lines': true } : {}),
    ...(answersLines(schema) ? { 'x-answers-lines': true } : {}),
    ...(schema?.produces === undefined ? {} : { response: { 200: { type: 'string', description: 'Text' } } }),
  };
  return { schema: described, url };
}

/** A route says in words, for whoever reads, what asking for lines gives. */
function answersLines({ summary = '', description = '' }: FastifySchema = {}): boolean {
  return [summary, description].some((words) => words.includes(`Accept: ${NDJSON}`));
}

/** `GET /v1/llm/prices/:model` is `getLlmPricesByModel`. */
function operationId(method: string, url: string): string {
  const words = url.split(/[/_-]/).filter((word) => word !== '' && word !== 'v1');
  const named = words.map((word) => (word.startsWith(':') ? `By${capital(word.slice(1))}` : capital(word)));
  return method.toLowerCase() + named.join('');
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** What the plugin cannot be told: lines of JSON as a second form of a body, and the answers that every route may give. */
export function describeWhole<W extends Whole>(document: W): W {
  const problem = { $ref: '#/components/schemas/Problem' };
  const answers = {
    TooLarge: { description: 'The request is larger than is taken', content: contentOf(problem) },
    RateLimited: {
      description: 'The API key has asked too often; Retry-After says when to come back',
      headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds' } },
      content: contentOf(problem),
    },
  };
  const paths = Object.entries(document.paths ?? {}).map(([path, operations]) => [
    path,
    Object.fromEntries(
      Object.entries(operations as Record<string, Operation>).map(([method, one]) => [
        method,
        completed(one),
      ]),
    ),
  ]);
  const components = {
    ...document.components,
    schemas: usedOf(document.components?.schemas ?? {}, JSON.stringify(paths)),
    responses: answers,
  };
  return { ...document, paths: Object.fromEntries(paths) as W['paths'], components };
}

/** A schema that is named has a form for what is sent as well, of which a generator would ask what it is for. */
function usedOf(schemas: Record<string, unknown>, text: string): Record<string, unknown> {
  const used = Object.entries(schemas).filter(
    ([name]) => name === 'Problem' || text.includes(`"#/components/schemas/${name}"`),
  );
  return Object.fromEntries(used);
}

function contentOf(schema: object): object {
  return { 'application/problem+json': { schema } };
}

function completed(given: Operation): Operation {
  const { 'x-lines': takesLines, 'x-answers-lines': givesLines, ...operation } = given;
  const { requestBody, security } = operation;
  const more = Object.entries(common).filter(([status]) => status !== '413' || requestBody !== undefined);
  const shared = security === undefined ? more : [];
  const responses = {
    ...(givesLines === true ? withLines(operation.responses) : operation.responses),
    ...Object.fromEntries(
      shared.map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }]),
    ),
  };
  if (takesLines !== true || requestBody === undefined) return { ...operation, responses };
  return {
    ...operation,
    responses,
    requestBody: { ...requestBody, content: { ...requestBody.content, [NDJSON]: lines } },
  };
}

/** The good answer once more, as lines. */
function withLines(responses: Record<string, unknown> = {}): Record<string, unknown> {
  const good = responses['200'] as { content: object };
  return { ...responses, 200: { ...good, content: { ...good.content, [NDJSON]: lines } } };
}

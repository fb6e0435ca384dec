// Writes src/client/paths.ts, the types of stockroom/client, from the description of the API that the service itself
// gives: npm run client:types.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';
import { buildServer } from '../src/http/server.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { openEmbedded } from '../src/tiers/durable/embedded/open-embedded.ts';
import { migrate } from '../src/tiers/durable/migrate.ts';
import { createInProcessTier } from '../src/tiers/hot/in-process/tier.ts';

export const CLIENT_TYPES = fileURLToPath(new URL('../src/client/paths.ts', import.meta.url));
const BIOME = fileURLToPath(new URL('../node_modules/@biomejs/biome/bin/biome', import.meta.url));

const HEADER = `// Made of the service's /openapi.json by scripts/client-types.ts; not to be edited: npm run client:types.
/* oxlint-disable max-lines */`;
const PLACES = ['query', 'header', 'path'];
/** What says of which type a value is. */
const CONSTRAINTS = ['type', '$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const', 'tsType'];
const WITH_SCHEMAS = ['items', 'additionalProperties', 'anyOf', 'oneOf', 'allOf'];
const PROBLEM = 'application/problem+json';

type Schema = Readonly<Record<string, unknown>>;
type Content = Readonly<Record<string, { readonly schema: Schema }>>;
interface Answer {
  readonly $ref?: string;
  readonly description?: string;
  readonly content?: Content;
}
interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
}
interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, Answer>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly responses: Readonly<Record<string, Answer>>;
  };
}

const NEVER: Schema = { tsType: 'never' };
const HEADERS: Schema = { tsType: '{ [name: string]: unknown }' };

/** An object of these members and no others. Those named in `optional` may be absent. */
function objectOf(members: Record<string, Schema>, optional: readonly string[] = []): Schema {
  const required = Object.keys(members).filter((name) => !optional.includes(name));
  return { type: 'object', properties: members, required, additionalProperties: false };
}

/**
 * A schema without what the compiler of types would misread: a value of any kind that is described would be an object of any members.
 */
function readable(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(readable);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { description, ...rest } = schema as Schema & { description?: string };
  const said = description === undefined ? {} : { description };
  if (!CONSTRAINTS.some((word) => word in rest)) return { ...said, tsType: 'unknown' };
  const members = Object.entries(rest).map(([word, value]) => {
    if (word === 'properties') {
      const inner = Object.entries(value as object).map(([name, one]) => [name, readable(one)]);
      return [word, Object.fromEntries(inner)];
    }
    return [word, WITH_SCHEMAS.includes(word) ? readable(value) : value];
  });
  return { ...said, ...(Object.fromEntries(members) as Schema) };
}

function contentOf(content: Content | undefined): Schema | undefined {
  if (content === undefined) return undefined;
  return objectOf(
    Object.fromEntries(
      Object.entries(content).map(([type, { schema }]) => [type, readable(schema) as Schema]),
    ),
  );
}

function parametersIn(place: string, parameters: readonly Parameter[]): [Schema, isOptional: boolean] {
  const found = parameters.filter((parameter) => parameter.in === place);
  if (found.length === 0) return [NEVER, true];
  const members = found.map(({ name, schema, description }) => [
    name,
    readable(description === undefined ? schema : { ...schema, description }),
  ]);
  const optional = found.filter(({ required }) => !required).map(({ name }) => name);
  return [objectOf(Object.fromEntries(members), optional), optional.length === found.length];
}

function answerOf(answer: Answer, { components }: Document): Schema {
  const named = answer.$ref?.split('/').at(-1);
  const { content, description } = named === undefined ? answer : components.responses[named]!;
  if (content?.[PROBLEM] !== undefined) return { $ref: '#/definitions/Refused' };
  const body = contentOf(content);
  const members = objectOf({ headers: HEADERS, content: body ?? NEVER }, body ? [] : ['content']);
  return description === 'Default Response' ? members : { ...members, description };
}

function operationOf(operation: Operation, document: Document): Schema {
  const { parameters = [], requestBody, responses, summary, description } = operation;
  const places = PLACES.map((place) => [place, ...parametersIn(place, parameters)] as const);
  const answers = Object.entries(responses).map(([status, answer]) => [status, answerOf(answer, document)]);
  const content = contentOf(requestBody?.content);
  const body = content === undefined ? NEVER : objectOf({ content });
  return {
    ...objectOf(
      {
        parameters: objectOf(
          Object.fromEntries(places.map(([place, schema]) => [place, schema])),
          places.filter(([, , isOptional]) => isOptional).map(([place]) => place),
        ),
        requestBody: body,
        responses: objectOf(Object.fromEntries(answers) as Record<string, Schema>),
      },
      requestBody?.required === true ? [] : ['requestBody'],
    ),
    description: description === undefined ? summary : `${summary}\n\n${description}`,
  };
}

/** One schema whose type has the shape that openapi-fetch asks for: path, method, then parameters, body and answers. */
function mirrorOf(document: Document): Schema {
  const { paths, components } = document;
  const members = Object.entries(paths).map(([path, operations]) => {
    const methods = Object.entries(operations).map(([method, one]) => [method, operationOf(one, document)]);
    return [path, objectOf(Object.fromEntries(methods) as Record<string, Schema>)];
  });
  const refused = {
    ...objectOf({ headers: HEADERS, content: objectOf({ [PROBLEM]: { $ref: '#/definitions/Problem' } }) }),
    description: 'What every answer from 400 on is',
  };
  const named = Object.fromEntries(
    Object.entries(components.schemas).map(([name, schema]) => [name, readable(schema)]),
  );
  const whole = {
    ...objectOf(Object.fromEntries(members) as Record<string, Schema>),
    definitions: { ...named, Refused: refused },
  };
  const text = JSON.stringify(whole).replaceAll('"#/components/schemas/', '"#/definitions/');
  return JSON.parse(text) as Schema;
}

/** What src/client/paths.ts has to hold for a service that describes itself so. */
export async function clientTypes(document: Document): Promise<string> {
  const types = await compile(mirrorOf(document), 'paths', {
    bannerComment: HEADER,
    // The tuples of all lengths that a bound allows would say little and be long.
    ignoreMinAndMaxItems: true,
    format: false,
  });
  // The root is named like any other type, and openapi-fetch looks a status up as a number.
  const named = types
    .replace('export interface Paths {', 'export interface paths {')
    .replaceAll(/^"(\d{3})": /gm, '$1: ');
  return execFileSync(process.execPath, [BIOME, 'format', `--stdin-file-path=${CLIENT_TYPES}`], {
    input: named,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
}

export async function main(): Promise<void> {
  const durable = await openEmbedded({ memory: true, schema: 'stockroom' });
  try {
    await migrate(durable);
    const app = await buildServer({
      durable,
      hot: createInProcessTier({ prefix: 'stockroom:' }),
      config: { apiKeys: [], host: '127.0.0.1', port: 0 },
      logger: createLogger({ level: 'error' }),
    });
    try {
      const document = (await app.inject({ url: '/openapi.json' })).json<Document>();
      writeFileSync(CLIENT_TYPES, await clientTypes(document));
    } finally {
      await app.close();
    }
  } finally {
    await durable.close();
  }
}

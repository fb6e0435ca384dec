type Json = Readonly<Record<string, unknown>>;

interface Operation extends Json {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema?: Json;
  }[];
  readonly requestBody?: { readonly content?: Content };
  readonly responses?: Readonly<Record<string, Json>>;
  readonly security?: readonly Json[];
}
type Content = Readonly<Record<string, { readonly schema?: Json }>>;

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly tags: readonly { readonly name: string }[];
  readonly security: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Json; readonly responses: Json; readonly securitySchemes: Json };
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'string', 'integer'];
/** Words of OpenAPI 3.0 that 3.1 does not know, as JSON Schema has others for them. */
const OLD_WORDS = ['nullable', 'example', 'definitions', 'id', '$id'];

/** What a strict reader of OpenAPI 3.1 would find wrong, a line each. */
export function openApiFaults(document: OpenApiDocument): string[] {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  const ids = operations.map(({ operation }) => operation.operationId);
  const shapes = Object.keys(document.paths).map((path) => path.replaceAll(/\{\w+\}/g, '{}'));
  return [
    ...(/^3\.1\.\d+$/.test(document.openapi) ? [] : [`openapi: ${document.openapi}`]),
    ...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `operationId ${id}: twice`),
    ...shapes.filter((shape, at) => shapes.indexOf(shape) !== at).map((shape) => `${shape}: twice`),
    ...operations.flatMap(({ path, method, operation }) =>
      operationFaults(document, path, method, operation).map((fault) => `${method} ${path}: ${fault}`),
    ),
    ...Object.entries(document.components.schemas).flatMap(([name, schema]) => schemaFaults(schema, name)),
    ...refsOf(document)
      .filter((ref) => resolved(document, ref) === undefined)
      .map((ref) => `${ref}: not there`),
  ];
}

function operationFaults(
  document: OpenApiDocument,
  path: string,
  method: string,
  operation: Operation,
): string[] {
  const {
    operationId = '',
    tags = [],
    requestBody,
    responses = {},
    security = document.security,
  } = operation;
  const declared = document.tags.map(({ name }) => name);
  const schemes = security.flatMap((one) => Object.keys(one));
  const bodyless = requestBody !== undefined && /^(?:get|head|delete|trace)$/.test(method);
  return [
    ...(METHODS.includes(method) ? [] : ['no method']),
    ...(/^[a-z][A-Za-z0-9]*$/.test(operationId) ? [] : [`operationId ${operationId}: not camelCase`]),
    ...tags.filter((tag) => !declared.includes(tag)).map((tag) => `tag ${tag}: not declared`),
    ...schemes
      .filter((name) => !(name in document.components.securitySchemes))
      .map((name) => `security ${name}`),
    ...(bodyless ? ['a body where none is read'] : []),
    ...(requestBody === undefined ? [] : contentFaults(requestBody.content, 'body')),
    ...parameterFaults(path, operation.parameters ?? []),
    ...(Object.keys(responses).length === 0 ? ['no answer'] : []),
    ...Object.entries(responses).flatMap(([status, answer]) => answerFaults(document, status, answer)),
  ];
}

function parameterFaults(path: string, parameters: NonNullable<Operation['parameters']>): string[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const described = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
  const keys = parameters.map((one) => `${one.in} ${one.name}`);
  return [
    ...inPath.filter((name) => !described.includes(name)).map((name) => `path ${name}: not declared`),
    ...described.filter((name) => !inPath.includes(name)).map((name) => `path ${name}: not in the path`),
    ...keys.filter((key, at) => keys.indexOf(key) !== at).map((key) => `${key}: twice`),
    ...parameters.flatMap(({ in: place, name, required, schema }) => [
      ...(['path', 'query', 'header', 'cookie'].includes(place) ? [] : [`${name}: in ${place}`]),
      ...(place !== 'path' || required === true ? [] : [`path ${name}: not required`]),
      ...(schema === undefined ? [`${name}: no schema`] : schemaFaults(schema, name)),
    ]),
  ];
}

function answerFaults(document: OpenApiDocument, status: string, given: Json): string[] {
  const answer = typeof given['$ref'] === 'string' ? resolved(document, given['$ref']) : given;
  // What is not there is told of with the other references.
  if (answer === undefined) return [];
  const {
    description,
    content,
    headers = {},
  } = answer as {
    description?: unknown;
    content?: Content;
    headers?: Content;
  };
  const hasBody = !['204', '304'].includes(status);
  return [
    ...(/^[1-5]\d\d$/.test(status) ? [] : [`${status}: no status`]),
    ...(typeof description === 'string' && description !== '' ? [] : [`${status}: no description`]),
    ...(hasBody ? contentFaults(content, status) : []),
    ...Object.entries(headers).flatMap(([name, { schema }]) => schemaFaults(schema, `${status} ${name}`)),
    ...(!hasBody && content !== undefined ? [`${status}: a body`] : []),
  ];
}

function contentFaults(content: Content | undefined, at: string): string[] {
  const entries = Object.entries(content ?? {});
  return [
    ...(entries.length === 0 ? [`${at}: no content`] : []),
    ...entries.flatMap(([type, { schema }]) => [
      ...(/^[a-z]+\/[\w.+-]+$/.test(type) ? [] : [`${at}: ${type} is no media type`]),
      ...(schema === undefined ? [`${at}: no schema`] : schemaFaults(schema, at)),
    ]),
  ];
}

function schemaFaults(given: unknown, at: string): string[] {
  if (typeof given === 'boolean') return [];
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return [`${at}: no schema`];
  const schema = given as Json;
  const { type, required = [], properties = {}, pattern, items, additionalProperties } = schema;
  const types = type === undefined ? [] : [type].flat();
  const known = Object.keys(properties as Json);
  const unions = ['anyOf', 'oneOf', 'allOf'].filter((word) => word in schema);
  return [
    ...OLD_WORDS.filter((word) => word in schema).map((word) => `${at}: ${word}`),
    ...types
      .filter((one) => !TYPES.includes(one as string))
      .map((one) => `${at}: type ${JSON.stringify(one)}`),
    ...(required as string[])
      .filter((name) => !known.includes(name))
      .map((name) => `${at}: ${name} is required`),
    ...('enum' in schema && (schema['enum'] as unknown[]).length === 0 ? [`${at}: an empty enum`] : []),
    ...(typeof pattern === 'string' && !isPattern(pattern) ? [`${at}: pattern ${pattern}`] : []),
    ...unions.flatMap((word) => {
      const members = schema[word] as unknown[];
      return members.length === 0
        ? [`${at}: empty ${word}`]
        : members.flatMap((one) => schemaFaults(one, at));
    }),
    ...Object.entries(properties as Json).flatMap(([name, one]) => schemaFaults(one, `${at}.${name}`)),
    ...[items, additionalProperties]
      .filter((one) => one !== undefined)
      .flatMap((one) => schemaFaults(one, at)),
  ];
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function refsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    name === '$ref' && typeof one === 'string' ? [one] : refsOf(one),
  );
}

/** @returns what a reference names, or undefined: one into another document is none of ours */
function resolved(document: OpenApiDocument, ref: string): Json | undefined {
  if (!ref.startsWith('#/')) return undefined;
  const found = ref
    .slice(2)
    .split('/')
    .reduce<unknown>((inner, name) => (inner as Json | undefined)?.[name], document);
  return found as Json | undefined;
}

import * as fc from 'fast-check';
import {
  hostileText,
  hostileValue,
  type JsonSchema,
  spoilt,
  textFor,
  valueOf,
  WORDS,
  written,
} from './openapi-values.ts';

export interface Operation {
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface GeneratedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload?: string;
}

const malformed = fc.constantFrom(
  '',
  ' ',
  '{',
  '{"a":1',
  '{"a":NaN}',
  "{'a':1}",
  '[1,]',
  'null',
  '"\ud800"',
  '{"a":"\n"}',
  '\ufeff{}',
  '\0',
  '{"__proto__":{"a":1}}',
  '{"a":1,"a":2}',
  'x'.repeat(2_000_000),
);
const JSON_TYPE = 'application/json';
const LINES_TYPE = 'application/x-ndjson';
const contentTypes = fc.constantFrom(
  LINES_TYPE,
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'application/json; charset=utf-16',
  'application/json;',
  'a',
  '',
);

interface Body {
  readonly payload?: string;
  readonly type?: string;
}
function bodyOf(schema: JsonSchema): fc.Arbitrary<Body> {
  const value = valueOf(schema, 'body');
  const json = (given: fc.Arbitrary<unknown>): fc.Arbitrary<Body> =>
    given.map((one) => ({ payload: written(one), type: JSON_TYPE }));
  return fc.oneof(
    { weight: 8, arbitrary: json(value) },
    { weight: 8, arbitrary: json(spoilt(value)) },
    { weight: 2, arbitrary: json(spoilt(spoilt(value))) },
    { weight: 1, arbitrary: json(hostileValue) },
    { weight: 1, arbitrary: malformed.map((payload) => ({ payload, type: JSON_TYPE })) },
    {
      weight: 1,
      arbitrary: fc.tuple(value, contentTypes).map(([one, type]) => ({ payload: written(one), type })),
    },
    { weight: 1, arbitrary: fc.constant({}) },
  );
}

/** Lines of what a list in the body holds; some of them are something else. */
function linesOf(schema: JsonSchema): fc.Arbitrary<Body> {
  const list = Object.values(schema.properties ?? {}).find(({ items }) => items !== undefined);
  const value = valueOf(list?.items ?? {}, 'line');
  const line = fc.oneof(
    { weight: 8, arbitrary: value.map(written) },
    { weight: 2, arbitrary: spoilt(value).map(written) },
    { weight: 1, arbitrary: malformed },
  );
  return fc
    .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n', '\n\n'))
    .map(([lines, end]) => ({ payload: lines.map((one) => `${one}${end}`).join(''), type: LINES_TYPE }));
}

/** As a part of an address, escaped or not. */
const hostilePart = fc.oneof(
  hostileText.map(escaped),
  fc.constantFrom(
    'a:b',
    '%00',
    'a%00b',
    '..%2f',
    '..',
    '.',
    '%2e%2e%2f',
    '%',
    '%zz',
    '%ff',
    '%ED%A0%80',
    '%C0%80',
  ),
  fc.constantFrom(
    'a;b',
    'a%3Bb',
    '%0d%0aX-Y:1',
    '😀',
    'a%2Fb',
    '//',
    '[]',
    '{',
    '|',
    '%F0%9F%98%80',
    '+',
    '%20',
  ),
);

function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed().slice(0, 5_000));
}

const hostileHeader = fc.constantFrom(
  '',
  ' ',
  'x'.repeat(300),
  '\u00ff',
  '*',
  '"',
  '"1"',
  'W/"x"',
  '-1',
  'a b',
  'é',
);

/** Requests to one route: all right as far as its description says, or with faults in one part or several. */
export function requestsTo(
  method: string,
  path: string,
  operation: Operation,
): fc.Arbitrary<GeneratedRequest> {
  const parameters = operation.parameters ?? [];
  const named = (place: string, fault: fc.Arbitrary<string>): [string, fc.Arbitrary<string>, boolean][] =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map(({ name, schema, required = false }) => [
        name,
        mostly(parameterOf(schema, name, place), fault),
        required,
      ]);
  const params = fc.record(record(named('path', hostilePart)));
  const query = fc.tuple(
    optional(named('query', hostilePart)),
    rarely(
      fc.constantFrom('&unknown=1', '&limit=1&limit=2', '&__proto__=1', '&a[b]=1', '&%', '&=', '&limit'),
    ),
  );
  const headers = optional(named('header', hostileHeader));
  const content = operation.requestBody?.content ?? {};
  const schema = Object.values(content)[0]?.schema;
  const takesLines = Object.hasOwn(content, LINES_TYPE);
  const accept = rarely(fc.constantFrom('application/x-ndjson', 'text/html', '*/*', 'x'));
  return fc
    .record({
      params,
      query,
      headers,
      accept,
      body:
        schema === undefined
          ? rarely(bodyOf({}))
          : fc.oneof(bodyOf(schema), takesLines ? linesOf(schema) : bodyOf(schema)),
    })
    .map((parts) => {
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => parts.params[name]!);
      const [fields, more = ''] = parts.query;
      const search = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
      return {
        method: method.toUpperCase(),
        url: `${filled}?${search.join('&')}${more}`,
        headers: {
          ...parts.headers,
          ...(parts.accept === undefined ? {} : { accept: parts.accept }),
          ...(parts.body?.type === undefined ? {} : { 'content-type': parts.body.type }),
        },
        ...(parts.body?.payload === undefined ? {} : { payload: parts.body.payload }),
      };
    });
}

function parameterOf(schema: JsonSchema, name: string, place: string): fc.Arbitrary<string> {
  const text = WORDS[name] === undefined ? valueOf(schema, name).map(String) : textFor(name);
  return place === 'header' ? text.map((one) => one.replaceAll(/[^ -~]/g, '')) : text.map(escaped);
}

function mostly<T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: wrong });
}

function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

type Named = readonly [string, fc.Arbitrary<string>, boolean];

function record(fields: readonly Named[]): Record<string, fc.Arbitrary<string>> {
  return Object.fromEntries(fields.map(([name, value]) => [name, value]));
}

function optional(fields: readonly Named[]): fc.Arbitrary<Record<string, string>> {
  const few = fields.map(([name, value, required]): [string, fc.Arbitrary<string | undefined>] => [
    name,
    fc.oneof(
      { weight: required ? 9 : 1, arbitrary: value },
      { weight: required ? 1 : 3, arbitrary: fc.constant(undefined) },
    ),
  ]);
  return fc
    .record(Object.fromEntries(few))
    .map(
      (given) =>
        Object.fromEntries(Object.entries(given).filter(([, one]) => one !== undefined)) as Record<
          string,
          string
        >,
    );
}

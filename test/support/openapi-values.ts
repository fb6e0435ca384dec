import * as fc from 'fast-check';

/** As much of a JSON schema as the description of the API uses. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
}
const LONG = 'x'.repeat(100_000);
const DEEP = 20_000;
/** Numbers that JSON can write and JavaScript cannot hold: the text stands for them until it is written. */
const RAW = { '@huge@': '1e400', '@tiny@': '-1e400', '@digits@': '9'.repeat(400), '@zero@': '-0.0' };
const DEEP_ARRAY = '@deep@';

export const hostileText = fc.constantFrom(
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'a\udc00b',
  '😀',
  'é\u0301',
  '\u202e',
  '\ufeff',
  '\uffff',
  'x'.repeat(201),
  'x'.repeat(501),
  LONG,
  '__proto__',
  'constructor',
  'NaN',
  '-1',
  '1e999',
  "'; DROP TABLE llm_requests; --",
  '%s%n',
  '*',
  'a:b',
  '{x}',
  '../../etc/passwd',
);
const times = fc.constantFrom(
  '2026-11-20T10:00:00Z',
  '2026-11-20T10:00:00.123456+05:30',
  '2026-11-20T10:00:00',
  '2026-11-20',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999Z',
  '1900-01-01T00:00:00Z',
  '2199-12-31T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-11-20T24:00:00Z',
  '10000-01-01T00:00:00Z',
);
const dates = fc.constantFrom(
  '2026-11-20',
  '2026-11-22',
  '0001-01-01',
  '9999-12-31',
  '2026-02-30',
  '0000-01-01',
);
const numbers = fc.oneof(
  fc.constantFrom(0, 1, -1, 0.1, 1e-7, 1e-320, 100, 2 ** 31, 2 ** 53, 2 ** 63, 1e12, 1e100, 1.7e308, -1e300),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  numbers,
  times,
  fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], { a: 1 }, [{}], DEEP_ARRAY),
  fc.constantFrom(...Object.keys(RAW)),
  fc.jsonValue({ maxDepth: 3 }),
);

/** What a field of this name holds when it is right: a schema says no more than that it is text. */
export const WORDS: Readonly<Record<string, readonly string[]>> = {
  symbol: ['TCS', 'M&M', 'NIFTY 50', '^NSEI', 'bajaj-auto'],
  symbols: ['TCS', 'TCS,M&M', ',', 'TCS,,TCS'],
  mode: ['Scalping', 'Intraday', 'swing', 'Options'],
  universe: ['nifty50', 'BANKNIFTY'],
  direction: ['LONG', 'SHORT', 'long'],
  recommendation: ['Buy', 'Strong Sell'],
  confidence: ['High', 'low'],
  min_confidence: ['High', 'low'],
  interval: ['1d', '1m', '1h', '1wk', '1mo', 'minute'],
  source: ['yahoo', 'manual', 'auto'],
  scope: ['D', 'W', 'Y', 'all', 'model:gpt-4', 'tag:a', 'user:x', 'model:'],
  method: ['floor', 'camarilla', 'fibonacci', 'woodie'],
  exchange: ['XNSE', 'XNYS', 'XBOM'],
  horizon: ['EOD', 'SCALPING', '5D', '1D'],
  model: ['gpt-4', 'gpt-4o-mini', 'nothing-like-it'],
  provider: ['openai', 'anthropic'],
  group_by: ['mode', 'symbol', 'mode,symbol', 'day'],
  evaluated: ['true', 'false'],
  id: ['1', '2', '999999999999999999', '0'],
  uuid: ['0123456789abcdef0123456789abcdef', '01234567-89ab-cdef-0123-456789abcdef'],
  pick_uuid: ['0123456789abcdef0123456789abcdef', 'fedcba98-7654-3210-fedc-ba9876543210'],
  price: ['100', '-1', '0.5', '999999999999999'],
  min_score: ['50', '-1'],
  daily_usd: ['1', '0', '-1', '0.000000000000000001', '999999999999999999'],
  monthly_usd: ['1', '999999999999999999.999999999999999999'],
  amount_usd: ['0.01', '0', '999999999999999999'],
  cost_usd: ['0.01', '0', '999999999999999999.999999999999999999'],
  expected_version: ['0', '1', '999999999999999999'],
  'if-match': ['"1"', 'W/"2"'],
  'if-none-match': ['*'],
  'idempotency-key': ['one', 'two', 'three'],
  cursor: [
    encoded(['2026-11-20T10:00:00.000000Z', '1']),
    encoded(['0001-01-01T00:00:00.000000Z', '9223372036854775807']),
    encoded(['2026-11-20T10:00:00.000000Z', '9223372036854775808']),
    encoded(['x', 'y']),
    Buffer.from('TCS').toString('base64url'),
    Buffer.from('a\0b').toString('base64url'),
    'AAAA',
    'x'.repeat(3_000),
  ],
};
const IS_TIME = /(?:^|_)(?:at|time|ts|from|to|as_of|before)(?:_|$)/;

function encoded(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Text for a field of this name, mostly right. */
export function textFor(name: string): fc.Arbitrary<string> {
  const words = WORDS[name];
  if (words !== undefined) return fc.constantFrom(...words);
  if (/date|session$/.test(name)) return dates;
  if (IS_TIME.test(name)) return times;
  return fc.oneof(
    fc.constantFrom('a', 'b', 'a b', 'gpt-4', 'true', '1', 'TCS'),
    fc.string({ maxLength: 20 }),
  );
}

/** A value of the schema, as far as the schema says. */
export function valueOf(schema: JsonSchema, name: string): fc.Arbitrary<unknown> {
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms !== undefined) return fc.oneof(...forms.map((form) => valueOf(form, name)));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  const { type } = schema;
  if (Array.isArray(type)) {
    return fc.oneof(...type.map((one: string) => valueOf({ ...schema, type: one }, name)));
  }
  if (type === 'string') return textFor(name);
  if (type === 'integer' || type === 'number') return numberOf(schema, type);
  if (type === 'boolean') return fc.boolean();
  if (type === 'null') return fc.constant(null);
  if (type === 'array') return fc.array(valueOf(schema.items ?? {}, name), { maxLength: 3 });
  if (type === 'object') return objectOf(schema);
  return fc.jsonValue({ maxDepth: 2 });
}

function numberOf({ minimum, maximum }: JsonSchema, type: string): fc.Arbitrary<unknown> {
  const [low, high] = [minimum ?? -1e15, maximum ?? 1e15];
  const edges = fc.constantFrom(low, high, Math.max(low, Math.min(high, 1)));
  if (type === 'integer')
    return fc.oneof(edges, fc.integer({ min: Math.max(low, 0), max: Math.min(high, 1000) }));
  return fc.oneof(edges, fc.double({ min: low, max: high, noNaN: true }));
}

function objectOf({ properties = {}, required = [] }: JsonSchema): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, field]) => [name, valueOf(field, name)]);
  if (fields.length === 0)
    return fc.dictionary(fc.constantFrom('a', 'b', 'é'), fc.jsonValue({ maxDepth: 1 }));
  return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: [...required],
  });
}

/** The value with something else, nothing, or something more at one place in it. */
export function spoilt(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const fault = fc.record({
    place: fc.nat({ max: 1_000 }),
    kind: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add'),
    by: hostileValue,
    name: fc.oneof(fc.constantFrom('unknown', 'toString', '__proto__', 'a\0', '\ud800'), hostileText),
  });
  return fc.tuple(value, fault).map(([given, { place, kind, by, name }]) => {
    const copy = structuredClone({ value: given }) as Record<string, unknown>;
    const places = placesIn(copy);
    const [holder, key] = places[place % places.length]!;
    if (kind === 'replace') define(holder, key, by);
    else if (kind === 'remove') Reflect.deleteProperty(holder, key);
    else define(typeof holder[key] === 'object' && holder[key] !== null ? holder[key] : holder, name, by);
    return copy['value'];
  });
}

function define(holder: object, key: string, value: unknown): void {
  if (Array.isArray(holder)) holder.push(value);
  else Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function placesIn(holder: Record<string, unknown>): [Record<string, unknown>, string][] {
  return Object.keys(holder).flatMap((key) => {
    const inner = holder[key];
    const below =
      typeof inner === 'object' && inner !== null ? placesIn(inner as Record<string, unknown>) : [];
    return [[holder, key] as [Record<string, unknown>, string], ...below];
  });
}

export function written(value: unknown): string {
  let text = JSON.stringify(value) ?? '';
  for (const [mark, raw] of Object.entries(RAW)) text = text.replaceAll(JSON.stringify(mark), raw);
  return text.replaceAll(JSON.stringify(DEEP_ARRAY), () => '['.repeat(DEEP) + ']'.repeat(DEEP));
}

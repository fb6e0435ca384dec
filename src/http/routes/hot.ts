import { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import type { HotTier, KeyLook } from '../../tiers/hot/index.ts';
import type { App } from '../app.ts';
import { allOf } from '../lines.ts';
import { problems } from '../problem.ts';

const tags = ['Hot tier'];
/** Pages of a scan look at many keys of others: so many are asked for until one has a key. */
const EMPTY_PAGES_MAX = 20;
const LOOK = { maxItems: 200, maxTextLength: 65_536, maxBytes: 16 * 2 ** 20 };
/** In a list a key is described without its value. */
const LIST_LOOK = { maxItems: 1, maxTextLength: 1, maxBytes: 0 };
/** So many keys of a page are looked at at once: enough to be quick, few enough not to hold up others. */
const LOOKS_AT_ONCE = 100;
const KEY_MAX_LENGTH = 500;
const CURSOR_MAX_LENGTH = 400;
const CURSOR_EXPECTED = 'the next_cursor of the page before';

const keyText = (min: number) => {
  const expected = `text of ${min} to ${KEY_MAX_LENGTH} characters without NUL`;
  return z
    .string(expected)
    .min(min, expected)
    .max(KEY_MAX_LENGTH, expected)
    .refine((text) => !text.includes('\0') && text.isWellFormed(), expected);
};
const keysQuery = z.strictObject({
  prefix: keyText(0).default('').describe('Of the keys, behind the prefix of the service; no pattern'),
  cursor: z.string().max(CURSOR_MAX_LENGTH, CURSOR_EXPECTED).optional().describe(CURSOR_EXPECTED),
});
const keyParams = z.strictObject({ key: keyText(1).describe('Without the prefix of the service') });

const figure = z.number().describe('A whole number');
const info = z.object({
  kind: z.enum(['redis', 'in-process']),
  topology: z.enum(['standalone', 'cluster', 'sentinel', 'in-process']),
  location: z.string(),
  prefix: z.string().describe('Before every key; routes take and give keys without it'),
  version: z.string(),
  keys: figure,
  memory_bytes: figure,
  memory_limit_bytes: figure.nullable().describe('Null: no limit'),
  eviction_policy: z.string(),
  evicted_keys: figure,
  hits: figure,
  misses: figure,
  hit_rate: z.number().nullable().describe('From 0 to 1; null before the first look'),
  clients: figure,
  breaker: z.enum(['closed', 'open', 'half-open']),
  nodes: z.array(
    z.object({
      location: z.string(),
      connected: z.boolean(),
      breaker: z.enum(['closed', 'open', 'half-open']),
    }),
  ),
});
const keyItem = z.object({
  key: z.string(),
  type: z.string().describe('As Redis calls it: string, hash, set, zset'),
  ttl_ms: figure.nullable().describe('Null: it has no end of its own'),
  bytes: figure.nullable().describe('Of memory, an estimate; null: the server does not say'),
  length: figure.describe('Of a string its length, else the number of fields or members'),
});
const keysPage = z.object({
  items: z.array(keyItem),
  next_cursor: z.string().nullable().describe('A page may have no key, and others follow'),
});
const keyAnswer = keyItem.extend({
  value: z
    .union([
      z.string(),
      z.record(z.string(), z.string()),
      z.array(z.string()),
      z.array(z.object({ id: z.string(), score: z.number() })),
    ])
    .nullable()
    .describe('Text, fields, members, or ranked members, the highest first; null: too large to be shown'),
  complete: z.boolean().describe('False: there is more than value has'),
});

export function routeHot(app: App, hot: HotTier): void {
  app.get(
    '/v1/hot/info',
    {
      schema: {
        tags,
        summary: 'Figures of Redis, or of what takes its place in the process',
        response: { 200: info, ...problems(401, 403, 503) },
      },
    },
    async () => infoOf(hot),
  );
  routeKeys(app, hot);
}

function routeKeys(app: App, hot: HotTier): void {
  const config = { access: 'admin' } as const;
  app.get(
    '/v1/hot/keys',
    {
      config,
      schema: {
        tags,
        summary:
          'Keys that begin so, with type, life and size, in no order; one that stays during the whole scan is given at least once',
        querystring: keysQuery,
        response: { 200: keysPage, ...problems(400, 401, 403, 503) },
      },
    },
    ({ query }) => pageOf(hot, query.prefix, query.cursor),
  );
  app.get(
    '/v1/hot/keys/:key',
    {
      config,
      schema: {
        tags,
        summary: 'Type, life, size and value of a key',
        params: keyParams,
        response: { 200: keyAnswer, ...problems(400, 401, 403, 404, 503) },
      },
    },
    async ({ params: { key } }) => {
      const look = await hot.look(hot.prefix + key, LOOK);
      if (look === undefined) throw new StockroomError('NOT_FOUND', `There is no key ${JSON.stringify(key)}`);
      return answerOf(key, look);
    },
  );
  app.delete(
    '/v1/hot/keys/:key',
    {
      config,
      schema: {
        tags,
        summary: 'Remove a key, as an eviction would; what follows from PostgreSQL is made again',
        params: keyParams,
        response: {
          200: z.object({ key: z.string(), deleted: z.boolean() }),
          ...problems(400, 401, 403, 503),
        },
      },
    },
    async ({ params: { key } }) => {
      const name = hot.prefix + key;
      const deleted = (await hot.look(name, LIST_LOOK)) !== undefined;
      await hot.entries.drop([name]);
      return { key, deleted };
    },
  );
}

async function infoOf(hot: HotTier): Promise<z.output<typeof info>> {
  const { version, keys, memoryBytes, memoryLimitBytes, evictionPolicy, evictedKeys, hits, misses, clients } =
    await hot.info();
  const { breaker, nodes } = hot.state();
  return {
    kind: hot.kind,
    topology: hot.topology,
    location: hot.location,
    prefix: hot.prefix,
    version,
    keys,
    memory_bytes: memoryBytes,
    memory_limit_bytes: memoryLimitBytes === 0 ? null : memoryLimitBytes,
    eviction_policy: evictionPolicy,
    evicted_keys: evictedKeys,
    hits,
    misses,
    hit_rate: hits + misses === 0 ? null : hits / (hits + misses),
    clients,
    breaker,
    nodes: nodes.map((node) => ({ ...node })),
  };
}

async function pageOf(hot: HotTier, prefix: string, from?: string): Promise<z.output<typeof keysPage>> {
  let keys: readonly string[] = [];
  let cursor = from === undefined ? undefined : decoded(hot, from);
  for (let page = 0; page < EMPTY_PAGES_MAX; page += 1) {
    ({ keys, cursor } = await hot.scan(hot.prefix + prefix, cursor));
    if (keys.length > 0 || cursor === undefined) break;
  }
  return {
    items: await itemsOf(hot, keys),
    next_cursor: cursor === undefined ? null : Buffer.from(cursor).toString('base64url'),
  };
}

/** Without those that went since the scan met them. */
async function itemsOf(hot: HotTier, keys: readonly string[]): Promise<z.output<typeof keyItem>[]> {
  const items: z.output<typeof keyItem>[] = [];
  for (let from = 0; from < keys.length; from += LOOKS_AT_ONCE) {
    const some = keys.slice(from, from + LOOKS_AT_ONCE);
    const looks = await allOf(some.map((key) => hot.look(key, LIST_LOOK)));
    looks.forEach((look, at) => {
      if (look !== undefined) items.push(itemOf(some[at]!.slice(hot.prefix.length), look));
    });
  }
  return items;
}

function itemOf(key: string, { type, lifeMs, bytes, length }: KeyLook): z.output<typeof keyItem> {
  const life = lifeMs === undefined ? null : Math.round(lifeMs);
  return { key, type, ttl_ms: life, bytes: bytes ?? null, length };
}

/** @throws StockroomError INVALID_INPUT when no page gave it: a server would refuse it as if something were wrong with itself */
function decoded({ kind }: HotTier, given: string): string {
  const cursor = Buffer.from(given, 'base64url').toString('utf8');
  const form = kind === 'redis' ? /^[\w.:[\]-]{1,255}\|(\d{1,20})$/ : /^(\d{1,15})$/;
  const place = form.exec(cursor)?.[1];
  if (place !== undefined && BigInt(place) < 2n ** 64n) return cursor;
  throw new StockroomError(
    'INVALID_INPUT',
    `cursor: expected ${CURSOR_EXPECTED}, found ${JSON.stringify(given)}`,
  );
}

function answerOf(key: string, look: KeyLook): z.output<typeof keyAnswer> {
  const { content, complete } = look;
  return { ...itemOf(key, look), value: content === undefined ? null : valueOf(content), complete };
}

function valueOf(content: NonNullable<KeyLook['content']>): z.output<typeof keyAnswer>['value'] {
  switch (content.kind) {
    case 'text':
      return content.text;
    case 'hash':
      return { ...content.fields };
    case 'set':
      return [...content.members];
    case 'ranking':
      return content.members.map((member) => ({ ...member }));
  }
}

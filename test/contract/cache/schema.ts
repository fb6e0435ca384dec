import { expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { type Cache, type CacheManager, type Codec, jsonCodec } from '../../../src/tiers/tiered/index.ts';
import { type CacheSubject, freshName, fullKey, toExpire, twoProcesses } from './subject.ts';

const priceV1 = z.object({ price: z.number() });
const priceV2 = z.object({ price: z.number(), currency: z.string() });
const rich = z.object({
  at: z.date(),
  bySymbol: z.map(z.string(), z.object({ shares: z.bigint() })),
  kinds: z.set(z.enum(['pick', 'score'])),
  note: z.string().nullable(),
});

export function schemaSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  it('gives values of the schema', async () => {
    const { here, there } = processes().pair({ schema: rich });
    const value: z.infer<typeof rich> = {
      at: new Date(0),
      bySymbol: new Map([['AAPL', { shares: 1n }]]),
      kinds: new Set(['pick']),
      note: null,
    };
    await here.set('key', value);
    for (const cache of [here, there]) {
      expect(await cache.get('key')).toEqual(value);
      expect(await cache.getOrSet('key', () => expect.unreachable())).toEqual(value);
    }
    expect(await there.getOrSet('made', () => value)).toEqual(value);
    expect(await here.get('made')).toEqual(value);
  });

  it('takes a value of an older version for a miss', async () => {
    const name = freshName();
    const older = processes().here.manager.namespace(name, { schema: priceV1 });
    const newer = processes().there.manager.namespace(name, { schema: priceV2 });
    await older.setMany({ key: { price: 1 }, other: { price: 1 } });
    expect(await newer.get('key')).toBeUndefined();
    expect(await newer.getMany(['key', 'other'])).toEqual(new Map());
    const value = { price: 2, currency: 'USD' };
    expect(await newer.getOrSet('key', () => value)).toEqual(value);
    expect(await newer.get('key')).toEqual(value);
    expect(await newer.getOrSetMany(['other'], async () => ({ other: value }))).toEqual(
      new Map([['other', value]]),
    );
  });

  it('takes what no Stockroom wrote for a miss, and writes over it', async () => {
    const { here, name } = processes().pair<string>();
    const { hot } = processes().there;
    const bodies = [
      '',
      'garbage',
      '\n',
      'tjson 1 1 mark \njnonsense',
      'tjson x y z \nj1',
      'qjson 1 1 m \nj1',
    ];
    for (const [at, body] of bodies.entries()) {
      const key = `key ${at}`;
      await hot.entries.write(fullKey(hot, name, key), body, Date.now() + 60_000);
      expect(await here.get(key)).toBeUndefined();
      expect(await here.getOrSet(key, () => 'made')).toBe('made');
      expect(await here.get(key)).toBe('made');
    }
  });

  it.runIf(subject.outside !== undefined)('takes what another program wrote for a miss', async () => {
    const { here, there, name } = processes().pair<string>();
    const raw = fullKey(processes().here.hot, name, 'key');
    for (const text of ['', 'x', 'V1', '{"json": true}', 'x'.repeat(100)]) {
      await subject.outside!.set(raw, text);
      expect(await here.get('key')).toBeUndefined();
      expect(await there.getOrSet('key', () => 'made')).toBe('made');
      await here.delete('key');
    }
  });

  it('takes what another codec wrote for a miss', async () => {
    const name = freshName();
    const other: Codec = { ...jsonCodec, id: 'other-json' };
    const one = processes().here.manager.namespace<string>(name);
    const two = processes().there.manager.namespace<string>(name, { codec: other });
    await one.set('key', 'one');
    expect(await two.get('key')).toBeUndefined();
    expect(await two.getOrSet('key', () => 'two')).toBe('two');
  });

  it('uses a codec that gives bytes, and gives bytes back to it', async () => {
    const seen: string[] = [];
    const codec: Codec = {
      id: 'bytes',
      encode: (value) => new Uint8Array(Buffer.from(JSON.stringify(value)).map((byte) => byte ^ 255)),
      decode(stored) {
        seen.push(typeof stored);
        return JSON.parse(Buffer.from((stored as Uint8Array).map((byte) => byte ^ 255)).toString());
      },
    };
    const { here, there } = processes().pair<string[]>({ codec, compressAboveBytes: 200 });
    for (const value of [['a'], Array.from({ length: 500 }, () => 'value')]) {
      await here.set('key', value);
      expect(await here.get('key')).toEqual(value);
      await toBeThere(there, value);
    }
    expect(new Set(seen)).toEqual(new Set(['object']));
  });

  const toBeThere = async (cache: Cache<string[]>, value: string[]): Promise<void> => {
    expect(await cache.getOrSet('other', () => value, { ttlMs: 5, jitter: 0 })).toEqual(value);
    await toExpire(cache, 'other');
  };

  it('gives what the schema gives, in the process as in Redis', async () => {
    const schema = z.object({ price: z.number(), currency: z.string().default('USD') });
    const { here, there } = processes().pair({ schema });
    const given = { price: 1, secret: 'not of the schema' } as unknown as z.infer<typeof schema>;
    const expected = { price: 1, currency: 'USD' };
    await here.set('key', given);
    await here.setMany({ many: given });
    expect(await here.getOrSet('made', () => given)).toEqual(expected);
    for (const cache of [here, there]) {
      for (const key of ['key', 'many', 'made']) expect(await cache.get(key)).toEqual(expected);
    }
  });

  it('refuses a value that is not of the schema, and does not quote it', async () => {
    const { here, there } = processes().pair({ schema: priceV1, errorBackoffMs: 0 });
    const bad = { price: 'my secret' } as unknown as { price: number };
    const refusal = { code: 'INVALID_INPUT', message: expect.not.stringContaining('my secret') };
    await expect(here.set('key', bad)).rejects.toMatchObject(refusal);
    await expect(here.setMany({ fine: { price: 1 }, key: bad })).rejects.toMatchObject(refusal);
    await expect(here.getOrSet('key', () => bad)).rejects.toMatchObject(refusal);
    for (const cache of [here, there]) expect(await cache.getMany(['key', 'fine'])).toEqual(new Map());
  });

  it('takes a schema that answers later', async () => {
    const schema = z.string().refine(async (text) => text !== 'bad');
    const { here, there } = processes().pair({ schema });
    await here.set('key', 'good');
    expect(await there.get('key')).toBe('good');
    expect(await here.get('key')).toBe('good');
    await expect(here.set('key', 'bad')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await there.getOrSet('made', () => 'good')).toBe('good');
  });

  it('has the types that its users rely on', () => {
    expect(typesHold).toBeTypeOf('function');
  });
}

/** Checked by the compiler alone. */
async function typesHold(manager: CacheManager): Promise<void> {
  const cache = manager.namespace('prices', { schema: priceV2 });
  type Price = { price: number; currency: string };
  expectTypeOf(cache).toEqualTypeOf<Cache<Price>>();
  expectTypeOf(await cache.get('key')).toEqualTypeOf<Price | undefined>();
  expectTypeOf(await cache.getMany(['key'])).toEqualTypeOf<Map<string, Price>>();
  expectTypeOf(
    await cache.getOrSet('key', ({ stale }) => stale ?? { price: 1, currency: '' }),
  ).toEqualTypeOf<Price>();
  expectTypeOf(await manager.namespace<string | null>('texts').get('key')).toEqualTypeOf<
    string | null | undefined
  >();
  // @ts-expect-error: not of the schema
  await cache.set('key', { price: '1' });
  // @ts-expect-error: not of the schema
  await cache.getOrSet('key', () => ({ price: 1 }));
  // @ts-expect-error: no option of a call
  await cache.set('key', { price: 1, currency: '' }, { l1MaxEntries: 1 });
}

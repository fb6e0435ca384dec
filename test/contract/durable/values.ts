import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DurableTier, Param } from '../../../src/tiers/durable/index.ts';

const runs = { numRuns: 60 };
/** Every text that PostgreSQL can hold: no NUL, no half of a surrogate pair. */
const text = fc.string({ unit: 'binary', maxLength: 60 }).map((value) => value.replaceAll('\0', ''));

async function roundTrip(tier: DurableTier, type: string, value: Param): Promise<unknown> {
  const { rows } = await tier.query(`SELECT $1::${type} AS value`, [value]);
  return rows[0]?.['value'];
}

async function read(tier: DurableTier, expression: string): Promise<unknown> {
  return (await tier.query(`SELECT ${expression} AS value`)).rows[0]?.['value'];
}

/** Values go in and come out the same, whatever the driver. */
export function valuesSuite(tierOf: () => DurableTier): void {
  it('keeps every text, a byte order mark at its start too', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        expect(await roundTrip(tierOf(), 'text', value)).toBe(value);
      }),
      { ...runs, examples: [['\ufeffmark'], [''], ['\\'], ["'"], ['💹']] },
    );
  });

  it('keeps every double by its bits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double(), async (value) => {
        expect(await roundTrip(tierOf(), 'float8', value)).toBe(value);
      }),
      { ...runs, examples: [[-0], [Number.NaN], [Infinity], [-Infinity], [5e-324], [0.1 + 0.2]] },
    );
  });

  it('keeps every int8 as a bigint, and smaller integers as numbers', async () => {
    const int8 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    await fc.assert(
      fc.asyncProperty(int8, fc.integer(), async (large, small) => {
        expect(await roundTrip(tierOf(), 'int8', large)).toBe(large);
        expect(await roundTrip(tierOf(), 'int4', small)).toBe(small);
      }),
      runs,
    );
  });

  it('keeps bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (value) => {
        expect(await roundTrip(tierOf(), 'bytea', value)).toStrictEqual(value);
      }),
      runs,
    );
  });

  it('keeps documents', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const sent = JSON.stringify(value);
        expect(await roundTrip(tierOf(), 'json', sent)).toEqual(JSON.parse(sent));
        expect(await roundTrip(tierOf(), 'jsonb', sent)).toEqual(JSON.parse(sent));
      }),
      runs,
    );
  });

  it('keeps times, before Christ and after the year 9999 too', async () => {
    const date = fc.date({
      min: new Date('-004000-01-01T00:00:00Z'),
      max: new Date('+020000-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    await fc.assert(
      fc.asyncProperty(date, async (value) => {
        const found = await roundTrip(tierOf(), 'timestamptz', value);
        expect(found).toMatch(/^([+-]\d\d)?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
        expect(new Date(String(found)).getTime()).toBe(value.getTime());
      }),
      { ...runs, examples: [[new Date('0000-02-29T00:00:00Z')], [new Date('-000001-12-31T23:59:59.999Z')]] },
    );
  });

  it('gives times with their microseconds, in UTC', async () => {
    const tier = tierOf();
    expect(await read(tier, `'2024-02-29 12:34:56.123456+05:30'::timestamptz`)).toBe(
      '2024-02-29T07:04:56.123456Z',
    );
    expect(await read(tier, `'infinity'::timestamptz`)).toBe('infinity');
    expect(await read(tier, `'-infinity'::timestamptz`)).toBe('-infinity');
    expect(await read(tier, `'2024-02-29'::date`)).toBe('2024-02-29');
    expect(await read(tier, `'0044-03-15 BC'::date`)).toBe('-000043-03-15');
    expect(await read(tier, `'2024-02-29 12:34:56'::timestamp`)).toBe('2024-02-29 12:34:56');
    const shifted = await tier.session(async (session) => {
      await session.query(`SET LOCAL TimeZone = 'UTC'`);
      await session.query(`SET TimeZone = 'Asia/Kolkata'`);
      const { rows } = await session.query(`SELECT '2024-02-29 23:00:00.000001Z'::timestamptz AS value`);
      await session.query(`SET TimeZone = 'UTC'`);
      return rows[0]?.['value'];
    });
    expect(shifted).toBe('2024-02-29T23:00:00.000001Z');
  });

  it('keeps arrays of texts, and reads those of other types', async () => {
    const tier = tierOf();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text), { maxLength: 8 }), async (value) => {
        expect(await roundTrip(tier, 'text[]', value)).toStrictEqual(value);
      }),
      { ...runs, examples: [[['NULL', null, '', '{}', 'a,b', '"\\']]] },
    );
    expect(await roundTrip(tier, 'int8[]', ['1', null, '-9'])).toStrictEqual([1n, null, -9n]);
    expect(await roundTrip(tier, 'float8[]', ['1.5', 'NaN', null])).toStrictEqual([1.5, Number.NaN, null]);
    expect(await roundTrip(tier, 'numeric[]', ['1.50', null])).toStrictEqual(['1.50', null]);
    expect(await roundTrip(tier, 'bool[]', ['true', 'false'])).toStrictEqual([true, false]);
    expect(await read(tier, `'{{1,2},{3,4}}'::int4[]`)).toStrictEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await read(tier, `'[0:1]={a,b}'::text[]`)).toStrictEqual(['a', 'b']);
    expect(await read(tier, `ARRAY['{"a":"x,\\"y"}'::jsonb]`)).toStrictEqual([{ a: 'x,"y' }]);
  });

  it('gives the rest as the port says', async () => {
    const tier = tierOf();
    expect(await roundTrip(tier, 'numeric', '12345678901234567890.1234567890')).toBe(
      '12345678901234567890.1234567890',
    );
    expect(await roundTrip(tier, 'bool', true)).toBe(true);
    expect(await roundTrip(tier, 'bool', false)).toBe(false);
    expect(await roundTrip(tier, 'text', null)).toBeNull();
    expect(await roundTrip(tier, 'interval', '1 day 02:03')).toBe('1 day 02:03:00');
    expect(await roundTrip(tier, 'uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')).toBe(
      'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    );
    expect(await read(tier, '1.5::float4')).toBe(1.5);
    expect(await read(tier, '7::int2')).toBe(7);
  });

  it('refuses what is not a parameter, and says which one', async () => {
    const wrong = [1, undefined as unknown as null];
    await expect(tierOf().query('SELECT $1, $2', wrong)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('Parameter $2') as unknown,
    });
    const document = { a: 1 } as unknown as string;
    await expect(tierOf().query('SELECT $1', [document])).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    const invalid = new Date(Number.NaN);
    await expect(tierOf().query('SELECT $1', [invalid])).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
}

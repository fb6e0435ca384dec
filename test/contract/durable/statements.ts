import { expect, it } from 'vitest';
import { isRetryable, type DurableTier, sqlState } from '../../../src/tiers/durable/index.ts';
import { oddSchema, thrownBy } from './subject.ts';

interface Sample {
  symbol: string;
  price: string;
}

/** Statements, their counts and their errors; typed SQL. */
export function statementsSuite(tierOf: () => DurableTier): void {
  it('says how many rows a statement changed or returned', async () => {
    const tier = tierOf();
    expect((await tier.query('CREATE TABLE counted (a int)')).count).toBe(0);
    expect((await tier.query('INSERT INTO counted SELECT generate_series(1, 5)')).count).toBe(5);
    expect((await tier.query('UPDATE counted SET a = a + $1 WHERE a > $2', [1, 3])).count).toBe(2);
    expect(await tier.query('SELECT a FROM counted ORDER BY a LIMIT 2')).toEqual({
      rows: [{ a: 1 }, { a: 2 }],
      count: 2,
    });
    expect((await tier.query('DELETE FROM counted', [])).count).toBe(5);
  });

  it('runs several statements without parameters, and gives the last result', async () => {
    const { rows } = await tierOf().query(
      'CREATE TABLE several (a int); INSERT INTO several VALUES (1); SELECT a FROM several',
    );
    expect(rows).toEqual([{ a: 1 }]);
    const error = await thrownBy(tierOf().query('SELECT 1; SELECT 2', []));
    expect(sqlState(error)).toBe('42601');
  });

  it('searches the schema of the tier alone', async () => {
    const { rows } = await tierOf().query('SELECT current_schemas(false) AS schemas');
    expect(rows).toEqual([{ schemas: [oddSchema] }]);
  });

  it('gives an error its SQLSTATE and what it is about', async () => {
    const tier = tierOf();
    await tier.query('CREATE TABLE strict (a int CONSTRAINT strict_key PRIMARY KEY, b text NOT NULL)');
    await tier.query(`INSERT INTO strict VALUES (1, 'x')`);
    const twice = await thrownBy(tier.query('INSERT INTO strict VALUES ($1, $2)', [1, 'y']));
    expect(twice).toMatchObject({
      code: 'DATABASE_QUERY_FAILED',
      details: { sqlState: '23505', constraint: 'strict_key', table: 'strict' },
    });
    expect(isRetryable(twice)).toBe(false);
    const empty = await thrownBy(tier.query('INSERT INTO strict VALUES (2, NULL)'));
    expect(empty).toMatchObject({ details: { sqlState: '23502', column: 'b', table: 'strict' } });
    expect(sqlState(await thrownBy(tier.query('SELECT $1::int4', ['12x'])))).toBe('22P02');
    expect(sqlState(await thrownBy(tier.query('SELECT $1::text', ['a\0b'])))).toBe('22021');
    expect(sqlState(await thrownBy(tier.query('SELECT * FROM nowhere')))).toBe('42P01');
    expect(sqlState(await thrownBy(tier.query('SELEC')))).toBe('42601');
    expect(await tier.query('SELECT 1 AS fine')).toMatchObject({ rows: [{ fine: 1 }] });
  });

  it('knows which errors may be tried again by their SQLSTATE', async () => {
    const raise = (state: string): Promise<unknown> =>
      thrownBy(tierOf().query(`DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '${state}'; END $$`));
    expect(isRetryable(await raise('40001'))).toBe(true);
    expect(isRetryable(await raise('40P01'))).toBe(true);
    expect(isRetryable(await raise('22012'))).toBe(false);
    expect(await raise('57P01')).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect(isRetryable(new Error('40001'))).toBe(false);
  });

  it('answers a ping', async () => {
    const { latencyMs, version } = await tierOf().ping();
    expect(latencyMs).toBeGreaterThan(0);
    expect(Number.parseInt(version, 10)).toBeGreaterThanOrEqual(15);
  });

  it('takes typed SQL', async () => {
    const tier = tierOf();
    await tier.query('CREATE TABLE typed (symbol text PRIMARY KEY, price numeric NOT NULL)');
    const db = tier.kysely<{ typed: Sample }>();
    await db
      .insertInto('typed')
      .values([
        { symbol: 'TCS', price: '3500.10' },
        { symbol: 'INFY', price: '1500' },
      ])
      .execute();
    const updated = await db
      .updateTable('typed')
      .set({ price: '1501' })
      .where('symbol', '=', 'INFY')
      .execute();
    expect(updated[0]?.numUpdatedRows).toBe(1n);
    const found = await db.selectFrom('typed').selectAll().orderBy('symbol').execute();
    expect(found).toEqual([
      { symbol: 'INFY', price: '1501' },
      { symbol: 'TCS', price: '3500.10' },
    ]);
    const error = await thrownBy(db.insertInto('typed').values({ symbol: 'TCS', price: '1' }).execute());
    expect(sqlState(error)).toBe('23505');
  });

  it('takes typed SQL in a transaction of the tier, and in no other', async () => {
    const tier = tierOf();
    await tier.query('CREATE TABLE typed_twice (symbol text, price numeric)');
    const stop = new Error('stop');
    const work = tier.transaction(async (session) => {
      const db = session.kysely<{ typed_twice: Sample }>();
      await db.insertInto('typed_twice').values({ symbol: 'A', price: '1' }).execute();
      expect(await db.selectFrom('typed_twice').selectAll().execute()).toHaveLength(1);
      throw stop;
    });
    expect(await thrownBy(work)).toBe(stop);
    expect((await tier.query('SELECT * FROM typed_twice')).count).toBe(0);
    const ours = tier.kysely<object>().transaction();
    expect(await thrownBy(ours.execute(() => Promise.resolve()))).toMatchObject({ code: 'INTERNAL' });
  });
}

import { beforeAll, expect, it } from 'vitest';
import { type DurableTier, sqlState } from '../../../src/tiers/durable/index.ts';
import { signal, thrownBy } from './subject.ts';

/** Transactions and sessions. */
export function transactionsSuite(tierOf: () => DurableTier): void {
  const count = async (): Promise<number> => (await tierOf().query('SELECT * FROM kept')).count;

  beforeAll(async () => {
    await tierOf().query('CREATE TABLE kept (a int)');
  });

  it('keeps what a transaction did, and gives its result', async () => {
    const before = await count();
    const result = await tierOf().transaction(async (session) => {
      await session.query('INSERT INTO kept VALUES (1)');
      return 'done';
    });
    expect(result).toBe('done');
    expect(await count()).toBe(before + 1);
  });

  it('undoes what a transaction did when the work throws', async () => {
    const before = await count();
    const stop = new Error('stop');
    const work = tierOf().transaction(async (session) => {
      await session.query('INSERT INTO kept VALUES (1)');
      throw stop;
    });
    expect(await thrownBy(work)).toBe(stop);
    expect(await count()).toBe(before);
  });

  it('does not take a rollback for a commit when an error in the work was ignored', async () => {
    const before = await count();
    const work = tierOf().transaction(async (session) => {
      await session.query('INSERT INTO kept VALUES (1)');
      await thrownBy(session.query('SELECT 1 / 0'));
    });
    expect(sqlState(await thrownBy(work))).toBe('25P02');
    expect(await count()).toBe(before);
  });

  it('reports what only the commit finds out', async () => {
    const tier = tierOf();
    await tier.query('CREATE TABLE late (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)');
    const work = tier.transaction((session) => session.query('INSERT INTO late VALUES (1), (1)'));
    expect(sqlState(await thrownBy(work))).toBe('23505');
    expect((await tier.query('SELECT * FROM late')).count).toBe(0);
  });

  it('goes on after a savepoint', async () => {
    const before = await count();
    await tierOf().transaction(async (session) => {
      await session.query('INSERT INTO kept VALUES (1)');
      await session.query('SAVEPOINT here');
      await thrownBy(session.query('SELECT 1 / 0'));
      await session.query('ROLLBACK TO SAVEPOINT here');
      await session.query('INSERT INTO kept VALUES (2)');
    });
    expect(await count()).toBe(before + 2);
  });

  it('runs statements of one session in the order given', async () => {
    const rows = await tierOf().session(async (session) => {
      const statements = Array.from({ length: 20 }, (_, index) =>
        session.query<{ a: number }>('SELECT $1::int4 AS a', [index]),
      );
      return (await Promise.all(statements)).map((result) => result.rows[0]?.a);
    });
    expect(rows).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it('waits for a statement that the work did not wait for', async () => {
    const before = await count();
    await tierOf().transaction((session) => {
      void session.query('INSERT INTO kept VALUES (1)');
      return Promise.resolve();
    });
    expect(await count()).toBe(before + 1);
  });

  it('fails of a statement that the work did not wait for, and says of which', async () => {
    const before = await count();
    const work = tierOf().transaction(async (session) => {
      await session.query('INSERT INTO kept VALUES (1)');
      session.query('SELECT 1 / 0').catch(() => undefined);
      session.query('INSERT INTO kept VALUES (2)').catch(() => undefined);
    });
    expect(sqlState(await thrownBy(work))).toBe('22012');
    const alone = tierOf().transaction((session) => {
      session.query('SELECT 1 / 0').catch(() => undefined);
      return Promise.resolve();
    });
    expect(sqlState(await thrownBy(alone))).toBe('22012');
    expect(await count()).toBe(before);
  });

  it('keeps the order of statements and COPY that nobody waits for one by one', async () => {
    const tier = tierOf();
    await tier.query('CREATE TABLE ordered (n bigint GENERATED ALWAYS AS IDENTITY, a text)');
    await tier.query("INSERT INTO ordered (a) VALUES ('copied')");
    const copied: Uint8Array[] = [];
    for await (const chunk of tier.copyOut('COPY (SELECT a FROM ordered)')) copied.push(chunk);
    await tier.transaction(async (session) => {
      await Promise.all([
        session.query("INSERT INTO ordered (a) VALUES ('first')"),
        session.query('INSERT INTO ordered (a) VALUES ($1)', ['second']),
        session.copyIn('COPY ordered (a)', copied),
        session.query('INSERT INTO ordered (a) VALUES ($1)', ['third']),
        session.query("INSERT INTO ordered (a) VALUES ('fourth')"),
      ]);
    });
    const { rows } = await tier.query<{ a: string }>('SELECT a FROM ordered ORDER BY n');
    expect(rows.map(({ a }) => a)).toEqual(['copied', 'first', 'second', 'copied', 'third', 'fourth']);
  });

  it('refuses statements of a session that is over', async () => {
    const session = await tierOf().session((given) => Promise.resolve(given));
    expect(await thrownBy(session.query('SELECT 1'))).toMatchObject({ code: 'INTERNAL' });
  });

  it('rolls back what a session left open, and says so', async () => {
    const before = await count();
    const work = tierOf().session(async (session) => {
      await session.query('BEGIN');
      await session.query('INSERT INTO kept VALUES (1)');
    });
    expect(await thrownBy(work)).toMatchObject({ code: 'INTERNAL' });
    expect(await thrownBy(tierOf().query('BEGIN'))).toMatchObject({ code: 'INTERNAL' });
    const ended = tierOf().transaction((session) => session.query('ROLLBACK'));
    expect(await thrownBy(ended)).toMatchObject({ code: 'INTERNAL' });
    expect(await count()).toBe(before);
    await tierOf().transaction((session) => session.query('INSERT INTO kept VALUES (1)'));
    expect(await count()).toBe(before + 1);
  });

  it('keeps transactions apart that run at the same time', async () => {
    const tier = tierOf();
    await tier.query('CREATE TABLE balance (amount int NOT NULL); INSERT INTO balance VALUES (0)');
    const add = (): Promise<unknown> =>
      tier.transaction(async (session) => {
        const { rows } = await session.query<{ amount: number }>('SELECT amount FROM balance FOR UPDATE');
        await session.query('UPDATE balance SET amount = $1', [rows[0]!.amount + 1]);
      });
    await Promise.all(Array.from({ length: 25 }, add));
    expect((await tier.query('SELECT amount FROM balance')).rows).toEqual([{ amount: 25 }]);
  });

  it('lets the tier be used in a transaction only where that cannot hang', async () => {
    const tier = tierOf();
    const nested = tier.transaction(() => tier.query('SELECT 1 AS one'));
    if (tier.kind === 'server') {
      expect((await nested).rows).toEqual([{ one: 1 }]);
      return;
    }
    expect(await thrownBy(nested)).toMatchObject({ code: 'NESTED_POOL_USE' });
    const later = async (): Promise<unknown> => await Promise.resolve().then(() => tier.query('SELECT 1'));
    const uses: (() => unknown)[] = [
      () => tier.transaction(() => Promise.resolve()),
      () => tier.session(() => Promise.resolve()),
      () => tier.copyIn('COPY kept', []),
      () => tier.copyOut('COPY kept')[Symbol.asyncIterator]().next(),
      () => tier.kysely<{ kept: { a: number } }>().selectFrom('kept').selectAll().execute(),
      later,
    ];
    for (const use of uses) {
      const work = tier.session(async () => await use());
      expect(await thrownBy(work)).toMatchObject({ code: 'NESTED_POOL_USE' });
    }
    // What was started in a transaction may use the tier once that is over.
    let after: Promise<unknown> | undefined;
    const gate = signal();
    await tier.transaction(() => {
      after = gate.given.then(() => tier.query('SELECT 1'));
      return Promise.resolve();
    });
    gate.give();
    await expect(after).resolves.toMatchObject({ count: 1 });
  });
}

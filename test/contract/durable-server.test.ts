import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { StockroomError } from '../../src/core/errors.ts';
import {
  type DurableTier,
  isRetryable,
  migrate,
  openDurable,
  sqlState,
} from '../../src/tiers/durable/index.ts';
import { addressOf } from '../../src/tiers/durable/server/address.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { fakeServer } from './durable/fake-server.ts';
import { signal, thrownBy } from './durable/subject.ts';

const schema = 'public';
const settings = { search_path: '"public"', timezone: 'UTC' };

/** What only a server has: a network in between, a version of its own, and several connections. */
describe('PostgreSQL server', () => {
  let database: TestDatabase;
  let tier: DurableTier;

  beforeAll(async () => {
    database = await freshDatabase();
    tier = await openServer({ url: database.url, schema, poolMax: 4 });
    await tier.query('CREATE TABLE kept (a int, b text)');
  });
  afterAll(async () => {
    await tier.close();
    await database.drop();
  });

  const killOthers = (): Promise<unknown> =>
    tier.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
  const count = async (): Promise<number> => (await tier.query('SELECT * FROM kept')).count;

  describe('opening', () => {
    it('says where no server answers and what to do, without the password', async () => {
      const url = 'postgres://someone:secret-word@127.0.0.1:1/somewhere';
      const error = (await thrownBy(openServer({ url, schema, poolMax: 1 }))) as StockroomError;
      expect(error).toMatchObject({
        code: 'DATABASE_UNREACHABLE',
        message: expect.stringMatching(/127\.0\.0\.1:1\/somewhere.*ECONNREFUSED.*DATABASE_URL/) as unknown,
      });
      expect(JSON.stringify([error.message, error.details])).not.toContain('secret-word');
      expect(isRetryable(error)).toBe(true);
    });

    it('gives the reason of a server that refuses', async () => {
      const url = new URL(database.url);
      url.pathname = '/nowhere';
      const error = await thrownBy(openServer({ url: url.href, schema, poolMax: 1 }));
      expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE', details: { sqlState: '3D000' } });
      expect(isRetryable(error)).toBe(false);
    });

    it('does not wait for ever for a server that says nothing', async () => {
      const server = await fakeServer(undefined);
      const limits = { connectTimeoutMs: 100 };
      const error = await thrownBy(openServer({ url: server.url, schema, poolMax: 1, limits }));
      await server.close();
      expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    });

    it('refuses a server that is too old', async () => {
      const server = await fakeServer({ version: '14.11', number: '140011', ...settings });
      const error = await thrownBy(openServer({ url: server.url, schema, poolMax: 1 }));
      await server.close();
      expect(error).toMatchObject({ code: 'DATABASE_TOO_OLD', details: { version: '14.11' } });
    });

    it('refuses a pooler that drops the settings of a session', async () => {
      const server = await fakeServer({
        version: '17.2',
        number: '170002',
        ...settings,
        search_path: '"$user", public',
      });
      const error = await thrownBy(openServer({ url: server.url, schema, poolMax: 1 }));
      await server.close();
      expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    });

    it('does not repeat a URL that it cannot read', async () => {
      const bad = ['mysql://someone:secret-word@host/db', 'someone:secret-word@host'];
      for (const url of bad) {
        const error = (await thrownBy(openServer({ url, schema, poolMax: 1 }))) as StockroomError;
        expect(error.code).toBe('CONFIG_INVALID');
        expect(error.message).toContain('DATABASE_URL');
        expect(error.message).not.toContain('secret-word');
      }
    });

    it('keeps what the URL asks for beside its own settings', async () => {
      const url = new URL(database.url);
      url.searchParams.set('options', '-c statement_timeout=1234');
      url.searchParams.set('application_name', 'the test');
      const other = await openDurable({
        databaseUrl: url.href,
        databasePoolMax: 1,
        dataDir: 'unused',
        schema: String.raw`a b\c"d`,
      });
      const { rows } = await other.query(
        `SELECT current_setting('statement_timeout') AS timeout, current_setting('application_name') AS name`,
      );
      expect(rows).toEqual([{ timeout: '1234ms', name: 'the test' }]);
      await migrate(other);
      expect((await other.query('SELECT current_schema AS name')).rows).toEqual([{ name: other.schema }]);
      await other.close();
      expect(addressOf('postgres:///db?host=/run/pg&port=5433', schema).location).toBe('/run/pg:5433/db');
    });
  });

  describe('connections that are lost', () => {
    it('replaces those that died while nobody used them', async () => {
      await Promise.all(Array.from({ length: 4 }, () => tier.query('SELECT pg_sleep(0.05)')));
      await killOthers();
      await vi.waitFor(async () => {
        await Promise.all(Array.from({ length: 4 }, () => tier.query('SELECT pg_sleep(0.01)')));
      });
    });

    it('fails the transaction, which may be tried again', async () => {
      const error = await thrownBy(
        tier.transaction(async (session) => {
          await session.query('INSERT INTO kept VALUES (1)');
          await killOthers();
          await session.query('INSERT INTO kept VALUES (2)');
        }),
      );
      expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
      expect(isRetryable(error)).toBe(true);
      expect(await count()).toBe(0);
    });

    it('fails a COPY in either direction', async () => {
      const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
      async function* source(): AsyncGenerator<Uint8Array> {
        yield header;
        await killOthers();
        for (;;) {
          await new Promise((resolve) => setImmediate(resolve));
          // A tuple of two NULLs.
          yield Buffer.from([0, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        }
      }
      expect(await thrownBy(tier.copyIn('COPY kept', source()))).toMatchObject({
        code: 'DATABASE_UNREACHABLE',
      });
      const reading = async (): Promise<void> => {
        let first = true;
        for await (const chunk of tier.copyOut(
          `COPY (SELECT repeat('x', 1000) FROM generate_series(1, 200000))`,
        )) {
          if (first) await killOthers();
          first = chunk.length === 0;
        }
      };
      expect(await thrownBy(reading())).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
      expect(await count()).toBe(0);
    });
  });

  it('knows a serialization failure', async () => {
    await tier.query('CREATE TABLE serial (a int); INSERT INTO serial VALUES (0)');
    const error = await thrownBy(
      tier.transaction(async (session) => {
        await session.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
        await session.query('SELECT * FROM serial');
        await tier.query('UPDATE serial SET a = a + 1');
        await session.query('UPDATE serial SET a = a + 1');
      }),
    );
    expect(sqlState(error)).toBe('40001');
    expect(isRetryable(error)).toBe(true);
  });

  it('prepares what comes often, and no more than a bound of texts', async () => {
    const one = await openServer({ url: database.url, schema, poolMax: 1 });
    const prepared = async (): Promise<number> =>
      (await one.query('SELECT FROM pg_prepared_statements')).count;
    for (let run = 1; run <= 20; run += 1) {
      expect((await one.query('SELECT $1::int + 1 AS n', [run])).rows).toEqual([{ n: run + 1 }]);
      if (run < 4) expect(await prepared()).toBe(0);
    }
    expect(await prepared()).toBe(1);
    for (let text = 0; text < 300; text += 1) {
      const runs = Array.from({ length: 6 }, () => one.query(`SELECT $1::int + ${text} AS n`, [1]));
      for (const { rows } of await Promise.all(runs)) expect(rows).toEqual([{ n: text + 1 }]);
    }
    expect(await prepared()).toBeLessThanOrEqual(128);
    await one.close();
  });

  it('goes on with a prepared statement whose table was changed', async () => {
    const one = await openServer({ url: database.url, schema, poolMax: 1 });
    const rows = async (): Promise<object[]> =>
      (await one.query('SELECT a FROM changing WHERE a IS NOT NULL AND $1::text IS NULL', [null])).rows;
    await one.query('CREATE TABLE changing (a int)');
    await one.query('INSERT INTO changing VALUES (1)');
    for (let run = 0; run < 10; run += 1) expect(await rows()).toEqual([{ a: 1 }]);
    await one.query('ALTER TABLE changing ADD COLUMN b text');
    expect(await rows()).toEqual([{ a: 1 }]);
    await one.query('ALTER TABLE changing ALTER COLUMN a TYPE text');
    // PostgreSQL refuses the old plan: the statement is planned anew.
    expect(await rows()).toEqual([{ a: '1' }]);
    for (let run = 0; run < 10; run += 1) expect(await rows()).toEqual([{ a: '1' }]);
    // In a transaction that is over with it, and whoever begins it again is served.
    const sum = (): Promise<object[]> =>
      one.transaction(async (session) => {
        await session.query('SELECT 1');
        return (await session.query('SELECT c FROM changed WHERE $1::text IS NULL', [null])).rows;
      });
    await one.query('CREATE TABLE changed AS SELECT 1 AS c');
    for (let run = 0; run < 10; run += 1) expect(await sum()).toEqual([{ c: 1 }]);
    await one.query('ALTER TABLE changed ALTER COLUMN c TYPE text');
    expect(sqlState(await thrownBy(sum()))).toBe('0A000');
    expect(await sum()).toEqual([{ c: '1' }]);
    await one.close();
  });

  it('bounds the wait for a connection, and for work in flight when it is closed', async () => {
    const limits = { acquireTimeoutMs: 300, closeTimeoutMs: 50 };
    const small = await openServer({ url: database.url, schema, poolMax: 1, limits });
    const inside = signal();
    const stuck = thrownBy(
      small.transaction(async (session) => {
        inside.give();
        await session.query('SELECT pg_sleep(60)');
      }),
    );
    await inside.given;
    expect(await thrownBy(small.query('SELECT 1'))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('DATABASE_POOL_MAX') as unknown,
    });
    await small.close();
    expect(await stuck).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect(await thrownBy(small.query('SELECT 1'))).toMatchObject({ code: 'UNAVAILABLE' });
    await small.close();
  });

  it('reads from the replica what may lag, and writes nothing there', async () => {
    expect(tier.analytics).toBe(tier);
    const both = await openServer({ url: database.url, replicaUrl: database.url, schema, poolMax: 1 });
    expect((await both.analytics.query('SELECT 1')).count).toBe(1);
    expect(sqlState(await thrownBy(both.analytics.query('DELETE FROM kept')))).toBe('25006');
    await both.close();
    const replicaUrl = 'postgres://someone@127.0.0.1:1/somewhere';
    const alone = await openServer({ url: database.url, replicaUrl, schema, poolMax: 1 });
    expect((await alone.query('SELECT 1')).count).toBe(1);
    expect(await thrownBy(alone.analytics.query('SELECT 1'))).toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      message: expect.stringContaining('DATABASE_REPLICA_URL') as unknown,
    });
    await alone.close();
  });

  it('migrates in a schema that somebody else made, without the right to make one', async () => {
    const user = `migrator_${Date.now()}`;
    await tier.query(
      `CREATE ROLE ${user} LOGIN PASSWORD 'secret'; CREATE SCHEMA given AUTHORIZATION ${user}`,
    );
    const url = new URL(database.url);
    url.username = user;
    url.password = 'secret';
    const theirs = await openServer({ url: url.href, schema: 'given', poolMax: 2 });
    expect((await migrate(theirs)).length).toBeGreaterThan(0);
    await theirs.close();
    await tier.query(`DROP SCHEMA given CASCADE; DROP ROLE ${user}`);
  });
});

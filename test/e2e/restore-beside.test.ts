import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { backUp, restore } from '../../src/operations/index.ts';
import { type Manifest, writeManifest } from '../../src/operations/backup/manifest.ts';
import { migrate, openDurable, schemaSnapshot } from '../../src/tiers/durable/index.ts';
import { shippedDirectory } from '../../src/tiers/durable/migration-files.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import type { HotTier } from '../../src/tiers/hot/index.ts';
import { testPlaces } from '../support/backup.ts';

const LONG = 240_000;
const inProcess = () => createInProcessTier({ prefix: 'stockroom:' });
let hot = inProcess();
const { env } = process;

const { endings, place, tierIn } = testPlaces();
afterEach(() => {
  hot = inProcess();
});

/** A backup of one request. */
async function backedUp(more?: Record<string, string>): Promise<{ directory: string; manifest: Manifest }> {
  const from = await place('server', more);
  const durable = await tierIn(from);
  await migrate(durable);
  await durable.query("insert into llm_requests (model, cost_usd) values ('m', 1)");
  const directory = join(from.directory, 'backup');
  const { manifest } = await backUp({ config: from.config, hot, directory, env });
  return { directory, manifest };
}

async function snapshotOfNew(): Promise<string> {
  const fresh = await tierIn(await place());
  await migrate(fresh);
  return schemaSnapshot(fresh);
}

const schemas = "select nspname from pg_namespace where nspname ~ 'stockroom|before_restore'";

describe('a restore over a schema without rows', () => {
  it.each([
    [
      'a view of another schema',
      'create schema rep; create view rep.v as select model from stockroom.llm_requests',
    ],
    [
      'a foreign key',
      'create schema rep; create table rep.t (r bigint references stockroom.llm_requests (id))',
    ],
    ['a view', 'create view stockroom.v as select 1 as one'],
    ['a materialized view', 'create materialized view stockroom.v as select generate_series(1, 9) as n'],
    ['a function', "create function stockroom.f() returns int language sql as 'select 1'"],
    ['a type', "create type stockroom.t as enum ('a')"],
  ])(
    'refuses when somebody else has %s there, and leaves it',
    async (_, sql) => {
      const { directory } = await backedUp();
      const to = await place();
      const there = await tierIn(to);
      await migrate(there);
      await there.query(sql);
      const objects = `
      select i.type, i.identity from pg_class c, pg_identify_object('pg_class'::regclass, c.oid, 0) i
      where c.relnamespace in (select oid from pg_namespace where nspname in ('rep', 'stockroom'))
      union all select 'constraint', conname from pg_constraint where contype = 'f'
      union all select 'function', proname from pg_proc where pronamespace = 'stockroom'::regnamespace
      union all select 'type', typname from pg_type where typnamespace = 'stockroom'::regnamespace order by 1, 2`;
      const before = await there.query(objects);
      await expect(restore({ config: to.config, hot, directory, env })).rejects.toMatchObject({
        code: 'TARGET_EXISTS',
        message: expect.stringContaining('what Stockroom did not make') as unknown,
      });
      expect((await there.query(objects)).rows).toEqual(before.rows);
      expect((await there.query(schemas)).rows).toEqual([{ nspname: 'stockroom' }]);
    },
    LONG,
  );

  it(
    'takes a backup of an older Stockroom where a newer one has been started already',
    async () => {
      const from = await place();
      const durable = await tierIn(from);
      const old = join(from.directory, 'old');
      mkdirSync(old);
      for (const name of readdirSync(shippedDirectory).filter((one) => /^00000[1-5]_/.test(one)))
        copyFileSync(join(shippedDirectory, name), join(old, name));
      await migrate(durable, { directory: old });
      await durable.query("insert into llm_requests (model, cost_usd) values ('m', 1)");
      const directory = join(from.directory, 'backup');
      await backUp({ config: from.config, hot, directory, env });
      const to = await place();
      const there = await tierIn(to);
      await migrate(there);
      await restore({ config: to.config, hot, directory, env });
      expect((await there.query('select model from llm_requests')).rows).toEqual([{ model: 'm' }]);
      expect(await schemaSnapshot(there)).toBe(await snapshotOfNew());
      expect((await there.query(schemas)).rows).toEqual([{ nspname: 'stockroom' }]);
    },
    LONG,
  );

  it(
    'leaves types of somebody else where there is no table',
    async () => {
      const { directory } = await backedUp();
      const to = await place();
      const there = await tierIn(to);
      await there.query("create schema stockroom; create type stockroom.mine as enum ('a')");
      await expect(restore({ config: to.config, hot, directory, env })).rejects.toMatchObject({
        code: 'TARGET_EXISTS',
      });
      expect((await there.query("select from pg_type where typname = 'mine'")).count).toBe(1);
    },
    LONG,
  );

  it(
    'takes back what it put into a bare schema, and leaves the schema its rights',
    async () => {
      const { directory, manifest } = await backedUp();
      const tables = manifest.durable.tables.map((one) => ({ ...one, rows: one.rows + 1 }));
      await writeManifest(directory, { ...manifest, durable: { ...manifest.durable, tables } });
      const to = await place();
      const there = await tierIn(to);
      await there.query('create schema stockroom; grant usage on schema stockroom to public');
      const rights = "select oid, nspacl::text from pg_namespace where nspname = 'stockroom'";
      const before = await there.query(rights);
      await expect(restore({ config: to.config, hot, directory, env })).rejects.toMatchObject({
        code: 'ARCHIVE_INVALID',
        message: expect.stringContaining('It was taken back. Was') as unknown,
      });
      expect((await there.query(rights)).rows).toEqual(before.rows);
      await writeManifest(directory, manifest);
      await restore({ config: to.config, hot, directory, env });
    },
    LONG,
  );

  it(
    'takes all of it back when the hot tier fails at the end',
    async () => {
      const { directory, manifest } = await backedUp();
      const line = JSON.stringify({ kind: 'counters', key: 'memory:stats', counts: { hits: 1 } });
      writeFileSync(join(directory, 'hot.ndjson'), `${line}\n`);
      const { sha256Of } = await import('../../src/operations/backup/files.ts');
      const files = [];
      for (const { name } of manifest.files) files.push({ name, ...(await sha256Of(join(directory, name))) });
      await writeManifest(directory, { ...manifest, files });
      const to = await place();
      const there = await tierIn(to);
      const away = new Error('Redis went away');
      const statistics = { ...hot.statistics, counts: () => Promise.reject(away) };
      const failing: HotTier = Object.assign(Object.create(hot) as HotTier, { statistics });
      await expect(restore({ config: to.config, hot: failing, directory, env })).rejects.toBe(away);
      expect((await there.query(schemas)).rows).toEqual([]);
      await restore({ config: to.config, hot, directory, env });
    },
    LONG,
  );
});

describe('a backup', () => {
  it(
    'that does not list what it needs is refused before anything is touched',
    async () => {
      const { directory, manifest } = await backedUp();
      const files = manifest.files.filter(({ name }) => name !== 'hot.ndjson');
      await writeManifest(directory, { ...manifest, files });
      const to = await place();
      await expect(restore({ config: to.config, hot, directory, env })).rejects.toMatchObject({
        code: 'ARCHIVE_INVALID',
        message: expect.stringContaining('does not list hot.ndjson') as unknown,
      });
      expect((await (await tierIn(to)).query(schemas)).rows).toEqual([]);
    },
    LONG,
  );

  it(
    'of a database in another encoding can be restored into UTF8',
    async () => {
      const [from, to] = [await place(), await place()];
      const outside = await tierIn(from);
      const url = new URL(from.config.databaseUrl!);
      const name = `${url.pathname.slice(1)}_w`;
      await outside.query(
        `create database ${name} encoding 'WIN1252' template template0 lc_collate 'C' lc_ctype 'C'`,
      );
      url.pathname = `/${name}`;
      const config = { ...from.config, databaseUrl: url.href };
      const durable = await openDurable(config);
      endings.push(async () => {
        await durable.close();
        await outside.query(`drop database ${name} with (force)`);
      });
      await migrate(durable);
      await durable.query("insert into llm_requests (model, cost_usd) values ('caf\u00e9', 1)");
      const directory = join(from.directory, 'backup');
      await backUp({ config, hot, directory, env });
      await restore({ config: to.config, hot, directory, env });
      const { rows } = await (await tierIn(to)).query('select model from llm_requests');
      expect(rows).toEqual([{ model: 'caf\u00e9' }]);
    },
    LONG,
  );

  it(
    'of a schema that extensions share can be restored',
    async () => {
      const more = { STOCKROOM_SCHEMA: 'public' };
      const [from, to] = [await place('server', more), await place('server', more)];
      const durable = await tierIn(from);
      await migrate(durable);
      await durable.query('create extension citext');
      const directory = join(from.directory, 'backup');
      await backUp({ config: from.config, hot, directory, env });
      await restore({ config: to.config, hot, directory, env });
    },
    LONG,
  );

  it(
    'is for the owner alone, also in a directory that others may read',
    async () => {
      const from = await place();
      await migrate(await tierIn(from));
      const directory = join(from.directory, 'backup');
      mkdirSync(directory, { mode: 0o755 });
      await backUp({ config: from.config, hot, directory, env });
      for (const name of readdirSync(directory))
        expect([name, statSync(join(directory, name)).mode & 0o077]).toEqual([name, 0]);
    },
    LONG,
  );

  it(
    'that fails leaves what somebody else put beside it',
    async () => {
      const from = await place();
      await migrate(await tierIn(from));
      const directory = join(from.directory, 'backup');
      const stop = new AbortController();
      const onTable = (): void => {
        if (!stop.signal.aborted) writeFileSync(join(directory, 'mine.txt'), 'mine');
        stop.abort(new Error('stopped'));
      };
      await expect(
        backUp({ config: from.config, hot, directory, env, signal: stop.signal, onTable }),
      ).rejects.toThrow('stopped');
      expect(readdirSync(directory)).toEqual(['mine.txt']);
      expect(readFileSync(join(directory, 'mine.txt'), 'utf8')).toBe('mine');
    },
    LONG,
  );

  it(
    'of the embedded database is not put into it',
    async () => {
      const from = await place('embedded');
      const durable = await openDurable(from.config);
      await migrate(durable);
      await durable.close();
      const directory = join(from.config.dataDir, 'postgresql', 'data', 'backup');
      await expect(backUp({ config: from.config, hot, directory, env })).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining('within the embedded database') as unknown,
      });
    },
    LONG,
  );
});

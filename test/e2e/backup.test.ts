import { readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backUp, restore } from '../../src/operations/index.ts';
import { type DurableTier, migrate, openDurable } from '../../src/tiers/durable/index.ts';
import { type HotTier, openHot } from '../../src/tiers/hot/index.ts';
import { installGuard, tablesOf } from '../../src/migration/stages/new-side.ts';
import { builtInSources } from '../../src/migration/index.ts';
import { answersTo, load, NOW, type Place, sampledReads, testPlaces } from '../support/backup.ts';
import { testServer } from '../support/http.ts';
import { type Server, startRedis } from '../support/servers.ts';

const LONG = 240_000;
const REQUESTS = 200;

const { endings, place, tierIn } = testPlaces();

async function hotIn(config: Place['config']): Promise<HotTier> {
  const hot = await openHot({ redis: config.redis, keyPrefix: config.keyPrefix });
  endings.push(() => hot.close());
  return hot;
}

async function redis(): Promise<Server> {
  const server = await startRedis();
  endings.push(() => server.stop());
  return server;
}

async function answers(durable: DurableTier, hot: HotTier, urls: readonly string[]): Promise<string[]> {
  const { app } = await testServer({ durable, hot, clock: () => NOW });
  try {
    return await answersTo(app, urls);
  } finally {
    await app.close();
  }
}

/** Of a difference, where it is. */
const shortened = (answer: string): string => answer.slice(0, 300);

describe.each(['server', 'embedded'] as const)('a backup of a loaded system, %s', (kind) => {
  it(
    'restored elsewhere, answers the same',
    async () => {
      const servers = kind === 'server' ? [await redis(), await redis()] : [];
      const [from, to] = await Promise.all(
        [0, 1].map((at) => place(kind, servers[at] === undefined ? {} : { REDIS_URL: servers[at].url })),
      );
      const original = await openDurable(from!.config);
      await migrate(original);
      await load(original, from!.directory);
      const hot = await hotIn(from!.config);
      const { app } = await testServer({ durable: original, hot, clock: () => NOW });
      const put = async (url: string, payload: object): Promise<void> => {
        const answer = await app.inject({ method: 'PUT', url, payload });
        expect(answer.statusCode, answer.body).toBeLessThan(300);
      };
      await put('/v1/memory/sessions/s1/note', { value: { seen: [1, 2.5, 'three'] } });
      await put('/v1/memory/cache/answer', { value: 42, ttl_seconds: 86_400 });
      await app.close();
      const urls = await sampledReads(original, REQUESTS);
      expect(new Set(urls).size).toBeGreaterThan(60);
      const before = await answers(original, hot, urls);
      expect(before.filter((answer) => / 200 /.test(answer)).length).toBeGreaterThan(REQUESTS * 0.7);
      if (kind === 'embedded') await original.close();
      else endings.push(() => original.close());

      const directory = join(from!.directory, 'backup');
      const made = await backUp({ config: from!.config, hot, directory, env: process.env });
      expect(readdirSync(directory).sort()).toEqual([
        'hot.ndjson',
        'manifest.json',
        'manifest.json.sha256',
        kind === 'server' ? 'postgresql.dump' : 'postgresql.tar.gz',
      ]);
      expect(made.manifest.durable.tables.find(({ name }) => name === 'llm_requests')?.rows).toBeGreaterThan(
        100,
      );

      const hotThere = await hotIn(to!.config);
      const done = await restore({ config: to!.config, hot: hotThere, directory, env: process.env });
      expect(done).toMatchObject({ tables: made.manifest.durable.tables.length, migrations: 0 });
      const restored = await tierIn(to!);
      const after = await answers(restored, hotThere, urls);
      expect(after).toHaveLength(REQUESTS);
      expect(after.filter((answer, at) => answer !== before[at]).map(shortened)).toEqual([]);

      // Numbers go on where they were.
      const { rows } = await restored.query<{ fresh: boolean }>(
        `insert into llm_requests (model, tokens_input, tokens_output, cost_usd) values ('m', 1, 1, 0)
         returning id > (select max(id) from llm_requests) as fresh`,
      );
      expect(rows).toEqual([{ fresh: true }]);
      await expect(
        restore({ config: to!.config, hot: hotThere, directory, env: process.env }),
      ).rejects.toMatchObject({
        code: kind === 'server' ? 'TARGET_EXISTS' : expect.stringMatching(/EXISTS|IN_USE/),
      });
    },
    LONG,
  );

  it(
    'is refused with any file damaged or missing, and nothing is written',
    async () => {
      const [from, to] = [await place(kind), await place(kind)];
      const original = await openDurable(from.config);
      await migrate(original);
      await original.query("insert into llm_requests (model, cost_usd) values ('m', 1)");
      await original.close();
      const hot = await hotIn(from.config);
      const directory = join(from.directory, 'backup');
      await backUp({ config: from.config, hot, directory, env: process.env });
      const attempt = (): Promise<unknown> =>
        restore({ config: to.config, hot, directory, env: process.env });
      for (const name of readdirSync(directory)) {
        const path = join(directory, name);
        const whole = readFileSync(path);
        if (whole.length > 0) {
          for (const at of [0, whole.length >> 1, whole.length - 1]) {
            const flipped = Buffer.from(whole);
            flipped[at] = flipped[at]! ^ 1;
            writeFileSync(path, flipped);
            await expect(attempt(), `${name} at ${at}`).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
          }
        }
        writeFileSync(path, Buffer.concat([whole, Buffer.from('x')]));
        await expect(attempt(), `${name} longer`).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
        writeFileSync(path, whole);
      }
      if (kind === 'embedded') expect(existsSync(to.config.dataDir)).toBe(false);
      else {
        const there = await tierIn(to);
        const { rows } = await there.query("select nspname from pg_namespace where nspname = 'stockroom'");
        expect(rows).toEqual([]);
      }
      await attempt();
    },
    LONG,
  );
});

describe('a backup of a server', () => {
  it(
    'is of one moment while writers write',
    async () => {
      const [from, to] = [await place('server'), await place('server')];
      const durable = await tierIn(from);
      await migrate(durable);
      const hot = await hotIn(from.config);
      const writing = new AbortController();
      let written = 0;
      // Two rows that belong together, and one that moves: a copy of two moments would tell.
      const writer = (async () => {
        while (!writing.signal.aborted) {
          await durable.transaction(async (session) => {
            await session.query(
              `insert into llm_requests (model, tokens_input, tokens_output, cost_usd) values ('a', 1, 1, 1), ('b', 1, 1, 1)`,
            );
            await session.query(
              `insert into hot_state (family, key, value, created_at, version) values ('f', 'k', '0', now(), 1)
               on conflict (family, key) do update set value = to_jsonb((hot_state.value)::text::int + 1), version = hot_state.version + 1`,
            );
          });
          written += 1;
        }
      })();
      await expect.poll(() => written, { timeout: 30_000 }).toBeGreaterThan(20);
      const directory = join(from.directory, 'backup');
      const before = written;
      await backUp({ config: from.config, hot, directory, env: process.env });
      expect(written).toBeGreaterThan(before);
      writing.abort();
      await writer;
      await restore({ config: to.config, hot, directory, env: process.env });
      const { rows } = await (await tierIn(to)).query(
        `select count(*) filter (where model = 'a') = count(*) filter (where model = 'b') as pairs,
           (select version from hot_state) = count(*) / 2 as together from llm_requests`,
      );
      expect(rows).toEqual([{ pairs: true, together: true }]);
    },
    LONG,
  );

  it(
    'keeps the triggers of a stage, and what Redis has before PostgreSQL does',
    async () => {
      const server = await redis();
      const [from, to] = [await place('server', { REDIS_URL: server.url }), await place('server')];
      const durable = await tierIn(from);
      await migrate(durable);
      await durable.transaction((session) =>
        installGuard(session, 'pick-log', tablesOf(builtInSources, 'pick-log')),
      );
      const hot = await hotIn(from.config);
      const base = { kind: 'value', expiresAtMs: undefined } as const;
      const acknowledged = { ...base, version: 7, body: '{"new": true}', confirmedAtMs: 0 };
      await hot.states.put('stockroom:state:working-memory:a%3ab', acknowledged);
      await hot.states.put('stockroom:state:working-memory:old', {
        ...acknowledged,
        version: 3,
        body: '"older"',
      });
      await durable.query(
        `insert into hot_state (family, key, value, created_at, version) values ('working-memory', 'old', '"newer"', now(), 9)`,
      );
      await hot.statistics.count('stockroom:memory:stats', { hits: 3 });
      const directory = join(from.directory, 'backup');
      const { manifest } = await backUp({ config: from.config, hot, directory, env: process.env });
      expect(manifest.hot).toMatchObject({ kind: 'redis', states: 2, counters: 1 });
      // Copies of other rows in the way.
      await expect(restore({ config: to.config, hot, directory, env: process.env })).rejects.toMatchObject({
        code: 'TARGET_EXISTS',
      });
      const empty = await hotIn({ ...to.config, redis: { kind: 'url', url: (await redis()).url } });
      const done = await restore({ config: to.config, hot: empty, directory, env: process.env });
      expect(done.hot).toEqual({ states: 1, counters: 1 });
      const there = await tierIn(to);
      const { rows } = await there.query('select key, value from hot_state order by key');
      expect(rows).toEqual([
        { key: 'a:b', value: { new: true } },
        { key: 'old', value: 'newer' },
      ]);
      expect(await empty.statistics.counts('stockroom:memory:stats')).toEqual({ hits: 3 });
      const triggers = await there.query("select from pg_trigger where tgname like 'migration_%'");
      expect(triggers.count).toBeGreaterThan(0);
    },
    LONG,
  );

  it(
    'takes back what cannot be proven, and refuses what does not fit',
    async () => {
      const [from, to] = [await place('server'), await place('server')];
      const durable = await tierIn(from);
      await migrate(durable);
      const hot = await hotIn(from.config);
      const directory = join(from.directory, 'backup');
      await backUp({ config: from.config, hot, directory, env: process.env });
      const there = await tierIn(to);
      await migrate(there);
      const again = (config: Place['config']): Promise<unknown> =>
        restore({ config, hot, directory, env: process.env });
      // A trigger of the database that changes what is restored: the comparison must see it.
      await there.query(`
        create function public.spoil() returns event_trigger language plpgsql as $$
        begin
          if to_regclass('stockroom.hot_state') is not null then
            execute 'alter table stockroom.hot_state add column if not exists spoiled int';
          end if;
        end $$;
        create event trigger spoil on ddl_command_end when tag in ('CREATE INDEX') execute function public.spoil()`);
      await expect(again(to.config)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
      await there.query('drop event trigger spoil');
      const schemas = "select nspname from pg_namespace where nspname ~ 'stockroom|before_restore'";
      expect((await there.query(schemas)).rows).toEqual([{ nspname: 'stockroom' }]);
      expect((await there.query('select from migration_versions')).count).toBeGreaterThan(0);
      await expect(again({ ...to.config, schema: 'other' })).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(again({ ...to.config, databaseUrl: undefined })).rejects.toMatchObject({
        code: 'CONFLICT',
      });
      await there.query(
        "insert into hot_state (family, key, value, created_at, version) values ('f', 'k', '1', now(), 1)",
      );
      await expect(again(to.config)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
      expect((await there.query('select from hot_state')).count).toBe(1);
      await there.query('delete from hot_state');
      await again(to.config);
      expect((await there.query(schemas)).rows).toEqual([{ nspname: 'stockroom' }]);
    },
    LONG,
  );

  it('says what to install where the program is missing, and leaves nothing', async () => {
    const from = await place('server');
    const durable = await tierIn(from);
    await migrate(durable);
    const directory = join(from.directory, 'backup');
    const hot = await hotIn(from.config);
    const { findProgram } = await import('../../src/operations/backup/programs.ts');
    await expect(findProgram('pg_dump', 99, process.env)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('postgresql-client-99') as unknown,
    });
    const stopped = AbortSignal.abort(new Error('stopped'));
    await expect(
      backUp({ config: from.config, hot, directory, env: process.env, signal: stopped }),
    ).rejects.toThrow('stopped');
    expect(readdirSync(directory)).toEqual([]);
  });
});

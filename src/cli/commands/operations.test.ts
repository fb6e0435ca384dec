import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestIo, testIo } from '../../../test/support/cli.ts';
import { freshDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { type Server, startRedis } from '../../../test/support/servers.ts';
import { migrate, openDurable } from '../../tiers/durable/index.ts';
import { loadConfig } from '../../core/config.ts';
import { createContext } from '../context.ts';
import { registerBackup } from './backup.ts';
import { registerDoctor } from './doctor.ts';
import { registerJobs } from './jobs.ts';
import { registerMigrate } from './migrate.ts';
import { registerRestore } from './restore.ts';
import { registerSample } from './sample.ts';

let scratch: string;
let from: TestDatabase;
let to: TestDatabase;
let redis: Server;
let other: Server;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-operations-'));
  [from, to] = [await freshDatabase(), await freshDatabase()];
  [redis, other] = [await startRedis(), await startRedis()];
  const durable = await openDurable(loadConfig({ DATABASE_URL: from.url }));
  await migrate(durable);
  await durable.query(
    "insert into llm_requests (model, tokens_input, tokens_output, cost_usd) values ('m', 1, 2, 0.5)",
  );
  await durable.close();
});
afterAll(async () => {
  await Promise.all([redis.stop(), other.stop(), from.drop(), to.drop()]);
  rmSync(scratch, { recursive: true, force: true });
});

/** Runs one of the commands in this process. */
async function call(argv: string[], env: Record<string, string>): Promise<{ io: TestIo; exit: number }> {
  const io = testIo({ PATH: process.env['PATH'], STOCKROOM_DATA_DIR: join(scratch, 'data'), ...env });
  const context = createContext(io);
  const program = new Command('stockroom').exitOverride().hook('preAction', (_program, command) => {
    context.json = command.opts<{ json?: boolean }>().json === true;
  });
  registerBackup(program, context);
  registerRestore(program, context);
  registerDoctor(program, context);
  registerJobs(program, context);
  registerMigrate(program, context);
  registerSample(program, context);
  const exit = await context.lifetime.run(async () => {
    await program.parseAsync(argv, { from: 'user' });
    return context.exit;
  });
  return { io, exit };
}

describe('backup and restore', () => {
  it('say what was written, and what was compared', async () => {
    const directory = join(scratch, 'backup');
    const made = await call(['backup', directory], { DATABASE_URL: from.url, REDIS_URL: redis.url });
    expect(made.exit).toBe(0);
    expect(made.io.out()).toMatch(/^Backed up and read back: .*backup \(/);
    expect(made.io.out()).toMatch(/^postgresql\.dump +[\d.]+ \w+ +[0-9a-f]{64}$/m);
    expect(readdirSync(directory)).toContain('manifest.json');
    const done = await call(['restore', directory, '--json'], { DATABASE_URL: to.url, REDIS_URL: other.url });
    expect(done.exit).toBe(0);
    expect(JSON.parse(done.io.out())).toMatchObject({
      ok: true,
      directory,
      migrations: 0,
      durable: { kind: 'server', schema: 'stockroom' },
      hot: { states: 0, counters: 0 },
    });
    await expect(
      call(['backup', directory], { DATABASE_URL: from.url, REDIS_URL: redis.url }),
    ).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
  });

  it('do not begin without the Redis that is configured', async () => {
    const directory = join(scratch, 'none');
    const away = { DATABASE_URL: from.url, REDIS_URL: 'redis://127.0.0.1:1' };
    await expect(call(['backup', directory], away)).rejects.toMatchObject({
      code: 'HOT_UNAVAILABLE',
      message: expect.stringMatching(
        /^Redis at .* correct REDIS_URL\. A backup takes both tiers: unset REDIS_URL for one of PostgreSQL alone\.$/,
      ) as unknown,
    });
    expect(existsSync(directory)).toBe(false);
    await expect(call(['restore', directory], away)).rejects.toMatchObject({ code: 'DIRECTORY_NOT_FOUND' });
  });
});

describe('backup without Redis', () => {
  it('takes PostgreSQL alone where none is configured, and is restored', async () => {
    const directory = join(scratch, 'alone');
    const alone = await freshDatabase();
    try {
      expect((await call(['backup', directory], { DATABASE_URL: from.url })).exit).toBe(0);
      const { hot } = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as { hot: object };
      expect(hot).toMatchObject({ kind: 'in-process', states: 0, counters: 0 });
      const env = { DATABASE_URL: alone.url, REDIS_URL: other.url };
      expect((await call(['restore', directory], env)).exit).toBe(0);
    } finally {
      await alone.drop();
    }
  });
});

describe('a migration of one folder of an old application', () => {
  it.each(['run', 'rehearse'])('%s says that there is more of it', async (which) => {
    const old = join(scratch, `old-${which}`);
    await call(['sample', old], {});
    const database = await freshDatabase();
    try {
      const argv = ['migrate', which, join(old, 'data'), '--json'];
      const { io } = await call(argv, { DATABASE_URL: database.url });
      const { warnings } = JSON.parse(io.out()) as { warnings: { code: string; detail: string }[] };
      const more = warnings.filter(({ code }) => code === 'PART_OF_APPLICATION');
      expect(more).toHaveLength(1);
      expect(more[0]!.detail).toMatch(
        /^\S+ holds more sources \(llm_requests, .*price_history, .*did you mean/,
      );
    } finally {
      await database.drop();
    }
  });
});

describe('jobs', () => {
  /** Of a run of `retention` that cannot make its archive. */
  const failing = (): Record<string, string> => {
    const directory = join(scratch, 'blocked');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'archive'), 'a file');
    return {
      DATABASE_URL: from.url,
      REDIS_URL: redis.url,
      STOCKROOM_DATA_DIR: directory,
      STOCKROOM_RETENTION_DAYS: 'llm-costs=1',
    };
  };

  it('fail with what went wrong in the run, said once', async () => {
    const durable = await openDurable(loadConfig({ DATABASE_URL: from.url }));
    await durable.query("update llm_requests set created_at = '2020-01-01'");
    await durable.close();
    await expect(call(['jobs', 'run', 'retention'], failing())).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringMatching(/^retention failed after \d+ ms: E[A-Z]+: (?!E[A-Z]+:)/) as unknown,
      details: { job: 'retention', code: expect.stringMatching(/^E[A-Z]+$/) as unknown },
    });
    const { io } = await call(['jobs', 'list'], failing());
    expect(io.out()).toMatch(/^retention: E[A-Z]+: (?!E[A-Z]+:)/m);
  });

  it('fail with the code of a tier that is away', async () => {
    const env = { ...failing(), REDIS_URL: 'redis://127.0.0.1:1' };
    await expect(call(['jobs', 'run', 'refresh'], env)).rejects.toMatchObject({
      code: 'HOT_UNAVAILABLE',
      message: expect.stringMatching(
        /^refresh failed after \d+ ms: Redis at 127\.0\.0\.1:1 cannot/,
      ) as unknown,
    });
  });
});

describe('doctor', () => {
  it('tells each check, and what to do', async () => {
    const { io, exit } = await call(['doctor'], { DATABASE_URL: from.url, REDIS_URL: redis.url });
    // The PostgreSQL of the tests does not wait for its disk.
    expect(exit).toBe(1);
    expect(io.out()).toMatch(/^ok {4}postgres-version +Its version can be used\.$/m);
    expect(io.out()).toMatch(
      /^fail {2}postgres-persistence .*\n {6}seen: \{"fsync":"off".*\n {6}do: {3}Set fsync = on/m,
    );
    expect(io.out()).toMatch(/^20 checks: \d+ well, \d+ to look at, \d+ failed\.$/m);
  });

  it('prints one document', async () => {
    const { io, exit } = await call(['doctor', '--json'], {
      DATABASE_URL: from.url,
      REDIS_URL: redis.url,
    });
    const { ok, exit: told, findings } = JSON.parse(io.out()) as Record<string, unknown>;
    expect({ ok, told }).toEqual({ ok: false, told: exit });
    expect(findings).toHaveLength(20);
    for (const finding of findings as object[])
      expect(Object.keys(finding).sort()).toEqual(['check', 'evidence', 'finding', 'remedy', 'status']);
  });
});

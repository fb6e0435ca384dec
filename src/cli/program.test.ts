import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../test/support/cli.ts';
import { version } from '../core/version.ts';
import { allSettings } from './settings.ts';

const commands = [
  'start',
  'serve',
  'sample',
  'migrate inspect',
  'migrate run',
  'migrate verify',
  'migrate certificate',
  'migrate status',
  'migrate quarantine',
  'hot stats',
];

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-cli-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('--help', () => {
  it.each(commands)('of %s has examples, exit codes and a variable for every flag', async (name) => {
    const { exit, out, err } = await call([...name.split(' '), '--help']);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toContain(`Usage: stockroom ${name}`);
    expect(out).toMatch(/Examples:\n {2}(?:DATABASE_URL=\S+ )?stockroom /);
    expect(out).toMatch(/Exit codes:\n {2}\d /);
    const flags = out.match(/^ {2}--[a-z-]+/gm) ?? [];
    const variables = out.match(/\[[A-Z][A-Z_]+\]/g) ?? [];
    expect(variables.length).toBe(flags.length);
  });

  it('of start has every setting', async () => {
    const { out } = await call(['start', '--help']);
    for (const variable of allSettings) expect(out).toContain(`[${variable}]`);
  });

  it('of the whole lists the commands', async () => {
    const { exit, out } = await call(['--help']);
    expect(exit).toBe(0);
    for (const name of ['start', 'serve', 'sample', 'migrate', 'hot']) expect(out).toContain(`  ${name} `);
  });
});

it('--version prints the version alone', async () => {
  expect(await call(['--version'])).toMatchObject({ exit: 0, out: `${version}\n`, err: '' });
});

describe('wrong usage', () => {
  it.each([
    [['nonsense'], "unknown command 'nonsense'; see stockroom --help"],
    [['migrate', 'rn', 'x'], "unknown command 'rn' (Did you mean run?); see stockroom migrate --help"],
    [['migrate', 'run'], "missing required argument 'dir'; see stockroom migrate run --help"],
    [['migrate', 'run', 'a', 'b'], 'too many arguments'],
    [['migrate', 'run', 'x', '--nonsense'], "unknown option '--nonsense'"],
    [['migrate', 'run', 'x', '--timezone', 'nonsense'], '--timezone expects SOURCE.COLUMN=ZONE'],
    [['sample', 'x', '--scale', '1.5'], '--scale: expected a whole number'],
    [['migrate', 'quarantine', '--limit', '0'], '--limit: expected a whole number from 1 to 1000, found "0"'],
    [['hot', 'stats', '--scan-max', '0'], '--scan-max: expected a whole number from 1 to 1000000'],
    [['hot', 'rebild'], "unknown command 'rebild' (Did you mean rebuild?); see stockroom hot --help"],
    [['start', '--demo', '--legacy', 'x'], '--legacy and --demo: expected one of them'],
  ])('%j ends with 2 and one line', async (argv, message) => {
    const { exit, out, err } = await call(argv);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain('stockroom: USAGE: ');
    expect(err).toContain(message);
    expect(err.split('\n')).toHaveLength(2);
  });

  it.each([[[]], [['migrate']], [['hot']]])('%j shows the help on stderr', async (argv) => {
    const { exit, out, err } = await call(argv);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain('Usage: stockroom');
    expect(err).toContain('stockroom: USAGE: a command is missing');
  });
});

describe('settings', () => {
  it.each([
    [['serve', '--port', 'x'], {}, 'PORT: expected a whole number from 0 to 65535, found "x"'],
    [['serve'], { PORT: 'x' }, 'PORT: expected a whole number from 0 to 65535, found "x"'],
    [['serve', '--port', 'x'], { PORT: '4100' }, 'found "x"'],
    [['serve'], { LOG_LEVEL: 'loud' }, 'LOG_LEVEL: expected one of'],
    [['start', '--schema', 'pg_x'], {}, 'STOCKROOM_SCHEMA: expected'],
    [['start', '--redis-port', '1'], {}, 'REDIS_PORT: expected REDIS_HOST beside it'],
  ])('%j with %j names the variable', async (argv, env, message) => {
    const { exit, out, err } = await call(argv, env);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toMatch(/^stockroom: CONFIG_INVALID: [^\n]+\n$/);
    expect(err).toContain(message);
  });

  it('never prints a secret', async () => {
    const { err } = await call(['serve', '--database-url', 'mysql://user:secret@host/db']);
    expect(err).toContain('CONFIG_INVALID: DATABASE_URL');
    expect(err).not.toContain('secret');
  });
});

describe('--json', () => {
  const report = { elapsed_ms: 0, sources: [], unreadable: [], unclaimed: [], warnings: [] };

  it.each(['run', 'verify', 'inspect'])(
    'of migrate %s has the fields of a report when it fails',
    async (name) => {
      const { exit, json, err } = await call(['migrate', name, '--json']);
      expect(exit).toBe(2);
      expect(json()).toEqual({
        ok: false,
        exit: 2,
        ...report,
        error: {
          code: 'USAGE',
          message: expect.stringContaining("missing required argument 'dir'") as unknown,
        },
      });
      expect(err).toContain('stockroom: USAGE: missing');
    },
  );

  it('is a failure in one document for every command of migrate', async () => {
    for (const argv of [
      ['certificate', '--check', join(scratch, 'none')],
      ['status', 'x'],
      ['quarantine', '--limit', 'x'],
      [],
    ]) {
      const { exit, json } = await call(['migrate', ...argv, '--json']);
      const document = json();
      expect(document).toMatchObject({ ok: false, exit, error: { code: expect.any(String) as unknown } });
      expect(exit).toBeGreaterThan(0);
    }
  });

  it('can be asked for by its variable, and refused', async () => {
    const asked = await call(['migrate', 'run'], { STOCKROOM_JSON: 'true' });
    expect(asked.json()).toMatchObject({ ok: false, exit: 2 });
    expect((await call(['migrate', 'run'], { STOCKROOM_JSON: 'false' })).out).toBe('');
    const wrong = await call(['migrate', 'inspect', 'x'], { STOCKROOM_JSON: 'perhaps' });
    expect(wrong).toMatchObject({ exit: 2, out: '' });
    expect(wrong.err).toContain('STOCKROOM_JSON: expected true or false, found "perhaps"');
  });

  it('names the directory that is not there', async () => {
    const directory = join(scratch, 'nowhere');
    const { exit, json } = await call(['migrate', 'inspect', directory, '--json']);
    expect(exit).toBe(1);
    expect(json()).toMatchObject({ ok: false, exit: 1, directory, error: { code: 'DIRECTORY_NOT_FOUND' } });
  });

  it('names what no source takes when there is nothing else', async () => {
    const directory = join(scratch, 'foreign');
    mkdirSync(directory);
    writeFileSync(join(directory, 'notes.txt'), 'x');
    const { exit, json } = await call(['migrate', 'inspect', directory, '--json']);
    expect(exit).toBe(1);
    expect(json()).toMatchObject({
      ok: false,
      unclaimed: ['notes.txt'],
      error: { code: 'NOTHING_TO_MIGRATE' },
    });
  });
});

describe('hot stats', () => {
  it('says how to configure a Redis where there is none', async () => {
    const { exit, out, err } = await call(['hot', 'stats']);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toContain('No Redis is configured');
    expect(out).toContain('REDIS_URL');
    const { json } = await call(['hot', 'stats', '--json']);
    expect(json()).toEqual({
      ok: true,
      exit: 0,
      kind: 'in-process',
      detail: expect.stringContaining('REDIS_URL') as unknown,
    });
  });

  it('fails with one line, and one document, when Redis is away', async () => {
    // Nobody listens there: the port is not for programs.
    const { exit, json, err } = await call([
      'hot',
      'stats',
      '--redis-url',
      'redis://:secret@127.0.0.1:1',
      '--json',
    ]);
    expect(exit).toBe(1);
    expect(json()).toEqual({
      ok: false,
      exit: 1,
      error: {
        code: 'HOT_UNAVAILABLE',
        message:
          'Redis at 127.0.0.1:1 cannot be used: connect ECONNREFUSED 127.0.0.1:1. Start the server, or correct REDIS_URL.',
      },
    });
    expect(err).toMatch(/^stockroom: HOT_UNAVAILABLE: [^\n]+\n$/);
    expect(err).not.toContain('secret');
  });

  it('names what it was to find where no Sentinel answers', async () => {
    const env = { REDIS_SENTINELS: '127.0.0.1:1,127.0.0.1:2', REDIS_SENTINEL_MASTER: 'prices' };
    const { exit, err } = await call(['hot', 'stats'], env);
    expect(exit).toBe(1);
    expect(err).toMatch(/^stockroom: HOT_UNAVAILABLE: Redis at prices of Sentinel cannot be used: [^\n]+\n$/);
    expect(err).toContain('127.0.0.1:2');
  });

  it('answers a failure to read its arguments with a document too', async () => {
    const { exit, json } = await call(['hot', 'stats', '--nonsense', '--json']);
    expect(exit).toBe(2);
    expect(json()).toMatchObject({ ok: false, error: { code: 'USAGE' } });
  });
});

describe('sample and migrate inspect', () => {
  it('write a directory, refuse to write into it again, and say what is in it', async () => {
    const directory = join(scratch, 'old');
    const written = await call(['sample', directory], { STOCKROOM_SEED: '7' });
    expect(written).toMatchObject({ exit: 0 });
    expect(written.out).toContain(`rows written to ${directory}`);

    const again = await call(['sample', directory]);
    expect(again).toMatchObject({ exit: 1, out: '' });
    expect(again.err).toContain('stockroom: TARGET_EXISTS: ');

    const inspected = await call(['migrate', 'inspect', directory]);
    expect(inspected.exit).toBe(3);
    expect(inspected.out).toMatch(/^[\d,]+ rows in 18 sources; a run would load [\d,]+\./);
    expect(inspected.err).toMatch(/^inspect llm_requests/m);
    expect(inspected.out).not.toContain('inspect llm_requests');

    expect(inspected.out).not.toContain('PART_OF_APPLICATION');

    const part = await call(['migrate', 'inspect', join(directory, 'cache')]);
    expect(part.out).toContain(
      `pick_archive: ${directory} holds more sources (pick_archive, price_history, global_scores); ` +
        `did you mean \`stockroom migrate run ${directory}\`? [PART_OF_APPLICATION]`,
    );
    const asked = await call([
      'migrate',
      'inspect',
      join(directory, 'cache'),
      '--store',
      'llm-costs',
      '--json',
    ]);
    expect(JSON.stringify(asked.json())).not.toContain('PART_OF_APPLICATION');

    // A whole application is no part of another that lies beside it.
    const whole = join(scratch, 'home', 'app');
    cpSync(join(directory, 'cache'), join(whole, 'cache'), { recursive: true });
    cpSync(join(directory, 'data'), join(scratch, 'home', 'data'), { recursive: true });
    expect((await call(['migrate', 'inspect', whole])).out).not.toContain('PART_OF_APPLICATION');

    const one = await call(['migrate', 'inspect', directory, '--json'], {
      STOCKROOM_STORE: 'llm-costs, top-picks',
    });
    const { sources } = one.json() as { sources: { store: string }[] };
    expect(new Set(sources.map(({ store }) => store))).toEqual(new Set(['llm-costs', 'top-picks']));
    const repeated = await call([
      'migrate',
      'inspect',
      directory,
      '--json',
      '--store',
      'scores',
      '--store',
      'llm_requests',
    ]);
    expect((repeated.json() as { sources: { id: string }[] }).sources.map(({ id }) => id)).toEqual([
      'llm_requests',
      'global_scores',
    ]);
  });
});

import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { writeSample } from '../../src/legacy/sample/index.ts';
import { testIo } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { ROOT } from '../support/source-files.ts';
import { type Command, commandsOf } from './shell.ts';

/** Pages whose commands are run from the first to the last, against a database of their own; docs/migration-guide.md has a test of its own, which cleans up too. */
const pages = ['README.md', 'docs/migration.md', 'docs/backup.md', 'docs/doctor.md'];

const readPage = (page: string): string => readFileSync(join(ROOT, page), 'utf8');
/** What a command says once it runs that is ended by Ctrl-C; undefined: it ends by itself. */
function running([, name, ...rest]: readonly string[]): string | undefined {
  if (name === 'serve' || name === 'start') return 'Stockroom serves at';
  return name === 'follow' && !rest.includes('--once') ? 'up to date' : undefined;
}

/** The sample has two rows for the quarantine; the server of the tests waits for no disk, which doctor finds. */
function expectedExits(words: readonly string[]): readonly number[] {
  if (running(words) !== undefined) return [130];
  return words[1] === 'doctor' ? [0, 1] : [0, 3];
}

describe.each(pages)('the commands of %s', (page) => {
  let scratch: string;
  let database: TestDatabase;
  let empty: TestDatabase;
  let redis: Server;

  beforeAll(async () => {
    scratch = realpathSync(mkdtempSync(join(tmpdir(), 'stockroom-page-')));
    await writeSample(join(scratch, 'old-app'));
    [database, empty, redis] = await Promise.all([freshDatabase(), freshDatabase(), startRedis()]);
    // Every page but the first and that of the migration begins where something is there.
    const first = await call(['migrate', 'run', join(scratch, 'old-app')]);
    expect(first.exit).toBe(3);
  });
  afterAll(async () => {
    await Promise.all([database?.drop(), empty?.drop(), redis?.stop()]);
    rmSync(scratch, { recursive: true, force: true });
  });

  /** The page's names become those of this run. */
  const here = (word: string): string =>
    word
      .replace(/^(?:\.\.\/old-app|old-app|DIR)$/, join(scratch, 'old-app'))
      .replace(/^\/backups\//, () => join(scratch, 'backup-'));

  function call(argv: readonly string[], url = database.url) {
    const io = testIo({
      DATABASE_URL: url,
      REDIS_URL: redis.url,
      STOCKROOM_DATA_DIR: join(scratch, 'data'),
      STOCKROOM_OUTPUT: scratch,
      PORT: '0',
      LOG_LEVEL: 'silent',
    });
    const ended = run(argv, io);
    return Object.assign(
      ended.then((exit) => ({ exit, io })),
      { io, ended },
    );
  }

  async function carryOut({ line, words, into }: Command): Promise<void> {
    const argv = words
      .slice(1)
      .map(here)
      .map((word) => (word.endsWith('.json') ? join(scratch, word) : word));
    // A backup goes back into empty tiers.
    const called = call(argv, argv[0] === 'restore' ? empty.url : database.url);
    const sign = running(words);
    if (sign !== undefined) {
      const failed = called.ended.then((exit) => Promise.reject(new Error(`${line} ended with ${exit}`)));
      failed.catch(() => undefined);
      const seen = (): string => called.io.out() + called.io.err();
      await Promise.race([failed, vi.waitFor(() => expect(seen()).toContain(sign), { timeout: 60_000 })]);
      called.io.events.emit('SIGINT');
    }
    const exit = await called.ended;
    expect([line, expectedExits(words).includes(exit), called.io.err()]).toEqual([
      line,
      true,
      expect.any(String),
    ]);
    if (into !== undefined) writeFileSync(join(scratch, into), called.io.out());
  }

  it('do what they say, one after the other', async () => {
    const commands = commandsOf(readPage(page), ['stockroom']);
    expect(commands.length).toBeGreaterThan(1);
    for (const command of commands) await carryOut(command);
  }, 240_000);
});

describe('every page', () => {
  const all = [
    'README.md',
    'CONTRIBUTING.md',
    ...readdirSync(join(ROOT, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];

  it('names files of deploy/ that are there', () => {
    const named = all.flatMap((page) =>
      [...readPage(page).matchAll(/\bdeploy\/[\w./-]*\w/g)].map(([path]) => path),
    );
    const made = /^deploy\/(?:secrets\b|\.env$)/;
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((path) => !made.test(path) && !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { writeSample } from '../../src/legacy/sample/index.ts';
import { runMigration } from '../../src/migration/index.ts';
import { type DurableTier, migrate, openDurable } from '../../src/tiers/durable/index.ts';
import { type Called, testIo } from '../support/cli.ts';
import { stand, treeOf } from '../support/cleanup.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { ROOT } from '../support/source-files.ts';
import { commandsOf, plainBlocks } from './shell.ts';

const page = readFileSync(join(ROOT, 'docs/cleanup.md'), 'utf8');
/** What the page's example has. */
const COMPLETE = ['price-history', 'scores'];

let scratch: string;
let old: string;
let data: string;
let database: TestDatabase;
let tier: DurableTier;

beforeAll(async () => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), 'stockroom-cleanup-doc-')));
  old = join(scratch, 'old-app');
  data = join(scratch, '.stockroom');
  await writeSample(old);
  database = await freshDatabase();
  const settings = { databaseUrl: database.url, databasePoolMax: 2, dataDir: data, schema: 'stockroom' };
  tier = await openDurable(settings);
  await migrate(tier);
  await runMigration({ tier, directory: old });
  await stand(tier, old, COMPLETE);
});
afterAll(async () => {
  await tier?.close();
  await database?.drop();
  rmSync(scratch, { recursive: true, force: true });
});

/** The one archive that was made. */
const archive = (): string => {
  const [name] = readdirSync(join(data, 'archive/legacy'));
  return join(data, 'archive/legacy', name!);
};

async function call(words: readonly string[]): Promise<Called> {
  const io = testIo({ DATABASE_URL: database.url, STOCKROOM_DATA_DIR: data });
  const here = words.map((word) => (word === '../old-app' ? old : word === 'ARCHIVE' ? archive() : word));
  const exit = await run(here.slice(1), io);
  return { exit, out: io.out(), err: io.err(), json: () => JSON.parse(io.out()) as Record<string, unknown> };
}

it('the commands of docs/cleanup.md do what it says, and its archive can be read without Stockroom', async () => {
  const before = treeOf(old);
  const [look, apply, restore, ...more] = commandsOf(page, ['stockroom']);
  expect(more).toEqual([]);

  const looked = await call(look!.words);
  expect([looked.exit, treeOf(old)]).toEqual([0, before]);
  const [, example] = plainBlocks(page);
  const headings = example!
    .split('\n')
    .filter((line) => /^(?:Would go|In quarantine|Stay, because|With --apply)/.test(line));
  expect(headings.length).toBe(4);
  for (const heading of headings) expect(looked.out).toContain(heading.replace(/\(\d.*$/, ''));

  const applied = await call(apply!.words);
  expect([applied.exit, applied.err]).toEqual([0, expect.any(String)]);
  const left = Object.keys(treeOf(old));
  expect(left.length).toBeLessThan(Object.keys(before).length);

  const [, , listing, shell] = plainBlocks(page);
  for (const name of ['manifest.json', 'SHA256SUMS', 'files']) {
    expect(listing).toContain(name);
    expect(existsSync(join(archive(), name))).toBe(true);
  }
  const stamp = /archive\/legacy\/[\w.-]+/g;
  const said = execFileSync(
    'sh',
    ['-euc', shell!.replaceAll(stamp, archive()).replaceAll('../' + archive(), archive())],
    {
      cwd: scratch,
      encoding: 'utf8',
    },
  );
  expect(said.trim().split('\n').length).toBe(Object.keys(before).length - left.length);

  expect((await call(restore!.words)).exit).toBe(0);
  expect(treeOf(old)).toEqual(before);
});

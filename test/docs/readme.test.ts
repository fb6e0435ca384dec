import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { ROOT } from '../support/source-files.ts';
import { compilerSays } from './compile.ts';
import { codeBlocks } from './markdown.ts';

const [example] = codeBlocks(readFileSync(join(ROOT, 'README.md'), 'utf8'), 'ts');

let folder: string;
let database: TestDatabase;
beforeAll(async () => {
  // Inside the repository, where the packages are found; a name with a dot, which no other tool looks into.
  folder = mkdtempSync(join(ROOT, 'test/docs/.readme-'));
  database = await freshDatabase();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true, force: true });
  await database?.drop();
});

it('the example of the README compiles, and does what it says', async () => {
  const resolved = example!.replace("'stockroom'", "'../../../src/index.ts'");
  const file = join(folder, 'example.ts');
  writeFileSync(file, `${resolved}\nexport { latest, total_cost_usd, tracked };\n`);
  // What the application of the example has already.
  const given = join(folder, 'given.d.ts');
  writeFileSync(
    given,
    `declare const openai: Parameters<typeof import('../../../src/index.ts').trackOpenAi>[0];
declare const payload: Parameters<import('../../../src/index.ts').Stockroom['saveRun']>[0];
`,
  );
  expect(await compilerSays(folder, [file, given])).toBe('');

  vi.stubEnv('DATABASE_URL', database.url);
  vi.stubEnv('STOCKROOM_DATA_DIR', folder);
  vi.stubGlobal('openai', { chat: { completions: { create: () => Promise.resolve({}) } } });
  const items = [{ symbol: 'SBIN', recommendation: 'Buy', score_blend: 80, entry_price: 100 }];
  vi.stubGlobal('payload', { universe: 'nifty50', mode: 'Swing', items });
  const done = (await import(file)) as { latest: unknown; total_cost_usd: string };
  expect(done).toMatchObject({
    latest: { universe: 'nifty50', items },
    // gpt-4o: 0.0025 and 0.01 dollars for 1,000 tokens.
    total_cost_usd: '0.006',
  });
}, 120_000);

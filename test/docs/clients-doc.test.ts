import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ClientCode, clientDefaults, type ClientOptions } from '../../src/client/index.ts';
import { listen } from '../../src/http/server.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { apiKey, testServer, type TestServer } from '../support/http.ts';
import { ROOT } from '../support/source-files.ts';
import { compilerSays } from './compile.ts';
import {
  codeBlocks,
  defaultsOf,
  expectedOutput,
  linesOf,
  linksOf,
  namesOf,
  rowsUnder,
  shown,
} from './markdown.ts';

const PAGE = join(ROOT, 'docs/clients.md');
const text = readFileSync(PAGE, 'utf8');
const blocks = codeBlocks(text, 'ts');

/** The compiler holds these to the types; the tests hold the page to these. */
const options: Record<keyof ClientOptions, true> = {
  url: true,
  apiKey: true,
  timeoutMs: true,
  retries: true,
  fetch: true,
};
const codes: Record<ClientCode, true> = {
  DEADLINE_EXCEEDED: true,
  CONNECTION_LOST: true,
  UNEXPECTED_ANSWER: true,
};

describe('the tables of docs/clients.md', () => {
  it('have every option with its default, and every code of the client', () => {
    const rows = rowsUnder(text, 'Of `createClient`');
    expect(namesOf(rows).sort()).toEqual(Object.keys(options).sort());
    const withDefault = rows.filter(([name]) => Object.hasOwn(clientDefaults, shown(name)));
    expect(defaultsOf(withDefault)).toEqual(linesOf(clientDefaults));
    expect(namesOf(rowsUnder(text, 'The codes of the service')).sort()).toEqual(Object.keys(codes).sort());
  });
});

it('the links of docs/clients.md lead somewhere', () => {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!.toLowerCase().replaceAll(' ', '-'),
  );
  const links = linksOf(text);
  expect(links.length).toBeGreaterThan(5);
  const broken = links.filter(({ target }) =>
    target.startsWith('#') ? !headings.includes(target.slice(1)) : !existsSync(join(dirname(PAGE), target)),
  );
  expect(broken).toEqual([]);
});

describe('the code of docs/clients.md', () => {
  let folder: string;
  let tier: TestTier;
  let server: TestServer;
  let url: string;
  let files = 0;

  beforeAll(async () => {
    // Inside the repository, where the packages are found; a name with a dot, which no other tool looks into.
    folder = mkdtempSync(join(ROOT, 'test/docs/.clients-'));
    tier = await freshTier('server');
    server = await testServer({ durable: tier.durable, apiKeys: [apiKey('app', 'read', 'write')] });
    url = await listen(server.app, { host: '127.0.0.1', port: 0 });
    vi.stubEnv('STOCKROOM_KEY', 'app-secret');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
    await server?.app.close();
    await tier?.remove();
  });

  const fileOf = (code: string): string => {
    files += 1;
    const file = join(folder, `block-${files}.ts`);
    writeFileSync(
      file,
      code
        .replaceAll('stockroom/client', relative(folder, join(ROOT, 'src/client/index.ts')))
        .replaceAll('http://127.0.0.1:4100', url),
    );
    return file;
  };

  it('compiles', async () => {
    expect(blocks.length).toBeGreaterThan(3);
    expect(await compilerSays(folder, blocks.map(fileOf))).toBe('');
  }, 120_000);

  it('prints what it says, in order', async () => {
    for (const code of blocks) {
      const printed: string[] = [];
      const log = vi
        .spyOn(console, 'log')
        .mockImplementation((...args) => void printed.push(args.map(shown).join(' ')));
      try {
        await import(fileOf(code));
      } finally {
        log.mockRestore();
      }
      expect(expectedOutput(code).length).toBeGreaterThan(0);
      expect(printed).toEqual(expectedOutput(code));
    }
  });
});

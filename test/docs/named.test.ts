import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { loadConfig } from '../../src/core/config.ts';
import { testIo } from '../support/cli.ts';
import { ROOT } from '../support/source-files.ts';
import { plainBlocks, shellLinesOf, wordsOf } from './shell.ts';

const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8');
const below = (directory: string): string[] =>
  readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(directory, name));
const pages = ['README.md', 'CONTRIBUTING.md', ...below('docs'), ...below('src'), ...below('examples')];

/** Which test runs or compiles the blocks of a page; `named`: the last one below. */
const testOf: Readonly<Record<string, string>> = {
  'README.md': 'commands',
  'CONTRIBUTING.md': 'named',
  'docs/architecture.md': 'pictures alone',
  'docs/backup.md': 'commands',
  'docs/cache.md': 'cache-doc',
  'docs/cleanup.md': 'cleanup-doc',
  'docs/clients.md': 'clients-doc',
  'docs/deployment.md': 'deployment-doc',
  'docs/doctor.md': 'commands',
  'docs/jobs.md': 'named',
  'docs/migration-guide.md': 'migration-guide',
  'docs/migration.md': 'commands',
  'docs/model/README.md': 'named',
  'docs/operations.md': 'operations-doc',
  'docs/soak.md': 'named',
  'examples/python/README.md': 'named',
  'src/market/README.md': 'market-doc',
};

/** `stockroom …` in the text of a page. */
const inline = [
  ...new Set(
    pages.flatMap((page) => [...textOf(page).matchAll(/`(stockroom [a-z][^`]*)`/g)].map(([, line]) => line!)),
  ),
];

describe('the commands that pages name', () => {
  it.each(inline)('%s is there', async (line) => {
    const words = wordsOf(line).slice(1);
    const options = words.filter((word) => word.startsWith('--'));
    const io = testIo({});
    const end = words.findIndex(isNoName);
    expect(await run([...(end === -1 ? words : words.slice(0, end)), '--help'], io)).toBe(0);
    const help = io.out();
    const [, called, rest] = /^Usage: stockroom ((?:[a-z]+ ?)+)(.*)$/m.exec(help)!;
    const names = called!.trim().split(' ');
    expect(words.slice(0, names.length)).toEqual(names);
    const leftOver = words[names.length];
    if (/[[<]command[\]>]/.test(rest!)) expect(leftOver === undefined || isNoName(leftOver)).toBe(true);
    expect(options.filter((option) => !help.includes(option))).toEqual([]);
  });

  it('are many', () => expect(inline.length).toBeGreaterThan(20));
});

function isNoName(word: string): boolean {
  return !/^[a-z-]+$/.test(word) || word.startsWith('--');
}

describe('the blocks of pages', () => {
  it('are run or compiled by a test each', () => {
    const withBlocks = pages.filter((page) => /^```/m.test(textOf(page)));
    expect(withBlocks.sort()).toEqual(Object.keys(testOf).sort());
    const files = Object.values(testOf).filter((test) => test !== 'pictures alone');
    expect(files.filter((test) => !existsSync(join(ROOT, `test/docs/${test}.test.ts`)))).toEqual([]);
    const pictures = Object.keys(testOf).filter((page) => testOf[page] === 'pictures alone');
    for (const page of pictures) {
      const languages = [...textOf(page).matchAll(/^```(\w+)$/gm)].map(([, language]) => language);
      expect(new Set(languages)).toEqual(new Set(['mermaid']));
    }
  });

  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

  it.each(['CONTRIBUTING.md', 'docs/model/README.md', 'docs/soak.md', 'examples/python/README.md'])(
    '%s names scripts and files that there are',
    (page) => {
      const lines = shellLinesOf(textOf(page));
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.filter((line) => !isThere(line))).toEqual([]);
    },
  );

  /** Other tests run what these begin: the suite itself, the soak, the model check, the example. */
  function isThere(line: string): boolean {
    const [program, ...words] = wordsOf(line.replace(/^(?:[A-Z_]+=\S+ )+/, ''));
    if (program === 'npm') {
      const script = words[0] === 'run' ? words[1]! : words[0]!;
      return script === 'ci' || scripts[script] !== undefined;
    }
    const files = words.filter((word) => /\.\w+$/.test(word) && !word.includes('://'));
    return (
      ['npx', 'python3'].includes(program!) &&
      files.length > 0 &&
      files.every((file) => existsSync(join(ROOT, file)))
    );
  }

  it('of docs/jobs.md are settings that are understood', () => {
    const settings = plainBlocks(textOf('docs/jobs.md')).flatMap((block) => block.split('\n'));
    expect(settings.length).toBeGreaterThan(2);
    for (const line of settings) {
      const [, name, value] = /^([A-Z_]+)="?(.*?)"?$/.exec(line)!;
      expect(() => loadConfig({ [name!]: value })).not.toThrow();
      expect(() => loadConfig({ [name!]: `${value}, no such thing` })).toThrow(name);
    }
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, errorCatalogue } from '../src/core/errors.ts';
import type { SourceFile } from './support/imports.ts';
import { ROOT, sourceFiles } from './support/source-files.ts';

interface Row {
  code: string;
  status: string;
  exit: string;
  meaning: string;
  remedy: string;
}

/** The rows of the table: | `CODE` | HTTP status | exit code | meaning | what to do | */
function rowsOf(markdown: string): Row[] {
  return markdown
    .split('\n')
    .filter((line) => /^\| *`[A-Z]/.test(line))
    .map((line) => {
      const [code = '', status = '', exit = '', meaning = '', remedy = ''] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return { code: code.replaceAll('`', ''), status, exit, meaning, remedy };
    });
}

const start = (
  code: string,
  { status, exit, title }: { status: number; exit: number; title: string },
): string => `| \`${code}\` | ${status} | ${exit} | ${title} |`;

/** What has to change so that the page and the catalogue say the same; empty when they do. */
function differences(rows: readonly Row[]): string[] {
  const entries = Object.entries(errorCatalogue);
  const missing = entries
    .filter(([code]) => !rows.some((row) => row.code === code))
    .map(([code, entry]) => `add to docs/errors.md: ${start(code, entry)} (what to do) |`);
  const wrong = rows.flatMap(({ code, status, exit, meaning, remedy }) => {
    if (!Object.hasOwn(errorCatalogue, code)) {
      return [`remove from docs/errors.md, or add to the catalogue in src/core/errors.ts: ${code}`];
    }
    const expected = start(code, errorCatalogue[code as ErrorCode]);
    if (`| \`${code}\` | ${status} | ${exit} | ${meaning} |` !== expected) {
      return [`change in docs/errors.md, the row must start with: ${expected}`];
    }
    return remedy.length > 10 ? [] : [`say in docs/errors.md what to do about ${code}`];
  });
  const codes = rows.map((row) => row.code);
  const repeated = codes.filter((code, index) => codes.indexOf(code) !== index);
  return [
    ...missing,
    ...wrong,
    ...repeated.map((code) => `remove the second row of ${code} from docs/errors.md`),
  ];
}

/** Every place that makes an error: its code and where. */
function usesOf(files: readonly SourceFile[]): { code: string; at: string }[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(/new StockroomError\(\s*['"`](\w+)['"`]/g)].map((match) => ({
      code: match[1] ?? '',
      at: `${path}:${text.slice(0, match.index).split('\n').length}`,
    })),
  );
}

const unknown = (files: readonly SourceFile[]): string[] =>
  usesOf(files)
    .filter(({ code }) => !Object.hasOwn(errorCatalogue, code))
    .map(
      ({ code, at }) =>
        `${at}: add ${code} to the catalogue in src/core/errors.ts, or use a code that is there`,
    );

describe('docs/errors.md', () => {
  const rows = rowsOf(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8'));

  it('says of every code what the catalogue says, and what to do', () => {
    expect(differences(rows)).toEqual([]);
  });

  it('is compared both ways', () => {
    const [first, second, ...rest] = rows;
    if (first === undefined || second === undefined) throw new Error('docs/errors.md has no table');
    expect(differences([second, ...rest])).toEqual([
      expect.stringContaining(`add to docs/errors.md: | \`${first.code}\``),
    ]);
    expect(differences([...rows, { ...first, code: 'NO_SUCH_CODE' }])).toEqual([
      expect.stringContaining('remove from docs/errors.md'),
    ]);
    expect(differences([...rows, first])).toEqual([expect.stringContaining('remove the second row')]);
    const changes = [{ status: '418' }, { exit: '9' }, { meaning: 'Something else' }];
    for (const change of changes) {
      expect(differences([{ ...first, ...change }, second, ...rest])).toEqual([
        expect.stringContaining('change in docs/errors.md'),
      ]);
    }
    expect(differences([{ ...first, remedy: '' }, second, ...rest])).toEqual([
      expect.stringContaining('say in docs/errors.md what to do'),
    ]);
  });
});

describe('the codes used in src', () => {
  it('are all in the catalogue', () => {
    const files = sourceFiles('src');
    expect(usesOf(files).length, 'no place that makes a StockroomError was found').toBeGreaterThan(0);
    expect(unknown(files)).toEqual([]);
  });

  it('are found over line breaks, and an unknown one is reported with its place', () => {
    const text = `\nthrow new StockroomError(\n  'NO_SUCH_CODE',\n  'x',\n);\nnew StockroomError('NOT_FOUND', '')`;
    expect(unknown([{ path: 'src/planted.ts', text }])).toEqual([
      expect.stringContaining('src/planted.ts:2: add NO_SUCH_CODE'),
    ]);
    expect(usesOf([{ path: 'src/planted.ts', text }])).toHaveLength(2);
  });
});

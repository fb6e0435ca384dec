import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/source-files.ts';
import { linksOf } from './markdown.ts';

const DOCS = join(ROOT, 'docs');
const pages = readdirSync(DOCS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .sort();
const textOf = (path: string): string => readFileSync(path, 'utf8');
/** Without code: what looks like a link there is none. */
const proseOf = (text: string): string => text.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '``');

/** The anchors of a page, as GitHub makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = [...text.replace(/^```.*?^```$/gms, '').matchAll(/^#{1,6} (.+)$/gm)];
  return new Set(
    headings.map(([, title]) => {
      const slug = title!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-');
      const before = seen.get(slug) ?? 0;
      seen.set(slug, before + 1);
      return before === 0 ? slug : `${slug}-${before}`;
    }),
  );
}

function brokenLinks(path: string, text: string): string[] {
  return linksOf(proseOf(text))
    .map(({ target }) => target)
    .filter((target) => {
      const [file = '', anchor] = target.split('#');
      const to = file === '' ? path : join(dirname(path), file);
      if (to !== path && !existsSync(to)) return true;
      return anchor !== undefined && !anchorsOf(to === path ? text : textOf(to)).has(anchor);
    });
}

describe('docs/README.md', () => {
  it('lists every page once, with a line about it', () => {
    const lines = textOf(join(DOCS, 'README.md')).split('\n');
    const listed = lines.flatMap(
      (line) => /^- \[([^\]]+)\]\(([^)]+)\): \S.{10,}$/.exec(line)?.slice(1, 3) ?? [],
    );
    const targets = listed.filter((_, at) => at % 2 === 1);
    expect(listed.filter((_, at) => at % 2 === 0)).toEqual(targets);
    expect([...targets].sort()).toEqual(pages.filter((page) => page !== 'README.md'));
  });
});

describe('the links', () => {
  const all = ['README.md', 'CONTRIBUTING.md', ...pages.map((page) => `docs/${page}`)];
  it.each(all)('of %s lead somewhere', (page) => {
    const path = join(ROOT, page);
    expect(brokenLinks(path, textOf(path))).toEqual([]);
  });

  it('are found when they do not', () => {
    const path = join(DOCS, 'planted.md');
    const text = [
      '# A heading, with `code` and 2 parts',
      '[a](none.md) [b](README.md#nothing) [c](#a-heading-with-code-and-2-parts) [d](#other) [e](doctor.md)',
      '`[f](in-code.md)` [g](https://example.com/none)',
    ].join('\n');
    expect(brokenLinks(path, text)).toEqual(['none.md', 'README.md#nothing', '#other']);
  });
});

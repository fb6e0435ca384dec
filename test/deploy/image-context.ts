import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

interface Rule {
  readonly pattern: RegExp;
  readonly takes: boolean;
}

/** A pattern of .dockerignore, for a path with slashes: it stands for everything below what it names as well. */
function ruleOf(line: string): Rule {
  const takes = line.startsWith('!');
  const glob = line.slice(takes ? 1 : 0).replace(/^\/|\/$/g, '');
  const parts = glob.split(/(\*\*\/|\*\*|\*|\?)/).map((part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : part.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return { pattern: new RegExp(`^${parts.join('')}(?:/.*)?$`), takes };
}

/** Whether a file belongs to what is built from; the last rule that fits decides. */
export function contextRule(dockerignore: string): (path: string) => boolean {
  const lines = dockerignore.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const rules = lines.map((line) => ruleOf(line.trim()));
  return (path) => rules.findLast(({ pattern }) => pattern.test(path))?.takes ?? true;
}

/** Never part of what is built from, and too large to be looked through. */
const SKIPPED = new Set(['node_modules', '.git']);

/** The files below a folder, as paths with slashes from `root`, without those that no rule would take. */
export function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = relative(root, join(root, folder, entry.name))
      .split(sep)
      .join('/');
    if (!entry.isDirectory()) return [path];
    return SKIPPED.has(entry.name) ? [] : filesBelow(root, path);
  });
}

import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * Everything about a directory that a program could change in it: each entry's kind, size, times, permissions and content.
 * Access times are left out: reading is allowed.
 */
export function directoryState(directory: string): Record<string, string> {
  const state: Record<string, string> = {};
  const visit = (path: string): void => {
    const stat = lstatSync(path, { bigint: true });
    const about = [stat.mode.toString(8), stat.size, stat.mtimeNs, stat.ctimeNs, stat.ino];
    state[relative(directory, path) || '.'] = [...about, contentOf(path)].join(' ');
    if (stat.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  visit(directory);
  return state;
}

function contentOf(path: string): string {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  if (!stat.isFile()) return '';
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch (error) {
    // Its permissions hide it: then they hide it from whatever is tested as well.
    return String((error as NodeJS.ErrnoException).code);
  }
}

import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { codeOf, messageOf } from '../core/errors.ts';

export interface FoundFile {
  /** Path relative to the directory, with forward slashes. */
  path: string;
  absolute: string;
  bytes: number;
  modifiedMs: number;
}

export interface Walk {
  files: FoundFile[];
  /** Pipes, sockets and devices: nothing to read. */
  special: string[];
  /** What could not be looked at, and why. */
  unreadable: { file: string; reason: string }[];
}

/**
 * Every regular file below a directory, sorted by the bytes of its path. Symbolic links are followed once: a link to
 * what was seen already (a loop, a second name) is passed over, a dangling one is reported.
 */
export function walk(directory: string): Walk {
  const found: Walk = { files: [], special: [], unreadable: [] };
  const root = realpathSync(directory);
  const seen = new Set<string>();
  const visit = (absolute: string): void => {
    const path = relative(root, absolute).split(sep).join('/');
    try {
      const own = lstatSync(absolute, { throwIfNoEntry: false });
      // It was there when its folder was read: a journal whose writer has committed since, a file that was replaced.
      if (own === undefined) return;
      const real = own.isSymbolicLink() ? realpathSync(absolute) : absolute;
      if (seen.has(real)) return;
      const stat = own.isSymbolicLink() ? statSync(real) : own;
      if (stat.isDirectory()) {
        seen.add(real);
        // Real entries before links, so that what is seen twice keeps its own name.
        const entries = readdirSync(absolute, { withFileTypes: true });
        for (const entry of [
          ...entries.filter((e) => !e.isSymbolicLink()),
          ...entries.filter((e) => e.isSymbolicLink()),
        ]) {
          visit(join(absolute, entry.name));
        }
      } else if (stat.isFile()) {
        seen.add(real);
        // By its real name: SQLite keeps a database's companions beside that.
        found.files.push({ path, absolute: real, bytes: stat.size, modifiedMs: stat.mtimeMs });
      } else found.special.push(path);
    } catch (error) {
      found.unreadable.push({ file: path, reason: linkReason(error) });
    }
  };
  visit(root);
  found.files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return found;
}

function linkReason(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ELOOP') return 'a symbolic link that leads back to itself';
  if (code === 'ENOENT') return 'a symbolic link to a file that does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it';
  return messageOf(error);
}

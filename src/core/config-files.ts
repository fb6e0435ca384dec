import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';

/** Keys of hundreds of callers; more is not a secret but another file. */
const MAX_BYTES = 65_536;
const expected = `the absolute path of a readable file that holds the value (at most ${MAX_BYTES} bytes)`;

export type FileContent = { readonly text: string } | { readonly expected: string; readonly found: string };

/**
 * A setting out of a file, as Docker, Kubernetes and systemd hand out secrets. The line end that editors leave behind is no part
 * of it. Nothing of the content is ever part of what is found; and a relative path is not named, since it may be the secret itself.
 */
export function readSettingFile(path: string): FileContent {
  if (!isAbsolute(path)) return { expected, found: `${path.length} characters of another form` };
  const name = JSON.stringify(path);
  try {
    const stat = statSync(path);
    // A pipe or a device would be waited for, or read without an end.
    if (!stat.isFile()) return { expected, found: `${name}, which is no file` };
    if (stat.size > MAX_BYTES) return { expected, found: `${name} with ${stat.size} bytes` };
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    // A secret that was not filled in: taken for an absent one, the service would run without it.
    return text.trim() === '' ? { expected, found: `${name}, which is empty` } : { text };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    return { expected, found: `${name} (${code})` };
  }
}

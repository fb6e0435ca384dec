import { dirname } from 'node:path';
import { notWritable } from './replace-file.ts';

/** Bytes of a name that every file system takes. */
const MAX_NAME_BYTES = 255;

/**
 * The path of a file that the old application would have made. It put it beside the other files of its kind: into the
 * folder that most of them are in.
 */
export function placed(folder: string, name: string, existing: readonly string[] = []): string {
  const counts = new Map<string, number>();
  for (const path of existing) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  let found = folder;
  let most = counts.get(folder) ?? 0;
  for (const [one, count] of counts) if (count > most) [found, most] = [one, count];
  return `${found === '.' ? '' : `${found}/`}${fileName(name)}`;
}

/** @throws StockroomError SOURCE_NOT_WRITABLE when the name is none that a file can have */
function fileName(name: string): string {
  const bytes = Buffer.byteLength(name);
  if (name.includes('/') || name.includes('\u0000')) {
    throw notWritable(
      JSON.stringify(name),
      'the old application makes file names of such names as they are, and no file can have this one',
    );
  }
  if (bytes > MAX_NAME_BYTES)
    throw notWritable(name, `its name would have ${bytes} bytes, and ${MAX_NAME_BYTES} is the most`);
  return name;
}

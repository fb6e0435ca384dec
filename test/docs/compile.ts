import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/source-files.ts';

/** What the compiler says about files in a folder inside the repository, by the settings of the repository; '': nothing. */
export async function compilerSays(folder: string, files: readonly string[]): Promise<string> {
  const project = join(folder, 'tsconfig.json');
  writeFileSync(project, JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), include: [], files }));
  try {
    await promisify(execFile)(join(ROOT, 'node_modules/.bin/tsc'), ['-p', project]);
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

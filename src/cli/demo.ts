import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../core/config.ts';
import type { Context } from './context.ts';
import { writeLines } from './io.ts';
import { sampleStep, withProgress } from './progress.ts';
import { count, duration } from './render/text.ts';

/**
 * The directory that the demonstration migrates: a sample below the data directory, written when there is none. It gets
 * its name when it is complete, so that one whose writing was cut short is never taken for it.
 */
export async function demoDirectory(context: Context, config: Config): Promise<string> {
  const directory = join(config.dataDir, 'sample');
  if (existsSync(directory)) {
    writeLines(context.io.stdout, [`Sample    ${directory}, as it was written earlier`]);
    return directory;
  }
  const { writeSample } = await import('../legacy/sample/index.ts');
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const { sources, elapsedMs } = await withProgress(context, (show) =>
    writeSample(unfinished, { onProgress: (written) => show(sampleStep(written)) }),
  );
  await rename(unfinished, directory);
  const rows = sources.reduce((sum, source) => sum + source.rows, 0);
  writeLines(context.io.stdout, [
    `Sample    ${directory}: ${count(rows)} rows as the old application would have left them (${duration(elapsedMs)})`,
  ]);
  return directory;
}

import { mkdirSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { StockroomError } from '../../core/errors.ts';
import { writeGeneralCache, writeScores } from './cache-files.ts';
import { writeContext } from './context.ts';
import { writeLlmCosts } from './llm-costs.ts';
import { symbolsAt } from './market.ts';
import { writeMemoryFiles } from './memory-files.ts';
import { writePriceFiles } from './price-files.ts';
import { Sample, type SampleSource } from './sample.ts';
import { microsOf } from './times.ts';
import { writeRuns } from './write-runs.ts';

export { writeAnalysesDatabase } from './analyses-database.ts';
export { type SampleSource, SOURCE_IDS, type SourceId } from './sample.ts';

/** A scale of 10,000 is a directory of some ten million rows. */
const MAX_SCALE = 10_000;

export interface SampleOptions {
  /** Multiplies the rows of the growing tables; a whole number. 1 gives a few hundred rows a table. */
  scale?: number;
  /** The same seed, scale and `now` write the same rows; a positive whole number. */
  seed?: number;
  /** The present of the directory: history ends here, and what is fresh is fresh now. */
  now?: Date;
  /** Whether the faults of real files are among the rows (README.md lists them). */
  traps?: boolean;
  /** Called while a file grows and when it is complete, with the rows it holds so far. */
  onProgress?: (progress: { file: string; rows: number }) => void;
}

export interface SampleSummary {
  directory: string;
  sources: SampleSource[];
  elapsedMs: number;
}

function wholeNumber(name: string, value: number, max: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new StockroomError('USAGE', `${name} must be a whole number from 1 to ${max}; found ${value}`, {
    details: { option: name, value },
  });
}

/** Creates the directory, or makes sure that there is nothing in it that would be mixed with the sample. */
function prepareDirectory(directory: string): void {
  let found: string[];
  try {
    mkdirSync(directory, { recursive: true });
    found = readdirSync(directory);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw cause;
    throw new StockroomError(
      'TARGET_EXISTS',
      `${directory} is a file; name a directory that does not exist yet`,
      {
        cause,
        details: { directory },
      },
    );
  }
  if (found.length === 0) return;
  throw new StockroomError(
    'TARGET_EXISTS',
    `${directory} is not empty; name a directory that does not exist yet, or empty this one first`,
    { details: { directory, entries: found.length } },
  );
}

/** Writes a directory as the old application would have left it, with every source in it. */
export async function writeSample(target: string, options: SampleOptions = {}): Promise<SampleSummary> {
  const started = performance.now();
  const scale = wholeNumber('scale', options.scale ?? 1, MAX_SCALE);
  const seed = wholeNumber('seed', options.seed ?? 1, Number.MAX_SAFE_INTEGER);
  const directory = resolve(target);
  prepareDirectory(directory);
  const sample = new Sample({
    directory,
    scale,
    seed,
    now: microsOf(options.now ?? new Date()),
    traps: options.traps ?? true,
    symbols: symbolsAt(scale),
    onProgress: options.onProgress ?? (() => undefined),
  });
  await writeLlmCosts(sample);
  await writeRuns(sample);
  await writeContext(sample);
  writePriceFiles(sample);
  writeScores(sample);
  writeGeneralCache(sample);
  await writeMemoryFiles(sample);
  return { directory, sources: sample.sources(), elapsedMs: Math.round(performance.now() - started) };
}

import { basename, dirname, join } from 'node:path';
import type { SourceDefinition } from '../../source.ts';
import type { RowKey } from '../../ledger.ts';
import { FileChanges, type FileOutcome } from './apply-file.ts';
import { Companions } from './companion.ts';
import type { FileBack, FileBackContext, FileChange } from './file-back.ts';
import { generalCacheBack } from './general-cache.ts';
import { globalScoresBack } from './global-scores.ts';
import { memoryAnalysesBack } from './memory-analyses.ts';
import { memoryPreferencesBack } from './memory-preferences.ts';
import { pickArchiveBack } from './pick-archive.ts';
import { priceHistoryBack } from './price-history.ts';
import { refusalOf } from './refusals.ts';

export type { FileOutcome } from './apply-file.ts';
export type { FileBack, FileBackContext, FileChange, FilePlace } from './file-back.ts';

const backs: readonly FileBack[] = [
  pickArchiveBack,
  priceHistoryBack,
  globalScoresBack,
  generalCacheBack,
  memoryAnalysesBack,
  memoryPreferencesBack,
];

/** The inverse of a source that is kept in files; undefined when it is none of the built-in ones. */
export function fileBackOf(source: Pick<SourceDefinition, 'id'>): FileBack | undefined {
  return backs.find((back) => back.source.id === source.id);
}

/** A change with the file that it is in. */
export interface PlacedChange extends FileChange {
  /** The file's path in the old directory; only a row that Stockroom made may have none. */
  readonly path: string | null;
}

export interface FileBackOptions {
  /** The old directory. */
  readonly directory: string;
  readonly source: Pick<SourceDefinition, 'id'>;
  readonly changes: readonly PlacedChange[];
  readonly context: FileBackContext;
  /** Paths of the source's files in the directory: beside them new ones are put. */
  readonly existing?: readonly string[];
}

/**
 * Writes changes of rows into the files of an old directory: each file at once and whole, or not at all. Gives an outcome
 * a change, in their order. What stands in the way of a file is told with each of its changes, and the others are written.
 * One writer at a time.
 */
export function writeFileBack({
  directory,
  source,
  changes,
  context,
  existing = [],
}: FileBackOptions): FileOutcome[] {
  const back = known(source);
  const outcomes = new Map<FileChange, FileOutcome>();
  const byPath = new Map<string, FileChange[]>();
  for (const change of changes) {
    try {
      const path = change.path ?? pathOf(back, change, existing);
      byPath.set(path, [...(byPath.get(path) ?? []), change]);
    } catch (error) {
      outcomes.set(change, refused(change, '', error));
    }
  }
  const companions = new Companions(directory);
  for (const [path, ofFile] of byPath) {
    const place = { file: join(directory, path), path };
    const rounds = back.source.files!.rowsPerFile === 'one' ? ofFile.map((change) => [change]) : [ofFile];
    for (const round of rounds)
      for (const outcome of new FileChanges(back, place, context, companions).apply(round))
        outcomes.set(outcome.change, outcome);
  }
  finish(companions, outcomes);
  return changes.map((change) => outcomes.get(change)!);
}

/** As {@link writeFileBack} for the rows of one file; `key` of a change is the row's key in it. */
export function applyToFile(
  absolutePath: string,
  source: Pick<SourceDefinition, 'id'>,
  changes: readonly FileChange[],
  context: FileBackContext,
): FileOutcome[] {
  const path = basename(absolutePath);
  const placed = changes.map((change) => ({ ...change, path }));
  const outcomes = writeFileBack({ directory: dirname(absolutePath), source, changes: placed, context });
  return outcomes.map((outcome, index) => ({ ...outcome, change: changes[index]! }));
}

function known(source: Pick<SourceDefinition, 'id'>): FileBack {
  const back = fileBackOf(source);
  if (back === undefined) throw new TypeError(`the source ${source.id} is not kept in files`);
  return back;
}

function pathOf(back: FileBack, { key, tuple }: FileChange, existing: readonly string[]): string {
  if (tuple !== null && key === null) return back.placeOf(tuple, existing).path;
  if (back.source.files!.rowsPerFile === 'one' && typeof key === 'string') return key;
  throw new TypeError('a row that has a key needs the path of its file');
}

/** The entries of files are written last; where that fails, so did their files. */
function finish(companions: Companions, outcomes: Map<FileChange, FileOutcome>): void {
  try {
    companions.write();
  } catch (error) {
    for (const [change, { path, did }] of outcomes)
      if (did === 'written' && companions.isPending(path)) outcomes.set(change, refused(change, path, error));
  }
}

function refused(change: FileChange, path: string, error: unknown): FileOutcome {
  const refusal = refusalOf(path, error);
  if (refusal === null) throw error;
  const key: RowKey | null = change.key;
  return { change, path, key, did: 'refused', error: refusal };
}

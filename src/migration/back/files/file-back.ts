import type { RowKey } from '../../ledger.ts';
import type { SourceDefinition, SourceRow } from '../../source.ts';
import type { LoadedTuple } from '../table-back.ts';
import type { Zones } from './value-text.ts';

/** What is to become of a row in its old file. */
export interface FileChange {
  /** Its key in the old file; null for a row that Stockroom made. Of a file that is one row its path. */
  readonly key: RowKey | null;
  /** Null when the row was deleted. */
  readonly tuple: LoadedTuple | null;
}

/** Where a row belongs: the file's path in the old directory, and its key there (null until it is written). */
export interface FilePlace {
  readonly path: string;
  readonly key: RowKey | null;
}

export interface FileBackContext {
  readonly nowMicros: number;
  /** The zones that were given for columns of the source whose times lie. */
  readonly timezones: Zones;
  /** Also what stands there and loads as what is there is written again: to prove that it can be. */
  readonly anew?: boolean;
  /**
   * Whether a line of a file is nobody's: one of those with the values of a row that is to be appended is then taken for
   * it, left by a process that was killed before it could say so.
   */
  readonly adopt?: (line: bigint) => boolean;
}

/** What stands in the way of a row, or what became of it without being written. */
export type Verdict = 'unchanged' | 'removed' | 'expired' | 'superseded';

/** A file that is to be written anew. */
export interface Building {
  readonly path: string;
  /** What is there, one character a byte; null when the file is not there. */
  readonly document: string | null;
  /** Changes that there is something to do about. */
  readonly changes: readonly FileChange[];
  readonly context: FileBackContext;
  /** The entry of the file in its companion: its text, undefined when there is none. */
  readonly told: string | undefined;
}

/** The bytes that a file could have now. */
export interface Built {
  readonly document: string;
  /** The keys under which changes stand in it, where that is not the change's own. */
  readonly keys?: ReadonlyMap<FileChange, RowKey>;
  /** Changes that are not in it, and why. */
  readonly verdicts?: ReadonlyMap<FileChange, Verdict>;
  /** The file's entry in its companion; null when it has none. */
  readonly told?: string | null;
}

/** The inverse of a source that is kept in files. */
export interface FileBack {
  readonly source: SourceDefinition;
  /** Columns that a file cannot say of one row alone. */
  readonly besides: readonly string[];
  /**
   * Where a row that Stockroom made belongs, by the old application's names; beside the source's files where there are
   * some (`existing`: their paths).
   *
   * @throws StockroomError SOURCE_NOT_WRITABLE when no file can have its name
   */
  placeOf(tuple: LoadedTuple, existing?: readonly string[]): FilePlace;
  /** The bytes of a file with the changes in it, the likeliest first: those that load as what is there are taken. */
  build(building: Building): Built[];
  /** The companion of its files has an entry for each. */
  readonly hasCompanion?: boolean;
  /** What is read of a file depends on when it is read. */
  readonly readsByTime?: boolean;
  /** Whether a row that is there is to stay, whatever a row that Stockroom made says. */
  outranks?(present: SourceRow, tuple: LoadedTuple, context: FileBackContext): boolean;
}

import type { FoundFile } from '../legacy/walk.ts';
import type { OpenDatabase } from '../legacy/sqlite/database.ts';
import type { FileContext, SourceDefinition, SourceRow } from './source.ts';

/** Part of a source that has its own keys: a table of one file, a file of JSON, or all files that are a row each. */
export interface Unit {
  readonly source: SourceDefinition;
  /** Name of the unit, the legacy_source of its rows: the file's path. When each row is a file of its own: what goes
   * before all their paths, see directoryPrefix. */
  readonly name: string;
  /** Paths of its files, relative to the directory. */
  readonly files: readonly string[];
  /** Names of the values of its rows, for the quarantine. */
  readonly columns: readonly string[];
  /** Rows that there are, as far as that is cheap to know; null when only reading tells. */
  estimate(): number | null;
  /** Rows in ascending order of their key. Reading again gives what is there then. */
  rows(context: FileContext): Iterable<SourceRow>;
  /** One row again, by its key and how many rows of the same key stand before it; null when it is gone. */
  find(key: bigint | string, before: number, context: FileContext): SourceRow | null;
}

export interface Unreadable {
  file: string;
  reason: string;
}

/** What was found in an old directory. */
export interface Discovery {
  readonly directory: string;
  readonly units: Unit[];
  readonly unreadable: Unreadable[];
  /** Files and tables (`file:table`) that no source takes. */
  readonly unclaimed: string[];
  readonly databases: ReadonlyMap<string, OpenDatabase>;
  readonly files: readonly FoundFile[];
  /** See {@link FileContext.companions}. */
  readonly companions: ReadonlyMap<string, ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

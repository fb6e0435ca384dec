/** What a source is: where its rows come from, where they go, and how each value gets there. */

import type { RawValue } from '../legacy/raw-value.ts';
import type { FoundFile } from '../legacy/walk.ts';

export type { RawValue } from '../legacy/raw-value.ts';

export type ColumnKind =
  | 'text'
  | 'key'
  | 'float'
  | 'integer'
  | 'money'
  | 'time'
  | 'date'
  | 'boolean'
  | 'json';

/** One column of a source and the column it is loaded into. */
export interface Column {
  /** Name in the old file. */
  readonly name: string;
  /** Name in PostgreSQL. */
  readonly target: string;
  readonly kind: ColumnKind;
  /** The row is quarantined when there is no value. */
  readonly required: boolean;
  /** IANA zone in which a time without an offset was written. */
  readonly zone: string;
  /** A time that may well lie ahead: when something ends. */
  readonly ahead: boolean;
  /** The value when the source has no such column. */
  readonly fallback: ((get: (name: string) => RawValue) => RawValue) | null;
}

type ColumnOptions = Partial<Omit<Column, 'name' | 'kind'>>;

function column(kind: ColumnKind) {
  return (name: string, options: ColumnOptions = {}): Column => ({
    name,
    kind,
    target: name,
    required: false,
    zone: 'UTC',
    ahead: false,
    fallback: null,
    ...options,
  });
}

export const text = column('text');
/** Text that identifies: never bent into shape, a value of the wrong kind quarantines its row. */
export const key = (name: string, options: ColumnOptions = {}): Column =>
  column('key')(name, { required: true, ...options });
export const float = column('float');
export const integer = column('integer');
export const money = column('money');
export const time = column('time');
export const date = column('date');
export const boolean = column('boolean');
export const json = column('json');

/** How a loaded row is known again: its old integer id, a key of text, or the file itself. */
export type Identity = 'legacy_id' | 'legacy_key' | 'legacy_source';

/** A row of a source, before anything is made of it. */
export interface SourceRow {
  /** Integer id for `legacy_id`, text otherwise. Rows come in ascending order of it (text by its bytes). */
  readonly key: bigint | string;
  /** One value a column of the source, in that order. */
  readonly values: readonly RawValue[];
  /** Columns that the source does not know, by name; they are data too. */
  readonly extra: ReadonlyMap<string, RawValue> | null;
  /** The reader already knows that the row cannot be loaded. */
  readonly rejected?: Rejection;
  /** What the reader itself had to change to give these values. */
  readonly altered?: readonly Alteration[];
  /** Its time to live is over: it is skipped. */
  readonly expired?: boolean;
  /** The bytes of the whole row, where they are not just its values: a file, a line. */
  readonly original?: () => Uint8Array;
}

/** Why a row cannot be loaded. */
export interface Rejection {
  readonly reason: string;
  readonly column: string | null;
  readonly detail: string;
}

/** The bytes of a value that could not be kept exactly in its column. */
export interface Alteration {
  readonly column: string;
  readonly bytes: Uint8Array;
  readonly reason: string;
}

/** What a source's `adjust` may do to a row: put another value in place of one, and say why. */
export interface Adjustment {
  readonly column: string;
  readonly value: RawValue;
  readonly reason: string;
}

/** A table in an SQLite file that a source takes. */
export interface TableShape {
  readonly table: string;
  /** Columns without which the table is somebody else's. */
  readonly requires: readonly string[];
  /** Columns that had another name in this shape: old name → the name that the source knows. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Columns that make up the primary key where there is no integer id, in the order of `legacy_key`. */
  readonly keyColumns?: readonly string[];
}

/** What the reader of a file may need besides the file. */
export interface FileContext {
  readonly nowMicros: number;
  /** Zone by column, for columns whose times are known to lie. */
  readonly timezones: ReadonlyMap<string, string>;
  /** What the companion files say (price history's metadata.json): by the folder and the stem of a file's name. */
  readonly companions: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Called for a file that cannot be read while others of its unit can. */
  readonly onUnreadable: (file: string, error: unknown) => void;
}

/** How a source is kept in files of JSON. */
export interface FileShape {
  /** One row a file (all files are one unit, known by their paths), or many rows in each. */
  readonly rowsPerFile: 'one' | 'many';
  /** The rows of a file, in ascending order of their key. */
  rows(file: FoundFile, context: FileContext): Iterable<SourceRow>;
}

export interface SourceDefinition {
  readonly id: string;
  readonly store: string;
  readonly table: string;
  readonly identity: Identity;
  readonly columns: readonly Column[];
  /** Value of hot_state.family; only for sources that live there. */
  readonly family?: string;
  /** Columns (by their names in PostgreSQL) that the old file has once for all of its rows, and so cannot keep for each. */
  readonly ofWholeFile?: readonly string[];
  /** The table has a unique key of its own, so that the order of loading decides which of two rows stays. */
  readonly uniqueKey?: boolean;
  /** SQL assignments that rows get before they are updated, so that what only one may have can pass between them. */
  readonly release?: string;
  /** Where the source keeps rows in SQLite files; absent for JSON files. */
  readonly shapes?: readonly TableShape[];
  /** How the source keeps rows in files of JSON; absent for tables. */
  readonly files?: FileShape;
  /** Whether the row's time to live is over at `nowMicros`; its values can be loaded. */
  readonly expired?: (
    get: (name: string) => RawValue,
    context: Pick<FileContext, 'nowMicros' | 'timezones'>,
  ) => boolean;
  /** Corrections that the row itself proves. */
  readonly adjust?: (get: (name: string) => RawValue, shared: unknown) => readonly Adjustment[];
  /** The column whose time looks as if it lied, when nothing in the row proves it; null when none does. */
  readonly suspect?: (get: (name: string) => RawValue) => string | null;
  /** Reads what `adjust` must know of all rows of all units before the first is loaded. */
  readonly prepare?: (
    rows: Iterable<{ unit: string; key: bigint | string; get: (name: string) => RawValue }>,
  ) => unknown;
  /** SQL over the loaded rows that counts those whose parent is gone. */
  readonly orphans?: { readonly column: string; readonly parent: string; readonly parentColumn: string };
  /** hot_state and tables with legacy_extra differ in this. */
  readonly keepsExtra: boolean;
}

/** Declares a source; the defaults are those of a table with its own id. */
export function defineSource(
  definition: Omit<SourceDefinition, 'identity' | 'keepsExtra'> &
    Partial<Pick<SourceDefinition, 'identity' | 'keepsExtra'>>,
): SourceDefinition {
  return { identity: 'legacy_id', keepsExtra: true, ...definition };
}

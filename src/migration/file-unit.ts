import type { FoundFile } from '../legacy/walk.ts';
import type { FileContext, SourceDefinition, SourceRow } from './source.ts';
import type { Unit } from './unit.ts';
import { storableText } from './values/json-repair.ts';

/** One file with many rows. */
export class FileUnit implements Unit {
  readonly source: SourceDefinition;
  readonly name: string;
  readonly files: readonly string[];
  readonly columns: readonly string[];
  private readonly file: FoundFile;

  constructor(source: SourceDefinition, file: FoundFile, prefix: string) {
    this.source = source;
    this.file = file;
    this.name = prefix + file.path;
    this.files = [file.path];
    this.columns = source.columns.map((column) => column.name);
  }

  estimate(): null {
    return null;
  }

  *rows(context: FileContext): Generator<SourceRow> {
    let previous: SourceRow['key'] | null = null;
    for (const row of this.source.files!.rows(this.file, context)) {
      // The books keep keys as text: what PostgreSQL's text cannot hold is refused with the row.
      const key = typeof row.key === 'string' ? storableText(row.key) : row.key;
      const repeated = key === previous;
      previous = key;
      const detail = `the key ${JSON.stringify(String(key))} stands earlier in the file`;
      const rejected = row.rejected ?? (repeated ? { reason: 'DUPLICATE_KEY', column: null, detail } : null);
      yield rejected === null ? { ...row, key } : { ...row, key, rejected };
    }
  }

  find(key: bigint | string, before: number, context: FileContext): SourceRow | null {
    let nth = 0;
    for (const row of this.rows(context)) if (row.key === key && nth++ === before) return row;
    return null;
  }
}

/** Files that are one row each, known by their paths. */
export class FileSetUnit implements Unit {
  readonly source: SourceDefinition;
  readonly name: string;
  readonly files: readonly string[];
  readonly columns: readonly string[];
  private readonly found: readonly FoundFile[];
  private readonly prefix: string;

  /** `found` is in ascending order of path. */
  constructor(source: SourceDefinition, found: readonly FoundFile[], prefix: string) {
    this.source = source;
    this.found = found;
    this.name = prefix;
    this.prefix = prefix;
    this.files = found.map((file) => file.path);
    this.columns = source.columns.map((column) => column.name);
  }

  estimate(): number {
    return this.found.length;
  }

  *rows(context: FileContext): Generator<SourceRow> {
    for (const file of this.found) {
      let rows: SourceRow[];
      try {
        rows = [...this.source.files!.rows(file, context)];
      } catch (error) {
        context.onUnreadable(file.path, error);
        continue;
      }
      for (const row of rows) yield { ...row, key: this.prefix + file.path };
    }
  }

  find(key: bigint | string, _before: number, context: FileContext): SourceRow | null {
    const file = this.found.find((one) => this.prefix + one.path === key);
    for (const row of file ? this.source.files!.rows(file, context) : []) return { ...row, key };
    return null;
  }
}

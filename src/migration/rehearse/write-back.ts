import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { codeOf, messageOf } from '../../core/errors.ts';
import { listTables } from '../../legacy/sqlite/tables.ts';
import { type Bound, Twin } from '../../legacy/sqlite/twin.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import {
  InvalidText,
  learnStyle,
  loadedPages,
  type OldRow,
  quarantinedPages,
  quarantinedRow,
  TableBack,
  TableLayout,
} from '../back/index.ts';
import type { Timezones } from '../settings.ts';
import { matchShape, TableUnit } from '../table-unit.ts';
import type { Discovery } from '../unit.ts';
import { duplicatePages } from './duplicate-rows.ts';
import type { OnStep, Stop } from './snapshot.ts';

/** A table that was written anew. */
export interface BackTable {
  readonly unit: TableUnit;
  readonly layout: TableLayout;
  /** The columns that were written. */
  readonly columns: readonly string[];
  /** Rows that SQLite refused, and how many there are of them. */
  readonly refused: { key: string; reason: string }[];
  refusedRows: number;
  loaded: number;
  quarantined: number;
  duplicates: number;
}

/** An old database that was written anew. */
export interface BackFile {
  readonly file: string;
  /** Where it is. */
  readonly path: string;
  readonly tables: BackTable[];
}

const MAX_REFUSED = 20;

export interface WriteBackOptions {
  readonly tier: DurableTier;
  readonly discovery: Discovery;
  readonly timezones: Timezones;
  /** Directory for the new files. */
  readonly target: string;
  readonly onStep: OnStep;
  readonly stop: Stop;
}

/**
 * Writes the old databases anew: their schema, then the rows out of PostgreSQL, the quarantined ones, and those that were
 * duplicates of rows in another file.
 */
export async function writeBack(options: WriteBackOptions): Promise<BackFile[]> {
  const { discovery, target, stop } = options;
  const byFile = new Map<string, TableUnit[]>();
  for (const unit of discovery.units) {
    if (!(unit instanceof TableUnit)) continue;
    const file = unit.files[0]!;
    byFile.set(file, [...(byFile.get(file) ?? []), unit]);
  }
  const files: BackFile[] = [];
  for (const [file, units] of byFile) {
    if (stop.requested) break;
    const path = join(target, file);
    mkdirSync(dirname(path), { recursive: true });
    const twin = new Twin(discovery.databases.get(file)!.connection, path);
    try {
      const tables: BackTable[] = [];
      for (const unit of units) tables.push(await new TableWriter(options, twin, unit).write());
      twin.finish();
      files.push({ file, path, tables });
    } finally {
      twin.close();
    }
  }
  return files;
}

class TableWriter {
  private readonly options: WriteBackOptions;
  private readonly twin: Twin;
  private readonly result: BackTable;
  private readonly insert: (rowNumber: bigint | null, row: readonly Bound[]) => void;
  private readonly back: TableBack;
  private written = 0;

  constructor(options: WriteBackOptions, twin: Twin, unit: TableUnit) {
    this.options = options;
    this.twin = twin;
    const { connection } = options.discovery.databases.get(unit.files[0]!)!;
    const table = listTables(connection).find(({ name }) => name === unit.table)!;
    const layout = new TableLayout(unit.source, matchShape(unit.source, table)!, table);
    const columns = twin.writable(table);
    this.result = {
      unit,
      layout,
      columns,
      refused: [],
      refusedRows: 0,
      loaded: 0,
      quarantined: 0,
      duplicates: 0,
    };
    this.insert = twin.inserter(unit.table, columns);
    const style = learnStyle(unit.source, layout.own, { connection, table });
    this.back = new TableBack(layout, columns, style, options.timezones.get(unit.source.id));
  }

  async write(): Promise<BackTable> {
    const { result, back } = this;
    const { tier } = this.options;
    const { source, name } = result.unit;
    for await (const page of loadedPages(tier, source, name)) {
      await this.page(page, (tuple) => this.put(String(tuple.key), back.row(tuple)));
      result.loaded += page.length;
    }
    for await (const page of duplicatePages(tier, source, name)) {
      await this.page(page, (tuple) => this.put(String(tuple.key), back.row(tuple)));
      result.duplicates += page.length;
    }
    for await (const page of quarantinedPages(tier, source.id, name)) {
      await this.page(page, (row) => this.put(row.key, quarantinedRow(result.layout, result.columns, row)));
      result.quarantined += page.length;
    }
    return result;
  }

  /** The rows of a page in one transaction; signals are heard between two pages. */
  private async page<T>(rows: readonly T[], write: (row: T) => void): Promise<void> {
    const { stop, onStep } = this.options;
    if (stop.requested) return;
    this.twin.connection.transaction(() => rows.forEach(write))();
    this.written += rows.length;
    const { source } = this.result.unit;
    onStep({ name: source.id, phase: 'back', done: this.written, total: undefined });
    await breathe();
  }

  private put(key: string, row: OldRow): void {
    const bound = row.values.map(
      (value): Bound =>
        value instanceof InvalidText ? { value: value.bytes, asText: true } : { value, asText: false },
    );
    try {
      this.insert(row.rowNumber, bound);
    } catch (error) {
      if (!codeOf(error).startsWith('SQLITE_CONSTRAINT')) throw error;
      this.result.refusedRows++;
      if (this.result.refused.length < MAX_REFUSED)
        this.result.refused.push({ key, reason: messageOf(error) });
    }
  }
}

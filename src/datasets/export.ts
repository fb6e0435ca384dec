import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { version } from '../core/version.ts';
import { analyticsOf, type DurableTier } from '../tiers/durable/index.ts';
import { columnsOf } from './columns.ts';
import { parquetFile, type RowSink } from './parquet.ts';
import { pagesOf } from './rows.ts';
import { type HistoryTable, historyOf } from './tables.ts';
import { csvSink, ndjsonSink } from './text-files.ts';

export const exportFormats = ['parquet', 'csv', 'ndjson'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions {
  readonly durable: DurableTier;
  readonly store: string;
  readonly format: ExportFormat;
  /** ISO time in UTC: nothing that became known later leaks in, neither rows nor evaluations. */
  readonly asOf?: string | undefined;
  /** Files are made here, one a table: `<table>.<format>`; it is made when it is not there. */
  readonly directory: string;
  readonly onProgress?: (table: string, rows: number) => void;
}

export interface ExportedFile {
  readonly table: string;
  readonly file: string;
  readonly rows: number;
}

export interface Exported {
  readonly files: ExportedFile[];
  /** How far the replica was behind when it was read; 0: the primary was read; null: the replica does not say. */
  readonly ageSeconds: number | null;
}

/**
 * Writes the whole history of a store into files. A file appears under its name once it is complete; memory is bounded by a group of
 * rows. Read from the replica where there is one.
 * @throws StockroomError SOURCE_UNKNOWN; the error of the file system or of PostgreSQL: no half file is left
 */
export async function exportStore(options: ExportOptions): Promise<Exported> {
  await mkdir(options.directory, { recursive: true });
  const { source, ageSeconds } = await analyticsOf(options.durable);
  const files: ExportedFile[] = [];
  for (const table of historyOf(options.store)) files.push(await exportTable(options, source, table));
  return { files, ageSeconds };
}

async function exportTable(
  options: ExportOptions,
  source: DurableTier,
  table: HistoryTable,
): Promise<ExportedFile> {
  const { format, asOf, directory, onProgress } = options;
  const columns = await columnsOf(source, source.schema, table, asOf);
  const file = join(directory, `${table.name}.${format}`);
  const unfinished = `${file}.part`;
  let rows = 0;
  try {
    const write = async (sink: RowSink): Promise<void> => {
      for await (const page of pagesOf(source, { table, columns, upTo: asOf })) {
        await sink.write(page);
        rows += page.length;
        onProgress?.(table.name, rows);
      }
      await sink.end();
    };
    if (format === 'parquet') await write(parquetFile(unfinished, columns, `stockroom ${version}`));
    else {
      await withFile(unfinished, (output) =>
        write(format === 'csv' ? csvSink(output, columns) : ndjsonSink(output, columns)),
      );
    }
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return { table: table.name, file, rows };
}

async function withFile(path: string, work: (output: Writable) => Promise<void>): Promise<void> {
  const handle = await open(path, 'w');
  const output = handle.createWriteStream({ flush: true });
  const failed = new Promise<never>((_, reject) => output.once('error', reject));
  failed.catch(() => undefined);
  await Promise.race([work(output), failed]);
  const closed = new Promise<void>((resolve) => output.once('close', resolve));
  output.end();
  await Promise.race([closed, failed]);
}

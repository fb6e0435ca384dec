import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { type Column, type DataRow, parquetSchema, type Value } from './columns.ts';

export interface RowSink {
  write(rows: readonly DataRow[]): Promise<void>;
  /** Resolves when everything is on the disk. */
  end(): Promise<void>;
}

/** Rows in one group: what a reader has to hold at once. */
const GROUP = 20_000;

/** A Parquet file (Snappy), a group of rows at a time. */
export function parquetFile(path: string, columns: readonly Column[], createdBy: string): RowSink {
  const output = createWriteStream(path, { flush: true });
  const failed = once(output, 'error').then(([error]) => Promise.reject(error as Error));
  failed.catch(() => undefined);
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({ writer: bytes, schema: parquetSchema(columns), createdBy });
  let waiting: DataRow[] = [];

  async function flushBytes(): Promise<void> {
    const chunk = new Uint8Array(bytes.buffer.slice(0, bytes.index));
    bytes.index = 0;
    if (chunk.length > 0 && !output.write(chunk)) await Promise.race([once(output, 'drain'), failed]);
  }

  async function writeGroup(): Promise<void> {
    const rows = waiting;
    waiting = [];
    const columnData = columns.map(({ name }) => ({ name, data: rows.map((row) => row[name] ?? null) }));
    await writer.write({ columnData, rowGroupSize: GROUP });
    await flushBytes();
  }

  return {
    async write(rows) {
      waiting.push(...rows);
      if (waiting.length >= GROUP) await writeGroup();
    },
    async end() {
      if (waiting.length > 0) await writeGroup();
      await writer.finish();
      await flushBytes();
      output.end();
      await Promise.race([once(output, 'close'), failed]);
    },
  };
}

/** Rows as they were written, a group at a time; times stay whole microseconds. */
export async function* parquetRows(path: string, columns: readonly Column[]): AsyncGenerator<DataRow[]> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await parquetReadObjects({
      file,
      metadata,
      rowStart,
      rowEnd,
      parsers: { timestampFromMicroseconds: (micros: bigint) => micros },
    });
    yield rows.map((row) =>
      Object.fromEntries(columns.map(({ name }) => [name, (row[name] ?? null) as Value])),
    );
    rowStart = rowEnd;
  }
}

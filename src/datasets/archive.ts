import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { StockroomError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import type { DurableTier } from '../tiers/durable/index.ts';
import { distrustEveryKey } from '../tiers/views/index.ts';
import { alone } from './alone.ts';
import { type Column, columnsOf } from './columns.ts';
import { parquetFile, parquetRows } from './parquet.ts';
import { canonicalRow, pagesOf } from './rows.ts';
import { removeArchived } from './remove.ts';
import { type HistoryTable, historyOf, rowsOf } from './tables.ts';

export interface ArchiveOptions {
  readonly durable: DurableTier;
  readonly store: string;
  /** Rows older than this leave: an ISO time in UTC. */
  readonly before: string;
  /** The archive's root. Below it: `<table>/year=2026/month=08/part-….parquet` and `<table>/manifest-….json`. */
  readonly directory: string;
  /** False: says what would be archived, and does nothing. */
  readonly apply: boolean;
  readonly onProgress?: (table: string, rows: number) => void;
}

export interface ArchivedTable {
  readonly table: string;
  /** Rows that are older. */
  readonly rows: number;
  /** Files written in this run. */
  readonly files: string[];
  readonly removed: number;
  /** Archived, and then changed before they could be removed: they stay, and are archived again. */
  readonly kept: number;
}

const manifestForm = z.object({
  table: z.string(),
  before: z.string(),
  tool_version: z.string(),
  columns: z.array(z.object({ name: z.string(), form: z.string() })),
  files: z.array(
    z.object({ file: z.string(), rows: z.number(), bytes_sha256: z.string(), rows_sha256: z.string() }),
  ),
  /** False until every row was removed, or found changed: the next run goes on with it. */
  removed: z.boolean(),
});
type Manifest = z.output<typeof manifestForm>;

/**
 * Retention: writes old rows into Parquet files by month, reads the files back and compares, then removes from PostgreSQL what stands
 * in them unchanged. Killed at any time and started again, it goes on: nothing is lost, and nothing is archived twice.
 * @throws StockroomError SOURCE_UNKNOWN, ARCHIVE_INVALID, CONFLICT while another process archives
 */
export async function archiveStore(options: ArchiveOptions): Promise<ArchivedTable[]> {
  const work = async (): Promise<ArchivedTable[]> => {
    const tables: ArchivedTable[] = [];
    for (const table of historyOf(options.store)) tables.push(await archiveTable(options, table));
    return tables;
  };
  return options.apply ? alone(options.durable, work) : work();
}

async function archiveTable(options: ArchiveOptions, table: HistoryTable): Promise<ArchivedTable> {
  const { durable, before, apply, directory } = options;
  const root = join(directory, table.name);
  const columns = await columnsOf(durable, durable.schema, table);
  if (!apply) {
    const months = await monthsBefore(durable, table, before);
    return { table: table.name, rows: sum(months.map(({ rows }) => rows)), files: [], removed: 0, kept: 0 };
  }
  const earlier = await finishEarlier(options, table, columns, root);
  const months = await monthsBefore(durable, table, before);
  const rows = sum(months.map((month) => month.rows));
  if (rows === 0) return { table: table.name, rows: 0, files: [], ...earlier };
  const name = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const files: Manifest['files'] = [];
  let done = 0;
  for (const { month, ids } of months) {
    const file = join(`year=${month.slice(0, 4)}`, `month=${month.slice(5, 7)}`, `part-${name}.parquet`);
    const written = await writeMonth(options, table, columns, join(root, file), { month, ids }, (page) => {
      done += page;
      options.onProgress?.(table.name, done);
    });
    files.push({ file, ...written });
  }
  const manifest: Manifest = {
    table: table.name,
    before,
    tool_version: version,
    columns: columns.map(({ name: column, form }) => ({ name: column, form })),
    files,
    removed: false,
  };
  const path = join(root, `manifest-${name}.json`);
  await writeWhole(path, manifest);
  const outcome = await removeFiles(options, table, columns, root, manifest);
  await writeWhole(path, { ...manifest, removed: true });
  return {
    table: table.name,
    rows,
    files: files.map(({ file }) => join(root, file)),
    removed: earlier.removed + outcome.removed,
    kept: earlier.kept + outcome.kept,
  };
}

/** What a killed run had written, but not yet removed. Files without a manifest are left over from before that: they go. */
async function finishEarlier(
  options: ArchiveOptions,
  table: HistoryTable,
  columns: readonly Column[],
  root: string,
): Promise<{ removed: number; kept: number }> {
  await mkdir(root, { recursive: true });
  const names = await readdir(root, { recursive: true });
  const outcome = { removed: 0, kept: 0 };
  const known = new Set<string>();
  for (const name of names.filter((each) => /^manifest-[^/]+\.json$/.test(each)).sort()) {
    const manifest = await readManifest(join(root, name));
    for (const { file } of manifest.files) known.add(file);
    if (manifest.removed) continue;
    const { removed, kept } = await removeFiles(options, table, columns, root, manifest);
    outcome.removed += removed;
    outcome.kept += kept;
    await writeWhole(join(root, name), { ...manifest, removed: true });
  }
  const left = names.filter((name) => /part-[^/]+\.parquet(\.part)?$/.test(name) && !known.has(name));
  for (const name of left) await rm(join(root, name));
  return outcome;
}

async function readManifest(path: string): Promise<Manifest> {
  try {
    return manifestForm.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw invalid(`${path} is no manifest of an archive`, error);
  }
}

interface Month {
  /** `2026-08` */
  readonly month: string;
  /** Where its rows stand: mostly beside one another, so that reading a month reads little of the others. */
  readonly ids: readonly [first: bigint, last: bigint];
}

async function monthsBefore(
  durable: DurableTier,
  table: HistoryTable,
  before: string,
): Promise<(Month & { readonly rows: number })[]> {
  const { rows } = await durable.query<{ month: string; rows: bigint; first: bigint; last: bigint }>(
    `select to_char(${table.time} at time zone 'UTC', 'YYYY-MM') as month, count(*) as rows,
       min(t.id) as first, max(t.id) as last
     from ${rowsOf(table)} where ${table.time} < $1::timestamptz group by 1 order by 1`,
    [before],
  );
  return rows.map(({ month, rows: count, first, last }) => ({
    month,
    rows: Number(count),
    ids: [first, last],
  }));
}

/** Writes the rows of a month and reads them back. */
async function writeMonth(
  { durable, before }: ArchiveOptions,
  table: HistoryTable,
  columns: readonly Column[],
  path: string,
  { month, ids }: Month,
  onPage: (rows: number) => void,
): Promise<{ rows: number; bytes_sha256: string; rows_sha256: string }> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.part`;
  const sink = parquetFile(unfinished, columns, `stockroom ${version}`);
  const written = createHash('sha256');
  let rows = 0;
  const from = `${month}-01T00:00:00Z`;
  const end = nextMonth(month);
  for await (const page of pagesOf(durable, {
    table,
    columns,
    ids,
    from,
    before: end < before ? end : before,
  })) {
    await sink.write(page);
    for (const row of page) written.update(`${canonicalRow(columns, row)}\n`);
    rows += page.length;
    onPage(page.length);
  }
  await sink.end();
  const rowsSha256 = written.digest('hex');
  if ((await hashOfRows(unfinished, columns)) !== rowsSha256) {
    throw invalid(`${unfinished} does not hold what was written into it; nothing was removed`);
  }
  await rename(unfinished, path);
  return { rows, bytes_sha256: await hashOfBytes(path), rows_sha256: rowsSha256 };
}

async function removeFiles(
  { durable }: ArchiveOptions,
  table: HistoryTable,
  columns: readonly Column[],
  root: string,
  manifest: Manifest,
): Promise<{ removed: number; kept: number }> {
  const outcome = { removed: 0, kept: 0 };
  // Keys in Redis that follow from these rows: one note for a run that is killed, one for its end.
  await distrustEveryKey(durable);
  const archived = new Set(manifest.columns.map(({ name }) => name));
  // A column that came since holds nothing that the archive lacks, or the row was changed since.
  const compared = columns.filter(({ name }) => archived.has(name));
  for (const { file, bytes_sha256: expected } of manifest.files) {
    const path = join(root, file);
    if ((await hashOfBytes(path)) !== expected) throw invalid(`${path} was changed since it was written`);
    for await (const rows of parquetRows(path, compared)) {
      const { removed, kept } = await removeArchived(durable, table, compared, rows);
      outcome.removed += removed;
      outcome.kept += kept;
    }
  }
  await distrustEveryKey(durable);
  return outcome;
}

async function hashOfRows(path: string, columns: readonly Column[]): Promise<string> {
  const hash = createHash('sha256');
  for await (const rows of parquetRows(path, columns)) {
    for (const row of rows) hash.update(`${canonicalRow(columns, row)}\n`);
  }
  return hash.digest('hex');
}

async function hashOfBytes(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Whole or not at all: a manifest that is half there would be worse than none. */
async function writeWhole(path: string, manifest: Manifest): Promise<void> {
  await writeFile(`${path}.part`, `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  await rename(`${path}.part`, path);
}

function nextMonth(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, number, 1)).toISOString();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function invalid(what: string, cause?: unknown): StockroomError {
  return new StockroomError('ARCHIVE_INVALID', `${what}. Restore it, or move it away and start again.`, {
    cause,
  });
}

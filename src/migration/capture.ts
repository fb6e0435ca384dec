import { hasCapture, installCapture, removeCapture, type CapturedTable } from '../capture/index.ts';
import { asSourceError } from '../legacy/sqlite/database.ts';
import type { TableInfo } from '../legacy/sqlite/tables.ts';
import { discover, reasonOf } from './discover.ts';
import { requireSomething } from './run.ts';
import type { SourceDefinition } from './source.ts';
import { builtInSources } from './sources/index.ts';
import { matchShape, TableUnit } from './table-unit.ts';
import type { Discovery, Unreadable } from './unit.ts';

export interface CaptureOptions {
  directory: string;
  sources?: readonly SourceDefinition[];
}

/** A database that has capture now. */
export interface CapturedFile {
  file: string;
  tables: readonly CapturedTable[];
  /** Something was put in by this call. */
  changed: boolean;
}

interface CaptureReport {
  ok: boolean;
  /** 3 when a file failed. */
  exit: 0 | 3;
  directory: string;
  /** Databases that stay as they were, and why. */
  failed: Unreadable[];
}

export interface CaptureInstallation extends CaptureReport {
  files: CapturedFile[];
  /** Sources in JSON files: nothing is put into them, they are followed by what they hold. */
  by_content: { source: string; files: number }[];
}

export interface CaptureRemoval extends CaptureReport {
  /** Databases that had capture and have it no more. */
  files: string[];
}

/**
 * Puts capture into every old database below a directory that holds a known source. A file that cannot be written is
 * reported, and the others go on.
 *
 * @throws StockroomError DIRECTORY_NOT_FOUND, NOTHING_TO_MIGRATE
 */
export async function installCaptureIn(options: CaptureOptions): Promise<CaptureInstallation> {
  const sources = options.sources ?? builtInSources;
  const isSource = (table: TableInfo): boolean =>
    sources.some((source) => matchShape(source, table) !== null);
  const discovery = await discover(options.directory, sources);
  // Reading ends before writing begins: inside the transaction the tables are looked at again.
  await discovery.close();
  requireSomething(discovery);
  const failed = undiscovered(discovery);
  const files: CapturedFile[] = [];
  const tables = discovery.units.filter((unit) => unit instanceof TableUnit);
  for (const file of new Set(tables.flatMap((unit) => unit.files))) {
    attempt(file, failed, () => {
      const installed = installCapture(pathOf(discovery, file), isSource);
      if (installed !== null) files.push({ file, tables: installed.tables, changed: installed.changed });
    });
  }
  return { ...outcome(discovery, failed), files, by_content: contentSources(discovery), failed };
}

/**
 * Takes capture out of every database below a directory that has it; others are only read.
 *
 * @throws StockroomError DIRECTORY_NOT_FOUND
 */
export async function removeCaptureIn(options: CaptureOptions): Promise<CaptureRemoval> {
  const discovery = await discover(options.directory, options.sources ?? builtInSources);
  const failed = undiscovered(discovery);
  const captured: string[] = [];
  for (const [file, { connection }] of discovery.databases) {
    attempt(file, failed, () => {
      if (hasCapture(connection)) captured.push(file);
    });
  }
  await discovery.close();
  const files: string[] = [];
  for (const file of captured) {
    attempt(file, failed, () => {
      if (removeCapture(pathOf(discovery, file))) files.push(file);
    });
  }
  return { ...outcome(discovery, failed), files, failed };
}

function outcome(
  { directory }: Discovery,
  failed: readonly Unreadable[],
): Pick<CaptureReport, 'ok' | 'exit' | 'directory'> {
  return { ok: failed.length === 0, exit: failed.length === 0 ? 0 : 3, directory };
}

function pathOf({ files }: Discovery, name: string): string {
  return files.find(({ path }) => path === name)!.absolute;
}

function attempt(file: string, failed: Unreadable[], work: () => void): void {
  try {
    work();
  } catch (error) {
    failed.push({ file, reason: reasonOf(asSourceError(file, error)) });
  }
}

/** What may be a database and could not be opened; a JSON file that cannot be read is none of capture's business. */
function undiscovered({ unreadable }: Discovery): Unreadable[] {
  return unreadable.filter(({ file }) => !/\.jsonl?$/i.test(file));
}

function contentSources({ units }: Discovery): CaptureInstallation['by_content'] {
  const files = new Map<string, number>();
  for (const unit of units) {
    if (unit instanceof TableUnit) continue;
    files.set(unit.source.id, (files.get(unit.source.id) ?? 0) + unit.files.length);
  }
  return [...files].map(([source, count]) => ({ source, files: count }));
}

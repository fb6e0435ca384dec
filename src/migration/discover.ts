import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isCaptureTable } from '../capture/index.ts';
import { codeOf, messageOf, StockroomError } from '../core/errors.ts';
import { detectDocument, isAnalysisLine, namedLike } from '../legacy/json-files/detect.ts';
import {
  decode,
  elements,
  MAX_DOCUMENT_BYTES,
  members,
  readDocument,
} from '../legacy/json-files/document.ts';
import { readLines } from '../legacy/json-files/lines.ts';
import {
  hasSqliteHeader,
  openDatabase,
  readHeader,
  type OpenDatabase,
  type SqliteConnection,
} from '../legacy/sqlite/database.ts';
import { listTables } from '../legacy/sqlite/tables.ts';
import { walk, type FoundFile } from '../legacy/walk.ts';
import { FileSetUnit, FileUnit } from './file-unit.ts';
import type { SourceDefinition } from './source.ts';
import { matchShape, TableUnit } from './table-unit.ts';
import type { Discovery, Unit, Unreadable } from './unit.ts';

const databaseName = /\.(db|db3|sqlite|sqlite3)$/i;

/**
 * Finds every source in an old directory by what its files hold, whatever their names. Nothing is written. `prefix` goes
 * before the names of the files in what is loaded; it is empty but for a second directory in the same database. Of the
 * other files than `only` nothing is read.
 */
export async function discover(
  directory: string,
  sources: readonly SourceDefinition[],
  prefix = '',
  only: (file: FoundFile) => boolean = () => true,
): Promise<Discovery> {
  const root = resolve(directory);
  assertDirectory(root);
  const { files, special, unreadable } = walk(root);
  const finder = new Finder(sources, prefix, unreadable, special);
  const paths = new Set(files.map((file) => file.path));
  for (const file of files) {
    // SQLite's own companions belong to the database that they stand beside.
    const owner = file.path.replace(/-(wal|shm|journal)$/, '');
    if ((owner === file.path || !paths.has(owner)) && only(file)) await finder.look(file);
  }
  return finder.finish(root, files);
}

function assertDirectory(directory: string): void {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) {
    const found = stat ? 'a file' : 'nothing';
    throw new StockroomError(
      'DIRECTORY_NOT_FOUND',
      `expected a directory at ${directory}, found ${found}: check the path`,
    );
  }
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch (error) {
    throw new StockroomError(
      'DIRECTORY_NOT_FOUND',
      `no permission to read ${directory}: run as a user who may`,
      { cause: error },
    );
  }
}

class Finder {
  private readonly sources: readonly SourceDefinition[];
  private readonly prefix: string;
  private readonly unreadable: Unreadable[];
  private readonly unclaimed: string[];
  private readonly units: Unit[] = [];
  private readonly sets = new Map<string, FoundFile[]>();
  private readonly databases = new Map<string, OpenDatabase>();
  private readonly companions = new Map<string, ReadonlyMap<string, string>>();

  constructor(
    sources: readonly SourceDefinition[],
    prefix: string,
    unreadable: Unreadable[],
    unclaimed: string[],
  ) {
    this.unclaimed = unclaimed;
    this.sources = sources;
    this.prefix = prefix;
    this.unreadable = unreadable;
  }

  async look(file: FoundFile): Promise<void> {
    try {
      if (file.bytes === 0) this.empty(file);
      else if (hasSqliteHeader(file.absolute)) await this.database(file);
      else if (databaseName.test(file.path)) this.notADatabase(file);
      else if (/\.jsonl$/i.test(file.path)) this.lines(file);
      else if (/\.json$/i.test(file.path)) this.document(file);
      else this.unclaimed.push(file.path);
    } catch (error) {
      this.unreadable.push({ file: file.path, reason: reasonOf(error) });
    }
  }

  async finish(directory: string, files: readonly FoundFile[]): Promise<Discovery> {
    for (const [id, found] of this.sets)
      this.units.push(new FileSetUnit(this.source(id), found, this.prefix));
    const order = new Map(this.sources.map((source, index) => [source.id, index]));
    // The path that the old application used comes first, so that a copy elsewhere is the one that is called a duplicate.
    const rank = (unit: Unit): number => (/^(cache|data|\.cache)\//.test(unit.files[0] ?? '') ? 0 : 1);
    this.units.sort((a, b) => order.get(a.source.id)! - order.get(b.source.id)! || rank(a) - rank(b));
    const { databases } = this;
    return {
      directory,
      units: this.units,
      unreadable: this.unreadable,
      unclaimed: this.unclaimed,
      databases,
      files,
      companions: this.companions,
      close: async () => {
        for (const database of databases.values()) await database.close();
      },
    };
  }

  private source(id: string): SourceDefinition {
    return this.sources.find((source) => source.id === id)!;
  }

  private empty(file: FoundFile): void {
    if (databaseName.test(file.path) || /\.json$/i.test(file.path)) {
      this.unreadable.push({ file: file.path, reason: 'empty: 0 bytes' });
    } else if (namedLike(file.path) !== 'memory_analyses') this.unclaimed.push(file.path);
    else this.many('memory_analyses', file);
  }

  private notADatabase(file: FoundFile): void {
    const start = readHeader(file.absolute).toString('latin1');
    const reason = start.startsWith('version https://git-lfs')
      ? 'a Git LFS pointer, not the database itself: fetch it with git lfs pull'
      : 'no SQLite database: the file does not begin as one';
    this.unreadable.push({ file: file.path, reason });
  }

  private async database(file: FoundFile): Promise<void> {
    const database = await openDatabase(file.absolute);
    this.databases.set(file.path, database);
    const found = findTables(database.connection, file.path, this.sources, this.prefix);
    this.units.push(...found.units);
    this.unclaimed.push(...found.unclaimed);
  }

  private lines(file: FoundFile): void {
    let looked = 0;
    for (const line of readLines(file.absolute)) {
      if (isAnalysisLine(decode(line.bytes).text)) return this.many('memory_analyses', file);
      if (++looked === 10) break;
    }
    if (namedLike(file.path) === 'memory_analyses') this.many('memory_analyses', file);
    else this.unclaimed.push(file.path);
  }

  private document(file: FoundFile): void {
    if (file.bytes > MAX_DOCUMENT_BYTES) {
      throw new StockroomError('SOURCE_UNREADABLE', `larger than ${MAX_DOCUMENT_BYTES >> 20} MiB`);
    }
    const { text } = readDocument(file.absolute);
    const kind = detectDocument(file.path, text) ?? (isDocument(text) ? null : namedLike(file.path));
    if (kind === null || !this.sources.some((source) => source.id === kind || kind === 'price_metadata')) {
      this.unclaimed.push(file.path);
    } else if (kind === 'price_metadata') {
      const folder = dirname(file.path);
      for (const [stem, slice] of members(text)!) {
        this.companions.set(`${folder}/${stem}`, new Map(members(slice)));
      }
    } else if (this.source(kind).files!.rowsPerFile === 'many') this.many(kind, file);
    else {
      const set = this.sets.get(kind);
      if (set) set.push(file);
      else this.sets.set(kind, [file]);
    }
  }

  private many(id: string, file: FoundFile): void {
    if (this.sources.some((source) => source.id === id))
      this.units.push(new FileUnit(this.source(id), file, this.prefix));
    else this.unclaimed.push(file.path);
  }
}

/** The tables of a database that sources take, and what none takes. */
export function findTables(
  connection: SqliteConnection,
  file: string,
  sources: readonly SourceDefinition[],
  prefix: string,
): { units: TableUnit[]; unclaimed: string[] } {
  const units: TableUnit[] = [];
  const unclaimed: string[] = [];
  // What capture put in is none of the old application's.
  const tables = listTables(connection).filter(({ name }) => !isCaptureTable(name));
  if (tables.length === 0) unclaimed.push(file);
  for (const table of tables) {
    const match = sources
      .map((source) => ({ source, shape: matchShape(source, table) }))
      .find(({ shape }) => shape !== null);
    if (match) {
      const { source, shape } = match;
      units.push(new TableUnit({ source, shape: shape!, table, connection, file, prefix }));
    } else unclaimed.push(`${file}:${table.name}`);
  }
  return { units, unclaimed };
}

/** Why a file cannot be read, in words that name the way out where there is one. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (error instanceof StockroomError) return error.message;
  return code === 'EACCES' || code === 'EPERM' ? 'no permission to read it' : messageOf(error);
}

/** Whether a text is an object or a list, whole: one that breaks off is none. */
export function isDocument(text: string): boolean {
  return members(text) !== null || elements(text) !== null;
}

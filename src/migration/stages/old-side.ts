import { realpathSync } from 'node:fs';
import {
  type FenceRow,
  installFence,
  isFenced,
  readFence,
  setFence,
  type SideState,
} from '../../capture/index.ts';
import { StockroomError } from '../../core/errors.ts';
import { hasSqliteHeader, type SqliteConnection } from '../../legacy/sqlite/database.ts';
import { openLive } from '../../legacy/sqlite/live.ts';
import { writeTransaction } from '../../legacy/sqlite/write.ts';
import { discover } from '../discover.ts';
import type { SourceDefinition } from '../source.ts';
import { TableUnit } from '../table-unit.ts';
import type { Discovery } from '../unit.ts';
import { movedMeanwhile } from './new-side.ts';

/** A database at the old side that holds tables of a store. */
export interface OldFile {
  /** Relative to the directory. */
  readonly path: string;
  readonly absolute: string;
  /** The store's tables in it. */
  readonly tables: readonly string[];
}

/** The files of a store at the old side. */
export class OldSide {
  readonly store: string;
  readonly directory: string;
  readonly databases: readonly OldFile[];
  /** Files of JSON, by source: they have no transaction to fence in. */
  readonly documents: ReadonlyMap<string, readonly string[]>;

  private constructor(
    store: string,
    directory: string,
    databases: readonly OldFile[],
    documents: ReadonlyMap<string, readonly string[]>,
  ) {
    this.store = store;
    this.directory = directory;
    this.databases = databases;
    this.documents = documents;
  }

  /** Looks for the files of a store. @throws StockroomError DIRECTORY_NOT_FOUND, SOURCE_UNREADABLE */
  static async find(
    directory: string,
    sources: readonly SourceDefinition[],
    store: string,
  ): Promise<OldSide> {
    const own = sources.filter((source) => source.store === store);
    const discovery = await discover(directory, own);
    // Nothing is read any more before something is written: closing a file takes its locks away.
    await discovery.close();
    requireReadable(discovery);
    const tables = new Map<string, string[]>();
    const documents = new Map<string, string[]>();
    for (const unit of discovery.units) {
      const [map, key] = unit instanceof TableUnit ? [tables, unit.files[0]!] : [documents, unit.source.id];
      const names = unit instanceof TableUnit ? [unit.table] : unit.files;
      map.set(key, [...(map.get(key) ?? []), ...names]);
    }
    const absolute = new Map(discovery.files.map((file) => [file.path, file.absolute]));
    const databases = [...tables].map(([path, names]) => ({
      path,
      absolute: absolute.get(path)!,
      tables: names,
    }));
    return new OldSide(store, realpathSync(directory), databases, documents);
  }

  /** The control rows of its databases, in their order; null for one that has none. */
  fences(): (FenceRow | null)[] {
    return this.databases.map((file) => read(file, (connection) => readFence(connection, this.store)));
  }

  /** The control row of the first database: in every change it goes before the others, so that it says whether any has given. */
  firstFence(): FenceRow | null {
    const [first] = this.databases;
    return first === undefined ? null : read(first, (connection) => readFence(connection, this.store));
  }

  /** Databases whose writers would not be refused, because triggers of ours are gone from them. */
  unfenced(): string[] {
    return this.databases
      .filter((file) => !read(file, (connection) => isFenced(connection, this.store, file.tables)))
      .map(({ path }) => path);
  }

  /** Puts an open control row into every database, or leaves the one that is there. */
  install(epoch: bigint): void {
    for (const { absolute, tables } of this.databases)
      writeTransaction(absolute, (connection) => installFence(connection, this.store, tables, epoch));
  }

  /**
   * Takes every database that is in one of `from` to another state, one after the other, each in a transaction of its own.
   *
   * @throws StockroomError CONFLICT when one is in none of them, or was moved since `epoch`; SOURCE_LOCKED, SOURCE_NOT_WRITABLE
   */
  set(from: readonly SideState[], epochBefore: bigint, to: { state: SideState; epoch: bigint }): void {
    for (const { absolute } of this.databases) {
      writeTransaction(absolute, (connection) => {
        const row = readFence(connection, this.store);
        if (row?.state === to.state && row.epoch === to.epoch) return;
        if (row === null || !from.includes(row.state) || row.epoch > epochBefore)
          throw movedMeanwhile(this.store);
        setFence(connection, this.store, to);
      });
    }
  }

  /** @throws StockroomError CONFLICT when the store has no file here */
  requireFiles(): void {
    if (this.databases.length + this.documents.size > 0) return;
    throw new StockroomError(
      'CONFLICT',
      `${this.directory} holds no file of ${this.store}: there is nothing to move`,
      {
        details: { store: this.store, directory: this.directory },
      },
    );
  }
}

/**
 * A database that cannot be read may hold tables of the store: were it left out, its writers would be let in while
 * PostgreSQL is the authority. Files that are no databases, or empty ones, hold none.
 */
function requireReadable({ unreadable, files }: Discovery): void {
  const found = unreadable.find(({ file }) =>
    mayBeDatabase(files.find(({ path }) => path === file)?.absolute),
  );
  if (found === undefined) return;
  throw new StockroomError(
    'SOURCE_UNREADABLE',
    `${found.file}: ${found.reason}. It may hold rows of the store, so nothing is moved or replayed before it can be read`,
    { details: { file: found.file } },
  );
}

function mayBeDatabase(file: string | undefined): boolean {
  if (file === undefined || /\.jsonl?$/i.test(file)) return false;
  try {
    return hasSqliteHeader(file);
  } catch {
    // Not even its header can be read: it may be anything.
    return true;
  }
}

function read<T>(file: OldFile, work: (connection: SqliteConnection) => T): T {
  const connection = openLive(file.absolute);
  try {
    return work(connection);
  } finally {
    connection.close();
  }
}

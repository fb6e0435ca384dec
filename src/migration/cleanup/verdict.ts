import { accessSync, constants, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { detectDocument } from '../../legacy/json-files/detect.ts';
import { members, readDocument } from '../../legacy/json-files/document.ts';
import { patiently } from '../../legacy/sqlite/database.ts';
import { quoteName } from '../../legacy/sqlite/tables.ts';
import type { FoundFile } from '../../legacy/walk.ts';
import type { SourceDefinition } from '../source.ts';
import type { Discovery, Unit } from '../unit.ts';
import type { IsKnown } from './known.ts';
import { type Stages, standsInTheWay } from './stages.ts';

/** The source whose companion metadata.json is: it has no rows of its own. */
const METADATA_OF = 'price_history';
/** A member's name is that of its file and `.gz`; file systems take so many bytes. */
const NAME_BYTES_MAX = 255 - '.gz'.length;

export interface StayingFile {
  file: string;
  why: 'stage' | 'unclaimed' | 'unreadable' | 'not migrated' | 'in the way';
  reason: string;
}

/** Whether a file may go, with the stores that are in it, or why it stays. */
export type Verdict = { stores: string[] } | Omit<StayingFile, 'file'>;

/** Says of each file of an old directory whether it may go. */
export class Judge {
  private readonly discovery: Discovery;
  private readonly sources: readonly SourceDefinition[];
  private readonly stages: Stages;
  private readonly known: ReadonlyMap<Unit, IsKnown>;
  private readonly root: string;
  private readonly units = new Map<string, Unit[]>();
  private readonly unreadable: ReadonlyMap<string, string>;
  private readonly unclaimed: ReadonlySet<string>;
  private readonly files: ReadonlyMap<string, FoundFile>;
  private readonly folders = new Set<string>();
  private readonly metadata = new Map<string, boolean>();
  private readonly verdicts = new Map<string, Verdict>();

  constructor(
    discovery: Discovery,
    sources: readonly SourceDefinition[],
    stages: Stages,
    known: ReadonlyMap<Unit, IsKnown>,
  ) {
    this.discovery = discovery;
    this.sources = sources;
    this.stages = stages;
    this.known = known;
    this.root = realpathSync(discovery.directory);
    for (const unit of discovery.units)
      for (const file of unit.files) this.units.set(file, [...(this.units.get(file) ?? []), unit]);
    this.unreadable = new Map(discovery.unreadable.map(({ file, reason }) => [file, reason]));
    this.unclaimed = new Set(discovery.unclaimed);
    this.files = new Map(discovery.files.map((file) => [file.path, file]));
    for (const path of this.files.keys())
      for (let at = dirname(path); at !== '.' && !this.folders.has(at); at = dirname(at))
        this.folders.add(at);
  }

  verdict(file: FoundFile): Verdict {
    const found = this.verdicts.get(file.path) ?? this.judge(file);
    this.verdicts.set(file.path, found);
    return found;
  }

  private judge(file: FoundFile): Verdict {
    const { path } = file;
    const owner = this.ownerOf(path);
    if (owner !== null && this.discovery.databases.has(owner)) return this.judgeCompanion(owner);
    const unreadable = this.unreadable.get(path);
    if (unreadable !== undefined) return { why: 'unreadable', reason: unreadable };
    const isMetadata = this.isMetadata(file);
    const units = this.units.get(path) ?? [];
    if (units.length === 0 && !isMetadata) return { why: 'unclaimed', reason: 'no source takes it' };
    const stores = this.storesOf(path);
    const stage = standsInTheWay(this.stages, stores);
    if (stage !== null) return { why: 'stage', reason: stage };
    const more = this.foreignTable(path) ?? (isMetadata ? this.needed(file) : null);
    if (more !== null) return more;
    const missed = units.find((unit) => this.known.get(unit)?.(path) !== true);
    if (missed !== undefined) {
      const reason = `no run has read its ${missed.source.id}: migrate it first`;
      return { why: 'not migrated', reason };
    }
    const beside = ['', '-wal', '-shm', '-journal'].map((suffix) => this.files.get(path + suffix));
    const obstacles = beside.map((each) => (each === undefined ? null : this.obstacle(each)));
    return obstacles.find((each) => each !== null) ?? { stores };
  }

  private judgeCompanion(owner: string): Verdict {
    const verdict = this.verdict(this.files.get(owner)!);
    return 'why' in verdict ? { why: verdict.why, reason: `belongs to ${owner}, which stays` } : verdict;
  }

  /** The stores that have rows in a file, or beside it. */
  storesOf(path: string): string[] {
    const owner = this.ownerOf(path) ?? path;
    const stores = (this.units.get(owner) ?? []).map(({ source }) => source.store);
    const file = this.files.get(path);
    if (file !== undefined && this.isMetadata(file)) {
      const source = this.sources.find(({ id }) => id === METADATA_OF);
      if (source !== undefined) stores.push(source.store);
    }
    return [...new Set(stores)].sort();
  }

  /** The database that a file is, or is a companion of. */
  databaseOf(path: string): string | null {
    const owner = this.ownerOf(path) ?? path;
    return this.discovery.databases.has(owner) ? owner : null;
  }

  /** Rows that no source takes went nowhere; a table without any is no reason to stay. */
  private foreignTable(path: string): Verdict | null {
    const database = this.discovery.databases.get(path);
    if (database === undefined) return null;
    for (const entry of this.unclaimed) {
      if (!entry.startsWith(`${path}:`)) continue;
      const table = entry.slice(path.length + 1);
      const statement = database.connection.prepare(`SELECT 1 FROM ${quoteName(table)} LIMIT 1`);
      if (patiently(() => statement.get()) === undefined) continue;
      return { why: 'unclaimed', reason: `no source takes its table ${table}` };
    }
    return null;
  }

  /** What no list names and no unit has is a companion by what it holds. */
  private isMetadata(file: FoundFile): boolean {
    const known = this.metadata.get(file.path) ?? this.looksLikeMetadata(file);
    this.metadata.set(file.path, known);
    return known;
  }

  private looksLikeMetadata(file: FoundFile): boolean {
    const { path } = file;
    if (this.units.has(path) || this.unclaimed.has(path) || this.unreadable.has(path)) return false;
    if (this.discovery.databases.has(path) || !/\.json$/i.test(path)) return false;
    return detectDocument(path, readDocument(file.absolute).text) === 'price_metadata';
  }

  /** A file that stays may need what is said of it here. */
  private needed(file: FoundFile): Verdict | null {
    for (const [stem] of members(readDocument(file.absolute).text) ?? []) {
      const path = join(dirname(file.path), `${stem}.json`);
      const other = path === file.path ? undefined : this.files.get(path);
      if (other !== undefined && 'why' in this.verdict(other)) {
        return { why: 'in the way', reason: `says what ${path} is, which stays` };
      }
    }
    return null;
  }

  private obstacle({ path, absolute }: FoundFile): Verdict | null {
    const stay = (reason: string): Verdict => ({ why: 'in the way', reason });
    if (absolute !== join(this.root, path)) return stay(`a symbolic link leads to it: ${absolute}`);
    if (Buffer.byteLength(path.slice(path.lastIndexOf('/') + 1)) > NAME_BYTES_MAX)
      return stay('its name is too long for one in the archive');
    if (this.folders.has(`${path}.gz`)) return stay(`the folder ${path}.gz has its name in the archive`);
    try {
      accessSync(dirname(absolute), constants.W_OK | constants.X_OK);
      return null;
    } catch {
      return stay('no permission to remove it from its folder');
    }
  }

  /** The file that SQLite keeps this one beside. */
  private ownerOf(path: string): string | null {
    const owner = path.replace(/-(wal|shm|journal)$/, '');
    return owner !== path && this.files.has(owner) ? owner : null;
  }
}

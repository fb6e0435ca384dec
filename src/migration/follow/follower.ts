import { namedLike } from '../../legacy/json-files/detect.ts';
import { reasonOf } from '../discover.ts';
import type { SourceDefinition } from '../source.ts';
import { CapturedFile } from './captured.ts';
import { loadedFiles, loadedUnits } from './ledger-keys.ts';
import { Outcome } from './outcome.ts';
import { OverFiles } from './over.ts';
import type { Place } from './place.ts';
import { followPolled, isCompanion, isOfFile, type Polled, type Removed } from './polled.ts';
import { advance, Overtaken, type Position, readPositions } from './position.ts';
import { Roster } from './roster.ts';
import { type ChangedFile, type Seen, Watch } from './watch.ts';

/** Batches of one file before the others get their turn. */
const BATCHES_PER_LOOK = 20;

/** Follows the files of one directory, round by round. */
export class Follower {
  readonly roster = new Roster();
  readonly total = new Outcome();
  private readonly place: Place;
  private readonly watch: Watch;
  private readonly over: OverFiles;
  private readonly onBatch: () => void;
  private positions = new Map<string, Position>();
  private sets = new Map<SourceDefinition, Set<string>>();
  private readonly captured = new Map<string, CapturedFile>();
  /** Rows whose file is of another kind now, by source. */
  private moved: Map<SourceDefinition, string[]> = new Map();
  private isLoaded = false;

  /** `onBatch` is called whenever the roster says something new. */
  constructor(place: Place, onBatch: () => void) {
    this.place = place;
    this.watch = new Watch(place.directory);
    this.over = new OverFiles(place);
    this.onBatch = onBatch;
  }

  /** Files that are left out, see {@link OverFiles}. */
  get skipped(): string[] {
    return this.over.names;
  }

  /** Changes are known to wait: the next round should come at once. */
  get isBehind(): boolean {
    for (const { waiting, away } of this.roster.files.values()) if (waiting > 0 && away === null) return true;
    return false;
  }

  close(): void {
    this.watch.close();
  }

  /** What was known of PostgreSQL may be wrong: it is read again. */
  distrust(): void {
    this.isLoaded = false;
  }

  /** Looks once at every file that changed, and applies what changed. @returns whether nothing is left to do by now */
  async round(): Promise<boolean> {
    if (!this.isLoaded) await this.load();
    const seen = this.watch.look();
    for (const [path, reason] of seen.unfinished)
      if (!this.over.has(path) && (this.isClaimed(path) || namedLike(path) !== null))
        this.roster.unfinished(path, reason);
    const changed = await this.over.without(seen.changed, this.watch);
    const due = changed.filter((file) => this.roster.isDue(file.path));
    let idle = due.length === changed.length && !seen.restless;
    const others: ChangedFile[] = [];
    for (const file of due) {
      if (!this.isCaptured(file.path)) others.push(file);
      else if (!(await this.followCaptured(file, others))) idle = false;
    }
    const removed = this.removedKeys(seen);
    if (others.length + removed.size > 0 && !(await this.followOthers(others, removed))) idle = false;
    return idle;
  }

  private async load(): Promise<void> {
    const { place } = this;
    const units = await place.tier.session(async (session) => {
      this.positions = await readPositions(session);
      this.sets = await loadedFiles(session, place);
      await this.over.load(session);
      return loadedUnits(session, place);
    });
    for (const { file, fingerprint, token } of this.positions.values()) {
      const path = this.pathOf(file);
      if (path === null || this.over.has(path)) continue;
      if (token === null && fingerprint !== null) this.watch.remember(path, fingerprint);
      if (!this.isRow(path)) this.roster.fileOf(path, token === null ? 'poll' : 'capture');
    }
    // Those that nobody has followed yet are read, and those that are gone by now are missed.
    for (const paths of this.sets.values()) for (const path of paths) this.watch.remember(path, 'never read');
    for (const path of units.map((name) => this.pathOf(name))) {
      if (path === null || this.over.has(path)) continue;
      this.watch.remember(path, 'never read');
      if (!this.roster.files.has(path)) this.roster.fileOf(path, 'poll');
    }
    this.isLoaded = true;
  }

  private pathOf(name: string): string | null {
    const { prefix } = this.place;
    const isOther = prefix === '' ? name.startsWith('/') : !name.startsWith(prefix);
    return isOther ? null : name.slice(prefix.length);
  }

  private isCaptured(path: string): boolean {
    if (this.captured.has(path)) return true;
    return (this.positions.get(this.place.prefix + path)?.token ?? null) !== null;
  }

  /** A file that is a row of its own. */
  private isRow(path: string): boolean {
    for (const paths of this.sets.values()) if (paths.has(path)) return true;
    return false;
  }

  private isClaimed(path: string): boolean {
    return this.roster.files.has(path) || this.isRow(path);
  }

  /** @returns whether the file is caught up with */
  private async followCaptured(file: ChangedFile, others: ChangedFile[]): Promise<boolean> {
    const { path } = file;
    const captured = this.captured.get(path) ?? new CapturedFile(this.place, file);
    this.captured.set(path, captured);
    const status = this.roster.fileOf(path, 'capture');
    const before = { ...status };
    try {
      const look = await captured.look(this.positions.get(captured.name), BATCHES_PER_LOOK, (step) => {
        this.roster.captured(status, before, step);
        this.onBatch();
      });
      if (!look.captured) {
        this.captured.delete(path);
        this.positions.delete(captured.name);
        others.push(file);
        return true;
      }
      this.positions.set(captured.name, look.position!);
      const isQuiet = this.take(look.outcome);
      if (look.waiting > 0) return false;
      this.roster.found(path);
      this.watch.done(path, file.fingerprint);
      return isQuiet;
    } catch (error) {
      // What was applied before it failed is known by the books alone.
      this.distrust();
      if (error instanceof Overtaken) return false;
      if (!isOfFile(error)) throw error;
      this.roster.miss(path, reasonOf(error));
      return false;
    }
  }

  /** Adds up what was done. @returns whether no other file has to be read again because of it */
  private take(outcome: Outcome): boolean {
    this.total.join(outcome);
    for (const name of outcome.revisit) {
      const path = this.pathOf(name);
      if (path === null) continue;
      this.watch.forget(path);
      this.positions.delete(name);
    }
    return outcome.revisit.size === 0;
  }

  /** Rows of files that are gone for good; a database or a file of many rows that is gone is away. */
  private removedKeys(seen: Seen): Removed {
    const removed = this.moved;
    this.moved = new Map();
    if (seen.blind) return removed;
    for (const path of seen.gone) {
      let isRow = false;
      for (const [source, paths] of this.sets) {
        if (!paths.has(path)) continue;
        isRow = true;
        removed.set(source, [...(removed.get(source) ?? []), this.place.prefix + path]);
      }
      if (isRow) continue;
      if (!this.roster.files.has(path)) this.watch.forget(path);
      else if (this.roster.isDue(path)) this.roster.miss(path, 'it is not there');
    }
    return removed;
  }

  private async followOthers(files: readonly ChangedFile[], removed: Removed): Promise<boolean> {
    const changed = new Map(files.map((file) => [file.path, file]));
    const polled = await followPolled(this.place, new Set(changed.keys()), removed);
    let isQuiet = true;
    for (const outcome of polled.outcomes.values()) if (!this.take(outcome)) isQuiet = false;
    for (const path of polled.captured)
      this.captured.set(path, new CapturedFile(this.place, changed.get(path)!));
    const read = files.filter(({ path }) => !polled.unreadable.has(path) && !polled.captured.includes(path));
    await this.noteRead(read, polled, removed);
    this.tellOthers(read, polled);
    this.noteSets(read, polled, removed);
    this.onBatch();
    const left = polled.captured.length + polled.unreadable.size + polled.stale.size + this.moved.size;
    return isQuiet && left === 0;
  }

  private tellOthers(read: readonly ChangedFile[], polled: Polled): void {
    for (const [label, outcome] of polled.outcomes) this.roster.polled(label, outcome);
    for (const [path, reason] of polled.unreadable) this.roster.miss(path, reason);
    for (const file of read) {
      if (polled.databases.includes(file.path)) this.watch.probe(file, file.fingerprint.text);
      this.watch.done(file.path, file.fingerprint);
      this.roster.found(file.path);
    }
  }

  /** Keeps what the files looked like, so that the next process need not read them again. */
  private async noteRead(files: readonly ChangedFile[], polled: Polled, removed: Removed): Promise<void> {
    const { prefix, tier } = this.place;
    const gone = [...removed.values()].flat();
    const kept = files.filter(
      ({ path, fingerprint }) => fingerprint.settled && (polled.claimed.has(path) || isCompanion(path)),
    );
    if (kept.length + gone.length === 0) return;
    await tier.transaction(async (session) => {
      if (gone.length > 0) await session.query('DELETE FROM migration_follow WHERE file = ANY($1)', [gone]);
      for (const { path, fingerprint } of kept) {
        const { written = 0, keptHere = 0 } = polled.outcomes.get(path) ?? {};
        const position = { file: prefix + path, token: null, seq: 0n, fingerprint: fingerprint.text };
        await advance(session, { ...position, from: null, applied: written, keptHere });
      }
    });
  }

  /** Notes which files are a row each now, and which were and are no more. */
  private noteSets(read: readonly ChangedFile[], polled: Polled, removed: Removed): void {
    const { prefix } = this.place;
    for (const [source, keys] of removed) {
      for (const key of keys) {
        const path = key.slice(prefix.length);
        const isBack = polled.sets.get(source.id)?.includes(path) === true;
        if (isBack) continue;
        this.sets.get(source)?.delete(path);
        if (!read.some((file) => file.path === path)) this.watch.forget(path);
      }
    }
    for (const [source, known] of this.sets) {
      const now = new Set(polled.sets.get(source.id) ?? []);
      for (const path of now) known.add(path);
      const left = read.filter(({ path }) => known.has(path) && !now.has(path));
      if (left.length > 0) {
        const keys = left.map(({ path }) => prefix + path);
        this.moved.set(source, [...(this.moved.get(source) ?? []), ...keys]);
      }
      if (polled.stale.size === 0) continue;
      for (const path of known) if (polled.stale.has(path.replace(/\.json$/, ''))) this.watch.stale(path);
    }
  }
}

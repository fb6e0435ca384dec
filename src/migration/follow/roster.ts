import type { Look } from './captured.ts';
import type { Outcome } from './outcome.ts';
import { Ages, emptyFile, type FollowedFile } from './status.ts';
import type { Unreadable } from '../unit.ts';

/** Waits before a file that failed is looked at again. */
const AGAIN_MS = { first: 250, most: 10_000 };

/** What is known of each file that is followed. Files that are a row each are one entry a source, `price_history/*`. */
export class Roster {
  readonly files = new Map<string, FollowedFile>();
  /** Files that cannot be read at the moment, and why. */
  private readonly away = new Map<string, string>();
  private readonly retries = new Map<string, { atMs: number; waitMs: number }>();
  private readonly ages = new Map<string, Ages>();

  fileOf(name: string, mode: FollowedFile['mode']): FollowedFile {
    const file = this.files.get(name) ?? emptyFile(name, mode);
    file.mode = mode;
    this.files.set(name, file);
    return file;
  }

  get unreadable(): Unreadable[] {
    return [...this.away].map(([file, reason]) => ({ file, reason }));
  }

  /** Whether it is time to look at a file that failed. */
  isDue(path: string): boolean {
    return (this.retries.get(path)?.atMs ?? 0) <= performance.now();
  }

  /** A file that cannot be read: what is loaded of it stays, and it is looked at again, later and later. */
  miss(path: string, reason: string): void {
    this.away.set(path, reason);
    const waitMs = Math.min(AGAIN_MS.most, (this.retries.get(path)?.waitMs ?? AGAIN_MS.first / 2) * 2);
    this.retries.set(path, { atMs: performance.now() + waitMs, waitMs });
    const file = this.files.get(path);
    if (file === undefined) return;
    file.away = reason;
    file.waiting = Math.max(1, file.waiting);
  }

  /** A file whose writer seems to be in the middle of it. */
  unfinished(path: string, reason: string): void {
    this.away.set(path, reason);
    const file = this.files.get(path);
    if (file) Object.assign(file, { away: reason, waiting: 1 });
  }

  /** A file that was read. */
  found(path: string): void {
    this.away.delete(path);
    this.retries.delete(path);
    const file = this.files.get(path);
    if (file) Object.assign(file, { away: null, waiting: 0, oldest_ms: null });
  }

  drop(path: string): void {
    this.found(path);
    this.files.delete(path);
  }

  /** A polled file, or a source of such, was read. */
  polled(name: string, outcome: Outcome | undefined): void {
    const file = this.fileOf(name, 'poll');
    file.changes++;
    if (outcome) tellTables(file, { ...file }, outcome);
  }

  /** How far a file with capture is; `before`: what was known before this look. */
  captured(file: FollowedFile, before: FollowedFile, look: Look): void {
    const now = performance.now();
    const ages = this.ages.get(file.file) ?? new Ages();
    this.ages.set(file.file, ages);
    ages.saw(look.last, now);
    file.waiting = look.waiting;
    file.oldest_ms = look.waiting === 0 ? null : ages.oldest(look.seq, now);
    file.changes = before.changes + look.changes;
    tellTables(file, before, look.outcome);
  }
}

function tellTables(file: FollowedFile, before: FollowedFile, outcome: Outcome): void {
  file.inserted = before.inserted + outcome.inserted;
  file.updated = before.updated + outcome.updated;
  file.removed = before.removed + outcome.removed;
  file.kept_here = before.kept_here + outcome.keptHere;
}

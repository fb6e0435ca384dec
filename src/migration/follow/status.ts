import type { AttendedStore } from '../stages/attend.ts';
import type { Warning } from '../report.ts';
import type { Unreadable } from '../unit.ts';

/** How far one file is followed. */
export interface FollowedFile {
  file: string;
  /** By what its application logs in it, or by what it holds. */
  mode: 'capture' | 'poll';
  /** Changes that wait; for a polled file 1 when it changed and was not read yet. */
  waiting: number;
  /** How long the oldest of them is known to wait; null when none does. */
  oldest_ms: number | null;
  /** Changes that were applied since following began; for a polled file the times that it was read. */
  changes: number;
  inserted: number;
  updated: number;
  removed: number;
  /** Rows that changed at the source and here: kept as they are here. */
  kept_here: number;
  /** Why the file cannot be followed at the moment; what is loaded of it stays. Null when it can. */
  away: string | null;
}

/** What following does at a moment. */
export interface FollowStatus {
  at: string;
  directory: string;
  state: 'following' | 'waiting';
  /** What is waited for: PostgreSQL, the directory, a migration that runs. */
  waiting_for: string | null;
  rounds: number;
  /** Changes that wait, over all files. */
  lag: number;
  oldest_ms: number | null;
  changes: number;
  /** Changes a second, over the last rounds. */
  changes_per_second: number;
  files: FollowedFile[];
  /** Files of complete stores alone: they are not followed, there or not. */
  skipped: string[];
  /** Stores that are on their way by stages. */
  stores: AttendedStore[];
}

export interface FollowReport {
  ok: boolean;
  /** 0 all well · 3 rows in quarantine or files that cannot be read · 4 a row is not what was written. */
  exit: number;
  directory: string;
  elapsed_ms: number;
  rounds: number;
  lag: number;
  changes: number;
  inserted: number;
  updated: number;
  removed: number;
  kept_here: number;
  /** Rows of this directory that are in quarantine now, without those of complete stores. */
  quarantined: number;
  files: FollowedFile[];
  /** Files of complete stores alone: they are not followed, there or not. */
  skipped: string[];
  unreadable: Unreadable[];
  warnings: Warning[];
  /** Rows that are not what was written. */
  differences_total: number;
}

export function emptyFile(file: string, mode: FollowedFile['mode']): FollowedFile {
  return {
    file,
    mode,
    waiting: 0,
    oldest_ms: null,
    changes: 0,
    inserted: 0,
    updated: 0,
    removed: 0,
    kept_here: 0,
    away: null,
  };
}

/** Moments that are remembered of one file: more of them would not make an age more exact. */
const MAX_MARKS = 256;

/** Knows since when changes wait: the old database does not say when it was written. */
export class Ages {
  private readonly marks: { last: bigint; atMs: number }[] = [];

  /** The file was seen with this last change. */
  saw(last: bigint, nowMs: number): void {
    const newest = this.marks.at(-1);
    if (newest !== undefined && newest.last >= last) return;
    this.marks.push({ last, atMs: nowMs });
    if (this.marks.length > MAX_MARKS) this.marks.splice(1, 1);
  }

  /** How long the oldest change after `seq` is known to wait; null when none does. */
  oldest(seq: bigint, nowMs: number): number | null {
    while (this.marks.length > 1 && this.marks[0]!.last <= seq) this.marks.shift();
    const oldest = this.marks[0];
    return oldest === undefined || oldest.last <= seq ? null : Math.max(0, nowMs - oldest.atMs);
  }
}

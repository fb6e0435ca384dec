import type { Plan } from './plan.ts';
import type { StayingFile } from './verdict.ts';

/** How far a cleanup is. */
export interface CleanupProgress {
  readonly phase: 'archive' | 'prove' | 'remove' | 'restore';
  readonly unit: 'bytes' | 'files';
  readonly done: number;
  readonly total: number;
}
export type OnProgress = (progress: CleanupProgress) => void;

/** What became of the files of one archive. */
export interface Removal {
  archive: string;
  /** Files that were removed now. */
  removed: number;
  /** Files that stay, because they were changed since they were archived or cannot be removed. */
  kept: { file: string; reason: string }[];
}

export interface CleanupReport {
  ok: boolean;
  /** 3: a file that should have gone cannot be read · 4: one was changed after it was archived. Both stay. */
  exit: 0 | 3 | 4;
  directory: string;
  apply: boolean;
  /** Where archives go. */
  archives: string;
  free_bytes: number;
  /** What the archive takes at most. */
  needed_bytes: number;
  stores: { store: string; stage: string | null; files: number; bytes: number }[];
  /** Files that go, or went. */
  files: { file: string; stores: string[]; bytes: number }[];
  bytes: number;
  /** Rows that only the quarantine and these files hold. */
  quarantined: Plan['quarantined'];
  stays: StayingFile[];
  /** Of those that stay: what would go, could it be read. */
  unread: string[];
  /** Archives whose files were not all removed yet when this run began. */
  unfinished: string[];
  /** What was removed, by archive: those of killed runs first. Empty without `apply`. */
  removals: Removal[];
  /** Of the archive that was written now. */
  archive_bytes: number | null;
  elapsed_ms: number;
}

export interface RestoreReport {
  ok: true;
  exit: 0;
  directory: string;
  archive: string;
  files: number;
  bytes: number;
  restored: number;
  /** Files that stood there already, byte for byte. */
  there: number;
  elapsed_ms: number;
}

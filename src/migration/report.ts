import type { Difference } from './verify.ts';
import type { Unreadable } from './unit.ts';

/** What a run or a verification says of a source. `read = loaded + quarantined + skipped`, always. */
export interface SourceReport {
  id: string;
  store: string;
  files: string[];
  read: number;
  loaded: number;
  quarantined: number;
  skipped: number;
  /** `expired`, `duplicate`, both joined by a comma, or null. */
  skipped_reason: string | null;
  /** Loaded rows with bytes kept in migration_originals. */
  altered: number;
  verified: boolean;
  /** SHA-256 over the chunks' SHA-256 in the order of their keys; null when nothing is loaded. */
  checksum: string | null;
  rows_per_second: number;
  /** Why rows are in quarantine: rows by reason. */
  quarantine_reasons: Record<string, number>;
}

export interface Warning {
  code: string;
  source: string;
  column: string | null;
  rows: number;
  offset_minutes?: number;
  detail: string;
}

export interface Report {
  ok: boolean;
  exit: number;
  directory: string;
  elapsed_ms: number;
  sources: SourceReport[];
  unreadable: Unreadable[];
  unclaimed: string[];
  warnings: Warning[];
  /** The first rows that differ, when verification found any. */
  differences: Difference[];
  differences_total: number;
  /** Why the command failed before it could report more. */
  error?: { code: string; message: string };
}

/** Differences that a report names; all of them are counted. */
export const MAX_DIFFERENCES = 100;

/** 0 all well · 1 a row without a place · 3 rows in quarantine or unreadable files · 4 a difference. */
export function exitCodeOf(report: Pick<Report, 'sources' | 'unreadable' | 'differences_total'>): number {
  if (report.differences_total > 0) return 4;
  const unaccounted = report.sources.some((one) => one.read !== one.loaded + one.quarantined + one.skipped);
  if (unaccounted) return 1;
  return report.unreadable.length > 0 || report.sources.some((one) => one.quarantined > 0) ? 3 : 0;
}

import type { Report, SourceReport, Warning } from '../report.ts';
import type { Unreadable } from '../unit.ts';
import type { ReturnExample, TableReturn } from './compare.ts';

export type PhaseName = 'snapshot' | 'inspect' | 'run' | 'verify' | 'back' | 'compare';

/** What a phase of a rehearsal did. */
export interface Phase {
  readonly name: PhaseName;
  readonly elapsed_ms: number;
  /** Rows that it went through; null where it has no rows. */
  readonly rows: number | null;
  readonly bytes: number | null;
}

/** What the real move will need, from what was measured. */
export interface Prediction {
  /** Of `migrate run`, which verifies as well, and of another `migrate verify`. */
  readonly run_ms: number;
  readonly verify_ms: number;
  /** Of the rows back into the old files. */
  readonly back_ms: number;
  /** In PostgreSQL, tables and indexes. */
  readonly database_bytes: number;
}

/** Sources whose rows a rehearsal does not write back, and why. */
export interface LeftOut {
  readonly source: string;
  readonly files: number;
  readonly rows: number;
  readonly reason: string;
}

/** What a rehearsal found. */
export interface Rehearsal {
  ok: boolean;
  exit: number;
  directory: string;
  elapsed_ms: number;
  /** Null when it was removed. */
  scratch: { directory: string; schema: string } | null;
  phases: Phase[];
  /** As `migrate run` reports them. */
  sources: SourceReport[];
  unreadable: Unreadable[];
  unclaimed: string[];
  warnings: Warning[];
  /** What the verification after the run found, besides what the run itself had verified. */
  verified: { ok: boolean; differences: number };
  tables: TableReturn[];
  back: {
    rows: number;
    exact: number;
    same_meaning: number;
    different: number;
    missing: number;
    unexpected: number;
    left: number;
    from_quarantine: number;
    from_duplicates: number;
  };
  /** The first rows that came back different, of all tables. */
  differences: ReturnExample[];
  left_out: LeftOut[];
  prediction: Prediction;
}

/** Differences that the whole report names. */
const MAX_DIFFERENCES = 100;

export function sumOf(tables: readonly TableReturn[]): Rehearsal['back'] {
  const sum = (field: keyof Rehearsal['back']): number =>
    tables.reduce((total, table) => total + table[field], 0);
  return {
    rows: sum('rows'),
    exact: sum('exact'),
    same_meaning: sum('same_meaning'),
    different: sum('different'),
    missing: sum('missing'),
    unexpected: sum('unexpected'),
    left: sum('left'),
    from_quarantine: sum('from_quarantine'),
    from_duplicates: sum('from_duplicates'),
  };
}

/** 4 when a row differs, in PostgreSQL or on its way back; otherwise what the run and the verification say. */
export function exitOf(run: Report, verify: Report, back: Rehearsal['back'], unreadable: number): number {
  if (back.different + back.missing + back.unexpected > 0) return 4;
  const exits = [run.exit, verify.exit];
  for (const exit of [1, 4, 3]) if (exits.includes(exit)) return exit;
  return unreadable > 0 ? 3 : 0;
}

export function firstDifferences(tables: readonly TableReturn[]): ReturnExample[] {
  return tables.flatMap(({ differences }) => differences).slice(0, MAX_DIFFERENCES);
}

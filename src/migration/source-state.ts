import { createHash } from 'node:crypto';
import type { ChunkRecord } from './books.ts';
import { type Certificate, sealCertificate } from './certificate.ts';
import type { ChangedHere } from './copy-unit.ts';
import type { Report, SourceReport } from './report.ts';
import type { SourceDefinition } from './source.ts';
import type { Tally } from './tally.ts';
import type { Unit } from './unit.ts';
import type { Difference } from './verify.ts';

/** What is known of a source while it is worked on. */
export interface SourceState {
  source: SourceDefinition;
  units: Unit[];
  tally: Tally;
  elapsedMs: number;
  changedHere: Map<Unit, ChangedHere>;
  records: Map<Unit, ChunkRecord[]>;
  /** Chunks that were verified before this run began, see recordKey. */
  verifiedBefore: Set<string>;
  differences: Difference[];
  /** Chunks with a difference that nobody can explain. */
  differing: Set<string>;
}

/** What a report says of a source. */
export function sourceReport(state: SourceState): SourceReport {
  const { source, units, tally, elapsedMs, differences } = state;
  return {
    id: source.id,
    store: source.store,
    files: [...new Set(units.flatMap((unit) => unit.files))],
    read: tally.read,
    loaded: tally.loaded,
    quarantined: tally.quarantined,
    skipped: tally.skipped,
    skipped_reason: tally.skippedReason,
    altered: tally.altered,
    verified: differences.length === 0,
    checksum: checksumOf(state),
    rows_per_second: elapsedMs === 0 ? 0 : Math.round((tally.read * 1000) / elapsedMs),
    quarantine_reasons: Object.fromEntries(tally.rejections),
  };
}

function checksumOf({ records }: SourceState): string | null {
  const hash = createHash('sha256');
  let chunks = 0;
  for (const list of records.values()) {
    for (const record of list) {
      if (record.loaded === 0) continue;
      hash.update(record.sha256);
      chunks++;
    }
  }
  return chunks === 0 ? null : hash.digest('hex');
}

/** The proof of what a report states, out of the books of every chunk. */
export function certify(
  states: readonly SourceState[],
  report: Report,
  about: { toolVersion: string; schemaVersion: number },
): Certificate {
  return sealCertificate({
    issued_at: new Date().toISOString(),
    tool_version: about.toolVersion,
    schema_version: about.schemaVersion,
    directory: report.directory,
    exit: report.exit,
    sources: states.map((state, index) => {
      const { id, files, read, loaded, quarantined, skipped, altered, checksum } = report.sources[index]!;
      const chunks = [...state.records].flatMap(([unit, records]) =>
        records.map((record) => ({
          unit: unit.name,
          ordinal: record.ordinal,
          first_key: record.firstKey,
          last_key: record.lastKey,
          loaded: record.loaded,
          sha256: Buffer.from(record.sha256).toString('hex'),
        })),
      );
      return { id, files, read, loaded, quarantined, skipped, altered, checksum, chunks };
    }),
    unreadable: report.unreadable,
  });
}

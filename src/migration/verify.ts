import type { DurableTier } from '../tiers/durable/index.ts';
import { readLedger, type ChunkRecord } from './books.ts';
import { digest, isLoaded, type Ledger, type RowKey } from './ledger.ts';
import { readLoaded, type KeyRange, type LoadedRow } from './loaded-rows.ts';

/** How a loaded row departs from the source row that it was made of. */
export interface Difference {
  source: string;
  unit: string;
  key: string;
  /** missing: it is not there; different: it holds other values; unexpected: no source row explains it. */
  kind: 'missing' | 'different' | 'unexpected';
}

export interface ChunkComparison {
  differences: Difference[];
  rows: number;
}

/** Compares the rows of a chunk as loaded with the ledger of the source rows. */
export function compareRows(range: KeyRange, ledger: Ledger, loaded: readonly LoadedRow[]): Difference[] {
  const differences: Difference[] = [];
  const report = (key: RowKey, kind: Difference['kind']): void => {
    differences.push({ source: range.source.id, unit: range.unit, key: String(key), kind });
  };
  const there = new Map(loaded.map((row) => [row.key, row]));
  for (const entry of ledger.entries) {
    const row = there.get(entry.key);
    if (isLoaded(entry.outcome)) {
      if (row === undefined) report(entry.key, 'missing');
      else if (row.a !== entry.a || row.b !== entry.b) report(entry.key, 'different');
      there.delete(entry.key);
    }
  }
  // A row that was good once and is bad at the source now stays loaded as it was.
  const known = new Set(there.size === 0 ? [] : ledger.entries.map((entry) => entry.key));
  for (const key of there.keys()) if (!known.has(key)) report(key, 'unexpected');
  return differences;
}

/** Verifies a chunk against the books. */
export async function verifyChunk(
  tier: DurableTier,
  range: KeyRange,
  record: ChunkRecord,
): Promise<ChunkComparison> {
  return tier.session(async (session) => {
    const loaded = await readLoaded(session, range);
    if (loaded.length === record.loaded && digest(loaded).equals(record.sha256)) {
      return { differences: [], rows: loaded.length };
    }
    const ledger = await readLedger(session, range.source.id, range.unit, range.ordinal);
    return { differences: compareRows(range, ledger, loaded), rows: loaded.length };
  });
}

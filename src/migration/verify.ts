import type { DurableTier, Session } from '../tiers/durable/index.ts';
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

/** Compares every row of a chunk as loaded with the ledger of the source rows. */
export async function compareChunk(
  session: Session,
  range: KeyRange,
  ledger: Ledger,
): Promise<ChunkComparison> {
  const loaded = await readLoaded(session, range);
  return { differences: compareRows(range, ledger, loaded), rows: loaded.length };
}

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

/** Verifies a chunk against the books, and notes in them that it was found right. */
export async function verifyChunk(
  tier: DurableTier,
  range: KeyRange,
  record: ChunkRecord,
): Promise<ChunkComparison> {
  return tier.session(async (session) => {
    const loaded = await readLoaded(session, range);
    if (loaded.length === record.loaded && digest(loaded).equals(record.sha256)) {
      if (!record.verified) await markVerified(session, range);
      return { differences: [], rows: loaded.length };
    }
    const ledger = await readLedger(session, range.source.id, range.unit, range.ordinal);
    return { differences: compareRows(range, ledger, loaded), rows: loaded.length };
  });
}

async function markVerified(session: Session, range: KeyRange): Promise<void> {
  await session.query(
    'UPDATE migration_chunks SET verified_at = now() WHERE source = $1 AND unit = $2 AND ordinal = $3',
    [range.source.id, range.unit, range.ordinal],
  );
}

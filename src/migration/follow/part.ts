import { TupleWriter } from '../../tiers/durable/copy-binary.ts';
import type { Session } from '../../tiers/durable/index.ts';
import { chunkRecords, otherUnits, readLedger, type ChunkRecord } from '../books.ts';
import { Chunk, CHUNK_BYTES, type ChunkEncoder } from '../chunk.ts';
import { compareKeys, type LedgerEntry, type RowKey } from '../ledger.ts';
import type { FileContext, SourceRow } from '../source.ts';
import type { Unit } from '../unit.ts';

/** Rows of a chunk that following makes or adds to: what is written anew with every change of one of them. */
export const FOLLOWED_CHUNK_ROWS = 2000;

/** Rows that were read again, and what the books say of them: those of one chunk, or of one to be. */
export interface Part {
  chunk: Chunk;
  record: ChunkRecord;
  entries: LedgerEntry[];
  /** The chunk is not in the books yet. */
  isNew: boolean;
}

/** Rows of one unit that are to be brought up to date together. */
export interface UnitBatch {
  unit: Unit;
  encoder: ChunkEncoder;
  parts: Part[];
  /** Other units of the source, where a row may stand already. */
  others: readonly string[];
  /** The keys in question. */
  keys: readonly RowKey[];
  /** Of the rows as they are encoded. */
  bytes: number;
  /** The source is the authority of its store: what was changed here gives way. */
  sourceWins: boolean;
}

/** What the books say of a unit. */
export interface UnitBooks {
  records: ChunkRecord[];
  others: string[];
  nextOrdinal: number;
}

export async function readBooks(session: Session, { source, name }: Unit): Promise<UnitBooks> {
  const records = await chunkRecords(session, source.id, name, source.identity === 'legacy_id');
  const others = await otherUnits(session, source.id, name);
  return { records, others, nextOrdinal: records.reduce((max, one) => Math.max(max, one.ordinal), -1) + 1 };
}

export const keyOf = ({ source }: Unit, text: string): RowKey =>
  source.identity === 'legacy_id' ? BigInt(text) : text;

/** A chunk that is not in the books yet. What is loaded of it is proven at once. */
export function newRecord(books: UnitBooks, key: RowKey): ChunkRecord {
  const text = String(key);
  return {
    ordinal: books.nextOrdinal++,
    firstKey: text,
    lastKey: text,
    rows: 0,
    loaded: 0,
    sha256: new Uint8Array(),
    verified: true,
  };
}

export interface Touched {
  unit: Unit;
  encoder: ChunkEncoder;
  context: FileContext;
  /** In ascending order, each once. */
  keys: readonly RowKey[];
  /** Those of them that are at the source, in the same order. */
  rows: readonly SourceRow[];
  sourceWins: boolean;
}

interface Share {
  record: ChunkRecord;
  isNew: boolean;
  keys: Set<RowKey>;
  rows: SourceRow[];
}

/** Sorts touched rows by the chunks that they stand in; rows that stand in none go to the one before, or to a new one. */
export async function touchedParts(session: Session, touched: Touched): Promise<UnitBatch> {
  const { unit, encoder, context, keys } = touched;
  const books = await readBooks(session, unit);
  const shares = shareOut(books, touched);
  const writer = new TupleWriter(1 << 16);
  const parts: Part[] = [];
  for (const { record, isNew, keys: own } of shares) {
    const chunk = new Chunk(unit, writer, context);
    const entries: LedgerEntry[] = [];
    if (!isNew) {
      const ledger = await readLedger(session, unit.source.id, unit.name, record.ordinal);
      for (const entry of ledger.entries) (own.has(entry.key) ? entries : chunk.kept).push(entry);
    }
    parts.push({ chunk, record, entries, isNew });
  }
  // Only now: a new chunk begins its writer anew, and all of these share one.
  shares.forEach(({ rows }, index) => {
    for (const row of rows) encoder.add(parts[index]!.chunk, row);
  });
  const { sourceWins } = touched;
  return { unit, encoder, parts, others: books.others, keys, bytes: writer.position, sourceWins };
}

function shareOut(books: UnitBooks, { unit, keys, rows }: Touched): Share[] {
  const bounds = books.records.map((record) => ({
    record,
    first: keyOf(unit, record.firstKey),
    last: keyOf(unit, record.lastKey),
  }));
  const byRecord = new Map<ChunkRecord, Share>();
  const shareOf = (record: ChunkRecord, isNew: boolean): Share => {
    const share = byRecord.get(record) ?? { record, isNew, keys: new Set(), rows: [] };
    byRecord.set(record, share);
    return share;
  };
  const there = new Map<RowKey, SourceRow[]>();
  for (const row of rows) {
    const same = there.get(row.key);
    if (same) same.push(row);
    else there.set(row.key, [row]);
  }
  const room = roomOf(rows);
  let at = -1;
  let fresh: Share | null = null;
  for (const key of keys) {
    while (at + 1 < bounds.length && compareKeys(bounds[at + 1]!.first, key) <= 0) {
      at++;
      fresh = null;
    }
    const found = there.get(key) ?? [];
    const before = bounds[at];
    let share: Share;
    if (before !== undefined && compareKeys(key, before.last) <= 0) share = shareOf(before.record, false);
    else if (found.length === 0) continue;
    else if (fresh !== null && fresh.rows.length < room) share = fresh;
    else if (
      fresh === null &&
      before !== undefined &&
      before.record.rows + sizeOf(byRecord, before.record) < room
    )
      share = shareOf(before.record, false);
    else share = fresh = shareOf(newRecord(books, key), true);
    share.keys.add(key);
    share.rows.push(...found);
  }
  return [...byRecord.values()];
}

const sizeOf = (shares: ReadonlyMap<ChunkRecord, Share>, record: ChunkRecord): number =>
  shares.get(record)?.rows.length ?? 0;

/** How many rows of the size of these make a chunk. */
function roomOf(rows: readonly SourceRow[]): number {
  let bytes = 0;
  for (const row of rows) {
    for (const value of row.values)
      if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
  }
  if (bytes === 0) return FOLLOWED_CHUNK_ROWS;
  return Math.max(1, Math.min(FOLLOWED_CHUNK_ROWS, Math.floor((CHUNK_BYTES * rows.length) / bytes)));
}

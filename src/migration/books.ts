import { COPY_HEADER, COPY_TRAILER, TupleWriter } from '../tiers/durable/copy-binary.ts';
import type { Session } from '../tiers/durable/index.ts';
import type { Chunk, ChunkRow } from './chunk.ts';
import { isLoaded, Ledger, OUTCOME, type RowKey } from './ledger.ts';
import type { Alteration } from './source.ts';
import { compareBytes } from './values/order.ts';

/** What the books hold of a chunk, without its ledger. */
export interface ChunkRecord {
  ordinal: number;
  firstKey: string;
  lastKey: string;
  /** Rows that stood at the source when it was written. */
  rows: number;
  loaded: number;
  sha256: Uint8Array;
  verified: boolean;
}

/** The chunks of a unit in the order of their keys. */
export async function chunkRecords(
  session: Session,
  source: string,
  unit: string,
  integerKeys: boolean,
): Promise<ChunkRecord[]> {
  const { rows } = await session.query<{
    ordinal: number;
    first_key: string;
    last_key: string;
    rows: bigint;
    loaded: bigint;
    sha256: Uint8Array;
    verified: boolean;
  }>(
    `SELECT ordinal, first_key, last_key, rows, loaded, sha256, verified_at IS NOT NULL AS verified
     FROM migration_chunks WHERE source = $1 AND unit = $2`,
    [source, unit],
  );
  const records = rows.map((row) => ({
    ordinal: row.ordinal,
    firstKey: row.first_key,
    lastKey: row.last_key,
    rows: Number(row.rows),
    loaded: Number(row.loaded),
    sha256: row.sha256,
    verified: row.verified,
  }));
  return records.sort((a, b) =>
    integerKeys ? Number(BigInt(a.firstKey) - BigInt(b.firstKey)) : compareBytes(a.firstKey, b.firstKey),
  );
}

export async function readLedger(
  session: Session,
  source: string,
  unit: string,
  ordinal: number,
): Promise<Ledger> {
  const { rows } = await session.query<{ ledger: Uint8Array }>(
    'SELECT ledger FROM migration_chunks WHERE source = $1 AND unit = $2 AND ordinal = $3',
    [source, unit, ordinal],
  );
  return rows[0] ? Ledger.decode(rows[0].ledger) : new Ledger();
}

/** The other units of a source that were loaded: where a row of this one may stand already. */
export async function otherUnits(session: Session, source: string, unit: string): Promise<string[]> {
  const { rows } = await session.query<{ unit: string }>(
    'SELECT DISTINCT unit FROM migration_chunks WHERE source = $1 AND unit <> $2 ORDER BY unit',
    [source, unit],
  );
  return rows.map((row) => row.unit);
}

/**
 * Writes (again) what the books say of a chunk: in the transaction that loads it. `touched` are the rows whose values
 * this transaction wrote: of the others, what was kept beside them stays.
 */
export async function writeChunk(
  session: Session,
  chunk: Chunk,
  ordinal: number,
  touched: readonly ChunkRow[],
): Promise<void> {
  const ledger = chunk.ledger();
  const { source, name } = chunk.unit;
  const entries = [...ledger.entries];
  await session.query(
    `INSERT INTO migration_chunks (source, unit, ordinal, first_key, last_key, rows, loaded, sha256, ledger)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (source, unit, ordinal) DO UPDATE SET first_key = excluded.first_key, last_key = excluded.last_key,
       rows = excluded.rows, loaded = excluded.loaded, sha256 = excluded.sha256, ledger = excluded.ledger,
       loaded_at = now(), verified_at = NULL`,
    [
      source.id,
      name,
      ordinal,
      String(entries[0]!.key),
      String(entries.at(-1)!.key),
      ledger.count(OUTCOME.loaded, OUTCOME.altered, OUTCOME.quarantined, OUTCOME.expired, OUTCOME.duplicate),
      ledger.loaded,
      ledger.sha256(),
      ledger.encode(),
    ],
  );
  await writeOriginals(session, chunk, ordinal, touched);
  await writeQuarantine(session, chunk, ordinal);
}

/** Notes that chunks were found as their source. */
export async function markVerified(
  session: Session,
  source: string,
  unit: string,
  ordinals: readonly number[],
): Promise<void> {
  await session.query(
    'UPDATE migration_chunks SET verified_at = now() WHERE source = $1 AND unit = $2 AND ordinal = ANY($3::int[])',
    [source, unit, ordinals.map(String)],
  );
}

/**
 * Forgets what was kept beside rows that are about to be written again, and why rows were in quarantine that are at the
 * source still. What is gone at the source keeps its bytes here: there is no other copy of them.
 */
export async function clearChunk(
  session: Session,
  chunk: Chunk,
  ordinal: number,
  touched: readonly ChunkRow[],
): Promise<void> {
  const { source, name } = chunk.unit;
  const keys = (rows: readonly ChunkRow[]): string[] => rows.map((row) => String(row.key));
  const where = 'WHERE source = $1 AND unit = $2 AND chunk = $3 AND key = ANY($4)';
  await session.query(`DELETE FROM migration_originals ${where}`, [source.id, name, ordinal, keys(touched)]);
  await session.query(`DELETE FROM migration_quarantine ${where}`, [
    source.id,
    name,
    ordinal,
    keys(chunk.rows),
  ]);
}

async function writeOriginals(
  session: Session,
  chunk: Chunk,
  ordinal: number,
  rows: readonly ChunkRow[],
): Promise<void> {
  const writer = new TupleWriter(4096);
  for (const row of rows) {
    if (!isLoaded(row.outcome)) continue;
    for (const alteration of row.alterations) original(writer, chunk, row, alteration, ordinal);
  }
  if (writer.position === 0) return;
  await session.copyIn(
    'COPY migration_originals (source, file, key, "column", bytes, reason, unit, chunk)',
    whole(writer),
  );
}

function original(
  writer: TupleWriter,
  chunk: Chunk,
  row: ChunkRow,
  alteration: Alteration,
  ordinal: number,
): void {
  writer.startTuple(8);
  writer.text(chunk.unit.source.id);
  writer.text(chunk.fileOf(row));
  writer.text(String(row.key));
  writer.text(alteration.column);
  writer.bytea(alteration.bytes);
  writer.text(alteration.reason);
  writer.text(chunk.unit.name);
  writer.int4(ordinal);
}

async function writeQuarantine(session: Session, chunk: Chunk, ordinal: number): Promise<void> {
  const writer = new TupleWriter(4096);
  for (const row of chunk.rows) {
    if (row.rejection === null) continue;
    writer.startTuple(9);
    writer.text(chunk.unit.source.id);
    writer.text(chunk.fileOf(row));
    writer.text(String(row.key));
    if (row.rejection.column === null) writer.null();
    else writer.text(row.rejection.column);
    writer.text(row.rejection.reason);
    writer.text(row.rejection.detail.replaceAll('\u0000', '\uFFFD'));
    writer.bytea(row.rejection.bytes);
    writer.text(chunk.unit.name);
    writer.int4(ordinal);
  }
  if (writer.position === 0) return;
  await session.copyIn(
    'COPY migration_quarantine (source, file, key, "column", reason, detail, bytes, unit, chunk)',
    whole(writer),
  );
}

/** Whether the quarantine holds every rejected row of a chunk, byte for byte. */
export async function quarantineIsWhole(session: Session, chunk: Chunk, ordinal: number): Promise<boolean> {
  const rejected = chunk.rows.filter((row) => row.rejection !== null);
  if (rejected.length === 0) return true;
  const { rows } = await session.query<{ key: string; bytes: Uint8Array }>(
    'SELECT key, bytes FROM migration_quarantine WHERE source = $1 AND unit = $2 AND chunk = $3',
    [chunk.unit.source.id, chunk.unit.name, ordinal],
  );
  const entry = (key: RowKey, bytes: Uint8Array): string => `${key} ${Buffer.from(bytes).toString('latin1')}`;
  const there = new Set(rows.map(({ key, bytes }) => entry(key, bytes)));
  return rejected.every((row) => there.has(entry(row.key, row.rejection!.bytes)));
}

function whole(writer: TupleWriter): Uint8Array[] {
  return [COPY_HEADER, writer.buffer.subarray(0, writer.position), COPY_TRAILER];
}

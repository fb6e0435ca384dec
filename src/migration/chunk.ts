import { COPY_HEADER, COPY_TRAILER, type TupleWriter } from '../tiers/durable/copy-binary.ts';
import { Ledger, type LedgerEntry, OUTCOME, type Outcome, type RowKey } from './ledger.ts';
import type { Adjustment, Alteration, FileContext, RawValue, Rejection, SourceRow } from './source.ts';
import type { Unit } from './unit.ts';
import { RejectedValue } from './values/coerce.ts';
import { originalBytes, originalRow } from './values/original.ts';
import { RowEncoder } from './values/row-encoder.ts';
import { RowHash } from './values/row-hash.ts';
import type { Tally } from './tally.ts';

/** Rows and bytes after which a chunk is closed: what one transaction holds, and what is in memory of a source. */
export const CHUNK_ROWS = 10_000;
export const CHUNK_BYTES = 2 << 20;

const none: readonly Alteration[] = [];

/** A row of a chunk: its place in the ledger, and in the chunk's bytes where it was encoded. */
export interface ChunkRow {
  key: RowKey;
  a: number;
  b: number;
  outcome: Outcome;
  /** Offsets of its tuple; equal when there is none. */
  start: number;
  end: number;
  alterations: readonly Alteration[];
  rejection: (Rejection & { bytes: Uint8Array }) | null;
}

/** A run of source rows, encoded for COPY, with what became of each. */
export class Chunk {
  readonly unit: Unit;
  readonly rows: ChunkRow[] = [];
  /** Rows that were loaded once and are at the source no more. */
  gone: LedgerEntry[] = [];
  /** What the books say of rows that were not read again: it stays. */
  kept: LedgerEntry[] = [];
  readonly writer: TupleWriter;

  private readonly context: FileContext;

  constructor(unit: Unit, writer: TupleWriter, context: FileContext) {
    this.unit = unit;
    this.writer = writer;
    this.context = context;
    writer.reset();
  }

  get isFull(): boolean {
    return this.rows.length >= CHUNK_ROWS || this.writer.position >= CHUNK_BYTES;
  }

  /** The tuples of some rows as a COPY stream; neighbours go as one slice. */
  *stream(rows: readonly ChunkRow[]): Generator<Uint8Array> {
    yield COPY_HEADER;
    let start = -1;
    let end = -1;
    for (const row of rows) {
      if (row.start === row.end) continue;
      if (row.start !== end) {
        if (end > start) yield this.writer.buffer.subarray(start, end);
        start = row.start;
      }
      end = row.end;
    }
    if (end > start) yield this.writer.buffer.subarray(start, end);
    yield COPY_TRAILER;
  }

  /** The bytes of a row that was taken up as good: it is read again, since keeping every row would cost more. */
  originalOf(row: ChunkRow): Uint8Array {
    const index = this.rows.indexOf(row);
    let before = 0;
    while (this.rows[index - before - 1]?.key === row.key) before++;
    const found = this.unit.find(row.key, before, this.context);
    return found === null ? new Uint8Array() : wholeRow(this.unit, found);
  }

  /** The legacy_source of a row. */
  fileOf(row: Pick<ChunkRow, 'key'>): string {
    return this.unit.source.identity === 'legacy_source' ? String(row.key) : this.unit.name;
  }

  ledger(): Ledger {
    const ledger = new Ledger();
    for (const row of this.rows) ledger.entries.push(row);
    for (const entry of this.gone) ledger.entries.push(entry);
    for (const entry of this.kept) ledger.entries.push(entry);
    if (this.gone.length + this.kept.length > 0) ledger.sort();
    return ledger;
  }
}

/** Encodes the rows of one unit. */
export class ChunkEncoder {
  private readonly unit: Unit;
  private readonly encoder: RowEncoder;
  private readonly context: FileContext;
  private readonly shared: unknown;
  private readonly index: ReadonlyMap<string, number>;
  private readonly hash = new RowHash();
  private readonly suspects = new Map<string, number>();

  constructor(unit: Unit, context: FileContext, shared: unknown) {
    this.unit = unit;
    this.context = context;
    this.shared = shared;
    this.encoder = new RowEncoder(unit.source, context.timezones, context.nowMicros);
    this.index = new Map(unit.columns.map((name, index) => [name, index]));
  }

  /** Tells the tally what the rows showed beside what became of them. */
  observe(tally: Tally): void {
    for (const [column, rows] of this.encoder.futureTimes) add(tally.futureTimes, column, rows);
    for (const [column, rows] of this.suspects) add(tally.suspects, column, rows);
  }

  /** Adds a row to the chunk. Never throws for what is in the row: a bad one is taken up as quarantined. */
  add(chunk: Chunk, row: SourceRow): ChunkRow {
    const adjusted = row.rejected ? row : this.adjust(row);
    const start = chunk.writer.position;
    const encoded: ChunkRow = {
      key: row.key,
      a: 0,
      b: 0,
      outcome: OUTCOME.loaded,
      start,
      end: start,
      alterations: none,
      rejection: null,
    };
    chunk.rows.push(encoded);
    if (row.rejected) return this.reject(encoded, row, row.rejected);
    try {
      encoded.alterations = this.encoder.encode(chunk.writer, chunk.fileOf(row), adjusted);
      encoded.a = this.encoder.a;
      encoded.b = this.encoder.b;
    } catch (error) {
      if (!(error instanceof RejectedValue)) throw error;
      return this.reject(encoded, row, {
        reason: error.reason,
        column: this.encoder.lastColumn,
        detail: error.detail,
      });
    }
    if (this.isExpired(row)) {
      encoded.outcome = OUTCOME.expired;
      chunk.writer.rewind(start);
    } else {
      encoded.end = chunk.writer.position;
      if (encoded.alterations.length > 0) encoded.outcome = OUTCOME.altered;
    }
    return encoded;
  }

  private isExpired(row: SourceRow): boolean {
    if (row.expired !== undefined) return row.expired;
    const { expired } = this.unit.source;
    return expired !== undefined && expired(this.getter(row), this.context);
  }

  private getter(row: SourceRow): (name: string) => RawValue {
    return (name) => row.values[this.index.get(name) ?? -1] ?? null;
  }

  private adjust(row: SourceRow): SourceRow {
    if (!this.unit.source.adjust) return row;
    const adjustments = this.unit.source.adjust(this.getter(row), this.shared);
    // What the operator says of a column goes before what a row proves of it.
    const applied = adjustments.filter((one) => !this.context.timezones.has(one.column));
    if (applied.length === 0) {
      const column = this.unit.source.suspect?.(this.getter(row)) ?? null;
      if (column !== null && !this.context.timezones.has(column)) add(this.suspects, column, 1);
      return row;
    }
    const values = [...row.values];
    const altered = [...(row.altered ?? [])];
    for (const one of applied) this.apply(one, values, altered);
    return { ...row, values, altered };
  }

  private apply(adjustment: Adjustment, values: RawValue[], altered: Alteration[]): void {
    const at = this.index.get(adjustment.column)!;
    altered.push({ column: adjustment.column, bytes: originalBytes(values[at]!), reason: adjustment.reason });
    values[at] = adjustment.value;
  }

  /** Marks a row as quarantined; its hash is then that of its bytes, so that a repaired one is noticed. */
  private reject(row: ChunkRow, source: SourceRow, rejection: Rejection): ChunkRow {
    const bytes = wholeRow(this.unit, source);
    this.hash.reset();
    this.hash.bytes(bytes, 0, bytes.length);
    this.hash.finish();
    row.a = this.hash.a;
    row.b = this.hash.b;
    row.outcome = OUTCOME.quarantined;
    row.rejection = { ...rejection, bytes };
    return row;
  }
}

function add(map: Map<string, number>, key: string, count: number): void {
  map.set(key, (map.get(key) ?? 0) + count);
}

/** A row's bytes as they were found. */
function wholeRow(unit: Unit, row: SourceRow): Uint8Array {
  return row.original?.() ?? originalRow(unit.columns, row);
}

import { setImmediate as breathe } from 'node:timers/promises';
import { TupleWriter } from '../tiers/durable/copy-binary.ts';
import type { DurableTier } from '../tiers/durable/index.ts';
import { chunkRecords, otherUnits, type ChunkRecord } from './books.ts';
import { Chunk, ChunkEncoder, CHUNK_BYTES } from './chunk.ts';
import { markDuplicates } from './duplicates.ts';
import { compareKeys, type RowKey } from './ledger.ts';
import { loadChunk } from './load.ts';
import { reconcileChunk } from './reconcile.ts';
import type { FileContext, SourceRow } from './source.ts';
import type { Tally } from './tally.ts';
import type { Unit } from './unit.ts';

/** Rows after which the event loop gets a turn, so that what was made so far reaches the sockets meanwhile. */
const ROWS_PER_TURN = 500;

export interface CopyOptions {
  tier: DurableTier;
  unit: Unit;
  context: FileContext;
  /** What the source's `prepare` found out. */
  shared: unknown;
  tally: Tally;
  onRows: (rows: number) => void;
}

/** Keys of rows that were changed here since they were loaded. */
export type ChangedHere = Set<RowKey>;

/**
 * Copies a unit: chunks that an earlier run loaded are brought up to date, then what follows is loaded. Chunks are made
 * while those before are on their way; the order of loading is kept only where a unique key makes it matter.
 *
 * @throws StockroomError SOURCE_LOCKED, SOURCE_UNREADABLE, or SQLite's own error, when the source fails while it is read;
 *   what was loaded until then stays loaded.
 */
export async function copyUnit(options: CopyOptions): Promise<ChangedHere> {
  const { tier, unit } = options;
  const integerKeys = unit.source.identity === 'legacy_id';
  const { records, others } = await tier.session(async (session) => ({
    records: await chunkRecords(session, unit.source.id, unit.name, integerKeys),
    others: await otherUnits(session, unit.source.id, unit.name),
  }));
  const copier = new UnitCopier(options, others);
  try {
    const key = (text: string): RowKey => (integerKeys ? BigInt(text) : text);
    let ordinal = records.reduce((max, record) => Math.max(max, record.ordinal), -1) + 1;
    for (const record of records) {
      // What stands before a chunk and in none: a chunk that was on its way when a run was killed, or rows put there since.
      ordinal = await copier.load(ordinal, key(record.firstKey));
      await copier.reconcile(record, key(record.lastKey));
    }
    await copier.load(ordinal, null);
  } finally {
    copier.observe();
    await copier.settle();
  }
  return copier.changedHere;
}

class UnitCopier {
  readonly changedHere: ChangedHere = new Set();
  private readonly options: CopyOptions;
  private readonly others: readonly string[];
  private readonly encoder: ChunkEncoder;
  private readonly rows: Iterator<SourceRow>;
  private next: IteratorResult<SourceRow> | null = null;
  private readonly writers: TupleWriter[] = [];
  private readonly inFlight = new Set<Promise<void>>();
  private readonly limit: number;
  private failure: { error: unknown } | null = null;

  constructor(options: CopyOptions, others: readonly string[]) {
    this.options = options;
    this.others = others;
    this.encoder = new ChunkEncoder(options.unit, options.context, options.shared);
    this.rows = options.unit.rows(options.context)[Symbol.iterator]();
    this.limit = options.unit.source.uniqueKey ? 1 : Math.min(2, options.tier.concurrency);
  }

  observe(): void {
    this.encoder.observe(this.options.tally);
  }

  async reconcile(record: ChunkRecord, last: RowKey): Promise<void> {
    const chunk = this.newChunk();
    for (let count = 1; ; count++) {
      const row = this.peek();
      if (row === null || compareKeys(row.key, last) > 0) break;
      this.encoder.add(chunk, row);
      this.next = null;
      if (count % ROWS_PER_TURN === 0) await breathe();
    }
    const { tier, tally } = this.options;
    await reconcileChunk(tier, { chunk, record, others: this.others, tally, changedHere: this.changedHere });
    this.finish(chunk);
  }

  /** Loads the rows up to a key, or to the end, as chunks of their own; the ordinal of the next. */
  async load(firstOrdinal: number, before: RowKey | null): Promise<number> {
    let ordinal = firstOrdinal;
    for (; this.isBefore(this.peek(), before); ordinal++) {
      // The next chunk is made while those before it are on their way.
      const chunk = await this.takeChunk(before);
      while (this.inFlight.size >= this.limit) await Promise.race(this.inFlight);
      if (this.failure) throw this.failure.error;
      const load: Promise<void> = this.loadChunk(chunk, ordinal)
        .catch((error: unknown) => {
          this.failure ??= { error };
        })
        .finally(() => this.inFlight.delete(load));
      this.inFlight.add(load);
    }
    await this.settle();
    return ordinal;
  }

  private isBefore(row: SourceRow | null, key: RowKey | null): row is SourceRow {
    return row !== null && (key === null || compareKeys(row.key, key) < 0);
  }

  /** Waits for what is on its way. */
  async settle(): Promise<void> {
    await Promise.all(this.inFlight);
    if (this.failure) throw this.failure.error;
  }

  private async takeChunk(before: RowKey | null): Promise<Chunk> {
    const chunk = this.newChunk();
    for (let count = 1; ; count++) {
      const row = this.tryPeek(chunk);
      // Rows with one key stay together: a later run tells chunks apart by their keys.
      if (!this.isBefore(row, before) || (chunk.isFull && row.key !== chunk.rows.at(-1)?.key)) break;
      this.encoder.add(chunk, row);
      this.next = null;
      if (count % ROWS_PER_TURN === 0) await breathe();
    }
    return chunk;
  }

  private async loadChunk(chunk: Chunk, ordinal: number): Promise<void> {
    const { tier, tally } = this.options;
    if (this.others.length > 0) {
      const { overlapping } = await tier.session((session) =>
        markDuplicates(session, chunk, chunk.rows, this.others),
      );
      tally.overlapping += overlapping;
    }
    await loadChunk(tier, chunk, ordinal);
    tally.addChunk(chunk);
    this.finish(chunk);
  }

  private newChunk(): Chunk {
    return new Chunk(
      this.options.unit,
      this.writers.pop() ?? new TupleWriter(CHUNK_BYTES + (1 << 18)),
      this.options.context,
    );
  }

  private finish(chunk: Chunk): void {
    this.options.onRows(chunk.rows.length);
    this.writers.push(chunk.writer);
  }

  private peek(): SourceRow | null {
    this.next ??= this.rows.next();
    return this.next.done ? null : this.next.value;
  }

  /** As peek; when the source fails in the middle of a chunk, what was read before is loaded first. */
  private tryPeek(chunk: Chunk): SourceRow | null {
    try {
      return this.peek();
    } catch (error) {
      if (chunk.rows.length === 0) throw error;
      this.next = null;
      this.failAfter(error);
      return null;
    }
  }

  private failAfter(error: unknown): void {
    this.rows.next = () => {
      throw error;
    };
  }
}

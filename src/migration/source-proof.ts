import { migrationProgress } from '../core/diagnostics.ts';
import { TupleWriter } from '../tiers/durable/copy-binary.ts';
import type { DurableTier } from '../tiers/durable/index.ts';
import { quarantineIsWhole, readLedger, type ChunkRecord } from './books.ts';
import { Chunk, ChunkEncoder } from './chunk.ts';
import { prepare, type Engine } from './engine.ts';
import type { SourceState } from './source-state.ts';
import { compareKeys, isGone, isLoaded, Ledger, OUTCOME, type LedgerEntry, type RowKey } from './ledger.ts';
import { readLoaded } from './loaded-rows.ts';
import type { FileContext, SourceRow } from './source.ts';
import type { Unit } from './unit.ts';
import { compareRows } from './verify.ts';

/** Reads every source row again and compares it with what is loaded, chunk by chunk; writes nothing. */
export async function compareWithSource(tier: DurableTier, engine: Engine): Promise<void> {
  for (const state of engine.states) {
    const started = Date.now();
    for (const unit of state.units) {
      await engine.guard(unit, async () => {
        const context = engine.context(state.source);
        const shared = prepare(state.source, state.units, context);
        const encoder = new ChunkEncoder(unit, context, shared);
        const records = await engine.recordsOf(state.source, unit);
        state.records.set(unit, records);
        const seen = await new UnitProof(tier, state, unit, encoder, context).compare(
          records,
          unit.rows(context),
        );
        await engine.requireNoOthers(state, unit, seen);
      });
    }
    state.elapsedMs = Date.now() - started;
  }
}

class UnitProof {
  private readonly tier: DurableTier;
  private readonly state: SourceState;
  private readonly unit: Unit;
  private readonly encoder: ChunkEncoder;
  private readonly context: FileContext;
  private readonly writer = new TupleWriter();

  constructor(
    tier: DurableTier,
    state: SourceState,
    unit: Unit,
    encoder: ChunkEncoder,
    context: FileContext,
  ) {
    this.context = context;
    this.tier = tier;
    this.state = state;
    this.unit = unit;
    this.encoder = encoder;
  }

  /** How many loaded rows were found in the chunks. */
  async compare(records: readonly ChunkRecord[], rows: Iterable<SourceRow>): Promise<number> {
    let seen = 0;
    const iterator = rows[Symbol.iterator]();
    let next = iterator.next();
    const integerKeys = this.unit.source.identity === 'legacy_id';
    for (const record of records) {
      const last: RowKey = integerKeys ? BigInt(record.lastKey) : record.lastKey;
      const chunk = new Chunk(this.unit, this.writer, this.context);
      while (!next.done && compareKeys(next.value.key, last) <= 0) {
        this.encoder.add(chunk, next.value);
        next = iterator.next();
      }
      seen += await this.compareChunk(chunk, record);
      this.progress(chunk);
    }
    // What stands at the source and was never loaded.
    while (!next.done) {
      const chunk = new Chunk(this.unit, this.writer, this.context);
      while (!next.done && !chunk.isFull) {
        this.encoder.add(chunk, next.value);
        next = iterator.next();
      }
      this.notLoaded(chunk);
      this.progress(chunk);
    }
    this.encoder.observe(this.state.tally);
    return seen;
  }

  private progress(chunk: Chunk): void {
    this.state.tally.addChunk(chunk);
    const { source, tally } = this.state;
    migrationProgress.publish(() => ({
      source: source.id,
      phase: 'verify',
      done: tally.read,
      total: undefined,
    }));
  }

  private async compareChunk(chunk: Chunk, record: ChunkRecord): Promise<number> {
    const { source, name: unit } = this.unit;
    const { ordinal, firstKey, lastKey } = record;
    const range = { source, unit, ordinal, firstKey, lastKey };
    const { loaded, books, whole } = await this.tier.session(async (session) => ({
      whole: await quarantineIsWhole(session, chunk, ordinal),
      loaded: await readLoaded(session, range),
      books: await readLedger(session, source.id, unit, ordinal),
    }));
    const ledger = expected(chunk, books.entries, new Set(loaded.map((row) => row.key)));
    this.state.differences.push(...compareRows(range, ledger, loaded));
    if (!whole) {
      const key = `quarantine of ${firstKey}..${lastKey}`;
      this.state.differences.push({ source: source.id, unit, key, kind: 'missing' });
    }
    return loaded.length;
  }

  /** Rows that stand at the source and were never loaded. */
  private notLoaded(chunk: Chunk): void {
    const { source, name: unit } = this.unit;
    for (const row of chunk.rows) {
      if (isLoaded(row.outcome))
        this.state.differences.push({ source: source.id, unit, key: String(row.key), kind: 'missing' });
    }
  }
}

/** What should be loaded of a chunk: its source rows as they are now, but for those that were rightly left out. */
function expected(chunk: Chunk, books: readonly LedgerEntry[], there: ReadonlySet<RowKey>): Ledger {
  const ledger = new Ledger();
  const known = new Map<RowKey, LedgerEntry[]>();
  for (const entry of books) {
    const list = known.get(entry.key);
    if (list) list.push(entry);
    else known.set(entry.key, [entry]);
  }
  for (const row of chunk.rows) {
    const entry = known.get(row.key)?.shift();
    const same = entry !== undefined && entry.a === row.a && entry.b === row.b;
    if (same && !isLoaded(entry.outcome) && !isGone(entry.outcome)) row.outcome = entry.outcome;
    // What was loaded while it was fresh and is over now may stay, and may have been cleared away.
    else if (row.outcome === OUTCOME.expired && same && there.has(row.key)) row.outcome = entry.outcome;
    ledger.add(row.key, row.a, row.b, row.outcome);
  }
  for (const entry of [...known.values()].flat()) ledger.add(entry.key, entry.a, entry.b, OUTCOME.gone);
  return ledger;
}

import { setImmediate as breathe } from 'node:timers/promises';
import { TupleWriter } from '../../tiers/durable/copy-binary.ts';
import { chunkRecords, quarantineIsWhole, readLedger, type ChunkRecord } from '../books.ts';
import { Chunk, ChunkEncoder, type ChunkRow } from '../chunk.ts';
import { prepare } from '../engine.ts';
import { compareKeys, isLoaded, OUTCOME, type LedgerEntry, type RowKey } from '../ledger.ts';
import type { SourceRow } from '../source.ts';
import type { Unit } from '../unit.ts';
import { settleAdopted } from './adopted.ts';
import { applyBatches } from './apply.ts';
import type { Place } from './place.ts';
import { Outcome } from './outcome.ts';
import { keyOf, touchedParts } from './part.ts';

/** Rows that are brought up to date in one transaction. */
const ROWS_PER_BATCH = 2000;
const ROWS_PER_TURN = 500;
/** Passes over a unit whose rows made way for one another. */
const MAX_PASSES = 3;

/**
 * Reads a unit whole, compares it with the books chunk by chunk, and brings the rows that differ up to date. What is the
 * same costs no write. `units`: all that is known of the source, for what a row becomes because of others.
 */
export async function followWhole(place: Place, unit: Unit, units: readonly Unit[]): Promise<Outcome> {
  const outcome = new Outcome();
  if (place.sourceWins(unit.source))
    outcome.removed += await settleAdopted(place.tier, unit, place.contextOf(unit.source));
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const found = await new Pass(
      place,
      unit,
      prepare(unit.source, units, place.contextOf(unit.source)),
    ).run();
    outcome.join(found);
    // A key that one row gave up may be what another was refused for.
    const moved = found.updated + found.removed > 0 && found.quarantined > 0;
    if (unit.source.uniqueKey !== true || !moved) break;
  }
  return outcome;
}

class Pass {
  private readonly place: Place;
  private readonly unit: Unit;
  private readonly shared: unknown;
  private readonly rows: Iterator<SourceRow>;
  private readonly writer = new TupleWriter(1 << 16);
  private readonly outcome = new Outcome();
  private next: IteratorResult<SourceRow> | null = null;
  private keys: RowKey[] = [];
  private waiting: SourceRow[] = [];

  constructor(place: Place, unit: Unit, shared: unknown) {
    this.place = place;
    this.unit = unit;
    this.shared = shared;
    this.rows = unit.rows(place.contextOf(unit.source))[Symbol.iterator]();
  }

  async run(): Promise<Outcome> {
    const { unit } = this;
    const records = await this.place.tier.session((session) =>
      chunkRecords(session, unit.source.id, unit.name, unit.source.identity === 'legacy_id'),
    );
    for (const record of records) {
      await this.takeNew(keyOf(unit, record.firstKey));
      await this.compare(record, keyOf(unit, record.lastKey));
    }
    await this.takeNew(null);
    await this.flush();
    return this.outcome;
  }

  /** Rows that stand before a chunk, or behind the last, and in none. */
  private async takeNew(before: RowKey | null): Promise<void> {
    for (let row = this.peek(); row !== null; row = this.peek()) {
      if (before !== null && compareKeys(row.key, before) >= 0) return;
      this.next = null;
      await this.touch(row.key, [row]);
    }
  }

  private async compare(record: ChunkRecord, last: RowKey): Promise<void> {
    const { unit, place } = this;
    const context = place.contextOf(unit.source);
    const encoder = new ChunkEncoder(unit, context, this.shared);
    const chunk = new Chunk(unit, this.writer, context);
    const sources: SourceRow[] = [];
    for (let row = this.peek(); row !== null && compareKeys(row.key, last) <= 0; row = this.peek()) {
      encoder.add(chunk, row);
      // Only the hash is wanted of it.
      this.writer.reset();
      sources.push(row);
      this.next = null;
      if (sources.length % ROWS_PER_TURN === 0) await breathe();
    }
    const { ledger, whole } = await place.tier.session(async (session) => ({
      ledger: await readLedger(session, unit.source.id, unit.name, record.ordinal),
      whole: await quarantineIsWhole(session, chunk, record.ordinal),
    }));
    const differing = differingKeys(chunk.rows, ledger.entries, whole);
    const byKey = new Map<RowKey, SourceRow[]>();
    for (const row of sources) {
      if (!differing.has(row.key)) continue;
      const same = byKey.get(row.key);
      if (same) same.push(row);
      else byKey.set(row.key, [row]);
    }
    for (const key of [...differing].sort(compareKeys)) await this.touch(key, byKey.get(key) ?? []);
  }

  private async touch(key: RowKey, rows: readonly SourceRow[]): Promise<void> {
    // Rows with one key stay together.
    if (this.keys.at(-1) !== key) {
      if (this.keys.length >= ROWS_PER_BATCH) await this.flush();
      this.keys.push(key);
    }
    this.waiting.push(...rows);
  }

  private async flush(): Promise<void> {
    if (this.keys.length === 0) return;
    const { unit, place, shared, keys, waiting } = this;
    this.keys = [];
    this.waiting = [];
    const context = place.contextOf(unit.source);
    const build = async () => {
      const encoder = new ChunkEncoder(unit, context, shared);
      return [
        await place.tier.session((session) =>
          touchedParts(session, {
            unit,
            encoder,
            context,
            keys,
            rows: waiting,
            sourceWins: place.sourceWins(unit.source),
          }),
        ),
      ];
    };
    this.outcome.join(await applyBatches(place.tier, build, null));
    place.stopIfAsked();
  }

  private peek(): SourceRow | null {
    this.next ??= this.rows.next();
    return this.next.done ? null : this.next.value;
  }
}

/** Keys of rows that are not as the books have them. */
function differingKeys(
  rows: readonly ChunkRow[],
  entries: readonly LedgerEntry[],
  quarantineWhole: boolean,
): Set<RowKey> {
  const differing = new Set<RowKey>();
  const known = new Map<RowKey, LedgerEntry[]>();
  for (const entry of entries) {
    const same = known.get(entry.key);
    if (same) same.push(entry);
    else known.set(entry.key, [entry]);
  }
  for (const row of rows) {
    const entry = known.get(row.key)?.shift();
    const same = entry !== undefined && entry.a === row.a && entry.b === row.b;
    const missing = row.outcome === OUTCOME.quarantined && !quarantineWhole;
    // What was loaded while it was fresh stays, also when its time is over.
    const settled = same && (isLoaded(entry.outcome) || entry.outcome === row.outcome);
    if (!settled || missing) differing.add(row.key);
  }
  for (const rest of known.values()) for (const entry of rest) differing.add(entry.key);
  return differing;
}

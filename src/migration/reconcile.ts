import type { DurableTier, Session } from '../tiers/durable/index.ts';
import { readLedger, type ChunkRecord } from './books.ts';
import type { Chunk, ChunkRow } from './chunk.ts';
import { markDuplicates } from './duplicates.ts';
import { isLoaded, OUTCOME, type LedgerEntry, type RowKey } from './ledger.ts';
import { applyChunk } from './load.ts';
import { readLoaded } from './loaded-rows.ts';
import type { Tally } from './tally.ts';

export interface Reconciliation {
  chunk: Chunk;
  record: ChunkRecord;
  others: readonly string[];
  tally: Tally;
  /** Takes the keys of rows that were changed here since they were loaded. */
  changedHere: Set<RowKey>;
}

interface Plan {
  insert: ChunkRow[];
  changed: { row: ChunkRow; old: LedgerEntry }[];
  /** Rows that are bad at the source now and were loaded when they were good. */
  spoiled: number;
}

/**
 * Brings a chunk that was loaded by an earlier run up to its source: new rows are added, changed ones applied unless
 * the row was changed here since, and what is gone at the source stays. When nothing changed nothing is written.
 */
export async function reconcileChunk(tier: DurableTier, reconciliation: Reconciliation): Promise<void> {
  const { chunk, record, tally } = reconciliation;
  const { source, name } = chunk.unit;
  const ledger = await tier.session((session) => readLedger(session, source.id, name, record.ordinal));
  const plan = comparePlan(chunk, ledger.entries);
  const newlyGone = chunk.gone.filter((entry) => entry.outcome !== OUTCOME.gone).length;
  for (const entry of chunk.gone) entry.outcome = OUTCOME.gone;
  if (plan.insert.length + plan.changed.length + plan.spoiled + newlyGone > 0)
    await apply(tier, reconciliation, plan);
  tally.addChunk(chunk);
}

/** Sorts the rows by what happened to them since; rows that did not change take over what became of them. */
function comparePlan(chunk: Chunk, entries: readonly LedgerEntry[]): Plan {
  const plan: Plan = { insert: [], changed: [], spoiled: 0 };
  const old = new Map<RowKey, LedgerEntry[]>();
  for (const entry of entries) {
    const known = old.get(entry.key);
    if (known) known.push(entry);
    else old.set(entry.key, [entry]);
  }
  for (const row of chunk.rows) {
    const entry = old.get(row.key)?.shift();
    if (entry === undefined) {
      if (isLoaded(row.outcome)) plan.insert.push(row);
      else plan.spoiled++;
    } else if (entry.a === row.a && entry.b === row.b) takeOver(row, entry, plan);
    else if (isLoaded(entry.outcome) || entry.outcome === OUTCOME.gone) {
      if (isLoaded(row.outcome)) plan.changed.push({ row, old: entry });
      else plan.spoiled++;
    } else if (isLoaded(row.outcome)) plan.insert.push(row);
    else plan.spoiled++;
  }
  chunk.gone = [...old.values()]
    .flat()
    .filter((entry) => isLoaded(entry.outcome) || entry.outcome === OUTCOME.gone);
  return plan;
}

function takeOver(row: ChunkRow, entry: LedgerEntry, plan: Plan): void {
  if (isLoaded(row.outcome) && entry.outcome === OUTCOME.quarantined) {
    // PostgreSQL refused it then: what stood in its way may be gone.
    plan.insert.push(row);
  } else if (entry.outcome === OUTCOME.gone) {
    row.outcome = row.alterations.length > 0 ? OUTCOME.altered : OUTCOME.loaded;
  } else if (isLoaded(row.outcome) && entry.outcome === OUTCOME.expired) plan.insert.push(row);
  else row.outcome = entry.outcome;
}

async function apply(tier: DurableTier, reconciliation: Reconciliation, plan: Plan): Promise<void> {
  const { chunk, record, others, tally, changedHere } = reconciliation;
  const { source, name } = chunk.unit;
  const update = await tier.session(async (session) => {
    tally.overlapping += (await markDuplicates(session, chunk, plan.insert, others)).overlapping;
    return await updatable(session, reconciliation, plan);
  });
  tally.updated += update.length;
  tally.conflicting += plan.changed.length - update.length;
  for (const { row, old } of plan.changed) {
    if (!update.includes(row)) {
      Object.assign(row, { a: old.a, b: old.b, outcome: old.outcome });
      changedHere.add(row.key);
    }
  }
  const insert = plan.insert.filter((row) => isLoaded(row.outcome));
  if (chunk.rows.length + chunk.gone.length === 0) {
    await tier.query('DELETE FROM migration_chunks WHERE source = $1 AND unit = $2 AND ordinal = $3', [
      source.id,
      name,
      record.ordinal,
    ]);
  } else await applyChunk(tier, chunk, { ordinal: record.ordinal, insert, update, clear: true });
}

/** Of the rows that changed at the source, those that are here as they were loaded. */
async function updatable(session: Session, reconciliation: Reconciliation, plan: Plan): Promise<ChunkRow[]> {
  const { chunk, record, changedHere } = reconciliation;
  if (plan.changed.length === 0) return [];
  const { source, name: unit } = chunk.unit;
  const { ordinal, firstKey, lastKey } = record;
  const loaded = await readLoaded(session, { source, unit, ordinal, firstKey, lastKey });
  const there = new Map(loaded.map((row) => [row.key, row]));
  return plan.changed
    .filter(({ row, old }) => {
      const found = there.get(row.key);
      const untouched = found !== undefined && found.a === old.a && found.b === old.b;
      if (!untouched) changedHere.add(row.key);
      return untouched;
    })
    .map(({ row }) => row);
}

import type { DurableTier, Session } from '../tiers/durable/index.ts';
import { quarantineIsWhole, readLedger, type ChunkRecord } from './books.ts';
import type { Chunk, ChunkRow } from './chunk.ts';
import { markDuplicates } from './duplicates.ts';
import { isGone, isLoaded, OUTCOME, type LedgerEntry, type RowKey } from './ledger.ts';
import { applyChunk } from './load.ts';
import { type LoadedRow, readLoaded } from './loaded-rows.ts';
import type { Tally } from './tally.ts';

export interface Reconciliation {
  chunk: Chunk;
  record: ChunkRecord;
  others: readonly string[];
  tally: Tally;
  /** Takes the keys of rows that were changed here since they were loaded. */
  changedHere: Set<RowKey>;
}

export interface Plan {
  insert: ChunkRow[];
  /** Rows that were not loaded until now: new ones as far as the books know. */
  retry: ChunkRow[];
  /** Rows with other values now, and those that came back. */
  changed: { row: ChunkRow; old: LedgerEntry }[];
  /** Rows that were the same as one of another file. */
  copies: ChunkRow[];
  /** Rows that are loaded and bad at the source now. */
  spoiled: number;
  /** What else the books have to learn: rows that are bad, gone or back. */
  notes: number;
}

/**
 * Brings a chunk that was loaded by an earlier run up to its source: new rows are added, changed ones applied unless
 * the row was changed here since, and what is gone at the source stays, with all that was kept of it. When nothing
 * changed nothing is written.
 */
export async function reconcileChunk(tier: DurableTier, reconciliation: Reconciliation): Promise<void> {
  const { chunk, record, tally } = reconciliation;
  const { source, name } = chunk.unit;
  const ledger = await tier.session((session) => readLedger(session, source.id, name, record.ordinal));
  const plan = comparePlan(chunk, ledger.entries);
  if (plan.copies.length > 0) {
    await tier.session((session) => markDuplicates(session, chunk, plan.copies, reconciliation.others));
    // What a row was a copy of has other values by now: nothing else holds these.
    plan.insert.push(...plan.copies.filter((row) => isLoaded(row.outcome)));
  }
  if (!(await tier.session((session) => quarantineIsWhole(session, chunk, record.ordinal)))) plan.notes++;
  if (plan.insert.length + plan.retry.length + plan.changed.length + plan.notes > 0) {
    await apply(tier, reconciliation, plan, ledger.entries);
  }
  tally.spoiled += plan.spoiled;
  tally.addChunk(chunk);
}

/** Sorts the rows by what happened to them since; rows that did not change take over what became of them. */
export function comparePlan(chunk: Chunk, entries: readonly LedgerEntry[]): Plan {
  const plan: Plan = { insert: [], retry: [], changed: [], copies: [], spoiled: 0, notes: 0 };
  const old = new Map<RowKey, LedgerEntry[]>();
  for (const entry of entries) {
    const known = old.get(entry.key);
    if (known) known.push(entry);
    else old.set(entry.key, [entry]);
  }
  for (const row of chunk.rows) compareRow(row, old.get(row.key)?.shift(), plan);
  for (const entry of [...old.values()].flat()) {
    if (isGone(entry.outcome)) chunk.gone.push(entry);
    else {
      plan.notes++;
      if (isLoaded(entry.outcome)) chunk.gone.push({ ...entry, outcome: OUTCOME.gone });
      if (entry.outcome === OUTCOME.quarantined) chunk.gone.push({ ...entry, outcome: OUTCOME.goneBad });
    }
  }
  return plan;
}

function compareRow(row: ChunkRow, entry: LedgerEntry | undefined, plan: Plan): void {
  const good = isLoaded(row.outcome);
  if (entry === undefined) {
    if (good) plan.insert.push(row);
    else plan.notes++;
    return;
  }
  const same = entry.a === row.a && entry.b === row.b;
  // It may have been loaded while it was fresh, and stays so.
  if (same && isLoaded(entry.outcome)) {
    row.outcome = row.alterations.length > 0 ? OUTCOME.altered : OUTCOME.loaded;
  } else if (same && entry.outcome === OUTCOME.duplicate) {
    if (good) plan.copies.push(row);
    else row.outcome = OUTCOME.duplicate;
  } else if (good && (isLoaded(entry.outcome) || entry.outcome === OUTCOME.gone)) {
    plan.changed.push({ row, old: entry });
  }
  // PostgreSQL refused it then, or its time was over by another reckoning: what stood in its way may be gone.
  else if (good) plan.retry.push(row);
  else if (!same || entry.outcome !== row.outcome) {
    plan.notes++;
    if (isLoaded(entry.outcome) && row.outcome === OUTCOME.quarantined) plan.spoiled++;
  }
}

async function apply(
  tier: DurableTier,
  reconciliation: Reconciliation,
  plan: Plan,
  entries: readonly LedgerEntry[],
): Promise<void> {
  const { chunk, record } = reconciliation;
  const { source, name } = chunk.unit;
  const { ordinal, firstKey, lastKey } = record;
  const { insert, update } = await tier.session(async (session) => {
    const loaded = await readLoaded(session, { source, unit: name, ordinal, firstKey, lastKey });
    return settlePlan(session, reconciliation, plan, entries, new Map(loaded.map((row) => [row.key, row])));
  });
  if (chunk.rows.length + chunk.gone.length === 0) {
    await tier.query('DELETE FROM migration_chunks WHERE source = $1 AND unit = $2 AND ordinal = $3', [
      source.id,
      name,
      record.ordinal,
    ]);
  } else await applyChunk(tier, chunk, { ordinal: record.ordinal, insert, update, clear: true });
}

/**
 * Decides what becomes of the rows of a plan: those to insert and to update. One that was changed here stays as it is,
 * and is told of. `there`: what is loaded of the rows, by key.
 */
export async function settlePlan(
  session: Session,
  { chunk, record, others, tally, changedHere }: Reconciliation,
  plan: Plan,
  entries: readonly LedgerEntry[],
  there: ReadonlyMap<RowKey, LoadedRow>,
): Promise<{ insert: ChunkRow[]; update: ChunkRow[] }> {
  const sorted = sortByState({ verified: record.verified, changedHere }, plan, entries, there);
  // A row that is here with older values is no copy of another: those values would stay.
  const fresh = [...plan.insert, ...sorted.absent];
  tally.overlapping += (await markDuplicates(session, chunk, fresh, others)).overlapping;
  const [absent, changed] = [new Set(sorted.absent), new Set(sorted.changed)];
  for (const { row, old } of plan.changed) {
    if (absent.has(row)) continue;
    if (changed.has(row)) {
      if (row.a !== old.a || row.b !== old.b) tally.updated++;
      continue;
    }
    tally.conflicting++;
    Object.assign(row, { a: old.a, b: old.b, outcome: isGone(old.outcome) ? OUTCOME.loaded : old.outcome });
    changedHere.add(row.key);
  }
  return {
    insert: fresh.filter((row) => isLoaded(row.outcome)),
    update: [...sorted.changed, ...sorted.present].filter((row) => isLoaded(row.outcome)),
  };
}

/**
 * Looks up what is here of the rows in question: changed ones that nobody touched here, retried ones by presence. Rows
 * of a proven chunk that hold other values now were changed here: that must be noted before the chunk is written anew.
 */
function sortByState(
  { verified, changedHere }: { verified: boolean; changedHere: Set<RowKey> },
  plan: Plan,
  entries: readonly LedgerEntry[],
  there: ReadonlyMap<RowKey, LoadedRow>,
): { changed: ChunkRow[]; present: ChunkRow[]; absent: ChunkRow[] } {
  for (const entry of verified ? entries : []) {
    const found = isLoaded(entry.outcome) ? there.get(entry.key) : undefined;
    if (found !== undefined && (found.a !== entry.a || found.b !== entry.b)) changedHere.add(entry.key);
  }
  const untouched = plan.changed.filter(({ row, old }) => {
    const found = there.get(row.key);
    return found !== undefined && found.a === old.a && found.b === old.b;
  });
  // Of two rows with one key the table holds the other: this one is tried again as a new one, and never put over it.
  const others = new Set(entries.filter((entry) => isLoaded(entry.outcome)).map((entry) => entry.key));
  const isHere = (row: ChunkRow): boolean => there.has(row.key) && !others.has(row.key);
  return {
    changed: untouched.map(({ row }) => row),
    present: plan.retry.filter(isHere),
    absent: [
      ...plan.retry.filter((row) => !isHere(row)),
      // Gone at the source, then removed here, and back: a new row.
      ...plan.changed.flatMap(({ row, old }) => (isGone(old.outcome) && !there.has(row.key) ? [row] : [])),
    ],
  };
}

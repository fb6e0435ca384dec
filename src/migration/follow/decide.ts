import type { Session } from '../../tiers/durable/index.ts';
import { quarantineIsWhole } from '../books.ts';
import type { ChunkRow } from '../chunk.ts';
import { markDuplicates } from '../duplicates.ts';
import { isGone, isLoaded, OUTCOME, type LedgerEntry, type RowKey } from '../ledger.ts';
import { lockLoaded, readLoaded, type KeyRange, type LoadedRow } from '../loaded-rows.ts';
import { comparePlan, settlePlan } from '../reconcile.ts';
import type { Tally } from '../tally.ts';
import type { Unit } from '../unit.ts';
import type { Part, UnitBatch } from './part.ts';

/** What is to be done about a batch of one unit. */
export interface Decision {
  batch: UnitBatch;
  insert: ChunkRow[];
  update: ChunkRow[];
  /** Keys of rows that are loaded and shall be no more: gone at the source, or no longer fit to be loaded. */
  remove: RowKey[];
  /** Keys of which nothing shall be kept, neither bytes nor a place in the quarantine. */
  forget: RowKey[];
  /** Keys of rows that were changed here, and stay as they are. */
  changedHere: Set<RowKey>;
  /** Parts whose books have to be written. */
  dirty: Part[];
  /** Keys of rows whose source changed and which were changed here too: kept. */
  keptHere: number;
}

/**
 * Compares what was read again with the books and with what is loaded, and decides. The loaded rows are locked until the
 * transaction ends. Rows that are gone at the source are removed, unless they were changed here.
 */
export async function decide(session: Session, batch: UnitBatch, tally: Tally): Promise<Decision> {
  const decision: Decision = {
    batch,
    insert: [],
    update: [],
    remove: [],
    forget: [],
    changedHere: new Set(),
    dirty: [],
    keptHere: 0,
  };
  const range = rangeOf(batch.unit, batch.keys);
  await lockLoaded(session, range);
  const there = new Map((await readLoaded(session, range)).map((row) => [row.key, row]));
  for (const part of batch.parts) {
    const corrected = batch.sourceWins ? believeLoaded(part, batch.keys, there) : 0;
    await decidePart(session, decision, part, there, tally);
    if (corrected > 0 && !decision.dirty.includes(part)) decision.dirty.push(part);
  }
  return decision;
}

/** Some keys of a unit. */
export function rangeOf({ source, name }: Unit, keys: readonly RowKey[]): KeyRange {
  return { source, unit: name, ordinal: 0, firstKey: '0', lastKey: '0', keys };
}

/**
 * Takes what is loaded for what was loaded last, whatever the books say: nobody but the old side's writes may change it, or
 * what was changed here was replayed to the old side already. @returns how many entries had to be corrected
 */
function believeLoaded(part: Part, keys: readonly RowKey[], there: ReadonlyMap<RowKey, LoadedRow>): number {
  let corrected = 0;
  const known = new Set<RowKey>();
  part.entries = part.entries.flatMap((entry) => {
    if (!isLoaded(entry.outcome) && !isGone(entry.outcome)) return [entry];
    known.add(entry.key);
    const found = there.get(entry.key);
    if (found === undefined || entry.a !== found.a || entry.b !== found.b) corrected++;
    return found === undefined ? [] : [{ ...entry, a: found.a, b: found.b }];
  });
  const own = new Set(part.chunk.rows.map((row) => row.key));
  for (const key of keys) {
    const found = there.get(key);
    if (found === undefined || known.has(key) || !own.has(key)) continue;
    part.entries.push({ key, a: found.a, b: found.b, outcome: OUTCOME.loaded });
    corrected++;
  }
  return corrected;
}

async function decidePart(
  session: Session,
  decision: Decision,
  part: Part,
  there: ReadonlyMap<RowKey, LoadedRow>,
  tally: Tally,
): Promise<void> {
  const { chunk, record, entries } = part;
  const { others } = decision.batch;
  const plan = comparePlan(chunk, entries);
  if (plan.copies.length > 0) {
    await markDuplicates(session, chunk, plan.copies, others);
    plan.insert.push(...plan.copies.filter((row) => isLoaded(row.outcome)));
  }
  const conflictsBefore = tally.conflicting;
  const changedHere = new Set<RowKey>();
  const settled = await settlePlan(
    session,
    { chunk, record, others, tally, changedHere },
    plan,
    entries,
    there,
  );
  decision.keptHere += tally.conflicting - conflictsBefore;
  for (const key of changedHere) decision.changedHere.add(key);
  decision.insert.push(...settled.insert);
  decision.update.push(...settled.update);
  const removed = remove(decision, part, there);
  const changed = plan.insert.length + plan.retry.length + plan.changed.length + plan.notes + removed;
  if (changed > 0 || !(await quarantineIsWhole(session, chunk, record.ordinal))) decision.dirty.push(part);
}

/** Takes out of the books what is gone, and out of the table what is gone or unfit. @returns how many */
function remove(decision: Decision, { chunk, entries }: Part, there: ReadonlyMap<RowKey, LoadedRow>): number {
  const before = decision.forget.length;
  const loadable = new Set(chunk.rows.filter((row) => isLoaded(row.outcome)).map((row) => row.key));
  const keep = (entry: LedgerEntry): boolean => {
    const found = there.get(entry.key);
    if (found === undefined) return false;
    if (found.a === entry.a && found.b === entry.b) {
      decision.remove.push(entry.key);
      return false;
    }
    decision.changedHere.add(entry.key);
    decision.keptHere++;
    return true;
  };
  chunk.gone = chunk.gone.filter((entry) => {
    if (loadable.has(entry.key)) return false;
    if (entry.outcome === OUTCOME.gone && keep(entry)) return true;
    decision.forget.push(entry.key);
    return false;
  });
  const loaded = new Map(
    entries.filter(({ outcome }) => isLoaded(outcome) || isGone(outcome)).map((entry) => [entry.key, entry]),
  );
  for (const row of chunk.rows) {
    const entry = loaded.get(row.key);
    if (entry === undefined || isLoaded(row.outcome) || loadable.has(row.key)) continue;
    // Unfit now: it is in quarantine, or its time is over. What is kept beside the old one goes with it.
    if (row.outcome !== OUTCOME.duplicate && !keep(entry)) decision.forget.push(row.key);
  }
  return decision.forget.length - before;
}

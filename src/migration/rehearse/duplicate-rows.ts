import type { DurableTier } from '../../tiers/durable/index.ts';
import { type LoadedTuple, tuplesOf } from '../back/index.ts';
import { otherUnits, readLedger, chunkRecords } from '../books.ts';
import { type LedgerEntry, OUTCOME, type Outcome, type RowKey } from '../ledger.ts';
import { readLoaded } from '../loaded-rows.ts';
import type { SourceDefinition } from '../source.ts';

const PAGE_KEYS = 500;

/** The rows of a unit that have one of some outcomes, in the order of their keys. */
export async function* entriesOf(
  tier: DurableTier,
  source: SourceDefinition,
  unit: string,
  ...outcomes: readonly Outcome[]
): AsyncGenerator<LedgerEntry[]> {
  const integers = source.identity === 'legacy_id';
  const records = await tier.session((session) => chunkRecords(session, source.id, unit, integers));
  for (const { ordinal } of records) {
    const { entries } = await tier.session((session) => readLedger(session, source.id, unit, ordinal));
    const found = entries.filter(({ outcome }) => outcomes.includes(outcome));
    for (let at = 0; at < found.length; at += PAGE_KEYS) yield found.slice(at, at + PAGE_KEYS);
  }
}

/**
 * Rows of a unit that were not loaded since another file holds them too: what was loaded of that one, known by its key
 * and by the hash that both have.
 */
export async function* duplicatePages(
  tier: DurableTier,
  source: SourceDefinition,
  unit: string,
): AsyncGenerator<LoadedTuple[]> {
  let others: string[] | null = null;
  for await (const entries of entriesOf(tier, source, unit, OUTCOME.duplicate)) {
    others ??= await tier.session((session) => otherUnits(session, source.id, unit));
    const wanted = new Map(entries.map((entry) => [entry.key, entry]));
    const found: LoadedTuple[] = [];
    for (const other of others) {
      if (wanted.size === 0) break;
      const keys = await twinsIn(tier, source, other, wanted);
      if (keys.length === 0) continue;
      for (const key of keys) wanted.delete(key);
      found.push(...(await tuplesOf(tier, source, other, keys)));
    }
    yield found;
  }
}

/** Which of the rows that are wanted another unit holds, with the same values. */
async function twinsIn(
  tier: DurableTier,
  source: SourceDefinition,
  other: string,
  wanted: ReadonlyMap<RowKey, LedgerEntry>,
): Promise<RowKey[]> {
  const keys = [...wanted.keys()];
  const range = { source, unit: other, ordinal: -1, firstKey: '', lastKey: '', keys };
  const loaded = await tier.session((session) => readLoaded(session, range));
  return loaded
    .filter(({ key, a, b }) => {
      const entry = wanted.get(key);
      return entry?.a === a && entry.b === b;
    })
    .map(({ key }) => key);
}

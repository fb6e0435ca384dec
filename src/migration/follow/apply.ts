import { distrustEveryKey } from '../../tiers/views/index.ts';
import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import { messageOf } from '../../core/errors.ts';
import { clearChunk, markVerified, writeChunk } from '../books.ts';
import type { ChunkRow } from '../chunk.ts';
import { isLoaded, OUTCOME, type RowKey } from '../ledger.ts';
import { insertStaged, isRefusal, quarantine, staged, updateStaged } from '../load.ts';
import { readLoaded } from '../loaded-rows.ts';
import type { SourceDefinition } from '../source.ts';
import { decide, rangeOf, type Decision } from './decide.ts';
import type { UnitBatch } from './part.ts';
import { Outcome } from './outcome.ts';
import { advance, type Advance, forgetPositions } from './position.ts';
import { filesToRevisit } from './revisit.ts';

/** Builds what is to be applied, from the source as it is then: called again when PostgreSQL refused some of it. */
export type Build = () => Promise<UnitBatch[]>;
/** How far the source is followed once that is applied; null when that is noted later. */
export type Step = Omit<Advance, 'applied' | 'keptHere'> | null;

/** Rows that PostgreSQL refused, with its words; and which rows are applied, all when undefined. */
interface Choice {
  refused: ReadonlyMap<string, string>;
  only?: ReadonlySet<string>;
  careful: boolean;
}

const nameOf = ({ unit }: UnitBatch, key: RowKey): string => `${unit.source.id} ${unit.name} ${key}`;

/**
 * Brings rows up to date in one transaction, together with how far the source was followed. What PostgreSQL refuses is
 * found by halving, in transactions that are rolled back, and set aside.
 *
 * @throws Overtaken when another process was faster
 */
export async function applyBatches(tier: DurableTier, build: Build, step: Step): Promise<Outcome> {
  const refused = new Map<string, string>();
  try {
    return await attempt(tier, await build(), step, { refused, careful: false });
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  const all = await build();
  const names = all.flatMap((batch) =>
    batch.parts.flatMap(({ chunk }) => chunk.rows.map((row) => nameOf(batch, row.key))),
  );
  const accepted = new Set<string>();
  await sift(tier, build, [...new Set(names)], accepted, refused);
  return attempt(tier, await build(), step, { refused, careful: true });
}

/** Thrown to roll back a transaction that was only a trial. */
class Probe extends Error {}

async function sift(
  tier: DurableTier,
  build: Build,
  names: readonly string[],
  accepted: Set<string>,
  refused: Map<string, string>,
): Promise<void> {
  try {
    const only = new Set([...accepted, ...names]);
    const batches = await build();
    await tier.transaction(async (session) => {
      await applyAll(session, batches, null, { refused, only, careful: true });
      throw new Probe();
    });
  } catch (error) {
    if (error instanceof Probe) {
      for (const name of names) accepted.add(name);
      return;
    }
    if (!isRefusal(error)) throw error;
    if (names.length === 1) {
      refused.set(names[0]!, messageOf(error));
      return;
    }
  }
  const half = names.length >> 1;
  await sift(tier, build, names.slice(0, half), accepted, refused);
  await sift(tier, build, names.slice(half), accepted, refused);
}

function attempt(
  tier: DurableTier,
  batches: readonly UnitBatch[],
  step: Step,
  choice: Choice,
): Promise<Outcome> {
  return tier.transaction((session) => applyAll(session, batches, step, choice));
}

async function applyAll(
  session: Session,
  batches: readonly UnitBatch[],
  step: Step,
  choice: Choice,
): Promise<Outcome> {
  // On the disk when it is committed, whatever the server's default: what the old side logged of it is removed then, and a
  // store may move because of it.
  await session.query(
    `LOCK TABLE migration_chunks IN ROW EXCLUSIVE MODE; SET LOCAL stockroom.maintenance = 'on'; SET LOCAL stockroom.replay = 'on'; SET LOCAL synchronous_commit = on`,
  );
  const outcome = new Outcome();
  const decisions: Decision[] = [];
  for (const batch of batches) {
    markRefused(batch, choice.refused);
    decisions.push(await decide(session, batch, outcome.tallyOf(batch.unit.source)));
  }
  for (const decision of decisions) limit(decision, choice.only);
  // Over all units: what one row gives up, another may take.
  for (const decision of decisions) await removeRows(session, decision);
  for (const decision of decisions) await updateRows(session, decision, choice.careful);
  for (const decision of decisions) await insertRows(session, decision);
  for (const decision of decisions) await writeBooks(session, decision);
  for (const decision of decisions) outcome.add(decision, await prove(session, decision));
  if (outcome.written > 0) await distrustEveryKey(session);
  for (const file of await filesToRevisit(session, decisions)) outcome.revisit.add(file);
  await forgetPositions(session, [...outcome.revisit]);
  if (step !== null) {
    const { applied, keptHere } = outcome;
    await advance(session, { ...step, applied, keptHere });
  }
  return outcome;
}

function markRefused(batch: UnitBatch, refused: ReadonlyMap<string, string>): void {
  if (refused.size === 0) return;
  for (const { chunk } of batch.parts) {
    for (const row of chunk.rows) {
      const words = refused.get(nameOf(batch, row.key));
      if (words === undefined || !isLoaded(row.outcome)) continue;
      quarantine(chunk, row, 'REFUSED', words);
    }
  }
}

function limit(decision: Decision, only: ReadonlySet<string> | undefined): void {
  if (only === undefined) return;
  const wanted = (row: ChunkRow): boolean => only.has(nameOf(decision.batch, row.key));
  decision.insert = decision.insert.filter(wanted);
  decision.update = decision.update.filter(wanted);
}

const familyOf = ({ family }: SourceDefinition): string =>
  family === undefined ? '' : ` AND family = '${family.replaceAll("'", "''")}'`;

async function removeRows(session: Session, { batch, remove, forget }: Decision): Promise<void> {
  const { source, name } = batch.unit;
  if (remove.length > 0) {
    const own = source.identity === 'legacy_source' ? '' : 'legacy_source = $2 AND';
    const type = source.identity === 'legacy_id' ? 'bigint' : 'text';
    await session.query(
      `DELETE FROM ${source.table} WHERE ${own} ${source.identity} = ANY($1::${type}[])${familyOf(source)}`,
      own === '' ? [remove.map(String)] : [remove.map(String), name],
    );
  }
  if (forget.length === 0) return;
  const keys = forget.map(String);
  const files = source.identity === 'legacy_source' ? keys : [name];
  for (const table of ['migration_originals', 'migration_quarantine']) {
    await session.query(
      `DELETE FROM ${table} WHERE source = $1 AND unit = $2 AND key = ANY($3) AND file = ANY($4)`,
      [source.id, name, keys, files],
    );
  }
}

async function updateRows(session: Session, { batch, update }: Decision, careful: boolean): Promise<void> {
  if (update.length === 0) return;
  const { source } = batch.unit;
  const unique = source.columns.find((column) => column.kind === 'key');
  if (careful && source.uniqueKey && unique && source.identity === 'legacy_id') {
    // Rows that exchange their keys would be in one another's way: each first gets one that nobody has.
    await session.query(
      `UPDATE ${source.table} SET "${unique.target}" = "${unique.target}" || chr(31) || legacy_id || chr(31) || legacy_source
       WHERE legacy_source = $1 AND legacy_id = ANY($2::bigint[])`,
      [batch.unit.name, update.map((row) => String(row.key))],
    );
  }
  await staged(session, batch.parts[0]!.chunk, update, updateStaged);
}

async function insertRows(session: Session, decision: Decision): Promise<void> {
  const { batch, insert } = decision;
  if (insert.length === 0) return;
  const { source } = batch.unit;
  const inserted = await staged(session, batch.parts[0]!.chunk, insert, insertStaged);
  const chunkOf = new Map(batch.parts.flatMap(({ chunk }) => chunk.rows.map((row) => [row, chunk] as const)));
  for (const row of insert) {
    if (inserted.delete(String(row.key))) continue;
    quarantine(
      chunkOf.get(row)!,
      row,
      'DUPLICATE_KEY',
      `another row with the same unique key is in ${source.table}`,
    );
  }
  decision.insert = insert.filter((row) => isLoaded(row.outcome));
}

async function writeBooks(session: Session, { batch, dirty, insert, update }: Decision): Promise<void> {
  const { source, name } = batch.unit;
  const touched = new Set([...insert, ...update]);
  const empty: string[] = [];
  const books: Promise<void>[] = [];
  for (const { chunk, record, isNew } of dirty) {
    if (chunk.rows.length + chunk.gone.length + chunk.kept.length === 0) {
      empty.push(String(record.ordinal));
      continue;
    }
    const own = chunk.rows.filter((row) => touched.has(row));
    // Given without waiting for the answers: they are on their way together.
    if (!isNew) books.push(clearChunk(session, chunk, record.ordinal, own));
    books.push(writeChunk(session, chunk, record.ordinal, own));
  }
  await Promise.all(books);
  if (empty.length === 0) return;
  await session.query(
    'DELETE FROM migration_chunks WHERE source = $1 AND unit = $2 AND ordinal = ANY($3::int[])',
    [source.id, name, empty],
  );
}

/**
 * Reads what was written and compares it with its source. Chunks that were proven before, or are new, are proven again
 * when it is the same. @returns how many rows are not
 */
async function prove(
  session: Session,
  { batch, dirty, insert, update, changedHere }: Decision,
): Promise<number> {
  const { source, name } = batch.unit;
  const written = new Set([...insert, ...update]);
  const loaded =
    written.size === 0
      ? []
      : await readLoaded(
          session,
          rangeOf(
            batch.unit,
            [...written].map((row) => row.key),
          ),
        );
  const there = new Map(loaded.map((row) => [row.key, row]));
  let differing = 0;
  const proven: number[] = [];
  for (const { chunk, record } of dirty) {
    let same = true;
    for (const row of chunk.rows) {
      if (!written.has(row) || changedHere.has(row.key) || row.outcome === OUTCOME.duplicate) continue;
      const found = there.get(row.key);
      if (found?.a === row.a && found.b === row.b) continue;
      same = false;
      differing++;
    }
    if (same && record.verified) proven.push(record.ordinal);
  }
  if (proven.length > 0) await markVerified(session, source.id, name, proven);
  return differing;
}

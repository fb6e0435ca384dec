import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import { type LoadedTuple, originalsOf, tuplesByRow } from '../back/index.ts';
import type { RowKey } from '../ledger.ts';
import type { StoreTable } from './new-side.ts';

/** Entries of the outbox that one batch takes. */
const ENTRIES_PER_BATCH = 500;

/** A row that the old side is owed, with everything that waits about it. */
export interface OwedRow {
  readonly table: StoreTable;
  /** Its key in PostgreSQL. */
  readonly row: string;
  /** Unit and key at the old side; null where it has none yet. */
  place: { unit: string; key: RowKey } | null;
  /** As it is now; null when it is no more. */
  tuple: LoadedTuple | null;
  /** The entries that are settled by it. */
  readonly entries: bigint[];
}

interface Entry {
  id: bigint;
  source_table: string;
  row_key: string;
  legacy_source: string | null;
  legacy_key: string | null;
  made_unit: string | null;
  made_key: string | null;
}

/**
 * The oldest entries of a store, by row, with the rows as they are now. The entries are read first: what is written after
 * that has an entry of its own, which stays.
 */
export async function readOwed(
  tier: DurableTier,
  store: string,
  tables: readonly StoreTable[],
  /** Refused entries are tried again only when nothing else waits. */
  refusedToo: boolean,
): Promise<OwedRow[]> {
  return tier.session(async (session) => {
    const rows = await groupEntries(session, store, tables, refusedToo);
    for (const table of tables) {
      const own = rows.filter((row) => row.table === table);
      if (own.length === 0) continue;
      const found = await tuplesByRow(
        session,
        table.source,
        own.map(({ row }) => row),
      );
      for (const row of own) row.tuple = found.get(row.row) ?? null;
      await addOriginals(session, table, own);
    }
    return rows;
  });
}

async function groupEntries(
  session: Session,
  store: string,
  tables: readonly StoreTable[],
  refusedToo: boolean,
): Promise<OwedRow[]> {
  const { rows: entries } = await session.query<Entry>(
    `SELECT o.id, o.source_table, o.row_key, o.legacy_source, o.legacy_key, m.unit AS made_unit, m.legacy_key AS made_key
     FROM (SELECT * FROM migration_outbox WHERE store = $1 ${refusedToo ? '' : 'AND refused IS NULL'} ORDER BY id LIMIT ${ENTRIES_PER_BATCH}) o
     LEFT JOIN migration_made m ON m.row_key = o.row_key AND m.source = ANY($2::text[])
       AND m.source = ($3::jsonb ->> o.source_table) ORDER BY o.id`,
    [store, tables.map(({ source }) => source.id), JSON.stringify(sourceByTable(tables))],
  );
  const byRow = new Map<string, OwedRow>();
  for (const entry of entries) {
    const table = tables.find(({ name }) => name === entry.source_table);
    if (table === undefined) continue;
    const name = `${entry.source_table} ${entry.row_key}`;
    const known = byRow.get(name) ?? { table, row: entry.row_key, place: null, tuple: null, entries: [] };
    known.entries.push(entry.id);
    known.place = placeOf(table, entry) ?? known.place;
    byRow.set(name, known);
  }
  return [...byRow.values()];
}

const sourceByTable = (tables: readonly StoreTable[]): Record<string, string> =>
  Object.fromEntries(tables.map(({ name, source }) => [name, source.id]));

function placeOf(table: StoreTable, entry: Entry): OwedRow['place'] {
  const unit = entry.legacy_source ?? entry.made_unit;
  if (unit === null) return null;
  // Where a file is the row, its path is the key.
  if (table.oldKey === '') return { unit, key: entry.legacy_source ?? entry.made_key! };
  const text = entry.legacy_source === null ? entry.made_key : entry.legacy_key;
  return text === null ? null : { unit, key: table.oldKey === 'legacy_id' ? BigInt(text) : text };
}

async function addOriginals(
  session: Session,
  { source }: StoreTable,
  rows: readonly OwedRow[],
): Promise<void> {
  const units = new Set(rows.flatMap(({ place }) => (place === null ? [] : [place.unit])));
  for (const unit of units) {
    const own = rows.filter(({ place, tuple }) => place?.unit === unit && tuple !== null);
    const originals = await originalsOf(
      session,
      source,
      unit,
      own.map(({ place }) => String(place!.key)),
    );
    for (const row of own) {
      const kept = originals.get(String(row.place!.key));
      if (kept !== undefined) row.tuple = { ...row.tuple!, originals: kept };
    }
  }
}

/** Notes under which keys rows stand at the old side; a row that has one by now keeps it. */
export async function noteMade(tier: DurableTier, rows: readonly OwedRow[]): Promise<void> {
  const fresh = rows.filter(({ place }) => place !== null);
  if (fresh.length === 0) return;
  await tier.transaction(async (session) => {
    for (const owed of fresh) {
      const { table, row, place } = owed;
      const { rows: noted } = await session.query<{ unit: string; legacy_key: string }>(
        `INSERT INTO migration_made (source, row_key, unit, legacy_key) VALUES ($1, $2, $3, $4)
         ON CONFLICT (source, row_key) DO UPDATE SET row_key = excluded.row_key RETURNING unit, legacy_key`,
        [table.source.id, row, place!.unit, String(place!.key)],
      );
      const { unit, legacy_key: key } = noted[0]!;
      owed.place = { unit, key: table.oldKey === 'legacy_id' ? BigInt(key) : key };
    }
  });
}

/** Strikes off what the old side has by now. */
export async function strikeOff(tier: DurableTier, rows: readonly OwedRow[]): Promise<void> {
  const ids = rows.flatMap(({ entries }) => entries).map(String);
  if (ids.length === 0) return;
  await tier.query('DELETE FROM migration_outbox WHERE id = ANY($1::bigint[])', [ids]);
}

/** Notes why the old side did not take rows. */
export async function noteRefused(
  tier: DurableTier,
  refused: readonly { row: OwedRow; reason: string }[],
): Promise<void> {
  for (const { row, reason } of refused) {
    await tier.query('UPDATE migration_outbox SET refused = $2 WHERE id = ANY($1::bigint[])', [
      row.entries.map(String),
      reason,
    ]);
  }
}

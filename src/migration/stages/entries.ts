import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import { type LoadedTuple, originalsOf, tuplesByRow } from '../back/index.ts';
import type { RowKey } from '../ledger.ts';
import type { StoreTable } from './new-side.ts';

/** Entries of the outbox that one batch takes. */
const ENTRIES_PER_BATCH = 1000;

/** A row that the old side is owed, with everything that waits about it. */
export interface OwedRow {
  readonly table: StoreTable;
  /** Its key in PostgreSQL. */
  readonly row: string;
  /** Unit and key at the old side; null where it has none yet. */
  place: { unit: string; key: RowKey } | null;
  /** As it is now; null when it is no more. */
  tuple: LoadedTuple | null;
  /** Stockroom made it again under the number of a row that came from the old side, and in its place there. */
  isRemade: boolean;
  /** The entries that are settled by it. */
  readonly entries: bigint[];
}

interface Entry {
  id: bigint;
  source_table: string;
  row_key: string;
  legacy_source: string | null;
  legacy_key: string | null;
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
      await markRemade(session, table, own);
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
    `SELECT id, source_table, row_key, legacy_source, legacy_key FROM migration_outbox
     WHERE store = $1 ${refusedToo ? '' : 'AND refused IS NULL'} ORDER BY id LIMIT ${ENTRIES_PER_BATCH}`,
    [store],
  );
  const byRow = new Map<string, OwedRow>();
  for (const entry of entries) {
    const table = tables.find(({ name }) => name === entry.source_table);
    if (table === undefined) continue;
    const name = `${entry.source_table} ${entry.row_key}`;
    const known = byRow.get(name) ?? {
      table,
      row: entry.row_key,
      place: null,
      tuple: null,
      isRemade: false,
      entries: [],
    };
    known.entries.push(entry.id);
    known.place = placeOf(table, entry.legacy_source, entry.legacy_key) ?? known.place;
    if (entry.legacy_source !== null) known.isRemade = true;
    byRow.set(name, known);
  }
  const rows = [...byRow.values()];
  for (const table of tables) await placeMade(session, table, rows);
  return rows;
}

/** Rows that Stockroom made stand at the old side under keys of their own. */
async function placeMade(session: Session, table: StoreTable, rows: readonly OwedRow[]): Promise<void> {
  const homeless = new Map(
    rows.filter((row) => row.table === table && row.place === null).map((row) => [row.row, row]),
  );
  if (homeless.size === 0) return;
  const { rows: made } = await session.query<{ row: string; unit: string; key: string }>(
    'SELECT row_key AS row, unit, legacy_key AS key FROM migration_made WHERE source = $1 AND row_key = ANY($2)',
    [table.source.id, [...homeless.keys()]],
  );
  for (const { row, unit, key } of made) homeless.get(row)!.place = placeOf(table, unit, key);
}

function placeOf(table: StoreTable, unit: string | null, key: string | null): OwedRow['place'] {
  if (unit === null) return null;
  // Where a file is the row, its path is the key.
  if (table.oldKey === '') return { unit, key: key ?? unit };
  return key === null ? null : { unit, key: table.oldKey === 'legacy_id' ? BigInt(key) : key };
}

/**
 * Of rows whose entries came from the old side those that Stockroom has removed and made again under the same number: they
 * stand in the old place, and have to be noted like any row that it made.
 */
async function markRemade(session: Session, table: StoreTable, rows: readonly OwedRow[]): Promise<void> {
  const asked = rows.filter(({ isRemade, tuple }) => isRemade && tuple !== null);
  const made = new Set<string>();
  if (asked.length > 0) {
    const { rows: found } = await session.query<{ row: string }>(
      `SELECT "${table.key}"::text AS row FROM "${table.name}"
       WHERE "${table.key}" = ANY($1::${table.key === 'id' ? 'bigint' : 'text'}[]) AND legacy_source IS NULL ${table.family === null ? '' : 'AND family = $2'}`,
      table.family === null ? [asked.map(({ row }) => row)] : [asked.map(({ row }) => row), table.family],
    );
    for (const { row } of found) made.add(row);
  }
  for (const row of rows) row.isRemade &&= made.has(row.row);
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
  const columns = [
    fresh.map(({ table }) => table.source.id),
    fresh.map(({ row }) => row),
    fresh.map(({ place }) => place!.unit),
    fresh.map(({ place }) => String(place!.key)),
  ];
  const { rows: noted } = await tier.query<{ source: string; row: string; unit: string; key: string }>(
    `INSERT INTO migration_made (source, row_key, unit, legacy_key)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
     ON CONFLICT (source, row_key) DO UPDATE SET row_key = excluded.row_key
     RETURNING source, row_key AS row, unit, legacy_key AS key`,
    columns,
  );
  const places = new Map(noted.map(({ source, row, unit, key }) => [`${source} ${row}`, { unit, key }]));
  for (const owed of fresh) {
    const { unit, key } = places.get(`${owed.table.source.id} ${owed.row}`)!;
    owed.place = { unit, key: owed.table.oldKey === 'legacy_id' ? BigInt(key) : key };
  }
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

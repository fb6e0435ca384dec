import type { DurableTier } from '../tiers/durable/index.ts';
import type { Column, DataRow } from './columns.ts';
import { canonicalRow, rowOf, selection } from './rows.ts';
import type { HistoryTable } from './tables.ts';

/** Rows in one transaction. */
const BATCH = 2_000;

/** Removes rows that stand in the database exactly as they do in the archive. */
export async function removeArchived(
  durable: DurableTier,
  table: HistoryTable,
  columns: readonly Column[],
  rows: readonly DataRow[],
): Promise<{ removed: number; kept: number }> {
  const outcome = { removed: 0, kept: 0 };
  for (let from = 0; from < rows.length; from += BATCH) {
    const batch = new Map(rows.slice(from, from + BATCH).map((row) => [String(row['id']), row]));
    const { removed, kept } = await removeBatch(durable, table, columns, batch);
    outcome.removed += removed;
    outcome.kept += kept;
  }
  return outcome;
}

async function removeBatch(
  durable: DurableTier,
  table: HistoryTable,
  columns: readonly Column[],
  batch: ReadonlyMap<string, DataRow>,
): Promise<{ removed: number; kept: number }> {
  return durable.transaction(async (session) => {
    // Append-only tables let the archive alone remove, and only where it says so.
    await session.query("select set_config('stockroom.maintenance', 'on', true)");
    const { rows } = await session.query<Record<string, unknown> & { row_id: bigint }>(
      `select t.id as row_id, ${selection(columns)} from "${table.name}" t where t.id = any($1::bigint[]) order by t.id for update of t`,
      [[...batch.keys()]],
    );
    const same = rows.filter((row) => {
      const archived = batch.get(String(row.row_id))!;
      return canonicalRow(columns, rowOf(columns, row)) === canonicalRow(columns, archived);
    });
    const ids = same.map(({ row_id: id }) => String(id));
    const { count } = await session.query(`delete from "${table.name}" where id = any($1::bigint[])`, [ids]);
    return { removed: count, kept: rows.length - same.length };
  });
}

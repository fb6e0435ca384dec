import type { DurableTier } from '../tiers/durable/index.ts';
import type { Column, DataRow, Value } from './columns.ts';
import { type HistoryTable, rowsOf } from './tables.ts';

/** Rows that are held in memory at once. */
export const PAGE = 5_000;

export interface RowQuery {
  readonly table: HistoryTable;
  readonly columns: readonly Column[];
  /** The first and the last id that are looked at: rows between them that are of other times are passed by. */
  readonly ids?: readonly [first: bigint, last: bigint] | undefined;
  /** Half open, ISO times in UTC. */
  readonly from?: string | undefined;
  readonly before?: string | undefined;
  readonly upTo?: string | undefined;
}

/** Pages of rows by id: each page is one statement, so nothing is held in between. */
export async function* pagesOf(durable: DurableTier, query: RowQuery): AsyncGenerator<DataRow[]> {
  const { table, columns, ids, from, before, upTo } = query;
  const conditions = ['t.id > $1'];
  if (ids !== undefined) conditions.push(`t.id <= ${ids[1]}`);
  if (from !== undefined) conditions.push(`${table.time} >= '${from}'::timestamptz`);
  if (before !== undefined) conditions.push(`${table.time} < '${before}'::timestamptz`);
  if (upTo !== undefined) conditions.push(`${table.time} <= '${upTo}'::timestamptz`);
  const sql = `select t.id as row_id, ${selection(columns)} from ${rowsOf(table)}
    where ${conditions.join(' and ')} order by t.id limit ${PAGE}`;
  for (let after = ids === undefined ? 0n : ids[0] - 1n; ; ) {
    const { rows } = await durable.query<Record<string, Value> & { row_id: bigint }>(sql, [after]);
    const last = rows.at(-1);
    if (last !== undefined) yield rows.map((row) => rowOf(columns, row));
    if (last === undefined || rows.length < PAGE) return;
    after = last.row_id;
  }
}

export function selection(columns: readonly Column[]): string {
  return columns.map(({ sql }, at) => `${sql} as c${at}`).join(', ');
}

export function rowOf(columns: readonly Column[], row: Readonly<Record<string, unknown>>): DataRow {
  return Object.fromEntries(columns.map(({ name }, at) => [name, row[`c${at}`] as Value]));
}

/** The row as one text, the same wherever it was read: what two copies are compared by. */
export function canonicalRow(columns: readonly Column[], row: DataRow): string {
  return JSON.stringify(columns.map(({ name }) => canonicalValue(row[name])));
}

function canonicalValue(value: Value | undefined): unknown {
  if (typeof value === 'bigint') return `${value}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return `${value}`;
  return Object.is(value, -0) ? '-0' : (value ?? null);
}

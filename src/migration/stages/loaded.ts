import type { Session } from '../../tiers/durable/index.ts';
import { chunkRecords, readLedger } from '../books.ts';
import { compareKeys, isLoaded, type RowKey } from '../ledger.ts';
import { literal } from '../loaded-rows.ts';
import type { SourceDefinition } from '../source.ts';
import type { Unit } from '../unit.ts';
import { keyOf } from '../follow/part.ts';

/** A condition on the old key, given the SQL expressions of that key as itself. */
export type KeyCondition = (key: string) => string;

const valueOf = (source: SourceDefinition, key: RowKey): string =>
  source.identity === 'legacy_id' ? `(${key})::bigint` : literal(String(key));

export function isOneOf(source: SourceDefinition, keys: readonly RowKey[]): KeyCondition {
  const values = keys.map((key) => valueOf(source, key)).join(', ') || 'NULL';
  return (key) => `${key} IN (${values})`;
}

/** Behind one key, and up to another with it; null: without a bound. */
export function isBetween(source: SourceDefinition, after: RowKey | null, last: RowKey | null): KeyCondition {
  return (key) =>
    [
      `${key} IS NOT NULL`,
      ...(after === null ? [] : [`${key} > ${valueOf(source, after)}`]),
      ...(last === null ? [] : [`${key} <= ${valueOf(source, last)}`]),
    ].join(' AND ');
}

/**
 * SQL for the rows of a unit as the old side knows them: those that were loaded from it, and those that Stockroom made and
 * that have a key there by now (migration_made).
 */
export function loadedRows(
  source: SourceDefinition,
  unit: string,
  columns: readonly string[],
  condition: KeyCondition,
): string {
  const { table, identity, family } = source;
  // What is deleted there stays for a while, with a mark.
  const shared = family === undefined ? '' : ` AND t.family = ${literal(family)} AND NOT t.deleted`;
  const isFile = identity === 'legacy_source';
  const own = columns.map((name) => `t."${name}"`).join(', ');
  const from = isFile ? 't.legacy_source IS NOT NULL' : `t.legacy_source = ${literal(unit)}`;
  const madeKey = identity === 'legacy_id' ? 'm.legacy_id' : 'm.legacy_key';
  const made = columns.map((name) => {
    if (name === identity) return `${madeKey} AS "${name}"`;
    return name === 'legacy_source' ? `m.unit AS "${name}"` : `t."${name}"`;
  });
  const joined = family === undefined ? 't.id = m.row_key::bigint' : `t.key = m.row_key${shared}`;
  return `SELECT ${own} FROM ${table} t WHERE ${from}${shared} AND ${condition(`t."${identity}"`)}
    UNION ALL SELECT ${made.join(', ')} FROM migration_made m JOIN ${table} t ON ${joined}
    WHERE m.source = ${literal(source.id)} AND m.unit = ${literal(unit)} AND t.legacy_source IS NULL AND ${condition(madeKey)}`;
}

/** Of rows that are not loaded: those that are in the quarantine, or duplicates of rows in another file, or over. */
export async function setAside(session: Session, unit: Unit, keys: readonly RowKey[]): Promise<RowKey[]> {
  if (keys.length === 0) return [];
  const { source, name } = unit;
  const { rows } = await session.query<{ key: string }>(
    'SELECT DISTINCT key FROM migration_quarantine WHERE source = $1 AND unit = $2 AND key = ANY($3)',
    [source.id, name, keys.map(String)],
  );
  const quarantined = new Set(rows.map(({ key }) => key));
  const aside = keys.filter((key) => quarantined.has(String(key)));
  const left = new Set(keys.filter((key) => !quarantined.has(String(key))));
  if (left.size === 0) return aside;
  for (const record of await chunkRecords(session, source.id, name, source.identity === 'legacy_id')) {
    const [first, last] = [keyOf(unit, record.firstKey), keyOf(unit, record.lastKey)];
    const within = [...left].some((key) => compareKeys(first, key) <= 0 && compareKeys(key, last) <= 0);
    if (!within) continue;
    const { entries } = await readLedger(session, source.id, name, record.ordinal);
    for (const { key, outcome } of entries) if (!isLoaded(outcome) && left.delete(key)) aside.push(key);
  }
  return aside;
}

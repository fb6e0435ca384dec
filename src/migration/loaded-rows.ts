import {
  fieldInt8,
  fieldText,
  JSONB_TEXT,
  readTuples,
  type TupleView,
} from '../tiers/durable/copy-binary.ts';
import type { Session } from '../tiers/durable/index.ts';
import type { RowKey } from './ledger.ts';
import type { Alteration, SourceDefinition } from './source.ts';
import { scanJsonBytes } from './values/json-scan.ts';
import { copyColumns, jsonFields } from './values/row-encoder.ts';
import { RowHash } from './values/row-hash.ts';
import { hashTuple } from './values/tuple-hash.ts';

export interface LoadedRow {
  key: RowKey;
  a: number;
  b: number;
}

/** A range of keys of one unit, both ends in it. */
export interface KeyRange {
  source: SourceDefinition;
  unit: string;
  ordinal: number;
  firstKey: string;
  lastKey: string;
  /** Only these keys, of whatever chunk, and not the range. */
  keys?: readonly RowKey[];
}

/** Reads what is loaded of a chunk, and hashes every row of it. Rows come in ascending order of their key. */
export async function readLoaded(session: Session, range: KeyRange): Promise<LoadedRow[]> {
  const { source } = range;
  const originals = await readOriginals(session, range);
  const isJson = jsonFields(source);
  const hash = new RowHash();
  const rows: LoadedRow[] = [];
  const json = (view: TupleView, field: number): void => {
    const scan = scanJsonBytes(view.buffer, view.offsets[field]! + JSONB_TEXT, view.offsets[field + 1]!);
    hash.word(scan.a);
    hash.word(scan.b);
  };
  await readTuples(session.copyOut(`COPY (${selectRange(range)})`), isJson.length, (view) => {
    const key =
      source.identity === 'legacy_id'
        ? fieldInt8(view, 1)
        : fieldText(view, source.identity === 'legacy_key' ? 1 : 0)!;
    hashTuple(hash, view, isJson, originals.get(String(key)) ?? [], json);
    rows.push({ key, a: hash.a, b: hash.b });
  });
  return rows;
}

/** Locks the loaded rows of a range for the transaction, so that nobody changes them between two looks. */
export async function lockLoaded(session: Session, range: KeyRange): Promise<void> {
  await session.query(`SELECT count(*) FROM (${selectRange(range, '1')} FOR UPDATE) locked`);
}

/**
 * How many rows say that they came from a unit; null where a row's file is the row itself, so that only the range of a
 * chunk can tell.
 */
export async function countClaimed(
  session: Session,
  source: SourceDefinition,
  unit: string,
): Promise<number | null> {
  if (source.identity === 'legacy_source') return null;
  const family = source.family === undefined ? '' : `AND family = ${literal(source.family)}`;
  const { rows } = await session.query<{ n: bigint }>(
    `SELECT count(*) AS n FROM ${source.table} WHERE legacy_source = $1 ${family}`,
    [unit],
  );
  return Number(rows[0]!.n);
}

function selectRange(range: KeyRange, selected?: string): string {
  const { source, unit, firstKey, lastKey, keys } = range;
  const { table, identity, family } = source;
  const value = (key: string): string => (identity === 'legacy_id' ? `(${key})::bigint` : literal(key));
  const conditions =
    keys === undefined
      ? [`${identity} >= ${value(firstKey)}`, `${identity} <= ${value(lastKey)}`]
      : [`${identity} IN (${keys.map((key) => value(String(key))).join(', ') || 'NULL'})`];
  conditions.push('legacy_source IS NOT NULL');
  if (identity !== 'legacy_source') conditions.push(`legacy_source = ${literal(unit)}`);
  if (family !== undefined) conditions.push(`family = ${literal(family)}`);
  const columns =
    selected ??
    copyColumns(source)
      .map((name) => `"${name}"`)
      .join(', ');
  return `SELECT ${columns} FROM ${table} WHERE ${conditions.join(' AND ')} ORDER BY ${identity}`;
}

/** A text for SQL that takes no parameters, as COPY and DDL. Standard-conforming strings: only the quote is special. */
export function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

async function readOriginals(session: Session, range: KeyRange): Promise<Map<string, Alteration[]>> {
  const { source, unit, ordinal, keys } = range;
  const texts = keys?.map(String) ?? [];
  const [where, params] =
    keys === undefined
      ? ['unit = $2 AND chunk = $3', [source.id, unit, ordinal]]
      : [
          'file = ANY($2) AND key = ANY($3) AND unit = $4',
          [source.id, source.identity === 'legacy_source' ? texts : [unit], texts, unit],
        ];
  const { rows } = await session.query<{ key: string; column: string; bytes: Uint8Array; reason: string }>(
    `SELECT key, "column", bytes, reason FROM migration_originals WHERE source = $1 AND ${where}`,
    params,
  );
  const byKey = new Map<string, Alteration[]>();
  for (const { key, ...alteration } of rows) {
    const known = byKey.get(key);
    if (known) known.push(alteration);
    else byKey.set(key, [alteration]);
  }
  return byKey;
}

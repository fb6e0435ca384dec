import {
  fieldInt8,
  fieldText,
  JSONB_TEXT,
  POSTGRES_EPOCH_MICROS,
  readTuples,
  type TupleView,
} from '../../tiers/durable/copy-binary.ts';
import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import type { RowKey } from '../ledger.ts';
import type { ColumnKind, SourceDefinition } from '../source.ts';
import type { LoadedValue } from './loaded.ts';
import type { Original } from './original.ts';
import type { LoadedTuple } from './table-back.ts';

/** Rows and bytes of a page: it begins small and follows the size of the rows. */
const PAGE_ROWS = { first: 64, most: 4096 };
const PAGE_BYTES = 4 << 20;
const POSTGRES_EPOCH_DAYS = 10_957;

interface Page {
  tuples: LoadedTuple[];
  bytes: number;
  last: RowKey | null;
}

/** The loaded rows of a unit in ascending order of their old keys, a page at a time, with what was kept beside them. */
export async function* loadedPages(
  tier: DurableTier,
  source: SourceDefinition,
  unit: string,
): AsyncGenerator<LoadedTuple[]> {
  const { identity } = source;
  let after: RowKey | null = null;
  let limit = PAGE_ROWS.first;
  for (;;) {
    const conditions = [`legacy_source = ${literal(unit)}`];
    if (after !== null) conditions.push(`${identity} > ${keyLiteral(after)}`);
    const page = await tier.session((session) => withOriginals(session, source, unit, conditions, limit));
    if (page.tuples.length === 0) return;
    yield page.tuples;
    after = page.last;
    limit = nextLimit(page, limit);
  }
}

/** The loaded rows of a unit that have one of some keys, of which there are few. */
export async function tuplesOf(
  tier: DurableTier,
  source: SourceDefinition,
  unit: string,
  keys: readonly RowKey[],
): Promise<LoadedTuple[]> {
  const wanted = keys.map(keyLiteral).join(', ') || 'NULL';
  const conditions = [`legacy_source = ${literal(unit)}`, `${source.identity} IN (${wanted})`];
  const page = await tier.session((session) => withOriginals(session, source, unit, conditions, keys.length));
  return page.tuples;
}

/** Rows that Stockroom made, in the order in which it made them: `id` is that of PostgreSQL, `key` is null. */
export async function* newPages(
  tier: DurableTier,
  source: SourceDefinition,
  afterId = 0n,
): AsyncGenerator<{ id: bigint; tuple: LoadedTuple }[]> {
  let after = afterId;
  let limit = PAGE_ROWS.first;
  for (;;) {
    const conditions = ['legacy_source IS NULL', `id > ${after}`];
    const page = await tier.session((session) => readPage(session, source, 'id', conditions, limit));
    if (page.tuples.length === 0) return;
    yield page.tuples.map((tuple) => ({ id: tuple.key as bigint, tuple: { ...tuple, key: null } }));
    after = page.last as bigint;
    limit = nextLimit(page, limit);
  }
}

const none: ReadonlyMap<string, Original> = new Map();

async function withOriginals(
  session: Session,
  source: SourceDefinition,
  unit: string,
  conditions: readonly string[],
  limit: number,
): Promise<Page> {
  const page = await readPage(session, source, source.identity, conditions, limit);
  const keys = page.tuples.map(({ key }) => String(key));
  const originals = await readOriginals(session, source.id, unit, keys);
  page.tuples = page.tuples.map((tuple) => ({
    ...tuple,
    originals: originals.get(String(tuple.key)) ?? none,
  }));
  return page;
}

function nextLimit(page: Page, limit: number): number {
  const fitting = Math.floor((PAGE_BYTES * page.tuples.length) / Math.max(1, page.bytes));
  return Math.max(1, Math.min(fitting, limit * 4, PAGE_ROWS.most));
}

async function readPage(
  session: Session,
  source: SourceDefinition,
  key: string,
  conditions: readonly string[],
  limit: number,
): Promise<Page> {
  const { columns, table, family } = source;
  const selected = [
    key,
    // NUMERIC has no binary form that is read here: its text is as exact.
    ...columns.map(({ target, kind }) => (kind === 'money' ? `"${target}"::text` : `"${target}"`)),
    ...(source.keepsExtra ? ['legacy_extra'] : []),
  ];
  const where = [...conditions, ...(family === undefined ? [] : [`family = ${literal(family)}`])];
  const sql = `COPY (SELECT ${selected.join(', ')} FROM ${table} WHERE ${where.join(' AND ')} ORDER BY ${key} LIMIT ${limit})`;
  const page: Page = { tuples: [], bytes: 0, last: null };
  await readTuples(session.copyOut(sql), selected.length, (view) => {
    const found = key === 'legacy_key' ? fieldText(view, 0)! : fieldInt8(view, 0);
    page.bytes += view.offsets[view.fields]! - view.offsets[0]!;
    page.last = found;
    page.tuples.push({
      key: found,
      values: columns.map(({ kind }, index) => fieldOf(view, index + 1, kind)),
      extra: source.keepsExtra ? (fieldOf(view, columns.length + 1, 'json') as string | null) : null,
      originals: none,
    });
  });
  return page;
}

function fieldOf(view: TupleView, field: number, kind: ColumnKind): LoadedValue {
  const { buffer, offsets } = view;
  const at = offsets[field]!;
  if (buffer.readInt32BE(at) < 0) return null;
  switch (kind) {
    case 'float':
      return buffer.readDoubleBE(at + 4);
    case 'integer':
      // Some counts are kept in four bytes.
      return buffer.readInt32BE(at) === 4 ? BigInt(buffer.readInt32BE(at + 4)) : fieldInt8(view, field);
    case 'time':
      return fieldInt8(view, field) + BigInt(POSTGRES_EPOCH_MICROS);
    case 'date':
      return buffer.readInt32BE(at + 4) + POSTGRES_EPOCH_DAYS;
    case 'boolean':
      return buffer[at + 4] === 1;
    case 'json':
      return buffer.toString('utf8', at + JSONB_TEXT, offsets[field + 1]);
    case 'text':
    case 'key':
    case 'money':
      return fieldText(view, field);
  }
}

async function readOriginals(
  session: Session,
  source: string,
  unit: string,
  keys: readonly string[],
): Promise<Map<string, Map<string, Original>>> {
  const { rows } = await session.query<Original & { key: string; column: string }>(
    `SELECT key, "column", bytes, reason FROM migration_originals
     WHERE source = $1 AND file = $2 AND unit = $2 AND key = ANY($3)`,
    [source, unit, keys],
  );
  const byKey = new Map<string, Map<string, Original>>();
  for (const { key, column, bytes, reason } of rows) {
    const known = byKey.get(key) ?? new Map<string, Original>();
    byKey.set(key, known.set(column, { bytes, reason }));
  }
  return byKey;
}

const keyLiteral = (key: RowKey): string => (typeof key === 'bigint' ? String(key) : literal(key));

/** COPY takes no parameters. Standard-conforming strings: only the quote is special. */
const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`;

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
import { literal } from '../loaded-rows.ts';
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
    const conditions = [ofUnit(source, unit)];
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
  const conditions = [ofUnit(source, unit), `${source.identity} IN (${wanted})`];
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

/** Rows by their own key in PostgreSQL (of a table with a family its `key`, of any other its `id`), of which there are few. */
export async function tuplesByRow(
  session: Session,
  source: SourceDefinition,
  keys: readonly string[],
): Promise<Map<string, LoadedTuple>> {
  const column = source.family === undefined ? 'id' : 'key';
  const wanted =
    keys.map((key) => (column === 'id' ? `(${key})::bigint` : literal(key))).join(', ') || 'NULL';
  const live = source.family === undefined ? [] : ['NOT deleted'];
  const page = await readPage(session, source, column, [`${column} IN (${wanted})`, ...live], keys.length);
  return new Map(page.tuples.map((tuple) => [String(tuple.key), { ...tuple, key: null }]));
}

/** What was kept beside rows of a unit, by their old keys. */
export function originalsOf(
  session: Session,
  source: SourceDefinition,
  unit: string,
  keys: readonly string[],
): Promise<Map<string, Map<string, Original>>> {
  return readOriginals(session, source, unit, keys);
}

/** What a row of `hot_state` that Stockroom made is as a row of a source: the families and the values differ. */
const madeStates: Readonly<Record<string, { family: string; value: string; expires: string }>> = {
  global_scores: { family: 'scores', value: 'value', expires: 'expires_at' },
  // A copy is given for seven whole days.
  general_cache: {
    family: 'market-cache',
    value: "value -> 'value'",
    expires: "created_at + interval '192 hours'",
  },
};

/**
 * Rows of a source in `hot_state` that Stockroom made, in the order of their keys there. They have no numbers: a row that is
 * written again is itself.
 */
export async function* newStates(
  tier: DurableTier,
  source: SourceDefinition,
): AsyncGenerator<{ key: string; tuple: LoadedTuple }[]> {
  const made = madeStates[source.id];
  if (made === undefined) throw new TypeError(`${source.id} is not kept in hot_state`);
  const table = `(SELECT key, ${made.value} AS value, created_at, ${made.expires} AS expires_at FROM hot_state
    WHERE family = ${literal(made.family)} AND NOT deleted AND legacy_source IS NULL) made`;
  const states = { ...source, table, family: undefined };
  let after: string | null = null;
  let limit = PAGE_ROWS.first;
  for (;;) {
    const conditions: string[] = after === null ? ['true'] : [`key > ${literal(after)}`];
    const page: Page = await tier.session((session) => readPage(session, states, 'key', conditions, limit));
    if (page.tuples.length === 0) return;
    yield page.tuples.map((tuple) => ({ key: String(tuple.key), tuple: { ...tuple, key: null } }));
    after = String(page.last);
    limit = nextLimit(page, limit);
  }
}

/** The rows of a unit. Of files that are a row each it is what goes before their paths; only a path may begin with `/`. */
function ofUnit({ identity, family }: SourceDefinition, unit: string): string {
  const there = family === undefined ? '' : ' AND NOT deleted';
  if (identity !== 'legacy_source') return `legacy_source = ${literal(unit)}${there}`;
  return unit === ''
    ? `legacy_source IS NOT NULL AND NOT starts_with(legacy_source, '/')${there}`
    : `starts_with(legacy_source, ${literal(unit)})${there}`;
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
  const originals = await readOriginals(session, source, unit, keys);
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
  source: Omit<SourceDefinition, 'family'> & { readonly family?: string | undefined },
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
    const found = isNumber(key) ? fieldInt8(view, 0) : fieldText(view, 0)!;
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
  { id, identity }: SourceDefinition,
  unit: string,
  keys: readonly string[],
): Promise<Map<string, Map<string, Original>>> {
  const { rows } = await session.query<Original & { key: string; column: string }>(
    `SELECT key, "column", bytes, reason FROM migration_originals
     WHERE source = $1 AND file = ANY($2) AND unit = $3 AND key = ANY($4)`,
    [id, identity === 'legacy_source' ? keys : [unit], unit, keys],
  );
  const byKey = new Map<string, Map<string, Original>>();
  for (const { key, column, bytes, reason } of rows) {
    const known = byKey.get(key) ?? new Map<string, Original>();
    byKey.set(key, known.set(column, { bytes, reason }));
  }
  return byKey;
}

const isNumber = (key: string): boolean => key === 'id' || key === 'legacy_id';

const keyLiteral = (key: RowKey): string => (typeof key === 'bigint' ? String(key) : literal(key));

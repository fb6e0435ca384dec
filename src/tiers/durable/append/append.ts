import { randomUUID } from 'node:crypto';
import { StockroomError } from '../../../core/errors.ts';
import { payloadHash } from '../../../core/payload-hash.ts';
import type { Param, Row, Session } from '../port.ts';

/** A value of a row that is appended, as PostgreSQL reads its text. Documents go as JSON text. */
export type Cell = string | number | bigint | boolean | null;

/** What a table takes: its columns with their types, and what is given back of a row. */
export interface AppendTable {
  readonly name: string;
  /** In the order in which they are written: `{ model: 'text', cost_usd: 'numeric' }`. */
  readonly columns: Readonly<Record<string, string>>;
  readonly returning: readonly string[];
}

export interface AppendRow {
  /** Absent: nobody else can mean the same row. */
  readonly idempotencyKey?: string | undefined;
  /** What the caller gave, by which a repeated key is told from another use of it. */
  readonly payload: unknown;
  readonly cells: Readonly<Record<string, Cell>>;
}

export interface Appended<R = Row> {
  readonly row: R;
  /** The row was there already: the same key with the same payload had been given before. */
  readonly repeated: boolean;
}

/** A row on its way, with its key made once: whoever tries again means the same row. */
export interface PreparedRow {
  readonly key: string;
  readonly hash: string;
  readonly cells: Readonly<Record<string, Cell>>;
}

export function prepareRow({ idempotencyKey, payload, cells }: AppendRow): PreparedRow {
  // Nobody else has a key of ours, so there is nothing to compare.
  if (idempotencyKey === undefined) return { key: `auto:${randomUUID()}`, hash: '', cells };
  return { key: idempotencyKey, hash: Buffer.from(payloadHash(payload)).toString('hex'), cells };
}

/**
 * Appends rows to a table with `idempotency_key` and `idempotency_hash`, in the transaction of the session. Rows are written in the
 * order of their keys: two batches that hold the same keys in different orders would wait for one another.
 *
 * @returns for each row the row that stands there now, or StockroomError IDEMPOTENCY_CONFLICT when its key was used with another payload
 */
export async function appendRows<R extends object = Row>(
  session: Session,
  table: AppendTable,
  rows: readonly PreparedRow[],
): Promise<(Appended<R> | StockroomError)[]> {
  const byKey = new Map<string, PreparedRow>();
  for (const row of rows) if (!byKey.has(row.key)) byKey.set(row.key, row);
  const written = await insert<R>(session, table, [...byKey.values()]);
  const missing = [...byKey.keys()].filter((key) => !written.has(key));
  const before = missing.length === 0 ? new Map<string, Found<R>>() : await find<R>(session, table, missing);
  const first = new Set(written.keys());
  return rows.map(({ key, hash }) => {
    const found = written.get(key) ?? before.get(key);
    if (found === undefined) throw new TypeError(`the row of the key ${key} is neither written nor there`);
    if (found.hash !== hash) return conflict(key);
    // The first row of a key that is given twice in a batch is the one that wrote it.
    return { row: found.row, repeated: !first.delete(key) };
  });
}

interface Found<R> {
  readonly hash: string;
  readonly row: R;
}

type Returned = Row & { append_key: string; append_hash: string };

async function insert<R>(
  session: Session,
  table: AppendTable,
  rows: readonly PreparedRow[],
): Promise<Map<string, Found<R>>> {
  const sorted = [...rows].sort((a, b) => (a.key < b.key ? -1 : 1));
  const columns = Object.entries(table.columns);
  const names = [...columns.map(([name]) => quoted(name)), 'idempotency_key', 'idempotency_hash'];
  const arrays = columns.map(([, type], index) => `$${index + 1}::text[]::${type}[]`);
  const last = columns.length;
  const sql = `
    insert into ${quoted(table.name)} (${names.join(', ')})
    select ${columns.map((_, index) => `c${index}`).join(', ')}, k, decode(h, 'hex')
    from unnest(${[...arrays, `$${last + 1}::text[]`, `$${last + 2}::text[]`].join(', ')})
      with ordinality as given (${[...columns.map((_, index) => `c${index}`), 'k', 'h', 'n'].join(', ')})
    order by n
    on conflict (idempotency_key) where idempotency_key is not null do nothing
    returning ${returning(table)}`;
  const params: Param[] = columns.map(([name]) => sorted.map(({ cells }) => textOf(cells[name])));
  params.push(
    sorted.map(({ key }) => key),
    sorted.map(({ hash }) => hash),
  );
  return byKeyOf((await session.query<Returned>(sql, params)).rows);
}

async function find<R>(
  session: Session,
  table: AppendTable,
  keys: readonly string[],
): Promise<Map<string, Found<R>>> {
  const { rows } = await session.query<Returned>(
    `select ${returning(table)} from ${quoted(table.name)} where idempotency_key = any($1::text[])`,
    [keys],
  );
  return byKeyOf(rows);
}

function returning({ returning: names }: AppendTable): string {
  return [
    'idempotency_key as append_key',
    "encode(idempotency_hash, 'hex') as append_hash",
    ...names.map(quoted),
  ].join(', ');
}

function byKeyOf<R>(rows: readonly Returned[]): Map<string, Found<R>> {
  return new Map(
    rows.map(({ append_key: key, append_hash: hash, ...row }) => [key, { hash, row: row as unknown as R }]),
  );
}

function textOf(cell: Cell | undefined): string | null {
  return cell === undefined || cell === null ? null : String(cell);
}

function quoted(name: string): string {
  return `"${name}"`;
}

function conflict(key: string): StockroomError {
  return new StockroomError(
    'IDEMPOTENCY_CONFLICT',
    `The idempotency key ${JSON.stringify(key)} was used before with another payload; give every request a key of its own`,
    { details: { key } },
  );
}

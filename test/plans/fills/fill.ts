import type { Session } from '../../../src/tiers/durable/index.ts';

/** How the rows of a history are made, inside PostgreSQL. */
export interface Fill {
  readonly table: string;
  /** Tables that are filled with it, one row of `table` bringing so many of theirs. */
  readonly beside?: readonly string[];
  /** Rows of it for each row of the others: 1 by default. */
  readonly part?: number;
  /** Rows of one statement: fewer where a row is large. */
  readonly batch?: number;
  /**
   * Statements that add rows `$1` to `$2` (both included) of `$3`, the last of which is of the present, `$4` seconds apart. Each
   * names as many of the four as it needs, the first ones.
   */
  readonly sql: readonly string[];
}

const BATCH = 250_000;
/** The names of a skewed set: the first of 2,000 has 8 % of the rows, and half of them have 1 in 10,000 or less. */
export const SYMBOLS = 2_000;
export const symbolOf = (n: number): string => `STOCK${String(n).padStart(4, '0')}`;
export const FREQUENT = symbolOf(0);
export const MIDDLING = symbolOf(200);
export const RARE = symbolOf(1_900);

/** The time of row `i`. */
export const AT = '(now() - make_interval(secs => ($3::bigint - i) * $4::float8))';
export const SYMBOL = `'STOCK' || lpad(floor(${SYMBOLS} * power(r1, 3))::text, 4, '0')`;
/** Rows `i` with four numbers from 0 to 1. */
export const ROWS = `(select i, random() as r1, random() as r2, random() as r3, random() as r4
  from generate_series($1::bigint, $2::bigint) as i) as made`;
export const MODE = `(array['Intraday', 'Swing', 'Scalping', 'Positional'])[1 + floor(4 * r2 * r2)::int]`;
export const AGENT = `(array['technical', 'global', 'policy', 'options', 'sentiment', 'microstructure', 'risk', 'regime'])
  [1 + floor(8 * r2)::int]`;

/** One of a few words: the first ones more often. */
export function oneOf(of: string, words: readonly string[]): string {
  return `(array[${words.map((word) => `'${word}'`).join(', ')}])[1 + floor(${words.length} * ${of} * ${of})::int]`;
}

/**
 * Makes `rows` rows, of `perDay` a day up to now, and lets PostgreSQL count what is in the tables.
 * @param session one connection: the numbers are the same each time
 */
export async function fillTable(
  session: Session,
  fill: Fill,
  rows: number,
  perDay: number,
  onBatch?: (done: number) => void,
): Promise<void> {
  await session.query('select setseed(0.42)');
  const { batch = BATCH } = fill;
  for (let first = 1; first <= rows; first += batch) {
    const last = Math.min(rows, first + batch - 1);
    for (const sql of fill.sql) {
      const named = [1, 2, 3, 4].filter((n) => sql.includes(`$${n}`)).length;
      await session.query(sql, [first, last, rows, 86_400 / perDay].slice(0, named));
    }
    onBatch?.(last);
  }
  for (const table of tablesOf(fill)) await session.query(`vacuum analyze ${table}`);
}

export const tablesOf = ({ table, beside = [] }: Fill): readonly string[] => [table, ...beside];

/** The same, with the indexes built at the end: in half the time, and smaller than they grow to be row by row. */
export async function fillBare(session: Session, fill: Fill, rows: number, perDay: number): Promise<void> {
  const { rows: indexes } = await session.query<{ name: string; definition: string }>(
    `select c.relname as name, pg_get_indexdef(i.indexrelid) as definition
     from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = any($1::text[]::regclass[]) and not exists (select from pg_constraint where conindid = i.indexrelid)`,
    [tablesOf(fill)],
  );
  for (const { name } of indexes) await session.query(`drop index ${name}`);
  await fillTable(session, fill, rows, perDay);
  for (const { definition } of indexes) await session.query(definition);
  for (const table of tablesOf(fill)) await session.query(`analyze ${table}`);
}

import { createHash } from 'node:crypto';
import type { Session } from '../../tiers/durable/index.ts';
import type { TableFingerprint } from './manifest.ts';

/** Blocks of a table (8 KiB each) in one statement. */
const BLOCKS_AT_ONCE = 4_096;

const ROW_SUMS = `
  select count(*) as rows, coalesce(sum(one), 0)::text as one, coalesce(sum(two), 0)::text as two from (
    select ('x' || substr(hash, 1, 16))::bit(64)::bigint::numeric as one,
      ('x' || substr(hash, 17, 16))::bit(64)::bigint::numeric as two
    from (select md5(convert_to((stockroom_row.*)::text, 'UTF8')) as hash from TABLE as stockroom_row where RANGE) as hashed) as halves`;

export type OnTable = (table: string, rows: number) => void;

/**
 * Every table of the schema with the number of its rows and a hash of them. The hash is of a sum over the rows, so the order in which
 * they lie does not matter, and the table is read in pieces of bounded size. The same rows give the same hash on every server: the
 * sessions of the tier fix how values are written as text, and the text is hashed as UTF-8 whatever the encoding of the database.
 *
 * @param session in a transaction with one snapshot, when others write
 */
export async function fingerprint(
  session: Session,
  schema: string,
  options: {
    signal?: AbortSignal | undefined;
    onTable?: OnTable | undefined;
    blocksAtOnce?: number;
  } = {},
): Promise<TableFingerprint[]> {
  const { signal, blocksAtOnce = BLOCKS_AT_ONCE } = options;
  const found: TableFingerprint[] = [];
  for (const name of await tableNames(session, schema)) {
    const one = await tableFingerprint(session, `${quoted(schema)}.${quoted(name)}`, blocksAtOnce, signal);
    options.onTable?.(name, one.rows);
    found.push({ name, ...one });
  }
  return found;
}

export async function tableNames(session: Pick<Session, 'query'>, schema: string): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `select c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind in ('r', 'p') order by c.relname collate "C"`,
    [schema],
  );
  return rows.map(({ name }) => name);
}

/** Tables whose rows are not what the manifest says, for people. Empty: all are. */
export function differences(
  expected: readonly TableFingerprint[],
  found: readonly TableFingerprint[],
): string[] {
  const byName = new Map(found.map((table) => [table.name, table]));
  const different = expected.flatMap(({ name, rows, sha256 }) => {
    const table = byName.get(name);
    byName.delete(name);
    if (table === undefined) return [`${name} is missing`];
    if (table.rows !== rows) return [`${name} has ${table.rows} rows instead of ${rows}`];
    return table.sha256 === sha256 ? [] : [`${name} has other values`];
  });
  return [...different, ...[...byName.keys()].map((name) => `${name} is not in the backup`)];
}

/** A name as an SQL identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

async function tableFingerprint(
  session: Session,
  table: string,
  blocksAtOnce: number,
  signal: AbortSignal | undefined,
): Promise<{ rows: number; sha256: string }> {
  const size = await session.query<{ blocks: bigint }>(
    `select pg_catalog.pg_relation_size($1::regclass) / current_setting('block_size')::bigint as blocks`,
    [table],
  );
  const blocks = Number(size.rows[0]!.blocks);
  const sums = { rows: 0n, one: 0n, two: 0n };
  for (let from = 0; from === 0 || from < blocks; from += blocksAtOnce) {
    signal?.throwIfAborted();
    // The last piece has no end: rows of the snapshot are never beyond the size, and a bound that is not needed cannot be wrong.
    const last = from + blocksAtOnce >= blocks;
    const range = `ctid >= '(${from},0)'::tid${last ? '' : ` and ctid < '(${from + blocksAtOnce},0)'::tid`}`;
    const sql = ROW_SUMS.replace('TABLE', () => table).replace('RANGE', range);
    const { rows } = await session.query<{ rows: bigint; one: string; two: string }>(sql, []);
    sums.rows += rows[0]!.rows;
    sums.one += BigInt(rows[0]!.one);
    sums.two += BigInt(rows[0]!.two);
  }
  const text = `${sums.rows} ${BigInt.asUintN(64, sums.one)} ${BigInt.asUintN(64, sums.two)}`;
  return { rows: Number(sums.rows), sha256: createHash('sha256').update(text).digest('hex') };
}

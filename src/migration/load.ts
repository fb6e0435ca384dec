import { sqlState, type DurableTier, type Session } from '../tiers/durable/index.ts';
import { messageOf } from '../core/errors.ts';
import { clearChunk, writeChunk } from './books.ts';
import type { Chunk, ChunkRow } from './chunk.ts';
import { isLoaded, OUTCOME } from './ledger.ts';
import type { SourceDefinition } from './source.ts';
import { copyColumns } from './values/row-encoder.ts';

/** SQLSTATE classes that speak of a value, not of the server: data exception, integrity, program limit exceeded. */
const refusals = new Set(['22', '23', '54']);

/** True when PostgreSQL refused what a row holds, so that the rows beside it may still be loaded. */
export function isRefusal(error: unknown): boolean {
  return refusals.has(sqlState(error)?.slice(0, 2) ?? '');
}

/**
 * Begins every transaction that loads. The lock lets a new run wait for what a killed one left in flight; see
 * {@link awaitInFlight}. A commit need not reach the disk before the next: rows and checkpoint are lost or kept together,
 * and the run's own record, committed last and in full, carries all before it to the disk.
 */
async function begin(session: Session): Promise<void> {
  await session.query(
    `LOCK TABLE migration_chunks IN ROW EXCLUSIVE MODE;
     SET LOCAL stockroom.maintenance = 'on'; SET LOCAL stockroom.replay = 'on'; SET LOCAL synchronous_commit = off`,
  );
}

/** Waits until no transaction of an earlier run can still commit. */
export async function awaitInFlight(tier: DurableTier): Promise<void> {
  await tier.transaction(async (session) => {
    await session.query('LOCK TABLE migration_chunks IN SHARE MODE');
  });
}

const quoted = (columns: readonly string[]): string => columns.map((name) => `"${name}"`).join(', ');

/** Loads a chunk of new rows and its checkpoint in one transaction: straight into the table, or row by row sifted. */
export async function loadChunk(tier: DurableTier, chunk: Chunk, ordinal: number): Promise<void> {
  const { source } = chunk.unit;
  const rows = chunk.rows.filter((row) => isLoaded(row.outcome));
  try {
    await tier.transaction(async (session) => {
      await begin(session);
      if (rows.length > 0) {
        await session.copyIn(`COPY ${source.table} (${quoted(copyColumns(source))})`, chunk.stream(rows));
      }
      await writeChunk(session, chunk, ordinal, rows);
    });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await applyChunk(tier, chunk, { ordinal, insert: rows, update: [], clear: false });
  }
}

export interface Application {
  ordinal: number;
  insert: readonly ChunkRow[];
  /** Rows that are in the table and changed at the source. */
  update: readonly ChunkRow[];
  /** The books hold the chunk already. */
  clear: boolean;
}

/**
 * Applies rows through a staging table: what PostgreSQL refuses is found by halving, in transactions that are rolled
 * back, and quarantined; a new row whose unique key is taken is quarantined too. The rest is applied in one transaction
 * with the chunk's books.
 */
export async function applyChunk(tier: DurableTier, chunk: Chunk, application: Application): Promise<void> {
  const insert = await sift(tier, chunk, application.insert, insertStaged);
  const update = await sift(tier, chunk, application.update, updateStaged);
  await tier.transaction(async (session) => {
    await begin(session);
    for (const row of update) requireRow(row);
    await staged(session, chunk, update, updateStaged);
    const inserted = await staged(session, chunk, insert, insertStaged);
    const { source } = chunk.unit;
    for (const row of insert) {
      if (inserted.has(String(row.key))) {
        inserted.delete(String(row.key));
      } else
        quarantine(chunk, row, 'DUPLICATE_KEY', `another row with the same unique key is in ${source.table}`);
    }
    // What was kept beside a row stays when its new values, or another row with its key, were refused.
    const touched = [...insert, ...update].filter((row) => isLoaded(row.outcome));
    if (application.clear) await clearChunk(session, chunk, application.ordinal, touched);
    await writeChunk(session, chunk, application.ordinal, touched);
  });
}

function requireRow(row: ChunkRow): void {
  if (row.start === row.end) throw new RangeError(`row ${row.key} has no tuple to apply`);
}

export function quarantine(chunk: Chunk, row: ChunkRow, reason: string, detail: string): void {
  row.outcome = OUTCOME.quarantined;
  row.rejection = { reason, column: null, detail, bytes: chunk.originalOf(row) };
}

/** Applies what stands in the staging table; the keys that it applied. */
export type Apply = (session: Session, source: SourceDefinition) => Promise<Set<string>>;

/** The rows that PostgreSQL takes; the others are quarantined with its words. */
async function sift(
  tier: DurableTier,
  chunk: Chunk,
  rows: readonly ChunkRow[],
  apply: Apply,
): Promise<readonly ChunkRow[]> {
  if (rows.length === 0) return rows;
  try {
    await tier.transaction(async (session) => {
      await begin(session);
      await staged(session, chunk, rows, apply);
      throw new Probe();
    });
  } catch (error) {
    if (error instanceof Probe) return rows;
    if (!isRefusal(error)) throw error;
    if (rows.length === 1) {
      quarantine(chunk, rows[0]!, 'REFUSED', messageOf(error));
      return [];
    }
  }
  const half = rows.length >> 1;
  const first = await sift(tier, chunk, rows.slice(0, half), apply);
  return [...first, ...(await sift(tier, chunk, rows.slice(half), apply))];
}

/** Thrown to roll back a transaction that was only a trial. */
class Probe extends Error {}

/** Copies rows into a staging table and applies them; the keys that were applied. */
export async function staged(
  session: Session,
  chunk: Chunk,
  rows: readonly ChunkRow[],
  apply: Apply,
): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const { source } = chunk.unit;
  const columns = quoted(copyColumns(source));
  await session.query(
    `CREATE TEMP TABLE staging ON COMMIT DROP AS SELECT ${columns} FROM ${source.table} WITH NO DATA`,
  );
  await session.query('ALTER TABLE staging ADD COLUMN staging_order bigint GENERATED ALWAYS AS IDENTITY');
  await session.copyIn(`COPY staging (${columns})`, chunk.stream(rows));
  const applied = await apply(session, source);
  await session.query('DROP TABLE staging');
  return applied;
}

export const insertStaged: Apply = async (session, source) => {
  const columns = quoted(copyColumns(source));
  const { rows } = await session.query<{ key: unknown }>(
    `INSERT INTO ${source.table} (${columns}) SELECT ${columns} FROM staging ORDER BY staging_order
     ON CONFLICT DO NOTHING RETURNING ${source.identity} AS key`,
  );
  return new Set(rows.map((row) => String(row.key)));
};

export const updateStaged: Apply = async (session, source) => {
  const assignments = copyColumns(source).map((name) => `"${name}" = s."${name}"`);
  const sameRow = `t.legacy_source = s.legacy_source AND t.${source.identity} = s.${source.identity}
    ${source.family === undefined ? '' : 'AND t.family = s.family'}`;
  if (source.release !== undefined) {
    await session.query(`UPDATE ${source.table} t SET ${source.release} FROM staging s WHERE ${sameRow}`);
  }
  const { rows } = await session.query<{ key: unknown }>(
    `UPDATE ${source.table} t SET ${assignments.join(', ')} FROM staging s WHERE ${sameRow}
     RETURNING t.${source.identity} AS key`,
  );
  return new Set(rows.map((row) => String(row.key)));
};

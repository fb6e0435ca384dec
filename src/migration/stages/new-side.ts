import type { SideState } from '../../capture/index.ts';
import { StockroomError } from '../../core/errors.ts';
import { type DurableTier, type Session, sqlState } from '../../tiers/durable/index.ts';
import { literal } from '../loaded-rows.ts';
import type { SourceDefinition } from '../source.ts';
import { type Stage, type StageRow } from './stage.ts';

/** How long a fence waits for the transactions that are inside. */
const FENCE_PATIENCE_MS = 10_000;
/** SQLSTATE of a lock that was not had in time. */
const LOCK_NOT_AVAILABLE = '55P03';

/** A table of PostgreSQL that holds rows of a store's sources. */
export interface StoreTable {
  readonly name: string;
  /** The column of its own key. */
  readonly key: 'id' | 'key';
  /** The column of its key at the old side; empty where its file is the key. */
  readonly oldKey: 'legacy_id' | 'legacy_key' | '';
  /** Of a table that stores share. */
  readonly family: string | null;
  readonly source: SourceDefinition;
}

/** The tables of a store that have a source. */
export function tablesOf(sources: readonly SourceDefinition[], store: string): StoreTable[] {
  return sources
    .filter((source) => source.store === store)
    .map((source) => ({
      name: source.table,
      key: source.family === undefined ? 'id' : 'key',
      oldKey: source.identity === 'legacy_source' ? '' : source.identity,
      family: source.family ?? null,
      source,
    }));
}

const triggerOf = (table: StoreTable, what: string): string =>
  `"migration_${what}${table.family === null ? '' : `_${table.family}`}"`;

/** Puts the guard and the notes of the outbox on the tables of a store. A second call changes nothing. */
export async function installGuard(
  session: Session,
  store: string,
  tables: readonly StoreTable[],
): Promise<void> {
  await removeGuard(session, tables);
  for (const table of tables) {
    const name = `"${table.name}"`;
    const args = [store, table.key, table.oldKey, table.family ?? ''].map(literal).join(', ');
    const notes = (['INSERT', 'UPDATE', 'DELETE'] as const).map(
      (event) =>
        `CREATE TRIGGER ${triggerOf(table, `note_${event.toLowerCase()}`)} AFTER ${event} ON ${name}
         REFERENCING ${event === 'DELETE' ? 'OLD' : 'NEW'} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION migration_note(${args})`,
    );
    await session.query(
      [
        `CREATE TRIGGER ${triggerOf(table, 'enter')} BEFORE INSERT OR UPDATE OR DELETE ON ${name}
         FOR EACH STATEMENT EXECUTE FUNCTION migration_enter(${literal(store)})`,
        ...notes,
        `CREATE TRIGGER ${triggerOf(table, 'truncate')} BEFORE TRUNCATE ON ${name}
         FOR EACH STATEMENT EXECUTE FUNCTION migration_refuse_truncate(${literal(store)})`,
      ].join(';\n'),
    );
  }
}

export async function removeGuard(session: Session, tables: readonly StoreTable[]): Promise<void> {
  const drops = tables.flatMap((table) =>
    ['enter', 'note_insert', 'note_update', 'note_delete', 'truncate'].map(
      (what) => `DROP TRIGGER IF EXISTS ${triggerOf(table, what)} ON "${table.name}"`,
    ),
  );
  // Told of every trigger that is not there.
  await session.query(`SET LOCAL client_min_messages = warning; ${drops.join('; ')}`);
}

/**
 * Holds the tables of a store alone. A writer has its table before it asks for the store's lock: whoever needs both has to
 * take them in that order.
 */
export async function lockTables(session: Session, tables: readonly StoreTable[]): Promise<void> {
  const names = [...new Set(tables.map(({ name }) => `"${name}"`))].sort();
  await session.query(
    `SET LOCAL lock_timeout = ${FENCE_PATIENCE_MS}; LOCK TABLE ${names.join(', ')} IN ACCESS EXCLUSIVE MODE`,
  );
}

/** What becomes of a control row; what is absent stays. */
export interface Change {
  stage?: Stage;
  state?: SideState;
  epoch: bigint;
  ramp?: number;
}

/**
 * Changes the control row of a store while no writer is inside: it waits for those that are, and those that come wait
 * behind it. `work` is done in the same transaction, before the change; `tables` are those whose triggers it changes.
 *
 * @throws StockroomError CONFLICT when the row is not as it was when the change was decided, or writers do not end in time
 */
export async function changeStage(
  tier: DurableTier,
  row: Pick<StageRow, 'store' | 'epoch' | 'state'>,
  change: Change,
  work: (session: Session) => Promise<void> = async () => undefined,
  tables: readonly StoreTable[] = [],
): Promise<void> {
  const { store } = row;
  try {
    await tier.transaction(async (session) => {
      await session.query(`SET LOCAL lock_timeout = ${FENCE_PATIENCE_MS}`);
      if (tables.length > 0) await lockTables(session, tables);
      await session.query('SELECT pg_advisory_xact_lock(migration_lock_key($1))', [store]);
      await work(session);
      const { count } = await session.query(
        `UPDATE migration_stages SET state = coalesce($4, state), stage = coalesce($5, stage), epoch = $6,
           ramp = coalesce($7, ramp), entered_at = CASE WHEN $5 IS NULL THEN entered_at ELSE now() END
         WHERE store = $1 AND epoch = $2 AND state = $3`,
        [
          store,
          row.epoch,
          row.state,
          change.state ?? null,
          change.stage ?? null,
          change.epoch,
          change.ramp ?? null,
        ],
      );
      if (count === 0) throw movedMeanwhile(store);
    });
  } catch (error) {
    if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
    throw new StockroomError(
      'CONFLICT',
      `writers of ${store} did not end within ${FENCE_PATIENCE_MS / 1000} s, so nothing was moved: end long transactions and try again`,
      { cause: error, details: { store } },
    );
  }
}

export function movedMeanwhile(store: string): StockroomError {
  return new StockroomError(
    'CONFLICT',
    `${store} was moved by somebody else meanwhile: look at it again with stockroom stage show`,
    { details: { store } },
  );
}

/** What the old side of a store is owed: entries, and how long the oldest waits, in milliseconds. */
export async function owed(
  session: Pick<Session, 'query'>,
  store: string,
): Promise<{ waiting: number; refused: number; oldestMs: number | null }> {
  const { rows } = await session.query<{ waiting: bigint; refused: bigint; oldest: number | null }>(
    `SELECT count(*) AS waiting, count(refused) AS refused,
       (extract(epoch from clock_timestamp() - min(at)) * 1000)::float8 AS oldest
     FROM migration_outbox WHERE store = $1`,
    [store],
  );
  const { waiting, refused, oldest } = rows[0]!;
  return { waiting: Number(waiting), refused: Number(refused), oldestMs: oldest };
}

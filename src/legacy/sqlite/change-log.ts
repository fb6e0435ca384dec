import { codeOf } from '../../core/errors.ts';
import { patiently, type SqliteConnection } from './database.ts';

/** One row a touched row of the old application: `seq` ascends in the order of the writes and is never given twice. */
export const CHANGES_TABLE = '_stockroom_changes';
/** What is known of the installation, by name: version, token, installed_at, muted. */
export const CONTROL_TABLE = '_stockroom_capture';
/** By store: whether the old database takes its writes, see src/capture/fence.ts. */
export const FENCE_TABLE = '_stockroom_stages';
/** The tables that capture keeps in an old database; they are no data of it. */
export const CAPTURE_TABLES: readonly string[] = [CHANGES_TABLE, CONTROL_TABLE];
/** The form of both tables and of what the triggers write. */
export const CAPTURE_VERSION = '1';

/** How long clearing up waits for a writer: it is repeated anyway. */
const PRUNE_PATIENCE_MS = 100;
/** Rows that one transaction of the old database removes: a writer waits that long at the most. */
const PRUNE_ROWS = 5000n;

/** A row that was touched in the old database; without a row number it may be any row of the table. */
export interface Change {
  readonly seq: bigint;
  readonly table: string;
  readonly rowId: bigint | null;
}

/** How far the change table reaches. */
export interface Extent {
  /** The oldest change that is in it; null when it is empty. */
  readonly first: bigint | null;
  /** The newest that ever was in it; 0 before the first. */
  readonly last: bigint;
}

/** The token of the installed capture; null when there is none, or one of another version. */
export function captureToken(connection: SqliteConnection): string | null {
  const names = patiently(() =>
    connection
      .prepare<[string, string], string>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN (?, ?)",
      )
      .pluck()
      .all(CAPTURE_TABLES[0]!, CAPTURE_TABLES[1]!),
  );
  if (names.length < CAPTURE_TABLES.length) return null;
  const values = new Map(
    patiently(() =>
      connection.prepare<[], [string, string]>('SELECT name, value FROM _stockroom_capture').raw().all(),
    ),
  );
  return values.get('version') === CAPTURE_VERSION ? (values.get('token') ?? null) : null;
}

export function changeExtent(connection: SqliteConnection): Extent {
  const [first, last] = patiently(
    () =>
      connection
        .prepare<[], [bigint | null, bigint | null]>(
          `SELECT (SELECT min(seq) FROM _stockroom_changes),
             max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = '_stockroom_changes'), 0),
                 coalesce((SELECT max(seq) FROM _stockroom_changes), 0))`,
        )
        .raw()
        .get()!,
  );
  return { first, last: last ?? 0n };
}

/** The changes after one, in their order, as of one moment. */
export function readChanges(connection: SqliteConnection, after: bigint, limit: number): Change[] {
  const rows = patiently(() =>
    connection
      .prepare<[bigint, bigint], [bigint, string, bigint | null]>(
        'SELECT seq, tbl, row_id FROM _stockroom_changes WHERE seq > ? ORDER BY seq LIMIT ?',
      )
      .raw()
      .all(after, BigInt(limit)),
  );
  return rows.map(([seq, table, rowId]) => ({ seq, table, rowId }));
}

/**
 * Removes changes up to one, in transactions of bounded length. A database that is locked or may not be written keeps
 * them: that is no error, they are removed another time. False when some are left.
 */
export function pruneChanges(connection: SqliteConnection, upTo: bigint): boolean {
  try {
    connection.pragma(`busy_timeout = ${PRUNE_PATIENCE_MS}`);
    const first = connection.prepare<[], bigint | null>('SELECT min(seq) FROM _stockroom_changes').pluck();
    const remove = connection.prepare<[bigint]>('DELETE FROM _stockroom_changes WHERE seq <= ?');
    for (;;) {
      const oldest = first.get() ?? null;
      if (oldest === null || oldest > upTo) return true;
      const end = oldest + PRUNE_ROWS - 1n;
      remove.run(end < upTo ? end : upTo);
    }
  } catch (error) {
    if (/^SQLITE_(BUSY|LOCKED|READONLY|IOERR|FULL|CANTOPEN)/.test(codeOf(error))) return false;
    throw error;
  } finally {
    connection.pragma('busy_timeout = 0');
  }
}

/** Tables whose changes are captured: they have triggers that write to the change table. */
export function capturedTables(connection: SqliteConnection): Set<string> {
  const names = patiently(() =>
    connection
      .prepare<[], string>(
        "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger' AND instr(sql, '_stockroom_changes') > 0",
      )
      .pluck()
      .all(),
  );
  return new Set(names);
}

/** Another number whenever the definition of a table changed, or the rows were numbered anew (VACUUM). */
export function schemaCookie(connection: SqliteConnection): number {
  return Number(patiently(() => connection.pragma('schema_version', { simple: true })));
}

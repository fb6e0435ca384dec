import type { Session } from '../../tiers/durable/index.ts';

/** How far a file was followed. */
export interface Position {
  /** The legacy_source of its rows: the path, behind the directory's prefix. */
  readonly file: string;
  /** Of the capture that `seq` counts in; null for a file without. */
  readonly token: string | null;
  /** The last change that was applied; 0 before the first. */
  readonly seq: bigint;
  /** What the file looked like when it was last read whole; null when it is to be read again. */
  readonly fingerprint: string | null;
}

/** What a transaction adds to what is known of a file. */
export interface Advance extends Position {
  /** The position that it goes on from; null where it does not matter. */
  readonly from: bigint | null;
  readonly applied: number;
  readonly keptHere: number;
}

export async function readPositions(session: Pick<Session, 'query'>): Promise<Map<string, Position>> {
  const { rows } = await session.query<{
    file: string;
    token: string | null;
    seq: bigint;
    fingerprint: string | null;
  }>('SELECT file, token, seq, fingerprint FROM migration_follow');
  return new Map(rows.map((row) => [row.file, row]));
}

/** Thrown in a transaction that another follower's has overtaken: what it was about to apply is applied. */
export class Overtaken extends Error {}

/** Notes how far a file was followed: in the transaction that applied its changes. @throws Overtaken */
export async function advance(session: Session, step: Advance): Promise<void> {
  const { file, token, seq, fingerprint, from, applied, keptHere } = step;
  const { count } = await session.query(
    `INSERT INTO migration_follow AS f (file, token, seq, fingerprint, applied, kept_here) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (file) DO UPDATE SET token = excluded.token, seq = excluded.seq, fingerprint = excluded.fingerprint,
       applied = f.applied + excluded.applied, kept_here = f.kept_here + excluded.kept_here, updated_at = now()
     WHERE $7::bigint IS NULL OR f.seq = $7 AND f.token = excluded.token`,
    [file, token, seq, fingerprint, applied, keptHere, from],
  );
  if (count === 0) throw new Overtaken(`${file} was followed further by another process`);
}

/** Has files read again as a whole at the next opportunity. */
export async function forgetPositions(session: Session, files: readonly string[]): Promise<void> {
  if (files.length === 0) return;
  await session.query(
    'UPDATE migration_follow SET token = NULL, fingerprint = NULL, updated_at = now() WHERE file = ANY($1)',
    [files],
  );
}

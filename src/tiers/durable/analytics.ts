import { channel } from '../../core/diagnostics.ts';
import { StockroomError } from '../../core/errors.ts';
import { isRetryable } from './errors.ts';
import type { DurableTier, Session } from './port.ts';

/** A replica that is asked for longer than this how far it is, is not read from. */
const LAG_TIMEOUT_MS = 2_000;

/** The replica could not be read from, and the primary was instead. */
export const replicaLeftOut = channel<{ error: unknown }>('stockroom:durable:replica-left-out');

/** Where a read that may lag behind is answered from. */
export interface AnalyticsSource {
  readonly source: DurableTier;
  /** How far it was behind the primary when it was asked; 0 of the primary itself; null: nobody can say. */
  readonly ageSeconds: number | null;
}

export interface Lag {
  readonly bytes: number;
  readonly seconds: number | null;
}

/**
 * Where to read what may lag behind: the replica, or the primary where there is no replica or it is away.
 * @throws never for the replica; the primary is only asked for its position, and read from all the same when it does not tell
 */
export async function analyticsOf(durable: DurableTier): Promise<AnalyticsSource> {
  const source = durable.analytics;
  if (source === durable) return { source, ageSeconds: 0 };
  const position = await positionOf(durable).catch(() => undefined);
  try {
    const lag = await source.transaction((session) => lagOf(session, position));
    return { source, ageSeconds: lag?.seconds ?? null };
  } catch (error) {
    if (!isAway(error)) throw error;
    replicaLeftOut.publish(() => ({ error }));
    return { source: durable, ageSeconds: 0 };
  }
}

/** Does a read that may lag behind; once more on the primary when the replica goes away under it, or takes it back. */
export async function onAnalytics<T>(
  durable: DurableTier,
  read: (source: DurableTier) => Promise<T>,
): Promise<{ answer: T; ageSeconds: number | null }> {
  const { source, ageSeconds } = await analyticsOf(durable);
  try {
    return { answer: await read(source), ageSeconds };
  } catch (error) {
    if (source === durable || !isAway(error)) throw error;
    replicaLeftOut.publish(() => ({ error }));
    return { answer: await read(durable), ageSeconds: 0 };
  }
}

/**
 * How far a replica is behind `position` of the primary. Without one it is as old as its last transaction, and may be younger: where
 * nothing is written the last transaction grows old, and nothing lags. @returns undefined when it is no replica
 */
export async function lagOf(session: Session, position: string | undefined): Promise<Lag | undefined> {
  await session.query(`set local statement_timeout = ${LAG_TIMEOUT_MS}`);
  const { rows } = await session.query<{ bytes: number | null; seconds: number | null }>(
    `select greatest(0, pg_catalog.pg_wal_lsn_diff($1::pg_lsn, pg_catalog.pg_last_wal_replay_lsn()))::float8 as bytes,
       case when pg_catalog.pg_last_wal_replay_lsn() >= $1::pg_lsn then 0
         else extract(epoch from clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp())::float8 end as seconds
     where pg_catalog.pg_is_in_recovery()`,
    [position ?? null],
  );
  const row = rows[0];
  return row === undefined ? undefined : { bytes: row.bytes ?? 0, seconds: row.seconds };
}

async function positionOf(durable: DurableTier): Promise<string | undefined> {
  const { rows } = await durable.query<{ position: string | null }>(
    'select case when pg_catalog.pg_is_in_recovery() then null else pg_catalog.pg_current_wal_lsn()::text end as position',
  );
  return rows[0]?.position ?? undefined;
}

/** It cannot be reached, has no connection left, or cancelled the statement for what it has to replay (40001). */
function isAway(error: unknown): boolean {
  return isRetryable(error) || (error instanceof StockroomError && error.code === 'UNAVAILABLE');
}

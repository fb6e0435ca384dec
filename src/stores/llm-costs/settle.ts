import type { Session } from '../../tiers/durable/index.ts';

export interface Settling {
  readonly id: bigint;
  readonly state: 'held' | 'settled' | 'released';
}

/** Locks reservations in the order of their ids. @returns those that are there */
export async function lockForSettling(
  session: Session,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, Settling>> {
  if (ids.length === 0) return new Map();
  const { rows } = await session.query<Settling>(
    'select id, state from llm_reservations where id = any($1::text[]::bigint[]) order by id for update',
    [ids.map(String)],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Frees what they held, in the transaction that logs their requests. A settled one stays as it is. */
export async function markSettled(
  session: Session,
  settled: readonly { reservation: bigint; request: bigint }[],
): Promise<void> {
  if (settled.length === 0) return;
  await session.query(
    `update llm_reservations as reservation set state = 'settled', request_id = given.request
     from unnest($1::text[]::bigint[], $2::text[]::bigint[]) as given (reservation, request)
     where reservation.id = given.reservation and reservation.state = 'held'`,
    [settled.map(({ reservation }) => String(reservation)), settled.map(({ request }) => String(request))],
  );
}

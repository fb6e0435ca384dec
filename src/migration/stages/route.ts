import { createHash } from 'node:crypto';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { SourceDefinition } from '../source.ts';
import { builtInSources } from '../sources/index.ts';
import { readStage, requireStore, type StageRow } from './stage.ts';

/** From where a record is to be read. */
export interface ReadRoute {
  side: 'old' | 'new';
  reason: string;
}

/**
 * Says from which side a record is to be read, by its key in PostgreSQL. While the old side is the authority it is read there.
 * In `live` the ramp decides by a hash of the key, the same for every process; a record that the old side is still owed is
 * read from PostgreSQL whatever the ramp says, so that nobody reads less than was acknowledged.
 *
 * @throws StockroomError SOURCE_UNKNOWN
 */
export async function routeRead(
  tier: DurableTier,
  store: string,
  key: string,
  sources: readonly SourceDefinition[] = builtInSources,
): Promise<ReadRoute> {
  requireStore(sources, store);
  return tier.session(async (session): Promise<ReadRoute> => {
    const row = await readStage(session, store);
    const side = sideOf(row, key);
    if (side.side === 'new' || row?.state === 'given') return side;
    const { rows } = await session.query<{ waits: boolean }>(
      'SELECT EXISTS (SELECT 1 FROM migration_outbox WHERE store = $1 AND row_key = $2) AS waits',
      [store, key],
    );
    return rows[0]!.waits ? { side: 'new', reason: 'the old side is still owed this record' } : side;
  });
}

function sideOf(row: StageRow | null, key: string): ReadRoute {
  if (row === null) return { side: 'new', reason: 'the store is not on its way' };
  if (row.state === 'given') return { side: 'old', reason: `the old side is the authority in ${row.stage}` };
  if (row.stage !== 'live' || bucketOf(key) < row.ramp)
    return { side: 'new', reason: `PostgreSQL is the authority in ${row.stage}` };
  return { side: 'old', reason: `the ramp is at ${row.ramp} %` };
}

/** One of 100 buckets: the first four bytes of the key's SHA-256, as a number, modulo 100. */
export function bucketOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) % 100;
}

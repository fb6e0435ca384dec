import { StockroomError } from '../core/errors.ts';
import type { DurableTier } from '../tiers/durable/index.ts';

/**
 * Two processes may not write one archive: each would take the unfinished files of the other for leftovers. The lock goes with its
 * connection.
 * @throws StockroomError CONFLICT
 */
export async function alone<T>(durable: DurableTier, work: () => Promise<T>): Promise<T> {
  // The embedded database has one process, and this process one run; of a single connection the work needs that one.
  if (durable.concurrency === 1) return await work();
  return await durable.session(async (session) => {
    const lock = `('x' || left(md5('stockroom archive ' || current_schema()), 16))::bit(64)::bigint`;
    const { rows } = await session.query<{ held: boolean }>(`select pg_try_advisory_lock(${lock}) as held`);
    if (rows[0]?.held !== true) {
      throw new StockroomError(
        'CONFLICT',
        'Another process archives at the moment; try again when it is done.',
      );
    }
    try {
      return await work();
    } finally {
      await session.query(`select pg_advisory_unlock(${lock})`);
    }
  });
}

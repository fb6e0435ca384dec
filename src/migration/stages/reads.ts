import type { Session } from '../../tiers/durable/index.ts';

/** What came of a shadow read. `in flight`: it differed, and agreed when it was read again. */
export type ReadResult = 'match' | 'mismatch' | 'missing' | 'extra' | 'error' | 'timeout' | 'in flight';

/** Shadow reads that have to agree, one after the other, before PostgreSQL becomes the authority. */
export const READS_THAT_AGREE = 1000;

export type ReadCounts = Record<ReadResult, number>;

export const noReads = (): ReadCounts => ({
  match: 0,
  mismatch: 0,
  missing: 0,
  extra: 0,
  error: 0,
  timeout: 0,
  'in flight': 0,
});

/** What shadow reads of a store came to in the stage that began with an epoch. */
export async function readsSince(
  session: Pick<Session, 'query'>,
  store: string,
  epoch: bigint,
): Promise<ReadCounts> {
  const counts = noReads();
  const { rows } = await session.query<{ result: ReadResult; reads: bigint }>(
    'SELECT result, reads FROM migration_shadow WHERE store = $1 AND epoch = $2',
    [store, epoch],
  );
  for (const { result, reads } of rows) counts[result] = Number(reads);
  return counts;
}

/** Reads that say that the sides differ. */
export const breaches = (counts: ReadCounts): number => counts.mismatch + counts.missing + counts.extra;

/** Adds reads to those of the stage that began with an epoch; those of earlier ones go. */
export async function addReads(
  session: Session,
  store: string,
  epoch: bigint,
  counts: ReadCounts,
): Promise<void> {
  for (const [result, reads] of Object.entries(counts)) {
    if (reads === 0) continue;
    await session.query(
      `INSERT INTO migration_shadow (store, epoch, result, reads) VALUES ($1, $2, $3, $4)
       ON CONFLICT (store, epoch, result) DO UPDATE SET reads = migration_shadow.reads + excluded.reads, last_at = now()`,
      [store, epoch, result, reads],
    );
  }
  await session.query('DELETE FROM migration_shadow WHERE store = $1 AND epoch < $2', [store, epoch]);
}

import type { Session } from '../../tiers/durable/index.ts';
import type { TableUnit } from '../table-unit.ts';
import type { Decision } from './decide.ts';

/** Rows that are tried again with every batch: more of them are left to the next run. */
const MAX_CROWDED = 500;

/** Keys of rows of a unit that were set aside because another had their unique key: it may have given it up. */
export async function crowdedOut(session: Session, { source, name }: TableUnit): Promise<bigint[]> {
  if (source.uniqueKey !== true) return [];
  const { rows } = await session.query<{ key: string }>(
    `SELECT key FROM migration_quarantine
     WHERE source = $1 AND unit = $2 AND reason IN ('DUPLICATE_KEY', 'REFUSED') LIMIT ${MAX_CROWDED}`,
    [source.id, name],
  );
  return rows.map(({ key }) => BigInt(key));
}

/**
 * Other files with rows that were set aside or left out for the sake of rows that were changed or removed now: a repeated
 * unique key, a copy of a row in another file. They are read again, so that such a row can take its place.
 */
export async function filesToRevisit(session: Session, decisions: readonly Decision[]): Promise<string[]> {
  const files = new Set<string>();
  for (const { batch, remove, update } of decisions) {
    const { source, name } = batch.unit;
    if (remove.length + update.length === 0 || batch.others.length === 0) continue;
    // A unit with rows that were left out as copies has rows that are neither loaded nor set aside.
    const { rows } = await session.query<{ unit: string }>(
      `SELECT unit FROM migration_chunks c WHERE source = $1 AND unit <> $2 GROUP BY unit
       HAVING sum(rows) > sum(loaded) + (SELECT count(*) FROM migration_quarantine q
         WHERE q.source = $1 AND q.unit = c.unit AND q.reason NOT IN ('DUPLICATE_KEY', 'REFUSED'))`,
      [source.id, name],
    );
    for (const { unit } of rows) files.add(unit);
  }
  return [...files];
}

import type { Session } from '../tiers/durable/index.ts';
import type { Chunk, ChunkRow } from './chunk.ts';
import { isLoaded, Ledger, OUTCOME, type RowKey } from './ledger.ts';

/**
 * Finds rows of a chunk that were loaded from another unit of the same source: the same table in two files. A row with
 * the same key and the same values is a duplicate; one with the same key and other values is another row, and counted.
 */
export async function markDuplicates(
  session: Session,
  chunk: Chunk,
  rows: readonly ChunkRow[],
  others: readonly string[],
): Promise<{ overlapping: number }> {
  let overlapping = 0;
  const candidates = rows.filter((row) => isLoaded(row.outcome));
  if (others.length === 0 || candidates.length === 0) return { overlapping };
  const loaded = await loadedElsewhere(session, chunk, candidates, others);
  for (const row of candidates) {
    const found = loaded.get(row.key);
    if (found === undefined) continue;
    if (found.some((hash) => hash === hashOf(row))) {
      row.outcome = OUTCOME.duplicate;
      row.end = row.start;
    } else overlapping++;
  }
  return { overlapping };
}

const hashOf = (row: { a: number; b: number }): string => `${row.a}:${row.b}`;

async function loadedElsewhere(
  session: Session,
  chunk: Chunk,
  rows: readonly ChunkRow[],
  others: readonly string[],
): Promise<Map<RowKey, string[]>> {
  const cast = typeof rows[0]!.key === 'bigint' ? '::bigint' : ' COLLATE "C"';
  const { rows: records } = await session.query<{ ledger: Uint8Array }>(
    `SELECT ledger FROM migration_chunks WHERE source = $1 AND unit = ANY($2)
     AND first_key${cast} <= ($4::text)${cast} AND last_key${cast} >= ($3::text)${cast}`,
    [chunk.unit.source.id, others, String(rows[0]!.key), String(rows.at(-1)!.key)],
  );
  const wanted = new Set(rows.map((row) => row.key));
  const found = new Map<RowKey, string[]>();
  for (const record of records) {
    for (const entry of Ledger.decode(record.ledger).entries) {
      // A row that is gone at its source is kept here, and holds what its copy does.
      const isHere = isLoaded(entry.outcome) || entry.outcome === OUTCOME.gone;
      if (!isHere || !wanted.has(entry.key)) continue;
      const known = found.get(entry.key);
      if (known) known.push(hashOf(entry));
      else found.set(entry.key, [hashOf(entry)]);
    }
  }
  return found;
}

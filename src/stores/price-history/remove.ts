import type { Session } from '../../tiers/durable/port.ts';
import type { Interval } from './intervals.ts';

export interface RemovedSeries {
  readonly candles: number;
  readonly ranges: number;
  /** The chunks that changed, by source. */
  readonly changed: Map<string, string[]>;
}

interface Touched {
  source: string;
  chunk: string;
  removed: bigint;
}

/**
 * Removes the candles of all sources that were written at `cutoff` or before (all of them without one), and the coverage that is as
 * old. The lock is held.
 */
export async function removeSeries(
  session: Session,
  symbol: string,
  interval: Interval,
  cutoff: number | undefined,
): Promise<RemovedSeries> {
  const { rows } = await session.query<Touched>(
    `update price_candles p
     set candles = kept.candles, candle_count = kept.n, revision = nextval('price_candles_revision'), updated_at = now()
     from (
       select c.source, c.chunk, c.candle_count as n_before,
         count(*) filter (where (e.candle ->> 6)::double precision > $3)::integer as n,
         coalesce(
           jsonb_agg(e.candle order by e.place) filter (where (e.candle ->> 6)::double precision > $3), '[]'
         ) as candles
       from price_candles c cross join lateral jsonb_array_elements(c.candles) with ordinality as e (candle, place)
       where c.symbol = $1 and c.interval = $2
       group by c.source, c.chunk, c.candle_count
     ) kept
     where p.symbol = $1 and p.interval = $2 and p.source = kept.source and p.chunk = kept.chunk and kept.n < kept.n_before
     returning p.source, p.chunk, (kept.n_before - kept.n)::bigint as removed`,
    [symbol, interval.name, cutoff ?? Number.POSITIVE_INFINITY],
  );
  const chunks = [...new Set(rows.map(({ chunk }) => chunk))];
  // Other sources of such a chunk: what is read over all of them has changed, and must not look like what it was.
  await session.query(
    `update price_candles set revision = nextval('price_candles_revision')
     where symbol = $1 and interval = $2 and chunk = any($3::text[])`,
    [symbol, interval.name, chunks],
  );
  await session.query('delete from price_candles where symbol = $1 and interval = $2 and candle_count = 0', [
    symbol,
    interval.name,
  ]);
  const ranges = await session.query<{ source: string }>(
    `delete from price_coverage where symbol = $1 and interval = $2 and fetched_at <= $3::timestamptz returning source`,
    [symbol, interval.name, cutoff === undefined ? 'infinity' : new Date(cutoff).toISOString()],
  );
  const changed = new Map<string, string[]>();
  for (const { source } of ranges.rows) changed.set(source, []);
  for (const { source, chunk } of rows) changed.set(source, [...(changed.get(source) ?? []), chunk]);
  return {
    candles: rows.reduce((sum, { removed }) => sum + Number(removed), 0),
    ranges: ranges.rows.length,
    changed,
  };
}

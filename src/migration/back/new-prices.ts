import type { DurableTier } from '../../tiers/durable/index.ts';
import type { LoadedTuple } from './table-back.ts';

/** Series that are looked for at once. */
const PAGE_SERIES = 50;

interface Series {
  symbol: string;
  interval: string;
  source: string;
}

interface Candles {
  candles: string | null;
  count: bigint;
  from_us: bigint;
  to_us: bigint;
  written_us: bigint;
}

/**
 * The candles that Stockroom took in itself, as rows of `price_history`: one a series, of all that no old file gave. It keeps
 * candles, not answers: the range is that of the candles, the time of the answer that of the newest of them.
 */
export async function* newPrices(tier: DurableTier): AsyncGenerator<{ key: string; tuple: LoadedTuple }> {
  let after: Series | null = null;
  for (;;) {
    const page: Series[] = await seriesAfter(tier, after);
    if (page.length === 0) return;
    for (const series of page) {
      const tuple = await tupleOf(tier, series);
      if (tuple !== null) yield { key: JSON.stringify(Object.values(series)), tuple };
    }
    after = page.at(-1)!;
  }
}

async function seriesAfter(tier: DurableTier, after: Series | null): Promise<Series[]> {
  const { rows } = await tier.query<Series>(
    `SELECT DISTINCT symbol, interval, source FROM price_candles
     WHERE $1::text IS NULL OR (symbol, interval, source) > ($1, $2, $3)
     ORDER BY symbol, interval, source LIMIT ${PAGE_SERIES}`,
    [after?.symbol ?? null, after?.interval ?? null, after?.source ?? null],
  );
  return rows;
}

/** Null when all candles of the series are out of old files. */
async function tupleOf(tier: DurableTier, { symbol, interval, source }: Series): Promise<LoadedTuple | null> {
  // A candle is [time, open, high, low, close, volume, written], its times in ms; one out of a file was written when that was.
  const { rows } = await tier.query<Candles>(
    `WITH given AS (
       SELECT floor(extract(epoch FROM cached_at) * 1000)::bigint AS ms FROM price_history WHERE upper(symbol) = $1
     ), own AS (
       SELECT candle, (candle ->> 0)::numeric::bigint AS ms, (candle ->> 6)::numeric::bigint AS written
       FROM price_candles CROSS JOIN LATERAL jsonb_array_elements(candles) AS candle
       WHERE symbol = $1 AND interval = $2 AND source = $3
     )
     SELECT count(*) AS count, min(ms) * 1000 AS from_us, max(ms) * 1000 AS to_us, max(written) * 1000 AS written_us,
       jsonb_agg(jsonb_build_object(
         'time', to_char(to_timestamp(ms / 1000.0) AT TIME ZONE 'UTC',
           CASE WHEN ms % 1000 = 0 THEN 'YYYY-MM-DD"T"HH24:MI:SS' ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US' END),
         'open', candle -> 1, 'high', candle -> 2, 'low', candle -> 3, 'close', candle -> 4, 'volume', candle -> 5
       ) ORDER BY ms)::text AS candles
     FROM own WHERE written > 0 AND written NOT IN (SELECT ms FROM given WHERE ms IS NOT NULL)`,
    [symbol, interval, source],
  );
  const found = rows[0]!;
  if (found.candles === null) return null;
  const times = [found.from_us, found.to_us, found.written_us].map(BigInt);
  const values = [symbol, interval, source, ...times, null, found.count, found.candles];
  return { key: null, values, extra: null, originals: new Map() };
}

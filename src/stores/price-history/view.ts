import type { Clock } from '../../core/clock.ts';
import { keyPart, partOf } from '../../tiers/hot/index.ts';
import type { Built, Source, View } from '../../tiers/views/index.ts';
import { type Candle, newest, type Packed, unpack } from './candles.ts';
import { DAY, findInterval, intervalOf } from './intervals.ts';
import { chunkOver, type Market } from './market.ts';
import { type Covered, coveredOf, type CoverageRow } from './series.ts';

/** Any source: of the same candle the one that was written last. */
export const ANY_SOURCE = 'auto';
/** The key that says what was asked for, beside the chunks of a series. */
export const COVERAGE = 'coverage';

export interface ChunkId {
  readonly symbol: string;
  /** The one name of the interval. */
  readonly interval: string;
  /** `auto`: all of them. */
  readonly source: string;
  /** `2026`, `2026-11`, `2026-11-20` or `coverage`. */
  readonly chunk: string;
}

/** What `hist:{symbol}:{interval}:{source}:{chunk}` holds. */
export interface Chunk {
  readonly revision: number;
  readonly candles: readonly Candle[];
}

/** What `hist:{symbol}:{interval}:{source}:coverage` holds. */
export interface Coverage {
  readonly coverage: readonly Covered[];
  /** The revision of every chunk that has candles. */
  readonly chunks: Readonly<Record<string, number>>;
}

const CLOSED_LIFE_MS = 7 * DAY;
/** Chunks that are worth having in Redis: those of the last days. */
const RECENT_MAX = 1_000;

export function chunkView(market: Market, clock: Clock): View<ChunkId> {
  return {
    store: 'price-history',
    pattern: 'hist:{symbol}:{interval}:{source}:{chunk}',
    key: ({ symbol, interval, source, chunk }) =>
      `hist:${keyPart(symbol)}:${interval}:${keyPart(source)}:${chunk}`,
    idOf: idOfKey,
    async build(source, id): Promise<Built | undefined> {
      const { lifeMs } = intervalOf(id.interval);
      const now = clock().getTime();
      const value =
        id.chunk === COVERAGE ? await readCoverage(source, id) : await readChunk(source, id, market);
      if (value === undefined) return undefined;
      const closed = id.chunk !== COVERAGE && chunkOver(id.chunk) <= now;
      const expiresAtMs = now + (closed ? CLOSED_LIFE_MS : lifeMs);
      return { content: { kind: 'text', text: JSON.stringify(value) }, expiresAtMs };
    },
    async recent(source) {
      const { rows } = await source.query<ChunkId>(
        `select symbol, interval, source, chunk from price_candles order by updated_at desc limit $1`,
        [RECENT_MAX],
      );
      return rows.flatMap((id) =>
        [id, { ...id, chunk: COVERAGE }].flatMap((part) => [part, { ...part, source: ANY_SOURCE }]),
      );
    },
  };
}

function idOfKey(key: string): ChunkId | undefined {
  const [family, symbol, interval, source, chunk, ...rest] = key.split(':');
  if (family !== 'hist' || chunk === undefined || rest.length > 0) return undefined;
  if (chunk !== COVERAGE && !/^\d{4}(?:-\d\d(?:-\d\d)?)?$/.test(chunk)) return undefined;
  if (findInterval(interval!)?.name !== interval) return undefined;
  return { symbol: partOf(symbol!), interval: interval!, source: partOf(source!), chunk };
}

/** @returns undefined when nobody ever asked and there is no candle */
export async function readCoverage(
  source: Source,
  { symbol, interval, source: name }: Omit<ChunkId, 'chunk'>,
): Promise<Coverage | undefined> {
  const params = [symbol, interval, name];
  const [ranges, chunks] = [
    await source.query<CoverageRow>(
      `select from_ts, to_ts, fetched_at, expires_at from price_coverage
       where symbol = $1 and interval = $2 and ($3 = '${ANY_SOURCE}' or source = $3) order by from_ts, source`,
      params,
    ),
    await source.query<{ chunk: string; revision: bigint }>(
      `select chunk, max(revision) as revision from price_candles
       where symbol = $1 and interval = $2 and ($3 = '${ANY_SOURCE}' or source = $3) group by chunk order by chunk`,
      params,
    ),
  ];
  if (ranges.rows.length === 0 && chunks.rows.length === 0) return undefined;
  return {
    coverage: ranges.rows.map(coveredOf),
    chunks: Object.fromEntries(chunks.rows.map(({ chunk, revision }) => [chunk, Number(revision)])),
  };
}

/** @returns undefined when there are no candles */
export async function readChunk(
  source: Source,
  { symbol, interval, source: name, chunk }: ChunkId,
  market: Market,
): Promise<Chunk | undefined> {
  const { rows } = await source.query<{ candles: Packed[]; revision: bigint }>(
    `select candles, revision from price_candles
     where symbol = $1 and interval = $2 and chunk = $3 and ($4 = '${ANY_SOURCE}' or source = $4) order by revision`,
    [symbol, interval, chunk, name],
  );
  if (rows.length === 0) return undefined;
  const all = rows.flatMap(({ candles }) => candles);
  const list = rows.length === 1 ? all : newest(all, { market, symbol, interval: intervalOf(interval) });
  return { revision: Number(rows.at(-1)!.revision), candles: list.map(unpack) };
}

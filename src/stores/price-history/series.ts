import type { Session } from '../../tiers/durable/port.ts';
import { identityOf, newest, type Of, type Packed } from './candles.ts';
import type { Interval } from './intervals.ts';
import { chunkOf, type Market } from './market.ts';
import { clipped, type Range, without } from './ranges.ts';

/** Candles of one symbol and interval from one source. */
export interface Series {
  readonly symbol: string;
  readonly interval: Interval;
  readonly source: string;
}

/** A range that was asked for, and until when the answer is believed. */
export interface Covered extends Range {
  readonly fetchedAt: number;
  /** Null: for ever. */
  readonly expiresAt: number | null;
}

/**
 * One writer at a time for a symbol and interval, until the transaction ends: over all its sources, so that revisions are
 * committed in their order.
 */
export async function lockSeries(
  session: Session,
  { symbol, interval }: Omit<Series, 'source'>,
): Promise<void> {
  await session.query('select pg_advisory_xact_lock(hashtextextended(current_schema() || $1, 0))', [
    ` price_candles ${JSON.stringify([symbol, interval.name])}`,
  ]);
}

/**
 * Adds candles. Of the same candle the one that was written later stays, or, to `replace`, the new one whatever the clocks say. The
 * lock is held.
 * @returns the chunks that changed
 */
export async function writeCandles(
  session: Session,
  market: Market,
  series: Series,
  candles: readonly Packed[],
  now: number,
  mode: 'merge' | 'replace',
): Promise<string[]> {
  const { symbol, interval } = series;
  const of: Of = { market, symbol, interval };
  const byChunk = new Map<string, Packed[]>();
  for (const candle of candles) {
    const chunk = chunkOf(market, symbol, interval, candle[0]);
    const list = byChunk.get(chunk);
    if (list === undefined) byChunk.set(chunk, [candle]);
    else list.push(candle);
  }
  const chunks = [...byChunk.keys()].sort();
  if (chunks.length === 0) return [];
  const standing = await chunkCandles(session, series, chunks);
  const at = await nextWrite(session, series, chunks, now);
  const lists = chunks.map((chunk) => {
    const old = standing.get(chunk) ?? [];
    const added = byChunk.get(chunk)!;
    return newest([...old, ...(mode === 'merge' ? added : dated(old, added, at, of))], of);
  });
  await putChunks(session, series, chunks, lists, at);
  return chunks;
}

/** A time later than that of every write of these chunks, of any source: what came last is seen, even in the same millisecond. */
async function nextWrite(
  session: Session,
  { symbol, interval }: Series,
  chunks: readonly string[],
  now: number,
): Promise<number> {
  const { rows } = await session.query<{ last: string | null }>(
    'select max(updated_at) as last from price_candles where symbol = $1 and interval = $2 and chunk = any($3::text[])',
    [symbol, interval.name, chunks],
  );
  const last = rows[0]?.last ?? null;
  return last === null ? now : Math.max(now, Date.parse(last) + 1);
}

/** The candles as written at `at`, none older than what it replaces. */
function dated(old: readonly Packed[], added: readonly Packed[], at: number, of: Of): Packed[] {
  const written = new Map(old.map((candle) => [identityOf(of, candle[0]), candle[6]]));
  return added.map(([time, open, high, low, close, volume]) => {
    const before = written.get(identityOf(of, time)) ?? at;
    return [time, open, high, low, close, volume, Math.max(at, before)];
  });
}

/** The candles of chunks as they stand. */
async function chunkCandles(
  session: Session,
  { symbol, interval, source }: Series,
  chunks: readonly string[],
): Promise<Map<string, Packed[]>> {
  const { rows } = await session.query<{ chunk: string; candles: Packed[] }>(
    `select chunk, candles from price_candles
     where symbol = $1 and interval = $2 and source = $3 and chunk = any($4::text[])`,
    [symbol, interval.name, source, chunks],
  );
  return new Map(rows.map(({ chunk, candles }) => [chunk, candles]));
}

async function putChunks(
  session: Session,
  { symbol, interval, source }: Series,
  chunks: readonly string[],
  lists: readonly (readonly Packed[])[],
  now: number,
): Promise<void> {
  await session.query(
    `insert into price_candles (symbol, interval, source, chunk, candles, candle_count, revision, updated_at)
     select $1, $2, $3, c.chunk, c.candles::jsonb, c.candle_count::integer, nextval('price_candles_revision'), $7::timestamptz
     from unnest($4::text[], $5::text[], $6::text[]) as c (chunk, candles, candle_count)
     on conflict (symbol, interval, source, chunk) do update set candles = excluded.candles,
       candle_count = excluded.candle_count, revision = excluded.revision, updated_at = excluded.updated_at`,
    [
      symbol,
      interval.name,
      source,
      chunks,
      lists.map((list) => JSON.stringify(list)),
      lists.map((list) => String(list.length)),
      new Date(now).toISOString(),
    ],
  );
}

/** Notes what was asked for: in its ranges it replaces what was noted before. The lock is held. */
export async function writeCoverage(
  session: Session,
  { symbol, interval, source }: Series,
  covered: readonly Covered[],
): Promise<void> {
  const ranges = covered.filter(({ from, to }) => from < to);
  if (ranges.length === 0) return;
  const from = Math.min(...ranges.map((range) => range.from));
  const to = Math.max(...ranges.map((range) => range.to));
  const { rows } = await session.query<CoverageRow>(
    `delete from price_coverage
     where symbol = $1 and interval = $2 and source = $3 and from_ts <= $5::timestamptz and to_ts >= $4::timestamptz
     returning from_ts, to_ts, fetched_at, expires_at`,
    [symbol, interval.name, source, new Date(from).toISOString(), new Date(to).toISOString()],
  );
  await insertCoverage(session, { symbol, interval, source }, joined(rows.map(coveredOf), ranges));
}

async function insertCoverage(
  session: Session,
  { symbol, interval, source }: Series,
  covered: readonly Covered[],
): Promise<void> {
  const texts = (value: (range: Covered) => number | null) =>
    covered.map((range) => {
      const ms = value(range);
      return ms === null ? null : new Date(ms).toISOString();
    });
  await session.query(
    `insert into price_coverage (symbol, interval, source, from_ts, to_ts, fetched_at, expires_at)
     select $1, $2, $3, r.from_ts::timestamptz, r.to_ts::timestamptz, r.fetched_at::timestamptz, r.expires_at::timestamptz
     from unnest($4::text[], $5::text[], $6::text[], $7::text[]) as r (from_ts, to_ts, fetched_at, expires_at)`,
    [
      symbol,
      interval.name,
      source,
      texts(({ from }) => from),
      texts(({ to }) => to),
      texts(({ fetchedAt }) => fetchedAt),
      texts(({ expiresAt }) => expiresAt),
    ],
  );
}

export interface CoverageRow {
  from_ts: string;
  to_ts: string;
  fetched_at: string;
  expires_at: string | null;
}

export function coveredOf(row: CoverageRow): Covered {
  return {
    from: Date.parse(row.from_ts),
    to: Date.parse(row.to_ts),
    fetchedAt: Date.parse(row.fetched_at),
    expiresAt: row.expires_at === null ? null : Date.parse(row.expires_at),
  };
}

/**
 * The old ranges where no new one is, and the new ones; those of closed sessions that touch become one, as old as the older: so
 * removing what is old never leaves a range covered whose candles are gone.
 */
export function joined(old: readonly Covered[], added: readonly Covered[]): Covered[] {
  const kept = old.flatMap((range) => without(range, added).map((part) => clipped([range], part)[0]!));
  const result: Covered[] = [];
  for (const range of [...kept, ...added].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && last.to === range.from && last.expiresAt === range.expiresAt) {
      const fetchedAt = Math.min(last.fetchedAt, range.fetchedAt);
      result[result.length - 1] = { ...last, to: range.to, fetchedAt };
    } else {
      result.push({ ...range });
    }
  }
  return result;
}

import type { DurableTier, Session } from '../../tiers/durable/port.ts';
import { type CandleInput, FIRST_MS, instantOf, LAST_MS, pack, type Packed } from './candles.ts';
import { findInterval, type Interval } from './intervals.ts';
import type { Market } from './market.ts';
import type { Range } from './ranges.ts';
import { type Covered, type Series, writeCandles, writeCoverage } from './series.ts';
import type { PriceHistoryTable } from './table.ts';

/**
 * The old provider's answers stand in price_history as the migration loaded them, and stay so. The first read of a series that finds
 * something missing adds their candles to its chunks, each as old as its answer: whatever was written later stays.
 */
export interface LegacyRow
  extends Pick<PriceHistoryTable, 'id' | 'interval' | 'source' | 'from_date' | 'to_date' | 'cached_at'> {
  readonly version: string;
}

/** Rows in one transaction. */
const ROWS_MAX = 20;
/**
 * The times of the old metadata are local and do not say where: no place is further from UTC. So a session counts as closed only when
 * it was so for certain.
 */
const ZONE_MAX_MS = 14 * 3_600_000;

/** The rows of a symbol and interval whose candles are not in the chunks yet, oldest answer first. */
export async function waitingRows(
  source: Pick<Session, 'query'>,
  symbol: string,
  interval?: Interval,
): Promise<LegacyRow[]> {
  const { rows } = await source.query<LegacyRow>(
    `select h.id, h.interval, h.source, h.from_date, h.to_date, h.cached_at, h.xmin::text as version
     from price_history h left join price_history_imports i on i.history_id = h.id
     where upper(h.symbol) = $1 and i.version is distinct from h.xmin::text
     order by h.cached_at nulls first, h.id`,
    [symbol],
  );
  return rows.filter((row) => {
    const found = findInterval(row.interval);
    return found !== undefined && (interval === undefined || found.name === interval.name);
  });
}

/** A row of the migration, ready to be added. */
interface Prepared {
  readonly row: LegacyRow;
  readonly candles: readonly Packed[];
  readonly covered: Covered | undefined;
  readonly skipped: number;
}

export interface ImportOptions {
  readonly durable: DurableTier;
  readonly market: Market;
  readonly symbol: string;
  readonly interval: Interval;
  readonly now: number;
}

/**
 * Adds what waits to the chunks, in transactions of `ROWS_MAX` rows; doing it again changes nothing.
 * @param write runs `work` in a transaction that holds the lock of the series, and tells Redis which chunks of which source changed
 * @returns whether there was anything
 */
export async function importRows(
  options: ImportOptions,
  write: (work: (session: Session) => Promise<Map<string, string[]>>) => Promise<void>,
): Promise<boolean> {
  const { durable, market, symbol, interval, now } = options;
  const waiting = await waitingRows(durable, symbol, interval);
  for (let at = 0; at < waiting.length; at += ROWS_MAX) {
    const rows: Prepared[] = [];
    // Before the transaction: the calendar may ask PostgreSQL, and the embedded one has one connection.
    for (const row of waiting.slice(at, at + ROWS_MAX)) rows.push(await prepare(options, row));
    await write(async (session) => {
      // Looked at again under the lock: another process may have been here, or the migration changed a row.
      const still = await waitingRows(session, symbol, interval);
      const versions = new Map(still.map(({ id, version }) => [id, version]));
      const changed = new Map<string, string[]>();
      for (const prepared of rows) {
        const { row, candles, covered, skipped } = prepared;
        if (versions.get(row.id) !== row.version) continue;
        const series: Series = { symbol, interval, source: row.source };
        const chunks = await writeCandles(session, market, series, candles, now, 'merge');
        if (covered !== undefined) await writeCoverage(session, series, [covered]);
        changed.set(row.source, [...(changed.get(row.source) ?? []), ...chunks]);
        await session.query(
          `insert into price_history_imports (history_id, version, skipped) values ($1, $2, $3)
           on conflict (history_id) do update
           set version = excluded.version, skipped = excluded.skipped, imported_at = now()`,
          [row.id, row.version, skipped],
        );
      }
      return changed;
    });
  }
  return waiting.length > 0;
}

async function prepare({ durable, market, symbol, now }: ImportOptions, row: LegacyRow): Promise<Prepared> {
  const { rows } = await durable.query<{ candles: unknown }>(
    'select candles from price_history where id = $1',
    [row.id],
  );
  const given = rows[0]?.candles;
  const list: unknown[] = Array.isArray(given) ? given : [];
  const told = row.cached_at === null ? Number.NaN : Date.parse(row.cached_at);
  const cachedAt = told >= FIRST_MS ? Math.min(told, now) : undefined;
  const candles = list
    .map((candle) => legacyCandle(candle, cachedAt ?? 0))
    .filter((candle) => candle !== undefined);
  const covered =
    cachedAt === undefined ? undefined : await coverageOf(market, symbol, row, candles, cachedAt);
  return { row, candles, covered, skipped: list.length - candles.length };
}

/** A candle of an old file; without a zone its time is in UTC. Undefined: it has no time, or lacks a price (NaN became null). */
function legacyCandle(value: unknown, written: number): Packed | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { time, open, high, low, close, volume } = value as Partial<Record<keyof CandleInput, unknown>>;
  if (typeof time !== 'string') return undefined;
  const at = instantOf(time) ?? instantOf(`${time}Z`);
  if (at === undefined || at < FIRST_MS || at >= LAST_MS) return undefined;
  if (!isNumber(open) || !isNumber(high) || !isNumber(low) || !isNumber(close)) return undefined;
  return pack(at, { open, high, low, close, volume: isNumber(volume) ? volume : null }, written);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** The closed sessions that the answer asked for and has candles of; a row without its metadata covers nothing. */
async function coverageOf(
  market: Market,
  symbol: string,
  { from_date, to_date }: LegacyRow,
  candles: readonly Packed[],
  cachedAt: number,
): Promise<Covered | undefined> {
  if (from_date === null || to_date === null || candles.length === 0) return undefined;
  const times = candles.map(([time]) => time).sort((a, b) => a - b);
  const known = { from: times[0]!, to: times.at(-1)! + 1 };
  const days = market.wholeDays(symbol, known);
  const closed = await market.closedUntil(symbol, cachedAt - ZONE_MAX_MS);
  const range: Range = {
    from: Math.max(days.from, Date.parse(from_date), FIRST_MS),
    to: Math.min(days.to, Date.parse(to_date), closed),
  };
  return range.from < range.to ? { ...range, fetchedAt: cachedAt, expiresAt: null } : undefined;
}

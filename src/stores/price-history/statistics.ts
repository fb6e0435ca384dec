import type { Clock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import type { DurableTier } from '../../tiers/durable/port.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import { symbolOf } from './inputs.ts';
import { intervalOf } from './intervals.ts';
import type { PriceStats } from './schema.ts';
import type { CoverageRow } from './series.ts';
import type { CoverageItem } from './store.ts';

const COVERAGE_MAX = 10_000;

/** What there is, and how often it was enough. */
export class PriceStatistics {
  readonly #durable: DurableTier;
  readonly #hot: HotTier;
  readonly #clock: Clock;
  readonly #key: string;

  constructor(durable: DurableTier, hot: HotTier, clock: Clock) {
    this.#durable = durable;
    this.#hot = hot;
    this.#clock = clock;
    this.#key = `${hot.prefix}hist:meta`;
  }

  /** Nobody waits for it, and it may be lost. */
  count(increments: Readonly<Partial<Record<'hits' | 'misses' | 'writes', number>>>): void {
    this.#hot.statistics.count(this.#key, increments).catch(ignore);
  }

  async stats(): Promise<PriceStats> {
    const { rows } = await this.#durable.query<Record<(typeof figures)[number], bigint>>(
      `select (select count(*) from (
           select symbol, interval, source from price_candles union select symbol, interval, source from price_coverage
         ) as s)::bigint as series,
         count(distinct symbol)::bigint as symbols, count(*)::bigint as chunks,
         coalesce(sum(candle_count), 0)::bigint as candles, coalesce(sum(pg_column_size(candles)), 0)::bigint as bytes,
         (select count(*) from price_coverage)::bigint as ranges,
         (select count(*) from price_history h left join price_history_imports i on i.history_id = h.id
          where i.version is distinct from h.xmin::text)::bigint as waiting
       from price_candles`,
    );
    const counts = await this.#counts();
    const { hits = null, misses = null } = counts ?? {};
    const reads = hits === null || misses === null ? 0 : hits + misses;
    return {
      ...(Object.fromEntries(figures.map((name) => [name, Number(rows[0]![name])])) as Record<
        (typeof figures)[number],
        number
      >),
      hits,
      misses,
      writes: counts?.writes ?? null,
      hit_rate: reads === 0 ? null : hits! / reads,
      as_of: this.#clock().toISOString(),
    };
  }

  async coverage(symbol: string, interval?: string): Promise<CoverageItem[]> {
    const { rows } = await this.#durable.query<CoverageRow & Pick<CoverageItem, 'interval' | 'source'>>(
      `select interval, source, from_ts, to_ts, fetched_at, expires_at from price_coverage
       where symbol = $1 and ($2::text is null or interval = $2) order by interval, source, from_ts limit ${COVERAGE_MAX}`,
      [symbolOf(symbol), interval === undefined ? null : intervalOf(interval).name],
    );
    return rows.map(({ from_ts, to_ts, ...rest }) => ({ ...rest, from: from_ts, to: to_ts }));
  }

  /** @returns undefined while Redis cannot be reached */
  async #counts(): Promise<{ hits: number; misses: number; writes: number } | undefined> {
    try {
      const { hits = 0, misses = 0, writes = 0 } = await this.#hot.statistics.counts(this.#key);
      return { hits, misses, writes };
    } catch (error) {
      if (codeOf(error).startsWith('HOT_')) return undefined;
      throw error;
    }
  }
}

const figures = ['series', 'symbols', 'chunks', 'candles', 'bytes', 'ranges', 'waiting'] as const;

/** Figures that Redis lost are lost. */
function ignore(): void {}

import type { Clock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import type { DurableTier, Session } from '../../tiers/durable/port.ts';
import type { BoundView, Views } from '../../tiers/views/index.ts';
import { packed, type Packed, usable } from './candles.ts';
import type { Answered } from './fill.ts';
import { rangeOf, sourceOf, symbolOf, timeOf } from './inputs.ts';
import { DAY, endOf, type Interval, intervalOf } from './intervals.ts';
import { importRows, waitingRows } from './legacy.ts';
import type { Market } from './market.ts';
import { merged, type Range } from './ranges.ts';
import { removeSeries } from './remove.ts';
import type { PutAnswer, Removed } from './schema.ts';
import { type Covered, lockSeries, type Series, writeCandles, writeCoverage } from './series.ts';
import type { PriceStatistics } from './statistics.ts';
import type { PricesInput, PricesRemoval } from './store.ts';
import { ANY_SOURCE, COVERAGE, type ChunkId } from './view.ts';

export interface WriterOptions {
  readonly durable: DurableTier;
  readonly views: Views;
  readonly chunks: BoundView<ChunkId>;
  readonly clock: Clock;
  readonly market: Market;
  readonly statistics: PriceStatistics;
}

/** Whose candles are put without a source. */
const MANUAL = 'manual';

/** Every change of candles and coverage: one transaction under the lock of the series, and what it changes in Redis. */
export class PriceWriter {
  readonly #options: WriterOptions;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  async put(input: PricesInput): Promise<PutAnswer> {
    const { clock, market, statistics } = this.#options;
    const now = clock().getTime();
    const series = seriesOf(input);
    const candles = await packed(input.candles, now, { market, ...series });
    const ranges = await rangesOf(market, series, input, candles);
    const covered = await this.#covered(series, ranges, now);
    await this.#write(series, async (session) => {
      const chunks = await writeCandles(session, market, series, candles, now, 'replace');
      await writeCoverage(session, series, covered);
      return new Map([[series.source, chunks]]);
    });
    statistics.count({ writes: 1 });
    return {
      symbol: series.symbol,
      interval: input.interval,
      source: series.source,
      written: candles.length,
      coverage: merged(covered).map(({ from, to }) => ({ from: iso(from), to: iso(to) })),
    };
  }

  /** Stores what a provider gave. Candles that cannot be right are left out, and told. */
  async store({ series, range, candles }: Answered): Promise<{ stored: number; faults: string[] }> {
    const { clock, market, statistics } = this.#options;
    const now = clock().getTime();
    const { list, faults } = await usable(candles, range, now, { market, ...series });
    const covered = await this.#covered(series, [range], now, list.length === 0);
    await this.#write(series, async (session) => {
      const chunks = await writeCandles(session, market, series, list, now, 'replace');
      await writeCoverage(session, series, covered);
      return new Map([[series.source, chunks]]);
    });
    statistics.count({ writes: 1 });
    return { stored: list.length, faults };
  }

  /** @returns whether the migration had loaded anything that was not in the chunks yet */
  import(symbol: string, interval: Interval): Promise<boolean> {
    const { durable, market, clock } = this.#options;
    const options = { durable, market, symbol, interval, now: clock().getTime() };
    return importRows(options, (work) => this.#write({ symbol, interval }, work));
  }

  async remove({ symbol: given, interval: named, older_than_hours: hours }: PricesRemoval): Promise<Removed> {
    const { durable, clock } = this.#options;
    const symbol = symbolOf(given);
    const only = named === undefined ? undefined : intervalOf(named);
    if (hours !== undefined && !(Number.isFinite(hours) && hours >= 0)) {
      throw new StockroomError('INVALID_INPUT', `older_than_hours: expected a number from 0, found ${hours}`);
    }
    const cutoff = hours === undefined ? undefined : clock().getTime() - hours * 3_600_000;
    // What the migration loaded is removed with the rest, and does not come back: its rows count as added.
    const waiting = (await waitingRows(durable, symbol, only)).map((row) => row.interval);
    for (const interval of new Set(waiting.map((name) => intervalOf(name).name))) {
      await this.import(symbol, intervalOf(interval));
    }
    const removed = { symbol, candles: 0, ranges: 0 };
    for (const interval of only === undefined ? await this.#intervals(symbol) : [only]) {
      await this.#write({ symbol, interval }, async (session) => {
        const { candles, ranges, changed } = await removeSeries(session, symbol, interval, cutoff);
        removed.candles += candles;
        removed.ranges += ranges;
        return changed;
      });
    }
    return removed;
  }

  async #intervals(symbol: string): Promise<Interval[]> {
    const { rows } = await this.#options.durable.query<{ interval: string }>(
      `select interval from price_candles where symbol = $1 union select interval from price_coverage where symbol = $1
       order by interval`,
      [symbol],
    );
    return rows.map(({ interval }) => intervalOf(interval));
  }

  /** @param work gives the chunks that it changed, by source */
  async #write(
    { symbol, interval }: Omit<Series, 'source'>,
    work: (session: Session) => Promise<Map<string, string[]>>,
  ): Promise<void> {
    const { durable, views, chunks: view } = this.#options;
    const changes = views.changes();
    await durable.transaction(async (session) => {
      await lockSeries(session, { symbol, interval });
      for (const [source, chunks] of await work(session)) {
        for (const chunk of [...chunks, COVERAGE]) {
          changes.refresh(view, { symbol, interval: interval.name, source, chunk });
          changes.refresh(view, { symbol, interval: interval.name, source: ANY_SOURCE, chunk });
        }
      }
      changes.note(session);
    });
    await changes.apply();
  }

  /** What of the ranges is closed is believed for ever; what is not, and an answer without candles, for the life of its interval. */
  async #covered(
    { symbol, interval }: Series,
    ranges: readonly Range[],
    now: number,
    isEmpty = false,
  ): Promise<Covered[]> {
    if (ranges.length === 0) return [];
    const closed = await this.#options.market.closedUntil(symbol, now);
    const passing = now + interval.lifeMs;
    return merged(ranges)
      .flatMap(({ from, to }) => [
        { from, to: Math.min(to, closed), fetchedAt: now, expiresAt: isEmpty ? passing : null },
        { from: Math.max(from, closed), to, fetchedAt: now, expiresAt: passing },
      ])
      .filter(({ from, to }) => from < to);
  }
}

function seriesOf({ symbol, interval, source }: PricesInput): Series {
  const named = source === undefined ? MANUAL : sourceOf(source);
  return {
    symbol: symbolOf(symbol),
    interval: intervalOf(interval),
    // Who says "any" names nobody.
    source: named === ANY_SOURCE ? MANUAL : named,
  };
}

/** What candles cover: the range that is given with them, else each its own time. */
async function rangesOf(
  market: Market,
  series: Series,
  input: PricesInput,
  candles: readonly Packed[],
): Promise<Range[]> {
  const { symbol, interval } = series;
  if ((input.from === undefined) !== (input.to === undefined)) {
    const missing = input.from === undefined ? 'from' : 'to';
    throw new StockroomError(
      'INVALID_INPUT',
      `${missing}: expected both ends of the range, or none, found one`,
    );
  }
  if (input.from !== undefined && input.to !== undefined) {
    const range = { from: timeOf('from', input.from), to: timeOf('to', input.to) };
    rangeOf(interval, range.from, range.to);
    const outside = candles.find(([time]) => time < range.from || time >= range.to);
    if (outside === undefined) {
      const days = interval.daily ? await market.daysOf(symbol, range) : range;
      return days === undefined ? [] : [days];
    }
    const time = iso(outside[0]);
    throw new StockroomError(
      'INVALID_INPUT',
      `candles: expected all of them in the range from ${iso(range.from)} to before ${iso(range.to)}, found one of ${time}`,
    );
  }
  if (candles.length === 0) {
    throw new StockroomError(
      'INVALID_INPUT',
      'candles: expected at least one, or the range (from, to) that has none',
    );
  }
  // In one answer it could not be read, and no more is worth one transaction.
  rangeOf(interval, candles[0]![0], candles.at(-1)![0] + 1);
  return candles.map(([time]) => {
    const own = { from: time, to: endOf(interval, time) };
    if (!interval.daily) return own;
    const days = market.wholeDays(symbol, { from: time, to: time + 1 });
    // A candle that begins in the middle of its first day ends in the middle of a day that is not its own.
    return { from: days.from, to: Math.max(days.to, market.wholeDays(symbol, own).to - DAY) };
  });
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

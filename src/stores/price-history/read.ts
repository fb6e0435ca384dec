import type { Clock } from '../../core/clock.ts';
import { parseIsoDate } from '../../core/iso-time.ts';
import { codeOf, StockroomError } from '../../core/errors.ts';
import type { DurableTier } from '../../tiers/durable/port.ts';
import type { HotTier, ProjectionContent, Quota } from '../../tiers/hot/index.ts';
import type { BoundView } from '../../tiers/views/index.ts';
import type { Candle } from './candles.ts';
import { Filler, type FillSettings } from './fill.ts';
import { rangeOf, sourceOf, symbolOf, timeOf } from './inputs.ts';
import { endOf, intervalOf } from './intervals.ts';
import { chunksOf, type Market } from './market.ts';
import type { PriceProvider } from './providers/port.ts';
import { ParsedTexts } from './parsed.ts';
import { clipped, merged, overlap, type Range, without } from './ranges.ts';
import type { Prices } from './schema.ts';
import type { Series } from './series.ts';
import type { PriceStatistics } from './statistics.ts';
import type { DailyCandle, PricesQuery } from './store.ts';
import {
  ANY_SOURCE,
  type Chunk,
  type ChunkId,
  COVERAGE,
  type Coverage,
  readChunk,
  readCoverage,
} from './view.ts';
import type { PriceWriter } from './write.ts';

export interface ReaderOptions {
  readonly durable: DurableTier;
  readonly hot: HotTier;
  readonly chunks: BoundView<ChunkId>;
  readonly clock: Clock;
  readonly market: Market;
  readonly providers: ReadonlyMap<string, PriceProvider>;
  readonly statistics: PriceStatistics;
  readonly writer: PriceWriter;
  readonly quota: Quota | undefined;
  readonly settings: FillSettings;
}

/** What is asked for, in milliseconds. */
interface Asked {
  readonly series: Series;
  readonly range: Range;
  /** What could be known by now, or by `as_of`; of days whole ones. Undefined: nothing yet. */
  readonly known: Range | undefined;
  readonly limit: number;
  readonly now: number;
  readonly asOf: number | undefined;
}

const none: Coverage = { coverage: [], chunks: {} };
/** Chunks of one answer that are read at once. */
const READS_MAX = 16;

export class PriceReader {
  readonly #options: ReaderOptions;
  readonly #filler: Filler;
  readonly #parsed = new ParsedTexts();

  constructor(options: ReaderOptions) {
    this.#options = options;
    const { hot, clock, providers, settings, quota, writer } = options;
    this.#filler = new Filler({
      hot,
      clock,
      providers,
      settings,
      quota,
      store: (answered) => writer.store(answered),
    });
  }

  async get(query: PricesQuery): Promise<Prices> {
    const { statistics } = this.#options;
    const asked = await this.#asked(query);
    let coverage = await this.#coverage(asked.series);
    let missing = await this.#missing(asked, coverage);
    let fetched = 0;
    let errors: readonly string[] = [];
    statistics.count(missing.length === 0 ? { hits: 1 } : { misses: 1 });
    if (missing.length > 0) {
      ({ fetched, errors } = await this.#fill(asked));
      coverage = await this.#truth(asked.series);
      missing = await this.#missing(asked, coverage);
    }
    const candles = await this.#candles(asked, coverage);
    return this.#answer(query, asked, { coverage, missing, candles, fetched, errors });
  }

  async daily(symbol: string, fromDate: string, toDate: string): Promise<DailyCandle[]> {
    const { market } = this.#options;
    const name = symbolOf(symbol);
    const from = market.dayStart(name, dateOf('fromDate', fromDate));
    const to = market.dayEnd(name, dateOf('toDate', toDate));
    try {
      const { candles } = await this.get({ symbol, interval: '1d', from: new Date(from), to: new Date(to) });
      return candles.map(({ time, volume, ...prices }) => ({
        date: market.dayOf(name, Date.parse(time)),
        ...prices,
        volume: volume ?? 0,
      }));
    } catch (error) {
      if (codeOf(error) === 'NOT_FOUND') return [];
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#filler.close();
  }

  async #asked({ symbol: given, interval: named, from, to, source, as_of }: PricesQuery): Promise<Asked> {
    const { clock, market } = this.#options;
    const now = clock().getTime();
    const symbol = symbolOf(given);
    const interval = intervalOf(named);
    const asOf = as_of === undefined ? undefined : timeOf('as_of', as_of);
    const limit = Math.min(now, asOf ?? now);
    const end = to === undefined ? limit : timeOf('to', to);
    const range = rangeOf(interval, from === undefined ? undefined : timeOf('from', from), end);
    const past = { from: range.from, to: Math.min(range.to, limit) };
    const known =
      past.from >= past.to ? undefined : interval.daily ? await market.daysOf(symbol, past) : past;
    const series = { symbol, interval, source: source === undefined ? ANY_SOURCE : sourceOf(source) };
    return { series, range, known, limit, now, asOf };
  }

  /** As Redis has it: at most a write of another process behind. */
  async #coverage(series: Series): Promise<Coverage> {
    const { symbol, interval, source } = series;
    const id = { symbol, interval: interval.name, source, chunk: COVERAGE };
    const content = await this.#options.chunks.read(id);
    if (content === undefined) return none;
    return (this.#valueOf(id, content) as Coverage | undefined) ?? (await this.#truth(series));
  }

  async #truth({ symbol, interval, source }: Series): Promise<Coverage> {
    return (await readCoverage(this.#options.durable, { symbol, interval: interval.name, source })) ?? none;
  }

  /** What is not covered, or no longer believed, and holds a session. */
  async #missing({ series, known, limit, now }: Asked, { coverage }: Coverage): Promise<Range[]> {
    if (known === undefined) return [];
    const gaps = without(known, believed(coverage, now));
    if (gaps.length === 0) return [];
    const { market } = this.#options;
    const sessions = await market.sessions(series.symbol, { from: gaps[0]!.from, to: gaps.at(-1)!.to });
    return gaps.filter((gap) =>
      sessions.some((session) => overlap(session, { from: gap.from, to: Math.min(gap.to, limit) })),
    );
  }

  async #fill(asked: Asked): Promise<{ fetched: number; errors: readonly string[] }> {
    const { series, known, limit, now } = asked;
    await this.#options.writer.import(series.symbol, series.interval);
    if (!this.#filler.knows(series.source)) return { fetched: 0, errors: [] };
    const session = limit === now ? await this.#options.market.openSession(series.symbol, now) : undefined;
    return this.#filler.fill(series, async () => {
      const missing = await this.#missing(asked, await this.#truth(series));
      const last = missing.at(-1);
      // Whoever asks up to now asks again in a moment: the rest of the session is part of what is asked for, and lives as long.
      if (session === undefined || last === undefined || last.to !== known?.to) return missing;
      return [...missing.slice(0, -1), { from: last.from, to: Math.max(last.to, session.to) }];
    });
  }

  async #candles(asked: Asked, coverage: Coverage): Promise<Candle[]> {
    const { series, range } = asked;
    const { market } = this.#options;
    const wanted = chunksOf(market, series.symbol, series.interval, range).filter(
      (chunk) => coverage.chunks[chunk] !== undefined,
    );
    const [first, last] = [new Date(range.from).toISOString(), new Date(range.to).toISOString()];
    const candles: Candle[] = [];
    for (let at = 0; at < wanted.length; at += READS_MAX) {
      const some = wanted.slice(at, at + READS_MAX);
      const read = await Promise.all(
        some.map((chunk) => this.#chunk(series, chunk, coverage.chunks[chunk]!)),
      );
      // All times are written the same way, so that they compare as text.
      for (const chunk of read) candles.push(...chunk.filter(({ time }) => time >= first && time < last));
    }
    // A day that begins before midnight in UTC may stand in the chunk of the next year.
    candles.sort((a, b) => (a.time < b.time ? -1 : 1));
    return this.#over(asked, candles);
  }

  /** Not older than `revision`: what Redis has may not have followed yet. */
  async #chunk(
    { symbol, interval, source }: Series,
    chunk: string,
    revision: number,
  ): Promise<readonly Candle[]> {
    const { chunks, durable, market } = this.#options;
    const id = { symbol, interval: interval.name, source, chunk };
    const content = await chunks.read(id);
    const found = content === undefined ? undefined : (this.#valueOf(id, content) as Chunk | undefined);
    if (found !== undefined && found.revision >= revision) return found.candles;
    return (await readChunk(durable, id, market))?.candles ?? [];
  }

  /** @returns undefined when that is not what this store writes */
  #valueOf(id: ChunkId, content: ProjectionContent): unknown {
    return content.kind === 'text'
      ? this.#parsed.value(this.#options.chunks.view.key(id), content.text)
      : undefined;
  }

  /** With `as_of`, the candles that were over then. */
  async #over({ series, asOf }: Asked, candles: Candle[]): Promise<Candle[]> {
    if (asOf === undefined) return candles;
    const { symbol, interval } = series;
    const until = await this.#options.market.knownUntil(symbol, interval, asOf);
    return candles.filter(({ time }) => {
      const begin = Date.parse(time);
      return interval.name === '1d' ? begin < until : endOf(interval, begin) <= until;
    });
  }

  #answer(
    query: PricesQuery,
    { series, range, limit, now }: Asked,
    found: {
      coverage: Coverage;
      missing: readonly Range[];
      candles: Candle[];
      fetched: number;
      errors: readonly string[];
    },
  ): Prices {
    const { missing, candles, fetched, errors } = found;
    const bounds = { from: range.from, to: Math.min(range.to, Math.max(limit, range.from)) };
    const covered = merged(clipped(believed(found.coverage.coverage, now), bounds));
    const error = errors.length === 0 ? undefined : errors.join('; ').slice(0, ERROR_MAX_LENGTH);
    if (candles.length === 0 && covered.length === 0 && missing.length > 0)
      throw nothing(series, range, error);
    const gaps = clipped(missing, bounds);
    const holds = (gap: Range): boolean =>
      candles.some(({ time }) => Date.parse(time) >= gap.from && Date.parse(time) < gap.to);
    return {
      symbol: series.symbol,
      interval: query.interval,
      source: series.source,
      candles,
      coverage: covered.map(shown),
      gaps: gaps.map(shown),
      fetched,
      stale: missing.some(holds),
      ...(error === undefined ? {} : { error }),
      as_of: new Date(limit).toISOString(),
    };
  }
}

const ERROR_MAX_LENGTH = 1_000;

function believed(coverage: Coverage['coverage'], now: number): Coverage['coverage'] {
  return coverage.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
}

function shown({ from, to }: Range): { from: string; to: string } {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

function dateOf(name: string, text: string): string {
  const date = parseIsoDate(text);
  if (date !== undefined) return date;
  throw new StockroomError(
    'INVALID_INPUT',
    `${name}: expected a date (2026-11-20), found ${JSON.stringify(text)}`,
  );
}

function nothing(
  { symbol, interval, source }: Series,
  range: Range,
  error: string | undefined,
): StockroomError {
  const { from, to } = shown(range);
  const what = `candles of ${symbol} in ${interval.name} from ${from} to ${to}`;
  if (error !== undefined) {
    return new StockroomError(
      'UNAVAILABLE',
      `There are no ${what} yet, and they could not be fetched: ${error}`,
    );
  }
  const of = source === ANY_SOURCE ? '' : ` of source ${source}`;
  return new StockroomError(
    'NOT_FOUND',
    `There are no ${what}${of}; PUT /v1/prices/${encodeURIComponent(symbol)} adds some`,
  );
}

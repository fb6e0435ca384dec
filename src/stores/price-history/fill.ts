import type { Clock } from '../../core/clock.ts';
import { codeOf, messageOf, StockroomError } from '../../core/errors.ts';
import { pause, within } from '../../core/wait.ts';
import { type HotTier, isHotError, keyPart, type Lease, type Quota } from '../../tiers/hot/index.ts';
import type { CandleInput } from './candles.ts';
import type { PriceProvider } from './providers/port.ts';
import type { Range } from './ranges.ts';
import type { Series } from './series.ts';

/** The bounds of asking providers. */
export const fillDefaults = Object.freeze({
  /** One request to a provider. */
  fetchTimeoutMs: 10_000,
  /** How long a reader waits for everything that is missing, requests of others included; then it gets what is there. */
  waitMs: 30_000,
  /** After a failure a series is not asked for again for so long. */
  retryAfterMs: 15_000,
  /** Requests for one read; what is missing beyond them stays a gap. */
  requestsMax: 24,
  /** Whoever died while asking holds up the others for so long; who lives says so meanwhile. */
  leaseMs: 3_000,
  /** How often whoever waits for another process looks. */
  lookMs: 50,
  /** Series whose failure is remembered. */
  failuresMax: 10_000,
});

export type FillSettings = { [Name in keyof typeof fillDefaults]: number };

/** What a provider gave for a range of a series. */
export interface Answered {
  readonly series: Series;
  readonly range: Range;
  readonly candles: readonly CandleInput[];
}

export interface FillerOptions {
  readonly hot: HotTier;
  readonly clock: Clock;
  /** In the order in which they are asked for `auto`. */
  readonly providers: ReadonlyMap<string, PriceProvider>;
  readonly settings: FillSettings;
  /** How often each provider may be asked, over all processes. */
  readonly quota: Quota | undefined;
  /** Stores an answer. @returns how many candles, and what was wrong with others */
  readonly store: (answered: Answered) => Promise<{ stored: number; faults: readonly string[] }>;
}

export interface Filled {
  /** Candles that providers gave. */
  readonly fetched: number;
  readonly errors: readonly string[];
}

/** Failed: no provider answered, and the next would most likely not either. */
type Tried = Filled & { readonly failed: boolean };

const nothing: Filled = { fetched: 0, errors: [] };

/** Asks providers for what is missing: one request at a time for a series, in this process and over all of them. */
export class Filler {
  readonly #options: FillerOptions;
  readonly #tails = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  readonly #failures = new Map<string, { until: number; errors: readonly string[] }>();

  constructor(options: FillerOptions) {
    this.#options = options;
  }

  /** Whether anybody can be asked about a source. */
  knows(source: string): boolean {
    return this.#candidates(source).length > 0;
  }

  /**
   * @param missing what is missing now, as PostgreSQL knows it: it is looked at again after every wait
   * @throws StockroomError of PostgreSQL alone; what providers do wrong is in `errors`
   */
  async fill(series: Series, missing: () => Promise<readonly Range[]>): Promise<Filled> {
    const key = JSON.stringify([series.symbol, series.interval.name, series.source]);
    const work = (this.#tails.get(key) ?? Promise.resolve()).then(() => this.#alone(key, series, missing));
    const tail = work.then(ignore, ignore);
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    const { waitMs } = this.#options.settings;
    return (await within(work, waitMs)) ?? { fetched: 0, errors: [`no answer within ${waitMs} ms`] };
  }

  /** Gives up what is asked for, and resolves once nothing is on its way any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#tails.values());
  }

  async #alone(key: string, series: Series, missing: () => Promise<readonly Range[]>): Promise<Filled> {
    if ((await missing()).length === 0) return nothing;
    const failure = this.#failures.get(key);
    if (failure !== undefined && failure.until > this.#now()) return { fetched: 0, errors: failure.errors };
    const lease = await this.#lease(series, missing);
    if (lease === 'filled') return nothing;
    const asking = new AbortController();
    if (lease !== undefined) void this.#keep(lease, asking.signal);
    try {
      const { failed, ...filled } = await this.#requests(series, await missing());
      this.#note(key, failed ? filled.errors : []);
      return filled;
    } finally {
      asking.abort();
      if (lease !== undefined) await this.#options.hot.leases.release(lease).catch(hotErrorsOnly);
    }
  }

  /** @returns undefined: nobody can say who asks, so this process does; `filled`: another one did */
  async #lease(
    series: Series,
    missing: () => Promise<readonly Range[]>,
  ): Promise<Lease | 'filled' | undefined> {
    const { hot, settings } = this.#options;
    const parts = [series.symbol, series.interval.name, series.source].map(keyPart);
    const key = `${hot.prefix}lease:hist:${parts.join(':')}`;
    const until = performance.now() + settings.waitMs;
    while (performance.now() < until && !this.#closing.signal.aborted) {
      try {
        const lease = await hot.leases.acquire(key, settings.leaseMs);
        if (lease !== undefined) return lease;
      } catch (error) {
        hotErrorsOnly(error);
        return undefined;
      }
      await pause(settings.lookMs, this.#closing.signal);
      if ((await missing()).length === 0) return 'filled';
    }
    return undefined;
  }

  async #keep(lease: Lease, signal: AbortSignal): Promise<void> {
    const { hot, settings } = this.#options;
    for (;;) {
      await pause(settings.leaseMs / 3, signal);
      if (signal.aborted) return;
      // Without it another process may ask the same: work done twice.
      await hot.leases.renew(lease, settings.leaseMs).catch(ignore);
    }
  }

  async #requests(series: Series, gaps: readonly Range[]): Promise<Tried> {
    const { settings } = this.#options;
    const errors: string[] = [];
    let fetched = 0;
    let failed = false;
    const parts = gaps.flatMap((gap) => this.#parts(series, gap));
    for (const range of parts.slice(0, settings.requestsMax)) {
      const answer = await this.#ask(series, range);
      errors.push(...answer.errors);
      fetched += answer.fetched;
      // Whoever failed once would most likely fail for the next part as well.
      ({ failed } = answer);
      if (failed) break;
    }
    if (parts.length > settings.requestsMax) {
      errors.push(`more than ${settings.requestsMax} requests are needed: ask again for the rest`);
    }
    return { fetched, errors, failed };
  }

  /** The first provider that has candles; none of them having any is an answer too. */
  async #ask(series: Series, range: Range): Promise<Tried> {
    const errors: string[] = [];
    let empty: string | undefined;
    for (const [name, provider] of this.#candidates(series.source)) {
      try {
        const candles = await this.#request(name, provider, series, range);
        if (candles.length === 0) {
          empty ??= name;
          continue;
        }
        const { stored, faults } = await this.#options.store({
          series: { ...series, source: name },
          range,
          candles,
        });
        return {
          fetched: stored,
          errors: [...errors, ...faults.map((fault) => `${name}: ${fault}`)],
          failed: false,
        };
      } catch (error) {
        if (isDatabaseError(error)) throw error;
        errors.push(`${name}: ${messageOf(error)}`);
      }
    }
    if (empty === undefined) return { fetched: 0, errors, failed: true };
    await this.#options.store({ series: { ...series, source: empty }, range, candles: [] });
    return { fetched: 0, errors, failed: false };
  }

  async #request(
    name: string,
    provider: PriceProvider,
    { symbol, interval }: Series,
    { from, to }: Range,
  ): Promise<CandleInput[]> {
    await this.#takeQuota(name);
    const { fetchTimeoutMs } = this.#options.settings;
    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, this.#closing.signal]);
    const request = { symbol, interval: interval.name, from: new Date(from), to: new Date(to), signal };
    try {
      if (signal.aborted) throw new StockroomError('UNAVAILABLE', 'the store is closed');
      // A provider that does not listen to the signal is given up as well.
      const candles = await Promise.race([provider.fetch(request), pause(fetchTimeoutMs, signal)]);
      if (candles !== undefined) return [...candles];
      throw new StockroomError('UNAVAILABLE', `no answer within ${fetchTimeoutMs} ms`);
    } finally {
      ending.abort();
    }
  }

  async #takeQuota(name: string): Promise<void> {
    const { hot, quota } = this.#options;
    if (quota === undefined) return;
    const answer = await hot.quotas
      .take(`${hot.prefix}quota:hist:${keyPart(name)}`, quota)
      .catch(hotErrorsOnly);
    if (answer === undefined || answer.allowed) return;
    const seconds = Math.ceil(answer.retryAfterMs / 1_000);
    throw new StockroomError('UNAVAILABLE', `the limit of requests is used up, again in ${seconds} s`);
  }

  /** A gap in ranges that every provider takes. */
  #parts({ source, interval }: Series, gap: Range): Range[] {
    const spans = this.#candidates(source).map(
      ([, { spanMaxMs }]) => spanMaxMs?.(interval.name) ?? Number.POSITIVE_INFINITY,
    );
    const span = Math.min(...spans);
    const parts: Range[] = [];
    for (
      let from = gap.from;
      from < gap.to && parts.length <= this.#options.settings.requestsMax;
      from += span
    ) {
      parts.push({ from, to: Math.min(gap.to, from + span) });
    }
    return parts;
  }

  #candidates(source: string): [string, PriceProvider][] {
    const { providers } = this.#options;
    if (source === 'auto') return [...providers];
    const provider = providers.get(source);
    return provider === undefined ? [] : [[source, provider]];
  }

  #note(key: string, errors: readonly string[]): void {
    this.#failures.delete(key);
    if (errors.length === 0) return;
    const { retryAfterMs, failuresMax } = this.#options.settings;
    this.#failures.set(key, { until: this.#now() + retryAfterMs, errors });
    const oldest = this.#failures.keys().next().value;
    if (this.#failures.size > failuresMax && oldest !== undefined) this.#failures.delete(oldest);
  }

  #now(): number {
    return this.#options.clock().getTime();
  }
}

function ignore(): void {}

/** Leases and limits save work: without Redis everybody asks for themselves. */
function hotErrorsOnly(error: unknown): undefined {
  if (!isHotError(error)) throw error;
}

function isDatabaseError(error: unknown): boolean {
  return /^(?:DATABASE|EMBEDDED|SCHEMA)_|^NESTED_POOL_USE$/.test(codeOf(error));
}

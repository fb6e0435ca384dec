import { setMaxListeners } from 'node:events';
import type { Clock } from '../../core/clock.ts';
import { codeOf, StockroomError } from '../../core/errors.ts';
import { pause } from '../../core/wait.ts';
import { type HotTier, keyPart, type Lease } from '../../tiers/hot/index.ts';
import { LIFE_HOURS, type ScoreInput, type ScoreItem } from './schema.ts';

/** What a scorer gives: a score, whose symbol is that which was asked for. */
export type ScoreDraft = Omit<ScoreInput, 'symbol'> & { symbol?: string };
/** The signal ends what takes too long, or is not wanted any more. */
export type Scorer = (symbol: string, context: { signal: AbortSignal }) => Promise<ScoreDraft>;

/** `shared`: another caller, here or in another process, scored it meanwhile. */
export type RefreshOutcome = 'scored' | 'shared' | 'fresh' | 'failed';

export interface RefreshProgress {
  readonly symbol: string;
  readonly outcome: RefreshOutcome;
  readonly done: number;
  readonly total: number;
}

export interface RefreshOptions {
  /** How many are scored at once by this call; 4 by default. */
  readonly concurrency?: number;
  /** An older score is made anew; 6 hours by default. */
  readonly maxAgeMs?: number;
  /** How long one symbol may take; 2 minutes by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RefreshProgress) => void;
}

export interface RefreshReport {
  /** In the order of the symbols, but for those that failed. */
  readonly items: ScoreItem[];
  readonly outcomes: Readonly<Record<RefreshOutcome, string[]>>;
  readonly errors: { readonly symbol: string; readonly error: unknown }[];
}

export interface RefresherOptions {
  readonly hot: HotTier;
  readonly clock: Clock;
  readonly find: (symbol: string) => Promise<ScoreItem | undefined>;
  readonly store: (score: ScoreInput) => Promise<void>;
}

const CONCURRENCY = 4;
const CONCURRENCY_MAX = 64;
const TIMEOUT_MS = 120_000;
/** A process that dies while it scores holds the others up for so long. */
const LEASE_MS = 15_000;
const POLL_MIN_MS = 50;
const POLL_MAX_MS = 1_000;

interface Job {
  readonly scorer: Scorer;
  readonly maxAgeMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Done {
  readonly item: ScoreItem;
  readonly outcome: RefreshOutcome;
}

/** Scores symbols, each by one caller at a time: in this process by its flights, over processes by leases. */
export class Refresher {
  readonly #options: RefresherOptions;
  readonly #flights = new Map<string, Promise<Done>>();

  constructor(options: RefresherOptions) {
    this.#options = options;
  }

  async refresh(symbols: readonly string[], scorer: Scorer, options: RefreshOptions): Promise<RefreshReport> {
    const job = {
      scorer,
      maxAgeMs: atLeast(options.maxAgeMs ?? LIFE_HOURS * 3_600_000, 0, 'maxAgeMs'),
      timeoutMs: atLeast(options.timeoutMs ?? TIMEOUT_MS, 1, 'timeoutMs'),
      signal: options.signal,
    };
    const concurrency = atLeast(options.concurrency ?? CONCURRENCY, 1, 'concurrency');
    const all = [...new Set(symbols)];
    const items = new Map<string, ScoreItem>();
    const outcomes: Record<RefreshOutcome, string[]> = { scored: [], shared: [], fresh: [], failed: [] };
    const errors: RefreshReport['errors'] = [];
    let done = 0;
    const settle = (symbol: string, outcome: RefreshOutcome): void => {
      outcomes[outcome].push(symbol);
      done += 1;
      options.onProgress?.({ symbol, outcome, done, total: all.length });
    };
    // One queue for all workers.
    const queue = all.values();
    const work = async (): Promise<void> => {
      for (const symbol of queue) {
        options.signal?.throwIfAborted();
        try {
          const { item, outcome } = await this.#one(symbol, job);
          items.set(symbol, item);
          settle(symbol, outcome);
        } catch (error) {
          options.signal?.throwIfAborted();
          errors.push({ symbol, error });
          settle(symbol, 'failed');
        }
      }
    };
    const workers = Math.min(concurrency, CONCURRENCY_MAX, all.length);
    const ends = await Promise.allSettled(Array.from({ length: workers }, work));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    return {
      items: all.map((symbol) => items.get(symbol)).filter((item) => item !== undefined),
      outcomes,
      errors,
    };
  }

  async #one(symbol: string, job: Job): Promise<Done> {
    const sinceMs = this.#options.clock().getTime() - job.maxAgeMs;
    for (;;) {
      const flight = this.#flights.get(symbol);
      if (flight === undefined) return this.#begin(symbol, job, sinceMs);
      try {
        return { ...(await abortable(flight, job.signal)), outcome: 'shared' };
      } catch (error) {
        job.signal?.throwIfAborted();
        // Whoever began it does not want it any more; we do.
        if (!(error instanceof Abandoned)) throw error;
      }
    }
  }

  #begin(symbol: string, job: Job, sinceMs: number): Promise<Done> {
    const flight = this.#lead(symbol, job, sinceMs).finally(() => this.#flights.delete(symbol));
    this.#flights.set(symbol, flight);
    return flight;
  }

  async #lead(symbol: string, job: Job, sinceMs: number): Promise<Done> {
    try {
      const fresh = await this.#freshSince(symbol, sinceMs);
      if (fresh !== undefined) return { item: fresh, outcome: 'fresh' };
      return await this.#alone(symbol, job, sinceMs);
    } catch (error) {
      if (job.signal?.aborted === true) throw new Abandoned(error);
      throw error;
    }
  }

  /** Waits while another process scores it. */
  async #alone(symbol: string, job: Job, sinceMs: number): Promise<Done> {
    const key = `${this.#options.hot.prefix}scores:lease:${keyPart(symbol)}`;
    for (let pollMs = POLL_MIN_MS; ; pollMs = Math.min(pollMs * 2, POLL_MAX_MS)) {
      const lease = await this.#acquire(key);
      try {
        // Asked under the lease: whoever had it before may have been done.
        const shared = await this.#freshSince(symbol, sinceMs);
        if (shared !== undefined) return { item: shared, outcome: 'shared' };
        if (lease !== 'taken') return { item: await this.#score(symbol, job, lease), outcome: 'scored' };
      } finally {
        if (lease !== 'taken' && lease !== undefined) await this.#release(lease);
      }
      await pause(pollMs, job.signal);
      job.signal?.throwIfAborted();
    }
  }

  async #score(symbol: string, job: Job, lease: Lease | undefined): Promise<ScoreItem> {
    const ended = new AbortController();
    const timer = setTimeout(() => {
      ended.abort(
        new StockroomError('FACTORY_TIMEOUT', `Scoring ${symbol} took longer than ${job.timeoutMs} ms`),
      );
    }, job.timeoutMs);
    const renewal = setInterval(() => {
      // One that was lost is not taken back: the newer of two scores is kept anyway.
      if (lease !== undefined) void this.#options.hot.leases.renew(lease, LEASE_MS).catch(ignoreHot);
    }, LEASE_MS / 3);
    const signal = job.signal === undefined ? ended.signal : AbortSignal.any([ended.signal, job.signal]);
    setMaxListeners(0, signal);
    try {
      const draft = await abortable(job.scorer(symbol, { signal }), signal);
      if (draft.symbol !== undefined && draft.symbol.toUpperCase() !== symbol) {
        throw new StockroomError(
          'INVALID_INPUT',
          `The scorer was asked for ${symbol} and scored ${draft.symbol}`,
        );
      }
      await this.#options.store({ ...draft, symbol } as ScoreInput);
    } finally {
      clearTimeout(timer);
      clearInterval(renewal);
    }
    const item = await this.#options.find(symbol);
    if (item !== undefined) return item;
    throw new StockroomError('INVALID_INPUT', `The time of the score of ${symbol} is over already`);
  }

  async #freshSince(symbol: string, sinceMs: number): Promise<ScoreItem | undefined> {
    const item = await this.#options.find(symbol);
    return item !== undefined && Date.parse(item.timestamp) >= sinceMs ? item : undefined;
  }

  /** @returns undefined while Redis is away: then each process scores for itself */
  async #acquire(key: string): Promise<Lease | 'taken' | undefined> {
    try {
      return (await this.#options.hot.leases.acquire(key, LEASE_MS)) ?? 'taken';
    } catch (error) {
      ignoreHot(error);
      return undefined;
    }
  }

  async #release(lease: Lease): Promise<void> {
    try {
      await this.#options.hot.leases.release(lease);
    } catch (error) {
      // It ends by itself.
      ignoreHot(error);
    }
  }
}

/** Whoever led a flight gave it up. */
class Abandoned extends Error {
  constructor(cause: unknown) {
    super('given up by whoever began it', { cause });
  }
}

/** A lease saves work, and its loss costs some: Redis being away is told by the tier itself. */
function ignoreHot(error: unknown): void {
  if (!codeOf(error).startsWith('HOT_')) throw error;
}

/** Rejects with the reason of the signal as soon as that is aborted. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (abort !== undefined) signal.removeEventListener('abort', abort);
  }
}

function atLeast(value: number, min: number, name: string): number {
  if (value >= min) return value;
  throw new StockroomError('INVALID_INPUT', `${name}: expected at least ${min}, found ${value}`);
}

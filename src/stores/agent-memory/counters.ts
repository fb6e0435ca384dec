import type { HotTier } from '../../tiers/hot/index.ts';

export type Counted = 'session' | 'working' | 'cache';

export interface Hits {
  readonly hits: number;
  readonly misses: number;
}

const FLUSH_EVERY = 100;

/** Hits and misses of all processes, kept in Redis. They are gathered here first, and may be lost. */
export class Counters {
  readonly #hot: HotTier;
  readonly #key: string;
  #pending: Record<string, number> = {};
  #counted = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(hot: HotTier) {
    this.#hot = hot;
    this.#key = `${hot.prefix}memory:stats`;
  }

  count(what: Counted, hit: boolean): void {
    const name = `${what}_${hit ? 'hits' : 'misses'}`;
    this.#pending[name] = (this.#pending[name] ?? 0) + 1;
    this.#counted += 1;
    if (this.#counted >= FLUSH_EVERY) void this.flush();
  }

  /** Never rejects: what Redis does not take now is added to what follows. */
  flush(): Promise<void> {
    const increments = this.#pending;
    if (this.#counted === 0) return this.#writing;
    this.#pending = {};
    this.#counted = 0;
    const write = async (): Promise<void> => {
      try {
        await this.#hot.statistics.count(this.#key, increments);
      } catch {
        // Redis is away. Figures are not worth more than the next try; the count of reads decides when that is.
        for (const [name, count] of Object.entries(increments)) {
          this.#pending[name] = (this.#pending[name] ?? 0) + count;
        }
      }
    };
    this.#writing = this.#writing.then(write);
    return this.#writing;
  }

  /** @returns undefined while Redis is away */
  async read(): Promise<Readonly<Record<Counted, Hits>> | undefined> {
    await this.flush();
    try {
      const counts = await this.#hot.statistics.counts(this.#key);
      const of = (what: Counted): Hits => ({
        hits: counts[`${what}_hits`] ?? 0,
        misses: counts[`${what}_misses`] ?? 0,
      });
      return { session: of('session'), working: of('working'), cache: of('cache') };
    } catch {
      // The statistics are told without them.
      return undefined;
    }
  }
}

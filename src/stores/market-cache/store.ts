import { type Clock, systemClock } from '../../core/clock.ts';
import { within } from '../../core/wait.ts';
import type { Calendar } from '../../market/index.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import type { JsonValue } from '../../tiers/state/index.ts';
import type { Cache } from '../../tiers/tiered/index.ts';
import { copyFailures, fetchFailures } from './channels.ts';
import { Copies, type RemovedCopies } from './copies.ts';
import {
  type CacheAnswer,
  copyAnswer,
  type CopyReason,
  type Entry,
  freshAnswer,
  isYoungEnough,
} from './entry.ts';
import { checkFetched, checkValue, UnusableValue } from './fetching.ts';
import { dropPrefix } from './invalidation.ts';
import { storedEntry } from './schema.ts';
import { checkName, type Market, marketOf, refused } from './names.ts';
import type {
  Fetcher,
  FetchOptions,
  GetOptions,
  MarketCache,
  MarketCacheOptions,
  MarketCacheStats,
  Removed,
  SetOptions,
  Stored,
} from './options.ts';
import { type Phase, phaseOf } from './phase.ts';
import {
  entryOf,
  freshTags,
  heldCopy,
  isSurelyAlive,
  jitteredLife,
  MIGRATED_TAG,
  type Terms,
  termsOf,
  userTag,
} from './terms.ts';

/** How long a fetch waits for PostgreSQL to take the copy; it goes on behind the caller's back. */
const COPY_WAIT_MS = 1_000;
export function createMarketCache(options: MarketCacheOptions): MarketCache {
  return new SessionCache(options);
}

class SessionCache implements MarketCache {
  readonly #hot: HotTier;
  readonly #fresh: Cache<Entry>;
  readonly #copies: Copies;
  readonly #calendar: Calendar;
  readonly #clock: Clock;
  readonly #keeping = new Set<Promise<void>>();
  readonly #counts = {
    fresh_hits: 0,
    copies_given: 0,
    misses: 0,
    fetches: 0,
    fetch_failures: 0,
    copy_failures: 0,
    writes: 0,
    invalidations: 0,
  };

  constructor({ hot, cache, durable, calendar, clock = systemClock }: MarketCacheOptions) {
    this.#hot = hot;
    this.#fresh = cache.namespace<Entry>('market', { jitter: 0, schema: storedEntry });
    this.#copies = new Copies(durable);
    this.#calendar = calendar;
    this.#clock = clock;
  }

  async get(key: string, options: GetOptions = {}): Promise<CacheAnswer | undefined> {
    checkName('key', key);
    const chosen = marketOf(options);
    const at = options.as_of ?? this.#clock();
    const now = at.getTime();
    const entry = await this.#fresh.get(key);
    if (entry !== undefined && !entry.copy && this.#isFresh(entry, now, options.as_of)) {
      this.#counts.fresh_hits += 1;
      return freshAnswer(entry, true);
    }
    const held = entry !== undefined && this.#isFresh(entry, now, options.as_of) ? entry : undefined;
    const copy = held ?? (await this.#copies.read(key, now, options.as_of ?? null));
    if (copy === undefined || !isYoungEnough(copy, now)) return this.#missed();
    const phase = phaseOf(this.#calendar, chosen ?? copy.market, at);
    if (phase.open && options.allow_stale !== true) return this.#missed();
    if (!phase.open && held === undefined && options.as_of === undefined)
      await this.#holdCopy(key, copy, phase);
    return this.#given(copy, phase, phase.open ? 'allowed' : 'market_closed');
  }

  async set(key: string, value: JsonValue, options: SetOptions = {}): Promise<Stored> {
    checkName('key', key);
    const terms = termsOf(options);
    const entry = entryOf(checkValue(value), terms, this.#calendar, this.#clock());
    this.#counts.writes += 1;
    const [acknowledged] = await Promise.all([
      this.#fresh.set(key, entry, { ttlMs: this.#lifeMs(entry), tags: freshTags(entry) }),
      this.#copies.write(key, entry),
    ]);
    return {
      key,
      cached_at: new Date(entry.cachedAt).toISOString(),
      fresh_until: new Date(entry.freshUntil).toISOString(),
      acknowledged,
    };
  }

  async getOrFetch(key: string, fetcher: Fetcher, options: FetchOptions = {}): Promise<CacheAnswer> {
    checkName('key', key);
    const terms = termsOf(options);
    const acceptable = (entry: Entry): boolean =>
      this.#isFresh(entry, this.#clock().getTime()) && !(entry.copy && options.fetch_when_closed === true);
    // What this call made, if it is the one that did: the fetched value, or the copy that it found.
    let made: Entry | undefined;
    const make = async (signal: AbortSignal): Promise<Entry> => {
      made = options.fetch_when_closed === true ? undefined : await this.#lastTradingDay(key, terms.market);
      made ??= await this.#fetch(key, fetcher, terms, signal);
      return made;
    };
    try {
      let entry = await this.#makeFresh(key, terms.tags, make);
      if (!acceptable(entry) && made?.id !== entry.id) {
        // By this clock it is over, or it is a copy and a fetched value is wanted.
        await this.#fresh.delete(key);
        entry = await this.#makeFresh(key, terms.tags, make);
      }
      const own = made?.id === entry.id;
      if (entry.copy) {
        if (own) await this.#checkHeld(key, entry);
        return this.#given(entry, phaseOf(this.#calendar, terms.market, this.#clock()), 'market_closed');
      }
      if (own) await this.#keepFetched(key, entry);
      else this.#counts.fresh_hits += 1;
      return freshAnswer(entry, !own);
    } catch (error) {
      if (error instanceof UnusableValue) throw error;
      return this.#afterFailure(key, terms.market, error);
    }
  }

  async delete(key: string): Promise<Removed> {
    checkName('key', key);
    return this.#remove(
      () => this.#copies.remove(key),
      () => this.#fresh.delete(key),
    );
  }

  async clear(): Promise<Removed> {
    this.#counts.invalidations += 1;
    return this.#remove(
      () => this.#copies.removeAll(),
      () => this.#fresh.clear(),
    );
  }

  async invalidate(what: { readonly tag?: string; readonly prefix?: string }): Promise<Removed> {
    const { tag, prefix } = what;
    if ((tag === undefined) === (prefix === undefined)) {
      throw refused('tag', 'a tag or a prefix', tag === undefined ? 'neither' : 'both');
    }
    checkName(tag === undefined ? 'prefix' : 'tag', (tag ?? prefix)!);
    this.#counts.invalidations += 1;
    return this.#remove(
      () => (tag === undefined ? this.#copies.removePrefix(prefix!) : this.#copies.removeTagged(tag)),
      () =>
        tag === undefined
          ? dropPrefix(this.#hot, this.#fresh, prefix!)
          : this.#fresh.deleteByTag(userTag(tag)),
    );
  }

  async stats(): Promise<MarketCacheStats> {
    return { ...(await this.#copies.figures(this.#clock().getTime())), ...this.#counts };
  }

  async close(): Promise<void> {
    await Promise.all(this.#keeping);
    await this.#copies.settled();
  }

  /**
   * Copies go before and after the entries in Redis. Before: who holds a copy there looks once more whether it is still kept (#checkHeld).
   * After: who keeps what was fetched meanwhile looks whether its entry is still there (#keep). So whatever was read or fetched before this
   * began is nowhere once it has ended.
   */
  async #remove(copies: () => Promise<RemovedCopies>, entries: () => Promise<boolean>): Promise<Removed> {
    const before = await copies();
    let acknowledged = await entries();
    // A file of the old application may be held under any of the keys that had its name.
    if (before.migrated > 0) acknowledged = (await this.#fresh.deleteByTag(MIGRATED_TAG)) && acknowledged;
    const after = await copies();
    return { removed: before.own + before.migrated + after.own + after.migrated, acknowledged };
  }

  #isFresh(entry: Entry, now: number, asOf?: Date): boolean {
    return now < entry.freshUntil && (asOf === undefined || entry.cachedAt <= now);
  }

  /** Puts a copy before PostgreSQL for as long as the market is closed: those who ask next find it in Redis. */
  async #holdCopy(key: string, copy: Entry, phase: Phase): Promise<void> {
    const held = heldCopy(copy, phase);
    try {
      const there = await this.#makeFresh(key, copy.tags, () => held);
      if (there.id !== held.id) return;
    } catch {
      // A fetch of this key failed a moment ago, or what is there cannot be read: the caller has the copy all the same.
      return;
    }
    await this.#checkHeld(key, held);
  }

  /** Drops a copy that was removed from PostgreSQL while it was put before it. */
  async #checkHeld(key: string, held: Entry): Promise<void> {
    const kept = await this.#copies.read(key, this.#clock().getTime(), null);
    if (kept?.id !== held.id) await this.#fresh.delete(key);
  }

  #lifeMs(entry: Entry): number {
    return jitteredLife(entry, this.#clock().getTime());
  }

  #makeFresh(
    key: string,
    tags: readonly string[],
    make: (signal: AbortSignal) => Promise<Entry> | Entry,
  ): Promise<Entry> {
    return this.#fresh.getOrSet(
      key,
      async (context) => {
        const entry = await make(context.signal);
        context.ttl(this.#lifeMs(entry));
        context.tags(...freshTags(entry));
        return entry;
      },
      { tags: tags.map(userTag) },
    );
  }

  async #fetch(key: string, fetcher: Fetcher, terms: Terms, signal: AbortSignal): Promise<Entry> {
    this.#counts.fetches += 1;
    const value = checkFetched(await fetcher({ key, signal }));
    return entryOf(value, terms, this.#calendar, this.#clock());
  }

  /** While the market is closed: the copy that was stored in its last session, or after it. */
  async #lastTradingDay(key: string, market: Market): Promise<Entry | undefined> {
    const at = this.#clock();
    const phase = phaseOf(this.#calendar, market, at);
    if (phase.open) return undefined;
    const copy = await this.#copyIfAny(key, at);
    if (copy === undefined || copy.cachedAt < phase.last.opensAt) return undefined;
    return heldCopy(copy, phase);
  }

  async #afterFailure(key: string, market: Market, error: unknown): Promise<CacheAnswer> {
    this.#counts.fetch_failures += 1;
    const at = this.#clock();
    const copy = await this.#copyIfAny(key, at);
    const found = copy !== undefined;
    fetchFailures.publish(() => ({ error, copyGiven: found }));
    if (copy === undefined) throw error;
    return this.#given(copy, phaseOf(this.#calendar, market, at), 'fetch_failed');
  }

  /** For those who have something better to do than to fail when PostgreSQL is away: to fetch, or to say why that failed. */
  async #copyIfAny(key: string, at: Date): Promise<Entry | undefined> {
    try {
      return await this.#copies.read(key, at.getTime(), null);
    } catch (error) {
      this.#copyFailed(error);
      return undefined;
    }
  }

  #copyFailed(error: unknown): void {
    this.#counts.copy_failures += 1;
    copyFailures.publish(() => ({ error }));
  }

  /** Keeps the copy of what was fetched; the caller waits for it a moment, and does not fail with it. */
  async #keepFetched(key: string, entry: Entry): Promise<void> {
    const keeping = this.#keep(key, entry)
      .catch((error: unknown) => this.#copyFailed(error))
      .finally(() => this.#keeping.delete(keeping));
    this.#keeping.add(keeping);
    await within(keeping, COPY_WAIT_MS);
  }

  /** Takes the copy back when the value was invalidated while it was fetched: see #remove. */
  async #keep(key: string, entry: Entry): Promise<void> {
    await this.#copies.write(key, entry);
    const there = await this.#fresh.get(key);
    if (there?.id === entry.id) return;
    if (there !== undefined && !there.copy) return this.#copies.write(key, there);
    // Away, or over by itself: nothing says that it was invalidated.
    if (this.#hot.state().state !== 'up' || !isSurelyAlive(entry, this.#clock().getTime())) return;
    await this.#copies.removeEntry(key, entry.id);
  }

  #given(copy: Entry, phase: Phase, reason: CopyReason): CacheAnswer {
    this.#counts.copies_given += 1;
    return copyAnswer(copy, phase, reason);
  }

  #missed(): undefined {
    this.#counts.misses += 1;
    return undefined;
  }
}

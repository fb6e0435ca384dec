import { setTimeout as sleep } from 'node:timers/promises';
import { cacheStaleness } from '../../core/cache-diagnostics.ts';
import { companionKey, ENTRY_FAMILY, type Entry, type HotTier } from '../hot/index.ts';
import type { Cache } from './cache.ts';
import { jsonCodec } from './codec.ts';
import { opened } from './envelope.ts';
import { isHotError } from '../hot/index.ts';
import type { CacheManager } from './manager.ts';

const NAME = 'canary';
const KEY = 'beat';
/** A copy that is found old is looked at again after so long, to learn when it no longer is. */
const LOOK_AGAIN_MS = 25;
/** Longer than any process needs to look. */
const LIFE_IN_BEATS = 100;
/** Beats that are remembered, to know since when a copy has been old. */
const BEATS_MAX = 100;

/** What is written. */
interface Beat {
  /** Rises: of the lease under which it was written. */
  readonly sequence: number;
  /** By the clock of the writer. */
  readonly writtenAtMs: number;
}

export interface Canary {
  /** Resolves when nothing of it runs any longer. */
  stop(): Promise<void>;
}

export interface CanaryOptions {
  /** Between two looks, and between two writes of all processes together. */
  readonly everyMs?: number;
}

/**
 * Measures from end to end how old a copy in the process can be: one key is written by the processes in turn, and each looks at
 * intervals whether its copy is older than what stands in Redis. How long that has been so is told on the channel `cacheStaleness`; 0
 * when it is not. Nothing is told while Redis is away. Between machines the figure is as good as their clocks agree.
 *
 * Holds no process alive. At the most one canary a manager.
 */
export function startCanary(
  manager: CacheManager,
  hot: HotTier,
  { everyMs = 1_000 }: CanaryOptions = {},
): Canary {
  const cache = manager.namespace<Beat>(NAME, { ttlMs: everyMs * LIFE_IN_BEATS, l1MaxEntries: 1 });
  return new Probe(cache, hot, everyMs);
}

class Probe implements Canary {
  readonly #cache: Cache<Beat>;
  readonly #hot: HotTier;
  readonly #everyMs: number;
  readonly #entryKey: string;
  readonly #leaseKey: string;
  /** As they were seen in Redis, in order. */
  #beats: Beat[] = [];
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(cache: Cache<Beat>, hot: HotTier, everyMs: number) {
    this.#cache = cache;
    this.#hot = hot;
    this.#everyMs = everyMs;
    this.#entryKey = `${hot.prefix}${ENTRY_FAMILY}${NAME}:${KEY}`;
    this.#leaseKey = companionKey(hot.prefix, NAME, this.#entryKey);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#write();
        const staleMs = await this.#watch();
        if (staleMs !== undefined) cacheStaleness.publish(() => ({ staleMs }));
      } catch (error) {
        // Redis is away, which its own channels tell: there is nothing to compare with.
        if (!isHotError(error)) throw error;
      }
      // Not in step with the others, so that each has its turn.
      await this.#rest(this.#everyMs * (0.75 + Math.random() / 2));
    }
  }

  /** Whoever gets the lease writes; it is left to end by itself, so that nobody writes before. */
  async #write(): Promise<void> {
    const lease = await this.#hot.leases.acquire(this.#leaseKey, this.#everyMs);
    if (lease === undefined) return;
    await this.#cache.set(KEY, { sequence: lease.fence, writtenAtMs: Date.now() });
  }

  /** @returns for how long the copy has been old; looks until it is not, for as long as a beat lasts */
  async #watch(): Promise<number | undefined> {
    const until = performance.now() + this.#everyMs;
    let longest = await this.#look();
    for (let now = longest; now !== undefined && now > 0 && performance.now() < until; ) {
      await this.#rest(LOOK_AGAIN_MS);
      if (this.#stopping.signal.aborted) break;
      now = await this.#look();
      longest = Math.max(longest ?? 0, now ?? 0);
    }
    return longest;
  }

  /** @returns undefined when that cannot be said */
  async #look(): Promise<number | undefined> {
    const inRedis = beatOf(await this.#hot.entries.read(this.#entryKey));
    if (inRedis === undefined) return undefined;
    this.#remember(inRedis);
    const copy = await this.#cache.get(KEY);
    const now = Date.now();
    if (!isBeat(copy)) return undefined;
    if (copy.sequence >= inRedis.sequence) return 0;
    // Redis went away in between, and the copy was given because there was nothing better.
    if (performance.now() >= this.#hot.coherence.trustedUntil) return undefined;
    const first = this.#beats.find(({ sequence }) => sequence > copy.sequence) ?? inRedis;
    // 0 says that it is not old.
    return Math.max(1, now - first.writtenAtMs);
  }

  #remember(beat: Beat): void {
    if (this.#beats.at(-1)?.sequence === beat.sequence) return;
    this.#beats.push(beat);
    if (this.#beats.length > BEATS_MAX) this.#beats.shift();
  }

  async #rest(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    // It rejects for one reason only: it is to stop.
    await sleep(ms, undefined, { ref: false, signal }).catch(() => undefined);
  }
}

/** @returns undefined for what another version or another program wrote: the next beat goes over it */
function beatOf(entry: Entry | undefined): Beat | undefined {
  const envelope = entry?.kind === 'value' ? opened(entry.body) : undefined;
  if (envelope?.codec !== jsonCodec.id || envelope.payload.form !== 't') return undefined;
  try {
    const value = jsonCodec.decode(envelope.payload.text);
    return isBeat(value) ? value : undefined;
  } catch {
    return undefined; // It is not of the codec that it names.
  }
}

function isBeat(value: unknown): value is Beat {
  if (typeof value !== 'object' || value === null) return false;
  const { sequence, writtenAtMs } = value as Partial<Record<keyof Beat, unknown>>;
  return typeof sequence === 'number' && typeof writtenAtMs === 'number';
}

import { pause } from '../../core/wait.ts';
import type { HotTier } from './port.ts';

/** Keys that are remembered; with more of them all are distrusted as a whole, by dropping their mark. */
const KEYS_MAX = 10_000;
const RETRY_MIN_MS = 25;
const RETRY_MAX_MS = 1_000;
/** At once. */
const DROP_MAX = 500;

/**
 * Writes that Redis did not acknowledge. What stands in Redis under their keys may be older, so it is not believed, and is dropped as
 * soon as Redis answers: whatever the write itself may still do comes before that (see `HOT_TIMEOUT` of the port).
 */
export class Remembered {
  readonly #hot: HotTier;
  readonly #mark: string;
  /** By key, the number of the write. */
  readonly #keys = new Map<string, number>();
  #writes = 0;
  #dropping: Promise<void> | undefined;
  readonly #closing = new AbortController();

  /** @param mark the key of the mark of all that may be remembered */
  constructor(hot: HotTier, mark: string) {
    this.#hot = hot;
    this.#mark = mark;
  }

  get size(): number {
    return this.#keys.size;
  }

  add(keys: readonly string[]): void {
    if (keys.length === 0) return;
    this.#writes += 1;
    for (const key of keys) this.#keys.set(key, this.#writes);
    if (this.#keys.size > KEYS_MAX) {
      this.#keys.clear();
      this.#keys.set(this.#mark, this.#writes);
    }
    this.#dropping ??= this.#drop();
  }

  /** Whether what Redis has under the key is not to be believed. */
  has(key: string): boolean {
    return this.#keys.size > 0 && (this.#keys.has(key) || this.#keys.has(this.#mark));
  }

  /** Gives up; what was not dropped by then stays in Redis until its life is over. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#dropping;
  }

  /** Ends in the same step in which it sees that nothing is left: what is added later begins another one. */
  async #drop(): Promise<void> {
    let pauseMs = RETRY_MIN_MS;
    for (;;) {
      if (this.#keys.size === 0) {
        this.#dropping = undefined;
        return;
      }
      const last = this.#closing.signal.aborted;
      try {
        await this.#dropSome();
        pauseMs = RETRY_MIN_MS;
      } catch {
        // Redis is still away, which its own channels tell; it is tried until it is not.
        if (last) return;
        await pause(pauseMs, this.#closing.signal);
        pauseMs = Math.min(pauseMs * 2, RETRY_MAX_MS);
      }
    }
  }

  async #dropSome(): Promise<void> {
    const some = [...this.#keys].slice(0, DROP_MAX);
    // Each for itself: of a Cluster some servers may answer and others not.
    const outcomes = await Promise.allSettled(some.map(([key]) => this.#hot.entries.drop([key])));
    for (const [at, [key, write]] of some.entries()) {
      // One that was written again meanwhile has to be dropped again; one that could not be goes to the end.
      if (this.#keys.get(key) !== write) continue;
      this.#keys.delete(key);
      if (outcomes[at]!.status === 'rejected') this.#keys.set(key, write);
    }
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

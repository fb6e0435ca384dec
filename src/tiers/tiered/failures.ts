import { LRUCache } from 'lru-cache';
import type { Copy } from './l1.ts';

const KEYS_MAX = 1_000;

export interface Failure {
  readonly error: unknown;
  /** What was given instead of the error, if there was something. */
  readonly fallback: Copy | undefined;
}

/** Factories that failed a moment ago: whoever asks next gets the same, without another try. */
export class Failures {
  // They go when their time is over: an error or a value may be large.
  readonly #failures = new LRUCache<string, Failure>({ max: KEYS_MAX, ttlAutopurge: true });

  get(key: string): Failure | undefined {
    return this.#failures.size === 0 ? undefined : this.#failures.get(key);
  }

  set(key: string, failure: Failure, forMs: number): void {
    if (forMs > 0) this.#failures.set(key, failure, { ttl: Math.ceil(forMs) });
  }

  clear(): void {
    this.#failures.clear();
  }

  delete(key: string): void {
    if (this.#failures.size > 0) this.#failures.delete(key);
  }
}

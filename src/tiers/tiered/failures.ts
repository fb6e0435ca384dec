import { LRUCache } from 'lru-cache';

const KEYS_MAX = 1_000;

/** Factories that failed a moment ago: whoever asks next gets the same error, without trying again. */
export class Failures {
  readonly #errors = new LRUCache<string, { readonly error: unknown; readonly until: number }>({
    max: KEYS_MAX,
  });

  get(key: string): { readonly error: unknown } | undefined {
    if (this.#errors.size === 0) return undefined;
    const failure = this.#errors.get(key);
    if (failure === undefined || performance.now() < failure.until) return failure;
    this.#errors.delete(key);
    return undefined;
  }

  set(key: string, error: unknown, forMs: number): void {
    if (forMs > 0) this.#errors.set(key, { error, until: performance.now() + forMs });
  }

  clear(): void {
    this.#errors.clear();
  }

  delete(key: string): void {
    if (this.#errors.size > 0) this.#errors.delete(key);
  }
}

import type { Turn } from './ground.ts';

/** What a factory for many keys gives: what is missing in it is not kept, and not given. */
export type ManyFactory = (turn: {
  keys: string[];
  signal: AbortSignal;
  reason: Turn['reason'];
}) => Promise<ReadonlyMap<string, unknown>>;

interface Wanted {
  readonly turn: Turn;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Collects what many flights have to make until each of them knows whether it has to, and calls the factory once. Who learns only
 * later that it has to (another process gave up) is served by a call of its own.
 */
export class Batch {
  readonly #factory: ManyFactory;
  readonly #signal: AbortSignal;
  readonly #undecided: Set<string>;
  #wanted: Wanted[] = [];

  /** @param signal of all of them: they began together and wait equally long */
  constructor(keys: Iterable<string>, signal: AbortSignal, factory: ManyFactory) {
    this.#factory = factory;
    this.#signal = signal;
    this.#undecided = new Set(keys);
  }

  decided(key: string): void {
    if (this.#undecided.delete(key)) this.#callWhenKnown();
  }

  value(turn: Turn): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#wanted.push({ turn, resolve, reject });
      this.#undecided.delete(turn.key);
      this.#callWhenKnown();
    });
  }

  #callWhenKnown(): void {
    if (this.#undecided.size > 0 || this.#wanted.length === 0) return;
    const wanted = this.#wanted;
    this.#wanted = [];
    const signal = this.#signal;
    const reason = wanted.every(({ turn }) => turn.reason === 'refresh') ? 'refresh' : 'miss';
    // A factory may throw before it gives a promise.
    void Promise.resolve()
      .then(() => this.#factory({ keys: wanted.map(({ turn }) => turn.key), signal, reason }))
      .then(
        (values) => wanted.forEach(({ turn, resolve }) => resolve(values.get(turn.key))),
        (error: unknown) => wanted.forEach(({ reject }) => reject(error)),
      );
  }
}

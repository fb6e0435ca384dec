/** What a factory is told, and what it may say about the value it makes. */
export interface FactoryContext<T> {
  readonly key: string;
  /** Aborted when nobody waits any longer. */
  readonly signal: AbortSignal;
  /** The value whose life is over, where there is one that may still be given. */
  readonly stale: T | undefined;
  /** Gives this value another life than the namespace does, in milliseconds. */
  readonly ttl: (ms: number) => void;
  /** The value depends on these as well. */
  readonly tags: (...tags: string[]) => void;
}

/** @returns the value; undefined: there is none, and nothing is kept. Null is a value. */
export type Factory<T> = (context: FactoryContext<T>) => Promise<T> | T;

export interface ManyContext {
  /** Those that are neither in the process nor in Redis. */
  readonly keys: string[];
  readonly signal: AbortSignal;
}

export type ManyFactory<T> = (
  context: ManyContext,
) => Promise<ReadonlyMap<string, T> | Readonly<Record<string, T>>> | ReadonlyMap<string, T>;

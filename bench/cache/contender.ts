import type { Score } from './score.ts';

/** What every contender is asked to do, each in its own words. */
export interface Cache {
  get(key: string): Promise<unknown>;
  set(key: string, value: Score): Promise<unknown>;
  getOrSet(key: string, factory: () => Promise<Score>): Promise<unknown>;
  /** Where it has such a thing. */
  getOrSetMany?(
    keys: readonly string[],
    factory: (keys: readonly string[]) => Map<string, Score>,
  ): Promise<unknown>;
  /** What it told of by an event instead of a rejection, if anything. */
  firstError?(this: void): unknown;
  close(): Promise<void>;
}

export interface Setup {
  /** Undefined: in the process alone. */
  readonly url: string | undefined;
  readonly l1Entries: number;
  /** Processes have to agree: a bus even where the guide of a peer does not set one up by itself. */
  readonly agree: boolean;
}

/**
 * `peer`: as its documentation recommends. `variant`: the same with an option that makes it quicker and gives something up, named in
 * the note. `limit`: what lies beneath. `reference`: only to be seen beside the others.
 */
export type Role = 'ours' | 'peer' | 'variant' | 'limit' | 'reference';

export interface Contender {
  readonly name: string;
  readonly role: 'ours' | 'peer' | 'variant';
  /** How it is set up, and why. */
  readonly note: string;
  /** `set` resolves when Redis has acknowledged. */
  readonly acknowledged: boolean;
  /** How to know its stream of invalidations in `CLIENT LIST`; undefined: it has none. */
  readonly stream?: (client: RedisConnection) => boolean;
  open(setup: Setup): Promise<Cache>;
}

/** One line of `CLIENT LIST`. */
export interface RedisConnection {
  readonly id: string;
  readonly flags: string;
  readonly subscriptions: number;
}

export const TTL_MS = 600_000;

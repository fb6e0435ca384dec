import { StockroomError } from '../../core/errors.ts';
import { Batch } from './batch.ts';
import { runFactory } from './factory.ts';
import { isHotError } from './hot-errors.ts';
import type { Found, Making } from './ground.ts';
import type { Copy } from './l1.ts';
import type { Namespace } from './namespace.ts';
import { type CallOptions, checkOption, type Policy } from './policy.ts';

/** What a factory is told, and what it may say about the value it makes. */
export interface FactoryContext<T> {
  readonly key: string;
  /** Aborted when nobody waits any longer. */
  readonly signal: AbortSignal;
  /** The value whose life is over, where there is one. */
  readonly stale: T | undefined;
  /** Gives this value another life than the namespace does, in milliseconds. */
  ttl(ms: number): void;
  /** The value depends on these as well. */
  tags(...tags: string[]): void;
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

/**
 * A namespace of a two-tier cache. Values that come back are shared and frozen, or clones: see `isolate`.
 *
 * Nothing here waits longer for Redis than the hot tier's `timeoutMs`, and nothing fails because Redis does: reads go without
 * it, and writes resolve to false. They are then dropped from Redis before it is believed again.
 */
export class Cache<T> {
  readonly #space: Namespace<T>;

  constructor(space: Namespace<T>) {
    this.#space = space;
  }

  get name(): string {
    return this.#space.name;
  }

  /** @returns undefined when it is not there, is not fresh, or is not of the schema. Null is a value. */
  get(key: string): Promise<T | undefined> {
    const copy = this.#space.l1.get(key);
    if (copy !== undefined) {
      const now = performance.now();
      if (now < copy.freshUntil && this.#space.usable(copy, now)) {
        this.#space.counts.l1Hits += 1;
        return this.#space.answer(copy);
      }
    }
    return this.#getBeyond(key, copy);
  }

  /** Those that are there, in the order of the keys. */
  async getMany(keys: readonly string[]): Promise<Map<string, T>> {
    const copies = new Map<string, Copy>();
    const beyond = this.#notInProcess(keys, copies);
    const found = beyond.length === 0 ? [] : await Promise.all(this.#space.lookupMany(beyond));
    for (const [at, key] of beyond.entries()) {
      const copy = this.#fresh(key, found[at]!, this.#space.l1.get(key));
      if (copy !== undefined) copies.set(key, copy);
    }
    return this.#valuesOf(keys, copies);
  }

  /**
   * @returns whether Redis acknowledged it. False: Redis is away or too slow; no process will take what it has for this key
   *   for true once it is back, unless this process ends before
   * @throws StockroomError INVALID_INPUT when the value cannot be kept without loss
   */
  async set(key: string, value: T, options?: CallOptions): Promise<boolean> {
    const policy = this.#policy(options);
    if (value === undefined) throw undefinedValue(key);
    const encoded = this.#space.values.encode(value);
    const payload = encoded instanceof Promise ? await encoded : encoded;
    return this.#space.write(key, value, payload, policy, options?.tags);
  }

  /** As many writes, together. @returns whether Redis acknowledged all of them */
  async setMany(
    values: ReadonlyMap<string, T> | Readonly<Record<string, T>>,
    options?: CallOptions,
  ): Promise<boolean> {
    const policy = this.#policy(options);
    const entries: (readonly [string, T])[] = values instanceof Map ? [...values] : Object.entries(values);
    // All are encoded before one is written: a value that cannot be kept leaves nothing half done.
    const payloads = await Promise.all(
      entries.map(async ([key, value]) => {
        if (value === undefined) throw undefinedValue(key);
        return this.#space.values.encode(value);
      }),
    );
    const writes = entries.map(([key, value], at) =>
      this.#space.write(key, value, payloads[at]!, policy, options?.tags),
    );
    return (await Promise.all(writes)).every(Boolean);
  }

  /** @returns whether Redis acknowledged it: see `set` */
  async delete(...keys: string[]): Promise<boolean> {
    const { hot, feed, fullKey } = this.#space;
    const ends = keys.map((key) => this.#space.writing(key));
    const acknowledged = await this.#dropping(keys.map(fullKey), async (dropped) => {
      if (dropped.length > 0) await hot.entries.drop(dropped, feed);
    });
    for (const end of ends) end();
    return acknowledged;
  }

  /** Ends every value that depends on one of the tags, in every process. @returns whether Redis acknowledged it */
  async deleteByTag(...tags: string[]): Promise<boolean> {
    const { marks } = this.#space;
    // First that anything was dropped, then what: so whoever learns of a tag late cannot miss it.
    return this.#dropping([marks.anyTag, ...tags.map((tag) => marks.keyOf(tag))], async ([any, ...keys]) => {
      await this.#space.dropMarks([any!]);
      if (keys.length > 0) await this.#space.dropMarks(keys);
    });
  }

  /** Ends every value of the namespace, in every process. @returns whether Redis acknowledged it */
  async clear(): Promise<boolean> {
    this.#space.forgetEverything();
    return this.#dropping([this.#space.marks.all], (keys) => this.#space.dropMarks(keys));
  }

  /**
   * The value, made by the factory where it is not there. However many ask, in however many processes, the factory runs once at a
   * time for a key; when it fails, all who wait get its error, and so does who asks within `errorBackoffMs`.
   *
   * @throws StockroomError FACTORY_TIMEOUT after `hardTimeoutMs`; whatever the factory throws
   */
  getOrSet(key: string, factory: Factory<T>, options?: CallOptions): Promise<T> {
    const copy = this.#space.l1.get(key);
    if (copy !== undefined) {
      const now = performance.now();
      if (now < copy.freshUntil && this.#space.usable(copy, now)) {
        this.#space.counts.l1Hits += 1;
        if (now >= copy.refreshFrom) this.#refresh(key, factory, options, copy);
        return this.#space.answer(copy);
      }
      const { staleWhileRevalidateMs } = this.#policy(options);
      if (now < copy.freshUntil + staleWhileRevalidateMs && this.#space.usable(copy, now)) {
        this.#space.counts.staleServed += 1;
        this.#refresh(key, factory, options, copy);
        return this.#space.answer(copy);
      }
    }
    return this.#make(key, factory, options, copy);
  }

  /**
   * The same for many keys: one command to Redis for all that are not in the process, and one call of the factory for all that are
   * not there. @returns those that there are, in the order of the keys
   */
  async getOrSetMany(
    keys: readonly string[],
    factory: ManyFactory<T>,
    options?: CallOptions,
  ): Promise<Map<string, T>> {
    const policy = this.#policy(options);
    const copies = new Map<string, Copy>();
    const beyond = this.#notInProcess(keys, copies);
    const waiting = beyond.flatMap(
      (key) => this.#space.joinable(key)?.promise.then((copy) => [key, copy] as const) ?? [],
    );
    const own = beyond.filter((key) => this.#space.joinable(key) === undefined);
    const found = own.length === 0 ? [] : this.#space.lookupMany(own);
    const batch = new Batch(own, async (turn) => {
      const made = await factory(turn);
      return made instanceof Map ? made : new Map(Object.entries(made));
    });
    const flights = own.map((key, at) => {
      const make: Making<T>['make'] = (turn) =>
        runFactory(this.#space, () => batch.value(turn), turn, options?.tags ?? []);
      const given = this.#making(key, policy, make, this.#space.l1.get(key));
      const lookup = (): Promise<Found> => found[at]!;
      const flight = this.#space.startFlight({
        ...given,
        firstLook: lookup,
        decided: () => batch.decided(key),
      });
      return flight.promise.then((copy) => [key, copy] as const);
    });
    for (const [key, copy] of await Promise.all([...waiting, ...flights])) copies.set(key, copy);
    return this.#valuesOf(keys, copies);
  }

  async #getBeyond(key: string, held: Copy | undefined): Promise<T | undefined> {
    const copy = this.#fresh(key, await this.#space.lookup(key), held);
    return copy === undefined ? undefined : this.#space.answer(copy);
  }

  /** What a look gives to one who has no factory. */
  #fresh(key: string, found: Found, held: Copy | undefined): Copy | undefined {
    const now = performance.now();
    if (found.kind === 'value' && now < found.copy.freshUntil) {
      this.#space.counts.l2Hits += 1;
      return found.copy;
    }
    if (found.kind === 'unreachable' && this.#isFallback(held) && this.#space.l1.get(key) === held) {
      this.#space.counts.staleServed += 1;
      return held;
    }
    this.#space.counts.misses += 1;
    return undefined;
  }

  /** @returns the keys that have no usable copy, each once */
  #notInProcess(keys: readonly string[], copies: Map<string, Copy>): string[] {
    const now = performance.now();
    const beyond = new Set<string>();
    for (const key of keys) {
      const copy = this.#space.l1.get(key);
      if (copy === undefined || now >= copy.freshUntil || !this.#space.usable(copy, now)) beyond.add(key);
      else {
        this.#space.counts.l1Hits += 1;
        copies.set(key, copy);
      }
    }
    return [...beyond];
  }

  async #valuesOf(keys: readonly string[], copies: ReadonlyMap<string, Copy>): Promise<Map<string, T>> {
    const values = new Map<string, T>();
    for (const key of keys) {
      const copy = copies.get(key);
      const value = copy === undefined ? undefined : await this.#space.answer(copy);
      if (value !== undefined) values.set(key, value);
    }
    return values;
  }

  async #make(
    key: string,
    factory: Factory<T>,
    options: CallOptions | undefined,
    held: Copy | undefined,
  ): Promise<T> {
    const running = this.#space.joinable(key);
    if (running !== undefined) return this.#space.answer(await running.promise);
    const failure = this.#space.failures.get(key);
    if (failure !== undefined && !this.#isFallback(held)) throw failure.error;
    const flight = this.#startFlight(key, factory, options, held, false);
    return this.#space.answer(await flight.promise);
  }

  /** A copy that may be given when there is no better one: it may have been written over, so only where old values may be given. */
  #isFallback(held: Copy | undefined): held is Copy {
    const { staleIfErrorMs } = this.#space.policy;
    if (staleIfErrorMs === 0 || held === undefined || held.marks.some(({ valid }) => !valid)) return false;
    return performance.now() < held.freshUntil + staleIfErrorMs;
  }

  /** Makes a value anew for which somebody was answered already. */
  #refresh(key: string, factory: Factory<T>, options: CallOptions | undefined, held: Copy): void {
    const { flights, refreshes, failures } = this.#space;
    if (flights.has(key) || refreshes.has(key) || failures.get(key) !== undefined) return;
    this.#startFlight(key, factory, options, held, true);
  }

  #startFlight(
    key: string,
    factory: Factory<T>,
    options: CallOptions | undefined,
    held: Copy | undefined,
    refresh: boolean,
  ) {
    const policy = this.#policy(options);
    const make: Making<T>['make'] = (turn) => runFactory(this.#space, factory, turn, options?.tags ?? []);
    return this.#space.startFlight({ ...this.#making(key, policy, make, held), refresh });
  }

  #making(key: string, policy: Policy, make: Making<T>['make'], held: Copy | undefined): Making<T> {
    const firstLook = (): Promise<Found> => this.#space.lookup(key);
    return { key, policy, refresh: false, fallback: held, firstLook, make, decided: () => undefined };
  }

  #policy(options: CallOptions | undefined): Policy {
    if (options === undefined) return this.#space.policy;
    for (const [name, value] of Object.entries(options)) checkOption(name, value);
    return { ...this.#space.policy, ...options };
  }

  /** Drops keys, or remembers that they have to be. */
  async #dropping(keys: readonly string[], drop: (keys: string[]) => Promise<void>): Promise<boolean> {
    try {
      await drop([...keys]);
      return true;
    } catch (error) {
      if (!isHotError(error)) throw error;
      this.#space.remember(keys);
      return false;
    }
  }
}

function undefinedValue(key: string): StockroomError {
  return new StockroomError('INVALID_INPUT', `${key}: undefined cannot be kept; delete the key instead`);
}

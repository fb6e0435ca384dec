import { setMaxListeners } from 'node:events';
import { StockroomError } from '../../core/errors.ts';
import { Batch } from './batch.ts';
import type { Factory, ManyFactory } from './factories.ts';
import { counted, runFactory } from './factory.ts';
import type { Failure } from './failures.ts';
import type { Flight } from './flight.ts';
import { isHotError } from '../hot/index.ts';
import type { Found, Making } from './ground.ts';
import { type Copy, isFallback } from './l1.ts';
import type { Namespace } from './namespace.ts';
import { type CallOptions, callPolicy, type Policy } from './policy.ts';

/**
 * A namespace of a two-tier cache. Values that come back are shared and frozen, or clones: see `isolate`.
 *
 * Nothing fails because Redis does: reads go without it, and writes resolve to false. No question to Redis is waited for longer
 * than the hot tier's `timeoutMs`; a call asks one to three of them one after another (a mark that is not known, then the entry),
 * and once Redis is known to be away none.
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
        return this.#space.answer(key, copy);
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
   * @returns whether Redis acknowledged it. False: it is away or too slow. This process gives what it wrote for a moment and
   *   believes nothing that Redis has for the key until it has dropped it there, which it does as soon as Redis answers it. Others
   *   that still reach Redis go on with the old value until then
   * @throws StockroomError INVALID_INPUT when the value cannot be kept without loss, or is not of the schema
   */
  async set(key: string, value: T, options?: CallOptions): Promise<boolean> {
    const policy = this.#policy(options);
    if (value === undefined) throw undefinedValue(key);
    const encoded = this.#space.values.encode(value);
    const payload = encoded instanceof Promise ? await encoded : encoded;
    return this.#space.write(key, payload, policy, options?.tags);
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
    const writes = entries.map(([key], at) => this.#space.write(key, payloads[at]!, policy, options?.tags));
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
   * time for a key; when it fails, all in the process who wait get its error, and so does who asks within `errorBackoffMs`. In
   * another process one tries again after that.
   *
   * @throws StockroomError FACTORY_TIMEOUT after `hardTimeoutMs`; INVALID_INPUT for a value that `set` would refuse; UNAVAILABLE when
   *   the cache is closed meanwhile; whatever the factory throws
   */
  getOrSet(key: string, factory: Factory<T>, options?: CallOptions): Promise<T> {
    const copy = this.#space.l1.get(key);
    if (copy !== undefined) {
      const now = performance.now();
      if (now < copy.freshUntil && this.#space.usable(copy, now)) {
        this.#space.counts.l1Hits += 1;
        return now < copy.refreshFrom
          ? this.#space.answer(key, copy)
          : this.#givenAndRefreshed(key, factory, options, copy);
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
    const aging: string[] = [];
    const beyond = this.#afterFailures(this.#notInProcess(keys, copies, aging), policy, copies);
    const flights = beyond.map((key) => [key, this.#space.joinable(key, policy)] as const);
    const own = flights.flatMap(([key, flight]) => (flight === undefined ? [key] : []));
    const joined = flights.map(async ([key, flight]) => {
      if (flight !== undefined) copies.set(key, await flight.join(policy));
    });
    const started = this.#startMany(own, false, factory, policy, options?.tags).map(async (flight, at) => {
      copies.set(own[at]!, await flight.promise);
    });
    // Nobody waits for these: whoever fails there is told of by the channel alone.
    this.#startMany(aging, true, factory, policy, options?.tags);
    await Promise.all([...joined, ...started]);
    return this.#valuesOf(keys, copies);
  }

  /** Keys whose factory failed a moment ago have a value to fall back to, or there is no point in asking. @returns the others */
  #afterFailures(keys: readonly string[], policy: Policy, copies: Map<string, Copy>): string[] {
    return keys.filter((key) => {
      const failure =
        this.#space.joinable(key, policy) === undefined ? this.#space.failures.get(key) : undefined;
      if (failure === undefined) return true;
      copies.set(key, this.#insteadOf(failure, this.#space.l1.get(key), policy));
      return false;
    });
  }

  #startMany(
    keys: readonly string[],
    refresh: boolean,
    factory: ManyFactory<T>,
    policy: Policy,
    tags: readonly string[] = [],
  ): Flight<T>[] {
    if (keys.length === 0) return [];
    const found = this.#space.lookupMany(keys);
    const abort = new AbortController();
    // Each key listens: as many as there are, and not a leak.
    setMaxListeners(0, abort.signal);
    const batch = new Batch(keys, abort.signal, async ({ reason, ...turn }) => {
      const about = { keys: turn.keys.length, reason, signal: turn.signal };
      const made = await counted(this.#space, about, () => factory(turn));
      return made instanceof Map ? made : new Map(Object.entries(made));
    });
    return keys.map((key, at) =>
      this.#space.startFlight({
        ...this.#making(key, policy, this.#space.l1.get(key)),
        refresh,
        firstLook: () => found[at]!,
        make: (turn) => runFactory(this.#space, () => batch.value(turn), turn, tags),
        decided: () => batch.decided(key),
        abort,
      }),
    );
  }

  async #getBeyond(key: string, held: Copy | undefined): Promise<T | undefined> {
    const copy = this.#fresh(key, await this.#space.lookup(key), held);
    return copy === undefined ? undefined : this.#space.answer(key, copy);
  }

  /** What a look gives to one who has no factory. */
  #fresh(key: string, found: Found, held: Copy | undefined): Copy | undefined {
    const now = performance.now();
    if (found.kind === 'value' && now < found.copy.freshUntil) {
      this.#space.counts.l2Hits += 1;
      return found.copy;
    }
    const { staleIfErrorMs } = this.#space.policy;
    if (
      found.kind === 'unreachable' &&
      isFallback(held, staleIfErrorMs) &&
      this.#space.l1.get(key) === held
    ) {
      this.#space.counts.staleServed += 1;
      return held;
    }
    this.#space.counts.misses += 1;
    return undefined;
  }

  /**
   * @param aging is given the keys of copies that are to be made anew
   * @returns the keys that have no usable copy, each once
   */
  #notInProcess(keys: readonly string[], copies: Map<string, Copy>, aging: string[] = []): string[] {
    const now = performance.now();
    const beyond: string[] = [];
    for (const key of new Set(keys)) {
      const copy = this.#space.l1.get(key);
      if (copy === undefined || now >= copy.freshUntil || !this.#space.usable(copy, now)) beyond.push(key);
      else {
        this.#space.counts.l1Hits += 1;
        if (now >= copy.refreshFrom && this.#mayRefresh(key)) aging.push(key);
        copies.set(key, copy);
      }
    }
    return beyond;
  }

  async #valuesOf(keys: readonly string[], copies: ReadonlyMap<string, Copy>): Promise<Map<string, T>> {
    const values = new Map<string, T>();
    for (const key of keys) {
      const copy = copies.get(key);
      const value = copy === undefined ? undefined : await this.#space.answer(key, copy);
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
    const policy = this.#policy(options);
    const now = performance.now();
    if (held !== undefined && now < held.freshUntil + policy.staleWhileRevalidateMs) {
      if (now >= held.freshUntil && this.#space.usable(held, now)) {
        this.#space.counts.staleServed += 1;
        return this.#givenAndRefreshed(key, factory, options, held);
      }
    }
    const before = this.#underWay(key, policy, held);
    if (before !== undefined) return this.#space.answer(key, await before);
    // Most of what is not in the process is in Redis, and needs no flight.
    const found = await this.#space.lookup(key);
    if (found.kind === 'value' && performance.now() < found.copy.freshUntil) {
      this.#space.counts.l2Hits += 1;
      return this.#space.answer(key, found.copy);
    }
    const meanwhile = this.#underWay(key, policy, held);
    if (meanwhile !== undefined) return this.#space.answer(key, await meanwhile);
    const flight = this.#startFlight(key, factory, options, held, false, found);
    return this.#space.answer(key, await flight.promise);
  }

  /** What others have begun: a flight to join, or a failure a moment ago. @throws the error of that where there is no value to give */
  #underWay(key: string, policy: Policy, held: Copy | undefined): Promise<Copy> | Copy | undefined {
    const running = this.#space.joinable(key, policy);
    if (running !== undefined) return running.join(policy);
    const failure = this.#space.failures.get(key);
    return failure === undefined ? undefined : this.#insteadOf(failure, held, policy);
  }

  /** What was made of a failure a moment ago. @throws the error where there is no value to give */
  #insteadOf({ error, fallback }: Failure, held: Copy | undefined, policy: Policy): Copy {
    const staleMs = Math.max(policy.staleWhileRevalidateMs, policy.staleIfErrorMs);
    const copy = [held, fallback].find((one) => isFallback(one, staleMs));
    if (copy === undefined) throw error;
    this.#space.counts.staleServed += 1;
    return copy;
  }

  /** Gives what is there, and makes it anew behind the caller's back. */
  async #givenAndRefreshed(
    key: string,
    factory: Factory<T>,
    options: CallOptions | undefined,
    held: Copy,
  ): Promise<T> {
    if (this.#mayRefresh(key)) this.#startFlight(key, factory, options, held, true);
    return this.#space.answer(key, held);
  }

  #mayRefresh(key: string): boolean {
    const { flights, refreshes, failures } = this.#space;
    return !flights.has(key) && !refreshes.has(key) && failures.get(key) === undefined;
  }

  #startFlight(
    key: string,
    factory: Factory<T>,
    options: CallOptions | undefined,
    held: Copy | undefined,
    refresh: boolean,
    found?: Found,
  ) {
    const space = this.#space;
    return space.startFlight({
      ...this.#making(key, this.#policy(options), held),
      ...(found === undefined ? {} : { firstLook: () => Promise.resolve(found) }),
      refresh,
      abort: new AbortController(),
      make: (turn) =>
        runFactory<T>(
          space,
          (context) => counted(space, { keys: 1, ...turn }, () => factory(context)),
          turn,
          options?.tags ?? [],
        ),
    });
  }

  #making(
    key: string,
    policy: Policy,
    held: Copy | undefined,
  ): Omit<Making<T>, 'make' | 'refresh' | 'abort'> {
    const firstLook = (): Promise<Found> => this.#space.lookup(key);
    return { key, policy, fallback: held, firstLook, decided: () => undefined };
  }

  #policy(options: CallOptions | undefined): Policy {
    if (options === undefined) return this.#space.policy;
    return callPolicy(this.#space.policy, options);
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

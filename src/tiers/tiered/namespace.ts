import { type CacheCounts, noCounts } from '../../core/cache-diagnostics.ts';
import { StockroomError } from '../../core/errors.ts';
import {
  companionKey,
  ENTRY_FAMILY,
  type Feed,
  type HotTier,
  keyPart,
  partOf,
  Remembered,
} from '../hot/index.ts';
import type { Envelope } from './envelope.ts';
import { type Failure, Failures } from './failures.ts';
import { Flight } from './flight.ts';
import type { Fill, Found, Ground, Making } from './ground.ts';
import { type Copy, L1 } from './l1.ts';
import { Looks } from './looks.ts';
import { type Mark, Marks } from './marks.ts';
import type { NamespaceSettings, Policy } from './policy.ts';
import { Values } from './values.ts';
import { Writes } from './writes.ts';

/**
 * The state of one namespace: its copies in the process, what is on its way, what is known of marks and failures. What users call is
 * in cache.ts.
 */
export class Namespace<T> implements Ground<T> {
  readonly name: string;
  readonly hot: HotTier;
  readonly policy: Policy;
  readonly values: Values<T>;
  readonly l1: L1;
  readonly marks: Marks;
  readonly remembered: Remembered;
  readonly failures = new Failures();
  /** Those that callers may join. */
  readonly flights = new Map<string, Flight<T>>();
  /** Those for which callers were answered already. */
  readonly refreshes = new Map<string, Flight<T>>();
  /** With those that nobody may join any more. */
  readonly #running = new Set<Flight<T>>();
  /** Since the start. */
  readonly counts: CacheCounts = noCounts();
  #told: CacheCounts = noCounts();
  readonly feed: Feed;
  readonly #base: string;
  readonly #looks: Looks<T>;
  readonly #writes: Writes<T>;
  /** Writes of ours on their way, by key: the last one begun. */
  readonly #writing = new Map<string, { overtaken: boolean }>();
  /** Counts the holes in the stream of invalidations. */
  #era = 0;
  /** The same for copies for which nobody vouches: below 0, and moved by our own drops of marks, which they may depend on. */
  #alone = -1;
  #closed = false;

  constructor(hot: HotTier, feed: Feed, name: string, { policy, schema, codec }: NamespaceSettings<T>) {
    this.hot = hot;
    this.feed = feed;
    this.name = name;
    this.policy = policy;
    this.values = new Values(codec, schema, policy);
    this.l1 = new L1(policy);
    this.#base = `${hot.prefix}${ENTRY_FAMILY}${keyPart(name)}:`;
    this.marks = new Marks(hot, this.#base);
    this.remembered = new Remembered(hot, this.marks.all);
    this.#looks = new Looks(this);
    this.#writes = new Writes(this);
  }

  readonly fullKey = (key: string): string => this.#base + keyPart(key);

  readonly leaseKey = (key: string): string => companionKey(this.hot.prefix, 'lease', this.fullKey(key));

  /** A copy that may be given without asking anybody. */
  usable(copy: Copy, now: number): boolean {
    if (now < copy.aloneUntil) return copy.era === this.#alone;
    if (now >= this.hot.coherence.trustedUntil || copy.era !== this.#era) return false;
    if (copy.checkedAt === this.marks.changes) return true;
    for (const mark of copy.marks) if (!mark.valid) return false;
    copy.checkedAt = this.marks.changes;
    return true;
  }

  /** The value of a copy, for one caller. */
  answer(key: string, copy: Copy): Promise<T> {
    if (copy.answer !== undefined) return copy.answer as Promise<T>;
    if (copy.undecoded !== undefined) {
      copy.value = this.values.decode(copy.undecoded);
      copy.undecoded = undefined;
      copy.cloned = this.values.isolate(copy.value);
      this.l1.resized(key, copy);
    }
    const value = this.values.given(copy.value, copy.cloned);
    const answer = Promise.resolve(value);
    if (!copy.cloned) copy.answer = answer;
    return answer;
  }

  lookup(key: string): Promise<Found> {
    return this.#looks.lookup(key);
  }

  lookupMany(keys: readonly string[]): Promise<Found>[] {
    return this.#looks.lookupMany(keys);
  }

  write(...write: Parameters<Writes<T>['write']>): Promise<boolean> {
    return this.#writes.write(...write);
  }

  store(fill: Fill): Promise<{ copy: Copy; stored: boolean }> {
    return this.#writes.fill(fill);
  }

  /** A copy of a value, with the life that is left of the one it has in Redis. */
  copyOf(value: unknown, envelope: Envelope, marks: readonly Mark[]): Copy {
    const { eagerRefresh } = this.policy;
    const now = performance.now();
    const life = envelope.freshUntil - envelope.createdAt;
    const freshUntil = now + Math.min(life, envelope.freshUntil - Date.now());
    return {
      value,
      undecoded: undefined,
      answer: undefined,
      cloned: this.values.isolate(value),
      freshUntil,
      refreshFrom: eagerRefresh === 1 ? Infinity : freshUntil - life * (1 - eagerRefresh),
      era: this.#era,
      aloneUntil: 0,
      marks,
      checkedAt: -1,
    };
  }

  get era(): number {
    return this.#era;
  }

  keep(key: string, copy: Copy, era: number): void {
    if (era === this.#era && !this.#closed) this.l1.set(key, copy);
  }

  /**
   * Redis is away: what we know is given for as long as others would need to notice that it is.
   * @param since when it was known to be true: the write of it, or the beginning of the look that gave it
   */
  keepAlone(key: string, copy: Copy, since: number): void {
    const aloneUntil = Math.min(since + this.hot.coherence.heartbeatMs, copy.freshUntil);
    if (performance.now() < aloneUntil && !this.#closed)
      this.l1.set(key, { ...copy, era: this.#alone, aloneUntil });
  }

  /**
   * Begins a write of ours: what was looked up before is joined by nobody and kept nowhere.
   * @returns how to end it, which does the same for what was looked up meanwhile; true when nobody else wrote
   */
  writing(key: string): () => boolean {
    this.forgetKey(key);
    const era = this.#era;
    const pending = { overtaken: false };
    this.#writing.set(key, pending);
    return () => {
      const { overtaken } = pending;
      if (this.#writing.get(key) === pending) this.#writing.delete(key);
      this.#forgetFound(key);
      return !overtaken && era === this.#era;
    };
  }

  /** A key of this namespace was written by somebody else. */
  invalidated(rest: string): void {
    if (rest.startsWith(':')) {
      // One that we did not know was made, not dropped: nothing depends on it.
      if (this.marks.invalidated(this.#base + rest)) this.overtakeAll();
      return;
    }
    const key = partOf(rest);
    if (this.l1.has(key)) this.counts.invalidations += 1;
    this.forgetKey(key);
  }

  forgetKey(key: string): void {
    this.failures.delete(key);
    this.#overtakeWrite(key);
    this.#forgetFound(key);
  }

  #forgetFound(key: string): void {
    this.l1.delete(key);
    this.#looks.overtake(key);
    for (const flights of [this.flights, this.refreshes]) {
      if (flights.get(key)?.overtaken() === false) flights.delete(key);
    }
  }

  #overtakeWrite(key: string): void {
    const write = this.#writing.get(key);
    if (write !== undefined) write.overtaken = true;
    this.#writing.delete(key);
  }

  /** Nobody joins what is on its way: it may depend on what is over. */
  overtakeAll(): void {
    this.#looks.overtakeAll();
    for (const flights of [this.flights, this.refreshes]) {
      for (const [key, flight] of flights) if (!flight.overtaken()) flights.delete(key);
    }
  }

  /** The stream of invalidations had a hole: copies of before are kept as a last resort only. */
  gap(): void {
    this.#era += 1;
    this.marks.gap();
    this.overtakeAll();
    for (const key of this.#writing.keys()) this.#overtakeWrite(key);
  }

  /** Ends what depends on marks, in every process. @throws StockroomError HOT_UNAVAILABLE, HOT_TIMEOUT, HOT_REFUSED */
  async dropMarks(keys: readonly string[]): Promise<void> {
    this.#alone -= 1;
    await this.marks.drop(keys, this.feed);
    this.overtakeAll();
  }

  /** All that is known of the namespace is forgotten, and nothing on its way is kept. */
  forgetEverything(): void {
    this.l1.clear();
    this.failures.clear();
    this.gap();
  }

  countsSinceLast(): CacheCounts {
    const told = this.#told;
    this.#told = { ...this.counts };
    const since = noCounts();
    for (const name of Object.keys(since) as (keyof CacheCounts)[])
      since[name] = this.counts[name] - told[name];
    return since;
  }

  /** Gives up what is on its way. Nothing is kept any more. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = new StockroomError('UNAVAILABLE', 'the cache was closed while a value was made');
    const flights = [...this.#running];
    for (const flight of flights) flight.stop(error);
    await Promise.all([this.remembered.close(), ...flights.map(({ done }) => done)]);
  }

  remember(keys: readonly string[]): void {
    this.counts.writesRemembered += keys.length;
    this.remembered.add(keys);
  }

  startFlight(making: Making<T>): Flight<T> {
    const flight = new Flight<T>(this, making);
    this.#running.add(flight);
    void flight.done.then(() => this.#running.delete(flight));
    replaceFlight(making.refresh ? this.refreshes : this.flights, making.key, flight);
    return flight;
  }

  /**
   * The flight that a caller may join. One that began before the stream of invalidations fell silent may miss a write that this
   * caller must see, and one that ends earlier than this caller may fail it without need.
   */
  joinable(key: string, { hardTimeoutMs }: Policy): Flight<T> | undefined {
    const flight = this.flights.get(key);
    if (flight === undefined || flight.hardTimeoutMs < hardTimeoutMs) return undefined;
    const { trustedUntil, heartbeatMs } = this.hot.coherence;
    const now = performance.now();
    return now < trustedUntil || now < flight.startedAt + heartbeatMs ? flight : undefined;
  }

  answered(key: string, flight: Flight<T>): void {
    if (this.flights.get(key) !== flight) return;
    this.flights.delete(key);
    replaceFlight(this.refreshes, key, flight);
  }

  failed(key: string, failure: Failure, forMs: number): void {
    this.failures.set(key, failure, forMs);
  }

  forget(key: string, flight: Flight<T>): void {
    for (const flights of [this.flights, this.refreshes]) {
      if (flights.get(key) === flight) flights.delete(key);
    }
  }
}

/** One that is in no map is told of no write: it may keep nothing. */
function replaceFlight<T>(flights: Map<string, Flight<T>>, key: string, flight: Flight<T>): void {
  flights.get(key)?.abandon();
  flights.set(key, flight);
}

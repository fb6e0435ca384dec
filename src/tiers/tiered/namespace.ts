import { type CacheCounts, noCounts } from '../../core/cache-diagnostics.ts';
import {
  companionKey,
  ENTRY_FAMILY,
  type Entry,
  type Feed,
  type HotTier,
  keyPart,
  partOf,
} from '../hot/index.ts';
import { type Envelope, opened, type Payload, sealed } from './envelope.ts';
import { Failures } from './failures.ts';
import { Flight, isHotError } from './flight.ts';
import type { Fill, Found, Ground, Making } from './ground.ts';
import { type Copy, L1 } from './l1.ts';
import { type Mark, Marks } from './marks.ts';
import type { NamespaceSettings, Policy } from './policy.ts';
import { Remembered } from './remembered.ts';
import { isCompressed, Values } from './values.ts';

/** A read or write on its way: what it knows is old when somebody writes meanwhile. */
interface Pending {
  overtaken: boolean;
}

/**
 * The state of one namespace: its copies in the process, what is on its way, what is known of marks and failures; and the steps of
 * which reads and writes are made. What users call is in cache.ts.
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
  readonly flights = new Map<string, Flight<T>>();
  /** Since the start. */
  readonly counts: CacheCounts = noCounts();
  #told: CacheCounts = noCounts();
  readonly feed: Feed;
  readonly #base: string;
  readonly #reads = new Map<string, Pending & { readonly found: Promise<Found> }>();
  readonly #writes = new Map<string, Pending>();
  /** The marks that every entry depends on. */
  readonly #own: readonly string[];
  /** Counts the holes in the stream of invalidations. */
  #era = 0;

  constructor(hot: HotTier, feed: Feed, name: string, { policy, schema, codec }: NamespaceSettings<T>) {
    this.hot = hot;
    this.feed = feed;
    this.name = name;
    this.policy = policy;
    this.values = new Values(codec, schema, policy);
    this.l1 = new L1(policy);
    this.#base = `${hot.prefix}${ENTRY_FAMILY}${keyPart(name)}:`;
    this.marks = new Marks(hot, this.#base);
    this.#own = [this.marks.all];
    this.remembered = new Remembered(hot, this.marks.all);
  }

  readonly fullKey = (key: string): string => this.#base + keyPart(key);

  readonly leaseKey = (key: string): string => companionKey(this.hot.prefix, 'lease', this.fullKey(key));

  /** A copy that may be given without asking anybody. */
  usable(copy: Copy, now: number): boolean {
    if (now < copy.aloneUntil) return true;
    if (now >= this.hot.coherence.trustedUntil || copy.era !== this.#era) return false;
    if (copy.checkedAt === this.marks.changes) return true;
    for (const mark of copy.marks) if (!mark.valid) return false;
    copy.checkedAt = this.marks.changes;
    return true;
  }

  /** The value of a copy, for one caller. */
  answer(copy: Copy): Promise<T> {
    if (copy.answer !== undefined) return copy.answer as Promise<T>;
    if (copy.undecoded !== undefined) {
      copy.value = this.values.decode(copy.undecoded);
      copy.undecoded = undefined;
      copy.cloned = this.values.isolate(copy.value);
    }
    const value = this.values.given(copy.value, copy.cloned);
    const answer = Promise.resolve(value);
    if (!copy.cloned) copy.answer = answer;
    return answer;
  }

  /** Looks into Redis; those who ask meanwhile share the look. */
  lookup(key: string): Promise<Found> {
    const running = this.#reads.get(key);
    if (running !== undefined) return running.found;
    return this.#reading(
      key,
      this.#look(key, () => this.hot.entries.read(this.fullKey(key))),
    );
  }

  /** The same for many keys, in one command where that can be. */
  lookupMany(keys: readonly string[]): Promise<Found>[] {
    const wanted = keys.filter((key) => !this.#reads.has(key));
    const entries = this.hot.entries.readMany(wanted.map(this.fullKey));
    entries.catch(() => undefined); // Each look fails with it, and says so.
    for (const [at, key] of wanted.entries()) {
      void this.#reading(
        key,
        this.#look(key, async () => (await entries)[at]),
      );
    }
    return keys.map((key) => this.lookup(key));
  }

  #reading(key: string, look: (pending: Pending) => Promise<Found>): Promise<Found> {
    const pending: Pending = { overtaken: false };
    const found = look(pending).finally(() => {
      if (this.#reads.get(key)?.found === found) this.#reads.delete(key);
    });
    this.#reads.set(key, Object.assign(pending, { found }));
    return found;
  }

  #look(key: string, read: () => Promise<Entry | undefined>): (pending: Pending) => Promise<Found> {
    return async (pending) => {
      const fullKey = this.fullKey(key);
      if (this.remembered.has(fullKey)) return this.#without();
      const era = this.#era;
      const needed = [this.marks.all, this.marks.anyTag];
      try {
        const [entry, marks] = await Promise.all([
          read(),
          this.marks.known(needed) ?? this.marks.ensure(needed),
        ]);
        if (entry === undefined) return { kind: 'none' };
        if (entry.kind === 'claim') return { kind: 'claim' };
        const found = await this.#weigh(entry, marks[0]!, era);
        // Who asked before may have it; nobody else.
        return found.kind === 'value' && pending.overtaken ? { ...found, era: -1 } : found;
      } catch (error) {
        if (!isHotError(error)) throw error;
        return this.#without();
      }
    };
  }

  #without(): Found {
    this.counts.withoutRedis += 1;
    return { kind: 'unreachable' };
  }

  async #weigh(entry: Extract<Entry, { kind: 'value' }>, all: Mark, era: number): Promise<Found> {
    const { version } = entry;
    const envelope = opened(entry.body);
    if (envelope === undefined || envelope.codec !== this.values.codec.id) {
      this.counts.unreadable += 1;
      return { kind: 'outdated', version };
    }
    if (envelope.mark !== all.version) return { kind: 'outdated', version };
    const keys = envelope.tags.map(([tag]) => this.marks.keyOf(tag));
    if (keys.some((key) => this.remembered.has(key))) return this.#without();
    const tags = this.marks.known(keys) ?? (await this.marks.ensure(keys));
    const dropped = tags.some((mark, at) => mark.version !== envelope.tags[at]![1]);
    const read = dropped ? undefined : await this.values.read(envelope.payload);
    if (read === undefined) {
      if (!dropped) this.counts.unreadable += 1;
      return { kind: 'outdated', version };
    }
    return { kind: 'value', version, copy: this.copyOf(read.value, envelope, [all, ...tags], version), era };
  }

  /** A copy of a value, with the life that is left of the one it has in Redis. */
  copyOf(value: unknown, envelope: Envelope, marks: readonly Mark[], version: string | undefined): Copy {
    const { policy } = this;
    const now = performance.now();
    const life = envelope.freshUntil - envelope.createdAt;
    const freshUntil = now + Math.min(life, envelope.freshUntil - Date.now());
    return {
      value,
      undecoded: undefined,
      answer: undefined,
      cloned: this.values.isolate(value),
      freshUntil,
      refreshFrom: policy.eagerRefresh === 1 ? Infinity : freshUntil - life * (1 - policy.eagerRefresh),
      staleUntil: freshUntil + policy.staleWhileRevalidateMs,
      fallbackUntil: freshUntil + Math.max(policy.staleWhileRevalidateMs, policy.staleIfErrorMs),
      era: this.#era,
      aloneUntil: 0,
      marks,
      checkedAt: -1,
      version,
    };
  }

  get era(): number {
    return this.#era;
  }

  keep(key: string, copy: Copy, era: number): void {
    if (era === this.#era) this.l1.set(key, copy);
  }

  /** Redis is away: what we know is given for as long as others would need to notice that it is. */
  keepAlone(key: string, copy: Copy): void {
    const aloneUntil = Math.min(performance.now() + this.hot.coherence.heartbeatMs, copy.freshUntil);
    this.l1.set(key, { ...copy, aloneUntil });
  }

  /**
   * Begins a write of ours: nobody may join what was looked up before, and nothing of it may be kept.
   * @returns how to end it; true when nobody else wrote meanwhile
   */
  writing(key: string): () => boolean {
    this.forgetAll(key);
    const era = this.#era;
    const pending: Pending = { overtaken: false };
    this.#writes.set(key, pending);
    return () => {
      if (this.#writes.get(key) === pending) this.#writes.delete(key);
      return !pending.overtaken && era === this.#era;
    };
  }

  /** A key of this namespace was written by somebody else. */
  invalidated(rest: string): void {
    this.counts.invalidations += 1;
    if (rest.startsWith(':')) this.marks.invalidated(this.#base + rest);
    else this.forgetAll(partOf(rest));
  }

  forgetAll(key: string): void {
    this.l1.delete(key);
    this.failures.delete(key);
    this.#overtake(this.#reads, key);
    this.#overtake(this.#writes, key);
    const flight = this.flights.get(key);
    if (flight !== undefined && !flight.overtaken()) this.flights.delete(key);
  }

  #overtake(pending: Map<string, Pending>, key: string): void {
    const one = pending.get(key);
    if (one === undefined) return;
    one.overtaken = true;
    pending.delete(key);
  }

  /** The stream of invalidations had a hole: copies of before are kept as a last resort only. */
  gap(): void {
    this.#era += 1;
    this.marks.gap();
    for (const [key, flight] of this.flights) if (!flight.overtaken()) this.flights.delete(key);
    for (const map of [this.#reads, this.#writes]) {
      for (const pending of map.values()) pending.overtaken = true;
      map.clear();
    }
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

  async close(): Promise<void> {
    await this.remembered.close();
  }

  remember(keys: readonly string[]): void {
    this.counts.writesRemembered += keys.length;
    this.remembered.add(keys);
  }

  /** Writes one value. @returns whether Redis acknowledged it */
  async write(
    key: string,
    value: unknown,
    payload: Payload,
    policy: Policy,
    tags: readonly string[] | undefined,
  ): Promise<boolean> {
    const undisturbed = this.writing(key);
    const fullKey = this.fullKey(key);
    const needed =
      tags === undefined ? this.#own : [this.marks.all, ...new Set(tags.map((tag) => this.marks.keyOf(tag)))];
    const ttlMs = (value === null ? policy.negativeTtlMs : undefined) ?? policy.ttlMs;
    let marks: readonly Mark[] = [];
    let version: string | undefined;
    let envelope: Envelope | undefined;
    try {
      marks = this.marks.known(needed) ?? (await this.marks.ensure(needed));
      const [made, expiresAtMs] = this.envelope(payload, policy, ttlMs, marks);
      envelope = made;
      version = await this.hot.entries.write(fullKey, sealed(envelope), expiresAtMs, this.feed);
    } catch (error) {
      if (!isHotError(error)) throw error;
      this.remember([fullKey]);
    }
    envelope ??= this.envelope(payload, policy, ttlMs, marks)[0];
    if (undisturbed()) this.#keepWritten(key, envelope, marks, version);
    return version !== undefined;
  }

  #keepWritten(key: string, envelope: Envelope, marks: readonly Mark[], version: string | undefined): void {
    // What has to be inflated is read again by whoever asks.
    if (isCompressed(envelope.payload)) return;
    const copy = this.copyOf(undefined, envelope, marks, version);
    copy.undecoded = envelope.payload;
    if (version === undefined) this.keepAlone(key, copy);
    else this.keep(key, copy, this.#era);
  }

  startFlight(making: Making<T>): Flight<T> {
    const flight = new Flight<T>(this, making);
    this.flights.set(making.key, flight);
    return flight;
  }

  failed(key: string, error: unknown, forMs: number): void {
    this.failures.set(key, error, forMs);
  }

  forget(key: string, flight: Flight<T>): void {
    if (this.flights.get(key) === flight) this.flights.delete(key);
  }

  /** What is written: the text of the entry, and until when Redis keeps it. */
  envelope(payload: Payload, policy: Policy, ttlMs: number, marks: readonly Mark[]): [Envelope, number] {
    const createdAt = Date.now();
    const freshUntil = createdAt + Math.max(1, ttlMs * (1 - Math.random() * policy.jitter));
    const tags = marks.slice(1).map(({ key, version }) => [this.marks.tagOf(key), version] as const);
    const mark = marks[0]?.version ?? '';
    const stale = Math.max(policy.staleWhileRevalidateMs, policy.staleIfErrorMs);
    const envelope = { codec: this.values.codec.id, payload, createdAt, freshUntil, mark, tags };
    return [envelope, freshUntil + stale];
  }

  /** Stores what a factory made, where it may be. */
  async fill({ key, made, policy, expected, overtaken }: Fill): Promise<{ copy: Copy; stored: boolean }> {
    const ttlMs = made.ttlMs ?? (made.value === null ? policy.negativeTtlMs : undefined) ?? policy.ttlMs;
    if (made.value === undefined) return { copy: this.#nothing(), stored: false };
    const payload = await this.values.encode(made.value);
    const era = this.#era;
    const marks = expected === undefined ? undefined : await this.#marksFor(made);
    const [envelope, expiresAt] = this.envelope(payload, policy, ttlMs, marks ?? []);
    const value = await this.values.decodeAny(payload);
    const copy = this.copyOf(value, envelope, marks ?? [], undefined);
    if (expected === undefined) {
      if (!overtaken()) this.keepAlone(key, copy);
      return { copy, stored: false };
    }
    const stored = marks !== undefined && (await this.#fillIn(key, expected, envelope, expiresAt));
    if (!stored) this.counts.fillsRefused += 1;
    else if (!overtaken()) this.keep(key, copy, era);
    return { copy, stored };
  }

  async #fillIn(key: string, expected: string, envelope: Envelope, expiresAt: number): Promise<boolean> {
    try {
      return await this.hot.entries.fill(this.fullKey(key), expected, sealed(envelope), expiresAt, this.feed);
    } catch (error) {
      if (!isHotError(error)) throw error;
      // Should it happen late, then under its claim: never over what somebody else wrote.
      this.counts.withoutRedis += 1;
      return false;
    }
  }

  /** @returns undefined when the value may depend on a tag that was dropped since the factory began, or Redis is away */
  async #marksFor({ marks, tags, anyTag }: Fill['made']): Promise<Mark[] | undefined> {
    if (marks === undefined) return undefined;
    const known = new Set(marks.map(({ key }) => key));
    const late = [...new Set(tags.map((tag) => this.marks.keyOf(tag)))].filter((key) => !known.has(key));
    if (late.length === 0) return [...marks];
    try {
      const learnt = await this.marks.ensure(late);
      const [now] = await this.marks.ensure([this.marks.anyTag]);
      return now?.version === anyTag ? [...marks, ...learnt] : undefined;
    } catch (error) {
      if (!isHotError(error)) throw error;
      return undefined;
    }
  }

  #nothing(): Copy {
    const envelope = {
      codec: '',
      payload: { form: 't', text: '' },
      createdAt: 0,
      freshUntil: 0,
      mark: '',
      tags: [],
    } as const;
    return this.copyOf(undefined, envelope, [], undefined);
  }
}

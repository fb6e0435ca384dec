import type { Clock } from '../../../core/clock.ts';
import type { Feed } from '../port.ts';
import { textBytes } from './bytes.ts';
import { Notices } from './notices.ts';
import { type Linked, Recency } from './recency.ts';
import { Slots } from './slots.ts';
import { bytesOf, type Value, type ValueOf, wrongKind } from './values.ts';

export interface SpaceOptions {
  /** At least 1. */
  readonly maxEntries: number;
  /** Of the estimate: see bytes.ts. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

interface Held extends Linked<Held> {
  readonly key: string;
  slot: number;
  value: Value;
  /** Infinity: until it is removed. */
  expiresAtMs: number;
  bytes: number;
}

/** What a key costs beside its text and its value: its object, its links and its place in the map. */
const KEY_OVERHEAD_BYTES = 128;
/**
 * Places looked at with every write for keys that have expired. More than one, so that they go faster than writes can
 * bring new ones; no timer is needed.
 */
const SWEPT_PER_WRITE = 4;
/** Keys on a page of a scan. */
const PAGE_KEYS = 500;

/**
 * Values of any kind by key. It is bounded by entries and by bytes: what was used least recently goes first. An expired key
 * is gone when it is looked at, or when a later write comes upon it. Whatever happens to an entry is put down in `notices`.
 */
export class Space {
  readonly notices = new Notices();
  readonly maxBytes: number;
  /** Tiers that use it. */
  clients = 0;
  hits = 0;
  misses = 0;
  evicted = 0;
  readonly #maxEntries: number;
  readonly #clock: Clock;
  readonly #held = new Map<string, Held>();
  readonly #recency = new Recency<Held>();
  readonly #slots = new Slots<Held>();
  #bytes = 0;
  #sweptTo = 0;
  #lastFence = 0;

  constructor(options: SpaceOptions) {
    this.maxBytes = options.maxBytes;
    this.#maxEntries = options.maxEntries;
    this.#clock = options.clock;
  }

  get size(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#clock().getTime();
  }

  /** Microseconds since 1970, and always more than the time before. */
  fence(): number {
    this.#lastFence = Math.max(this.#lastFence + 1, Math.floor(this.now() * 1000));
    return this.#lastFence;
  }

  find(key: string): Value | undefined {
    const held = this.#live(key);
    if (held === undefined) {
      this.misses += 1;
      return undefined;
    }
    this.hits += 1;
    this.#recency.use(held);
    return held.value;
  }

  /** What stands there, without using it. */
  look(key: string): { value: Value; expiresAtMs: number; bytes: number } | undefined {
    return this.#live(key);
  }

  /** @throws StockroomError HOT_REFUSED when something of another kind stands there */
  get<K extends Value['kind']>(key: string, kind: K): ValueOf<K> | undefined {
    const value = this.find(key);
    if (value === undefined || value.kind === kind) return value as ValueOf<K> | undefined;
    throw wrongKind(key, value.kind, kind);
  }

  /** Puts a value in the place of whatever stands there. */
  set(key: string, value: Value, expiresAtMs = Number.POSITIVE_INFINITY, by?: Feed): void {
    const before = this.#held.get(key);
    if (before?.value.kind === 'entry' || value.kind === 'entry') this.notices.add(key, by);
    const held = before ?? this.#add(key, value);
    held.value = value;
    held.expiresAtMs = expiresAtMs;
    this.#wrote(held);
  }

  /** Has to follow a change inside of a value that stands there. */
  changed(key: string): void {
    const held = this.#held.get(key);
    if (held !== undefined) this.#wrote(held);
  }

  /** @returns false when nothing stands there */
  expire(key: string, expiresAtMs: number): boolean {
    const held = this.#live(key);
    if (held === undefined) return false;
    held.expiresAtMs = expiresAtMs;
    return true;
  }

  /** @returns false when nothing stood there */
  delete(key: string, by?: Feed): boolean {
    const held = this.#live(key);
    if (held === undefined) return false;
    this.#remove(held, by);
    return true;
  }

  /** Keys of a prefix from a place on, and the place to go on from; undefined at the end. */
  page(prefix: string, from: number): { keys: string[]; next: number | undefined } {
    const keys: string[] = [];
    const now = this.now();
    let slot = from;
    for (; slot < this.#slots.length && keys.length < PAGE_KEYS; slot += 1) {
      const held = this.#slots.at(slot);
      if (held === undefined || !held.key.startsWith(prefix)) continue;
      if (held.expiresAtMs <= now) this.#remove(held);
      else keys.push(held.key);
    }
    return { keys, next: slot < this.#slots.length ? slot : undefined };
  }

  #live(key: string): Held | undefined {
    const held = this.#held.get(key);
    if (held === undefined || held.expiresAtMs > this.now()) return held;
    this.#remove(held);
    return undefined;
  }

  #add(key: string, value: Value): Held {
    const held: Held = {
      key,
      value,
      expiresAtMs: 0,
      bytes: 0,
      slot: 0,
      older: undefined,
      newer: undefined,
    };
    held.slot = this.#slots.take(held);
    this.#held.set(key, held);
    this.#recency.add(held);
    return held;
  }

  #remove(held: Held, by?: Feed): void {
    this.#held.delete(held.key);
    this.#recency.remove(held);
    this.#slots.giveBack(held.slot);
    this.#bytes -= held.bytes;
    if (held.value.kind === 'entry') this.notices.add(held.key, by);
  }

  #wrote(held: Held): void {
    const bytes = KEY_OVERHEAD_BYTES + textBytes(held.key) + bytesOf(held.value);
    this.#bytes += bytes - held.bytes;
    held.bytes = bytes;
    this.#recency.use(held);
    this.#shrink(held);
    this.#sweep();
  }

  /** Evicts what was used least recently until the rest is within the bounds. `held` was used last. */
  #shrink(held: Held): void {
    // What alone is too large must not push everything else out before it goes itself.
    if (held.bytes > this.maxBytes) this.#evict(held);
    while (this.size > this.#maxEntries || this.#bytes > this.maxBytes) this.#evict(this.#recency.oldest!);
  }

  #evict(held: Held): void {
    this.evicted += 1;
    this.#remove(held);
  }

  #sweep(): void {
    const now = this.now();
    for (let step = 0; step < SWEPT_PER_WRITE; step += 1) {
      this.#sweptTo = this.#sweptTo + 1 < this.#slots.length ? this.#sweptTo + 1 : 0;
      const held = this.#slots.at(this.#sweptTo);
      if (held !== undefined && held.expiresAtMs <= now) this.#remove(held);
    }
  }
}

import { LRUCache } from 'lru-cache';
import { estimateBytes } from './size.ts';
import type { Payload } from './envelope.ts';
import type { Mark } from './marks.ts';

/** A copy in the process. Times are of `performance.now()`: no clock that is set can make it live longer. */
export interface Copy {
  value: unknown;
  /** What the value is decoded from when somebody asks for it: after a write perhaps nobody does. */
  undecoded: Payload | undefined;
  /** The same as a promise, made once: an answer out of the process costs no other. */
  answer: Promise<unknown> | undefined;
  /** Every caller gets a clone. */
  cloned: boolean;
  readonly freshUntil: number;
  /** From then on a hit makes it anew. */
  readonly refreshFrom: number;
  /** The life of the stream of invalidations in which it was read: a later one vouches for nothing before. */
  readonly era: number;
  /** Made while Redis was away: until then it needs nobody's word. */
  readonly aloneUntil: number;
  readonly marks: readonly Mark[];
  /** The number of changes of marks up to which they were looked at. */
  checkedAt: number;
}

export interface L1Options {
  readonly l1MaxEntries: number;
  readonly l1MaxBytes: number;
}

/**
 * A copy that may be given when there is no better one, for so long after its life. It may have been written over, so it is none
 * where no old value may be given.
 */
export function isFallback(copy: Copy | undefined, staleMs: number): copy is Copy {
  if (copy === undefined || staleMs === 0 || performance.now() >= copy.freshUntil + staleMs) return false;
  return copy.marks.every(({ valid }) => valid);
}

/** Copies by key, the least recently used going first; bounded by number and by estimated bytes. */
export class L1 {
  readonly #cache: LRUCache<string, Copy> | undefined;

  constructor({ l1MaxEntries, l1MaxBytes }: L1Options) {
    if (l1MaxEntries > 0) {
      this.#cache = new LRUCache({ max: Math.floor(l1MaxEntries), maxSize: Math.floor(l1MaxBytes) });
    }
  }

  get entries(): number {
    return this.#cache?.size ?? 0;
  }

  get bytes(): number {
    return this.#cache?.calculatedSize ?? 0;
  }

  get(key: string): Copy | undefined {
    return this.#cache?.get(key);
  }

  set(key: string, copy: Copy): void {
    this.#cache?.set(key, copy, {
      size: estimateBytes(copy.undecoded?.text ?? copy.value) + key.length * 2 + COPY_BYTES,
    });
  }

  /** A copy takes another size when it is decoded. */
  resized(key: string, copy: Copy): void {
    if (this.#cache?.peek(key) !== copy) return;
    this.#cache.delete(key);
    this.set(key, copy);
  }

  has(key: string): boolean {
    return this.#cache?.has(key) ?? false;
  }

  delete(key: string): void {
    this.#cache?.delete(key);
  }

  clear(): void {
    this.#cache?.clear();
  }
}

/** A copy without its value, and what the map needs for it. */
const COPY_BYTES = 300;

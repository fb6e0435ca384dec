import { StockroomError } from '../../core/errors.ts';
import { pause } from '../../core/wait.ts';
import { type Content, isNewer, type Name } from './state.ts';

/** A state that PostgreSQL does not have yet. */
export interface Queued {
  readonly name: Name;
  readonly content: Content;
  /** `performance.now()` since which PostgreSQL lacks something of this key. */
  readonly since: number;
}

interface Bounds {
  readonly queueMax: number;
  readonly queueMaxCharacters: number;
  readonly roomMs: number;
}

/** Room that was promised to a write. */
export interface Room {
  release(): void;
}

/** What waits for PostgreSQL: the newest state of each key, oldest first. Bounded: who finds it full waits. */
export class Queue {
  readonly #bounds: Bounds;
  readonly #items = new Map<string, Queued>();
  readonly #waiting = new Set<AbortController>();
  #characters = 0;
  #promised = 0;
  #closed = false;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#items.size;
  }

  get oldestMs(): number {
    // The first is the oldest: a newer state takes the place of the older.
    for (const { since } of this.#items.values()) return performance.now() - since;
    return 0;
  }

  get isFull(): boolean {
    const { queueMax, queueMaxCharacters } = this.#bounds;
    return this.size + this.#promised >= queueMax || this.#characters >= queueMaxCharacters;
  }

  get(fullKey: string): Content | undefined {
    return this.#items.get(fullKey)?.content;
  }

  items(): Queued[] {
    return [...this.#items.values()];
  }

  has(family: string): boolean {
    return this.items().some(({ name }) => name.family === family);
  }

  /** The newer one of two of the same key stays, in the place of the older. */
  add(name: Name, content: Content): void {
    const before = this.#items.get(name.fullKey);
    if (before !== undefined && !isNewer(content, before.content)) return;
    this.#characters += content.body.length - (before?.content.body.length ?? 0);
    this.#items.set(name.fullKey, { name, content, since: before?.since ?? performance.now() });
  }

  /** PostgreSQL has it; whatever came for the same key meanwhile stays. */
  done(item: Queued): void {
    if (this.#items.get(item.name.fullKey) !== item) return;
    this.#items.delete(item.name.fullKey);
    this.#characters -= item.content.body.length;
    this.#wake();
  }

  /**
   * Resolves when there is room for so many; `add` does not ask for it.
   * @param onFull called when it has to wait
   * @throws StockroomError UNAVAILABLE after `roomMs`, or when the queue is closed
   */
  async room(count: number, onFull: () => void): Promise<Room> {
    const deadline = performance.now() + this.#bounds.roomMs;
    while (this.isFull && !this.#closed) {
      onFull();
      const left = deadline - performance.now();
      if (left <= 0) throw full(this.size, this.#bounds.roomMs);
      const woken = new AbortController();
      this.#waiting.add(woken);
      await pause(left, woken.signal);
      this.#waiting.delete(woken);
    }
    if (this.#closed) throw closed();
    this.#promised += count;
    return {
      release: () => {
        this.#promised -= count;
        this.#wake();
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  #wake(): void {
    for (const one of this.#waiting) one.abort();
  }
}

export function closed(): StockroomError {
  return new StockroomError('UNAVAILABLE', 'The hot state was closed. Open another one.');
}

function full(size: number, waitedMs: number): StockroomError {
  return new StockroomError(
    'UNAVAILABLE',
    `${size} values wait for PostgreSQL, and none was taken within ${waitedMs} ms. Nothing was written; try again later.`,
    { details: { queued: size } },
  );
}

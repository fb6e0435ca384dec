/**
 * Places in a row. An item keeps its place until it is given back, so a walk along the row meets every item that stays
 * exactly once, whatever comes and goes meanwhile.
 */
export class Slots<T> {
  readonly #items: (T | undefined)[] = [];
  readonly #free: number[] = [];

  /** One more than the highest place ever taken. */
  get length(): number {
    return this.#items.length;
  }

  at(slot: number): T | undefined {
    return this.#items[slot];
  }

  /** @returns the place */
  take(item: T): number {
    const slot = this.#free.pop() ?? this.#items.length;
    this.#items[slot] = item;
    return slot;
  }

  giveBack(slot: number): void {
    this.#items[slot] = undefined;
    this.#free.push(slot);
  }
}

export interface Linked<T> {
  older: T | undefined;
  newer: T | undefined;
}

/** Items in the order of their last use: a list with links in both directions, so that every step is constant. */
export class Recency<T extends Linked<T>> {
  #oldest: T | undefined;
  #newest: T | undefined;

  get oldest(): T | undefined {
    return this.#oldest;
  }

  /** Adds an item as the one used last. */
  add(item: T): void {
    item.older = this.#newest;
    item.newer = undefined;
    if (this.#newest === undefined) this.#oldest = item;
    else this.#newest.newer = item;
    this.#newest = item;
  }

  remove(item: T): void {
    if (item.older === undefined) this.#oldest = item.newer;
    else item.older.newer = item.newer;
    if (item.newer === undefined) this.#newest = item.older;
    else item.newer.older = item.older;
  }

  use(item: T): void {
    if (item === this.#newest) return;
    this.remove(item);
    this.add(item);
  }
}

import type { Feeds } from '../feeds.ts';
import type { Feed } from '../port.ts';

interface Notice {
  readonly key: string;
  readonly by: Feed | undefined;
}

/** What the tiers of a space are told of its entries. Nothing is told before the step that changed them is complete. */
export class Notices {
  readonly #readers = new Set<Feeds>();
  #pending: Notice[] = [];
  #telling = false;

  /** Tells the feeds of a tier from now on. */
  join(feeds: Feeds): void {
    this.#readers.add(feeds);
  }

  leave(feeds: Feeds): void {
    this.#readers.delete(feeds);
  }

  /** Tells, with the next `flush`, every feed but the one that did it that what stood at `key` is to be forgotten. */
  add(key: string, by: Feed | undefined): void {
    this.#pending.push({ key, by });
  }

  /** A listener may use the tier: what that changes is told after what was changed before it. */
  flush(): void {
    if (this.#telling) return;
    this.#telling = true;
    while (this.#pending.length > 0) {
      const notices = this.#pending;
      this.#pending = [];
      for (const notice of notices) this.#tell(notice);
    }
    this.#telling = false;
  }

  #tell({ key, by }: Notice): void {
    for (const feeds of this.#readers) {
      try {
        feeds.wrote(key, by);
      } catch (error) {
        // The fault of a listener, not of the writer, whose work is done: reported as an uncaught exception.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

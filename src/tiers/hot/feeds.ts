import type { Feed, FeedListener } from './port.ts';

/** Those in this process who keep copies: they are told of what others write, in other processes and in this one. */
export class Feeds {
  readonly #listeners = new Map<Feed, FeedListener>();

  subscribe(listener: FeedListener): Feed {
    const feed: Feed = { close: () => this.#listeners.delete(feed) };
    this.#listeners.set(feed, listener);
    return feed;
  }

  /** Redis tells only of what came over other connections: what one did over ours, the others are told here. */
  wrote(key: string, by: Feed | undefined): void {
    if (by !== undefined && this.#listeners.size === 1 && this.#listeners.has(by)) return;
    for (const [feed, listener] of this.#listeners) if (feed !== by) listener.invalidated(key);
  }

  invalidated(key: string): void {
    for (const listener of this.#listeners.values()) listener.invalidated(key);
  }

  gap(): void {
    for (const listener of this.#listeners.values()) listener.gap();
  }
}

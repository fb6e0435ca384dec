import { cacheActivity } from '../../core/cache-diagnostics.ts';
import { StockroomError } from '../../core/errors.ts';
import { ENTRY_FAMILY, type Feed, type HotTier, keyPart } from '../hot/index.ts';
import { Cache } from './cache.ts';
import { Namespace } from './namespace.ts';
import { type NamespaceOptions, namespaceSettings } from './policy.ts';

/** How often what happened is told. */
const TELL_MS = 1_000;

/** All namespaces of a process over one hot tier. */
export interface CacheManager {
  /**
   * A namespace: its keys meet nobody else's. To be declared once.
   *
   * @param name 1 to 64 characters, which metrics show
   * @throws StockroomError INVALID_INPUT when an option cannot be used, or the name is taken
   */
  namespace<T>(name: string, options?: NamespaceOptions<T>): Cache<T>;
  /**
   * Drops what Redis did not acknowledge, if it answers, and ends: who waits for a factory gets UNAVAILABLE, and nothing is held in
   * the process any more. The hot tier stays open: it is its opener's.
   */
  close(): Promise<void>;
}

export function createCache(hot: HotTier): CacheManager {
  return new Manager(hot);
}

class Manager implements CacheManager {
  readonly #hot: HotTier;
  readonly #feed: Feed;
  readonly #prefix: string;
  /** By name as it stands in keys. */
  readonly #spaces = new Map<string, Namespace<never>>();
  readonly #telling: NodeJS.Timeout;

  constructor(hot: HotTier) {
    this.#hot = hot;
    this.#prefix = hot.prefix + ENTRY_FAMILY;
    this.#feed = hot.coherence.subscribe({
      invalidated: (key) => this.#invalidated(key),
      gap: () => this.#spaces.forEach((space) => space.gap()),
    });
    this.#telling = setInterval(() => this.#tell(), TELL_MS).unref();
  }

  namespace<T>(name: string, options: NamespaceOptions<T> = {}): Cache<T> {
    if (name.length === 0 || name.length > 64 || this.#spaces.has(keyPart(name))) {
      const expected = 'expected 1 to 64 characters, of a name that is not taken';
      throw new StockroomError('INVALID_INPUT', `namespace: ${expected}, found ${JSON.stringify(name)}`);
    }
    const space = new Namespace<T>(this.#hot, this.#feed, name, namespaceSettings(options));
    this.#spaces.set(keyPart(name), space as unknown as Namespace<never>);
    return new Cache(space);
  }

  async close(): Promise<void> {
    clearInterval(this.#telling);
    await Promise.all([...this.#spaces.values()].map((space) => space.close()));
    this.#feed.close();
    this.#tell();
    // From now on nobody would tell that it is old.
    for (const space of this.#spaces.values()) space.forgetEverything();
  }

  #invalidated(key: string): void {
    if (!key.startsWith(this.#prefix)) return;
    const end = key.indexOf(':', this.#prefix.length);
    const space = this.#spaces.get(key.slice(this.#prefix.length, end));
    space?.invalidated(key.slice(end + 1));
  }

  #tell(): void {
    for (const space of this.#spaces.values()) {
      const { l1, name } = space;
      const counts = space.countsSinceLast();
      cacheActivity.publish(() => ({ namespace: name, counts, l1Entries: l1.entries, l1Bytes: l1.bytes }));
    }
  }
}

import { type Feed, type HotTier, keyPart, partOf } from '../hot/index.ts';

/** A version on which copies depend, as far as the process knows it. */
export interface Mark {
  readonly key: string;
  readonly version: string;
  valid: boolean;
}

/** Beyond so many, the marks of tags that were asked for longest ago are forgotten and asked for again. */
const KNOWN_MAX = 10_000;

/**
 * The marks of one namespace: its own, that of its tags as a whole, and one a tag. Dropping a mark in Redis ends every entry that
 * depends on it, in every process: those who know it are told, as of any key.
 */
export class Marks {
  readonly all: string;
  /** Moves with every `deleteByTag`: whoever learns of tags late looks whether it did. */
  readonly anyTag: string;
  /** Counts the marks that have become invalid. */
  changes = 0;
  readonly #hot: HotTier;
  readonly #base: string;
  readonly #known = new Map<string, Mark>();
  /** Being asked for; taken out when the mark changes meanwhile. */
  readonly #asking = new Map<string, Promise<Mark>>();

  /** @param base the prefix of the namespace's keys, with the final `:` */
  constructor(hot: HotTier, base: string) {
    this.#hot = hot;
    this.#base = base;
    this.all = `${base}:all`;
    this.anyTag = `${base}:tags`;
  }

  keyOf(tag: string): string {
    return `${this.#base}:tag:${keyPart(tag)}`;
  }

  /** The tag of a key that `keyOf` made. */
  tagOf(key: string): string {
    return partOf(key.slice(this.#base.length + ':tag:'.length));
  }

  /** @returns undefined when they have to be asked for */
  known(keys: readonly string[]): Mark[] | undefined {
    const trusted = performance.now() < this.#hot.coherence.trustedUntil;
    const marks: Mark[] = [];
    for (const key of keys) {
      const mark = trusted ? this.#known.get(key) : undefined;
      if (mark === undefined) return undefined;
      marks.push(mark);
    }
    return marks;
  }

  /** The same for one. */
  knownOne(key: string): Mark | undefined {
    return performance.now() < this.#hot.coherence.trustedUntil ? this.#known.get(key) : undefined;
  }

  /** @throws StockroomError HOT_UNAVAILABLE, HOT_TIMEOUT, HOT_REFUSED */
  ensure(keys: readonly string[]): Promise<Mark[]> {
    return Promise.all(keys.map((key) => this.ensureOne(key)));
  }

  async ensureOne(key: string): Promise<Mark> {
    return this.knownOne(key) ?? this.#ask(key);
  }

  /** Ends what depends on them. @throws StockroomError HOT_UNAVAILABLE, HOT_TIMEOUT, HOT_REFUSED */
  async drop(keys: readonly string[], feed: Feed): Promise<void> {
    for (const key of keys) this.invalidated(key);
    await this.#hot.entries.drop(keys, feed);
    // What was asked for meanwhile may be what was dropped.
    for (const key of keys) this.invalidated(key);
  }

  /** @returns whether anything may depend on it */
  invalidated(key: string): boolean {
    const asking = this.#asking.delete(key);
    const mark = this.#known.get(key);
    if (mark === undefined) return asking;
    this.#known.delete(key);
    mark.valid = false;
    this.changes += 1;
    return true;
  }

  /** What is known may be old. Copies that depend on it are distrusted as a whole, by their era. */
  gap(): void {
    this.#asking.clear();
    this.#known.clear();
  }

  #ask(key: string): Promise<Mark> {
    const asked = this.#asking.get(key);
    if (asked !== undefined) return asked;
    const answer: Promise<Mark> = this.#hot.entries.mark(key).then(
      (version) => this.#answered(key, version, answer),
      (error: unknown) => {
        if (this.#asking.get(key) === answer) this.#asking.delete(key);
        throw error;
      },
    );
    this.#asking.set(key, answer);
    return answer;
  }

  #answered(key: string, version: string, answer: Promise<Mark>): Mark {
    const current = this.#asking.get(key) === answer;
    if (!current) return { key, version, valid: false };
    this.#asking.delete(key);
    const mark: Mark = { key, version, valid: true };
    this.#known.set(key, mark);
    if (this.#known.size > KNOWN_MAX) {
      const [oldest] = this.#known.values();
      if (oldest !== undefined) this.invalidated(oldest.key);
    }
    return mark;
  }
}

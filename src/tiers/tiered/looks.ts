import type { Entry, HotTier } from '../hot/index.ts';
import { opened } from './envelope.ts';
import type { Found } from './ground.ts';
import { isHotError } from '../hot/index.ts';
import type { Copy } from './l1.ts';
import type { Mark } from './marks.ts';
import type { Namespace } from './namespace.ts';

interface Look {
  overtaken: boolean;
  readonly found: Promise<Found>;
}

/** Looks into Redis that are on their way, one a key. */
export class Looks<T> {
  readonly #space: Namespace<T>;
  readonly #hot: HotTier;
  readonly #looks = new Map<string, Look>();

  constructor(space: Namespace<T>) {
    this.#space = space;
    this.#hot = space.hot;
  }

  /** Somebody wrote: who asked before may have what is found; it is kept nowhere, and given to nobody else. */
  overtake(key: string): void {
    const look = this.#looks.get(key);
    if (look === undefined) return;
    look.overtaken = true;
    this.#looks.delete(key);
  }

  overtakeAll(): void {
    for (const key of this.#looks.keys()) this.overtake(key);
  }

  /** Looks into Redis; those who ask meanwhile share the look. */
  lookup(key: string): Promise<Found> {
    const running = this.#looks.get(key);
    if (running !== undefined) return running.found;
    return this.#begin(
      key,
      this.#look(key, () => this.#hot.entries.read(this.#space.fullKey(key))),
    );
  }

  /** The same for many keys, in one command where that can be. */
  lookupMany(keys: readonly string[]): Promise<Found>[] {
    // It has no command for keys of several slots, and of its servers some may answer and others not.
    if (this.#hot.topology === 'cluster') return keys.map((key) => this.lookup(key));
    const wanted = keys.filter((key) => !this.#looks.has(key));
    const entries = this.#hot.entries.readMany(wanted.map(this.#space.fullKey));
    entries.catch(() => undefined); // Each look fails with it, and says so.
    for (const [at, key] of wanted.entries()) {
      void this.#begin(
        key,
        this.#look(key, async () => (await entries)[at]),
      );
    }
    return keys.map((key) => this.lookup(key));
  }

  #begin(key: string, look: (state: { overtaken: boolean }) => Promise<Found>): Promise<Found> {
    const state = { overtaken: false };
    const found = look(state).finally(() => {
      if (this.#looks.get(key)?.found === found) this.#looks.delete(key);
    });
    this.#looks.set(key, Object.assign(state, { found }));
    return found;
  }

  #look(
    key: string,
    read: () => Promise<Entry | undefined>,
  ): (state: { overtaken: boolean }) => Promise<Found> {
    return async (state) => {
      const fullKey = this.#space.fullKey(key);
      if (this.#space.remembered.has(fullKey)) return this.#without();
      const era = this.#space.era;
      const { marks } = this.#space;
      const known = marks.knownOne(marks.all);
      try {
        const [entry, all] =
          known === undefined
            ? await Promise.all([read(), marks.ensureOne(marks.all)])
            : [await read(), known];
        if (entry === undefined) return { kind: 'none' };
        if (entry.kind === 'claim') return { kind: 'claim' };
        const found = await this.#weigh(entry, all);
        // Here and nowhere later: who waits for several looks does not learn what was written between them.
        if (found.kind === 'value' && !state.overtaken) this.#keep(key, found.copy, era);
        return found;
      } catch (error) {
        if (!isHotError(error)) throw error;
        return this.#without();
      }
    };
  }

  #without(): Found {
    this.#space.counts.withoutRedis += 1;
    return { kind: 'unreachable' };
  }

  async #weigh(entry: Extract<Entry, { kind: 'value' }>, all: Mark): Promise<Found> {
    const { version } = entry;
    const envelope = opened(entry.body);
    if (envelope === undefined || envelope.codec !== this.#space.values.codec.id) {
      this.#space.counts.unreadable += 1;
      return { kind: 'outdated', version };
    }
    if (envelope.mark !== all.version) return { kind: 'outdated', version };
    const keys = envelope.tags.map(([tag]) => this.#space.marks.keyOf(tag));
    if (keys.some((key) => this.#space.remembered.has(key))) return this.#without();
    const tags = this.#space.marks.known(keys) ?? (await this.#space.marks.ensure(keys));
    const dropped = tags.some((mark, at) => mark.version !== envelope.tags[at]![1]);
    const read = dropped ? undefined : await this.#space.values.read(envelope.payload);
    if (read === undefined) {
      if (!dropped) this.#space.counts.unreadable += 1;
      return { kind: 'outdated', version };
    }
    return {
      kind: 'value',
      version,
      copy: this.#space.copyOf(read.value, envelope, [all, ...tags]),
    };
  }

  #keep(key: string, copy: Copy, era: number): void {
    if (performance.now() < copy.freshUntil) this.#space.keep(key, copy, era);
  }
}

import { isHotError } from '../hot/index.ts';
import type { HotTier, Standing } from '../hot/index.ts';
import type { Queue } from './queue.ts';
import type { Reader } from './reader.ts';
import type { Rows, Write } from './rows.ts';
import type { HotStateSettings } from './settings.ts';
import { type Content, isLive, type Name, newest } from './state.ts';
import type { Unbelieved } from './unbelieved.ts';
import type { VersionClock } from './version-clock.ts';
import type { Writer } from './writer.ts';

export interface WritesOptions {
  readonly hot: HotTier;
  readonly rows: Rows;
  readonly queue: Queue;
  readonly unbelieved: Unbelieved;
  readonly versions: VersionClock;
  readonly writer: Writer;
  readonly reader: Reader;
  readonly settings: HotStateSettings;
  readonly nowMs: () => number;
}

/** A process whose clock is behind is refused, and comes back with a version above what stands there, each time further above. */
const TRIES_MAX = 12;
const LEAD_MICROS = 100;

/** Writes to Redis, with PostgreSQL behind; to PostgreSQL while Redis is away. */
export class Writes {
  readonly #options: WritesOptions;

  constructor(options: WritesOptions) {
    this.#options = options;
  }

  async put(
    values: readonly { readonly name: Name; readonly body: string }[],
    expiresAtMs: number | undefined,
  ): Promise<void> {
    const { batchMax } = this.#options.settings;
    for (let from = 0; from < values.length; from += batchMax) {
      await this.#putSome(values.slice(from, from + batchMax), expiresAtMs);
    }
  }

  async delete(name: Name): Promise<boolean> {
    const { queue, rows, settings, nowMs } = this.#options;
    const expiresAtMs = nowMs() + settings.tombstoneMs;
    return this.#withRoom(1, async () => {
      const queued = queue.get(name.fullKey);
      const deletion = (): Content => this.#content('deleted', '', expiresAtMs);
      const written = await this.#toHot(name, deletion);
      if (written === undefined) {
        const wasLive = await this.#through([{ name, content: deletion() }]);
        return wasLive || isLive(queued, nowMs());
      }
      try {
        const before = contentOf(written.before);
        const known = before?.believed === true ? before : await rows.read(name);
        return isLive(newest(known, before, queued), nowMs());
      } finally {
        // Not before PostgreSQL was asked, which would have the deletion else.
        this.#queued(name, written.content);
      }
    });
  }

  async touch(name: Name, expiresAtMs: number): Promise<boolean> {
    const { reader, rows, unbelieved, writer, nowMs } = this.#options;
    return this.#withRoom(1, async () => {
      if (await this.#touchHot(name, expiresAtMs)) return true;
      if (!isLive(await reader.read(name), nowMs())) return false;
      // It was put into Redis by reading it, unless somebody else is about to, or Redis is away.
      if (await this.#touchHot(name, expiresAtMs)) return true;
      await writer.flush();
      const touched = await rows.touch(name, nowMs(), expiresAtMs);
      unbelieved.add([name.fullKey]);
      return touched;
    });
  }

  async #putSome(
    values: readonly { readonly name: Name; readonly body: string }[],
    expiresAtMs: number | undefined,
  ): Promise<void> {
    await this.#withRoom(values.length, async () => {
      const outcomes = await Promise.all(
        values.map(async ({ name, body }) => {
          const make = (): Content => this.#content('value', body, expiresAtMs);
          const written = await this.#toHot(name, make);
          if (written === undefined) return { name, make };
          this.#queued(name, written.content);
          return undefined;
        }),
      );
      const away = outcomes.filter((outcome) => outcome !== undefined);
      if (away.length > 0) await this.#through(away.map(({ name, make }) => ({ name, content: make() })));
    });
  }

  /** @returns undefined when Redis is away, or would not take it */
  async #toHot(
    name: Name,
    make: () => Content,
  ): Promise<{ content: Content; before: Standing | undefined } | undefined> {
    const { hot, versions } = this.#options;
    try {
      for (let tries = 0; tries < TRIES_MAX; tries += 1) {
        const content = make();
        const { written, before } = await hot.states.put(name.fullKey, { ...content, confirmedAtMs: 0 });
        if (written) return { content, before };
        versions.saw((contentOf(before)?.version ?? 0) + LEAD_MICROS * 2 ** tries);
      }
    } catch (error) {
      if (!isHotError(error)) throw error;
    }
    return undefined;
  }

  /** @returns whether a live value was there before */
  async #through(writes: readonly Write[]): Promise<boolean> {
    const { rows, unbelieved, versions, nowMs } = this.#options;
    const { version, wasLive } = await rows.writeThrough(writes, nowMs());
    versions.saw(version);
    // Not before: whoever found nothing in Redis meanwhile may have put what PostgreSQL had before there.
    unbelieved.add(writes.map(({ name }) => name.fullKey));
    return wasLive;
  }

  async #touchHot(name: Name, expiresAtMs: number): Promise<boolean> {
    const { hot, unbelieved, nowMs } = this.#options;
    if (unbelieved.has(name.fullKey)) return false;
    try {
      const state = await hot.states.touch(name.fullKey, nowMs(), expiresAtMs);
      if (state === undefined) return false;
      // A longer life is that of another touch or put, which was queued with it.
      if (state.expiresAtMs === expiresAtMs) this.#queued(name, state);
      return true;
    } catch (error) {
      if (isHotError(error)) return false;
      throw error;
    }
  }

  #content(kind: Content['kind'], body: string, expiresAtMs: number | undefined): Content {
    return { kind, version: this.#options.versions.next(), body, expiresAtMs };
  }

  #queued(name: Name, { kind, version, body, expiresAtMs }: Content): void {
    const { queue, writer } = this.#options;
    queue.add(name, { kind, version, body, expiresAtMs });
    writer.wake();
  }

  async #withRoom<T>(count: number, work: () => Promise<T>): Promise<T> {
    const { queue, writer } = this.#options;
    const room = await queue.room(count, writer.wake);
    try {
      return await work();
    } finally {
      room.release();
    }
  }
}

function contentOf(standing: Standing | undefined) {
  return standing === undefined || standing.kind === 'claim' ? undefined : standing;
}

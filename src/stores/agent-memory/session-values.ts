import type { Clock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import type { Page } from '../../core/page.ts';
import type { HotState, JsonValue, ListedState, ListOptions } from '../../tiers/state/index.ts';
import { families, nameOf, segment } from './names.ts';
import type { SessionRecord } from './session-record.ts';

/**
 * A value of a sliding session lives longer than the session would by itself: it is not given a life with every use, but all of them
 * together once a life at the most. What is listed for that may lack what another process has put in the last half second, or since
 * PostgreSQL went away.
 */
const LIVES = 3;
const MARGIN_MS = 600_000;
/** After the life was changed: what was put for the old one just before is in PostgreSQL by then. */
const SETTLE_MS = 5_000;
/** Sessions of which this process knows when it renewed their values. */
const KNOWN_MAX = 10_000;
/** After PostgreSQL was away. */
const RETRY_MS = 30_000;
const PAGE = 500;
const AT_ONCE = 50;

export interface SessionValuesOptions {
  readonly state: HotState;
  readonly clock: Clock;
}

/** The values of sessions, each a state of its own: two processes that put different keys at once do not meet. */
export class SessionValues {
  readonly #options: SessionValuesOptions;
  readonly #renewedMs = new Map<string, number>();

  constructor(options: SessionValuesOptions) {
    this.#options = options;
  }

  /** @returns false when the session is over */
  async put(session: string, record: SessionRecord, key: string, value: JsonValue): Promise<boolean> {
    const lifeMs = lifeOf(record, this.#nowMs());
    if (lifeMs <= 0) return false;
    await this.#options.state.put(families.sessionValue, keyOf(session, record, key), value, { lifeMs });
    return true;
  }

  get(session: string, record: SessionRecord, key: string): Promise<JsonValue | undefined> {
    return this.#options.state.get(families.sessionValue, keyOf(session, record, key));
  }

  delete(session: string, record: SessionRecord, key: string): Promise<boolean> {
    return this.#options.state.delete(families.sessionValue, keyOf(session, record, key));
  }

  async list(
    session: string,
    record: SessionRecord,
    options: Omit<ListOptions, 'prefix'>,
  ): Promise<Page<{ key: string; value: JsonValue }>> {
    const prefix = prefixOf(session, record);
    const page = await this.#options.state.list(families.sessionValue, { ...options, prefix });
    return {
      items: page.items.map(({ key, value }) => ({ key: nameOf(key.slice(prefix.length)), value })),
      next_cursor: page.next_cursor,
    };
  }

  /** Lets the values live on with their session: to be called with each use, before a sliding one gets its life again. */
  async renew(session: string, record: SessionRecord): Promise<void> {
    const prefix = prefixOf(session, record);
    const changed = record.changed_ms > record.started_ms;
    // What was put since the session was started lives for long enough, unless it was for another life.
    const sinceMs = this.#renewedMs.get(prefix) ?? (changed ? 0 : record.started_ms);
    if (isDue(record, changed, sinceMs, this.#nowMs())) await this.#renew(prefix, record);
  }

  /** The same, at once: its life was changed. */
  async extend(session: string, record: SessionRecord): Promise<void> {
    await this.#renew(prefixOf(session, record), record);
  }

  /** Removes those of a session that has ended: nobody sees them any more, this makes room. */
  async clear(session: string, record: SessionRecord): Promise<void> {
    const prefix = prefixOf(session, record);
    this.#renewedMs.delete(prefix);
    await this.#forEach(prefix, ({ key }) => this.#options.state.delete(families.sessionValue, key));
  }

  async #renew(prefix: string, record: SessionRecord): Promise<void> {
    const nowMs = this.#nowMs();
    const lifeMs = lifeOf(record, nowMs);
    if (lifeMs <= 0) return;
    this.#remember(prefix, nowMs);
    try {
      await this.#forEach(prefix, ({ key }) => this.#options.state.touch(families.sessionValue, key, lifeMs));
    } catch (error) {
      // They have another two lives to go: a later use tries again, and where PostgreSQL is away this one goes on.
      this.#remember(prefix, nowMs - record.life_ms + RETRY_MS);
      if (!isAway(error)) throw error;
    }
  }

  async #forEach(prefix: string, work: (item: ListedState) => Promise<unknown>): Promise<void> {
    let cursor: string | undefined;
    do {
      const options = cursor === undefined ? { prefix, limit: PAGE } : { prefix, limit: PAGE, cursor };
      const page = await this.#options.state.list(families.sessionValue, options);
      for (let from = 0; from < page.items.length; from += AT_ONCE) {
        await Promise.all(page.items.slice(from, from + AT_ONCE).map(work));
      }
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  #remember(prefix: string, atMs: number): void {
    this.#renewedMs.delete(prefix);
    this.#renewedMs.set(prefix, atMs);
    if (this.#renewedMs.size <= KNOWN_MAX) return;
    const [oldest] = this.#renewedMs.keys();
    this.#renewedMs.delete(oldest!);
  }

  #nowMs(): number {
    return this.#options.clock().getTime();
  }
}

function isAway(error: unknown): boolean {
  return codeOf(error) === 'DATABASE_UNREACHABLE' || codeOf(error) === 'UNAVAILABLE';
}

/** Whether the values have to be renewed that were, or are known to need it no sooner, at `sinceMs`. */
function isDue(record: SessionRecord, changed: boolean, sinceMs: number, nowMs: number): boolean {
  if (record.sliding && nowMs - sinceMs >= record.life_ms) return true;
  const settledMs = record.changed_ms + SETTLE_MS;
  return changed && sinceMs < settledMs && nowMs >= settledMs;
}

function lifeOf({ ends_ms, life_ms }: SessionRecord, nowMs: number): number {
  return ends_ms === null ? LIVES * life_ms + MARGIN_MS : ends_ms - nowMs;
}

function prefixOf(session: string, { generation }: SessionRecord): string {
  return `${segment(session)}/${generation}/`;
}

function keyOf(session: string, record: SessionRecord, key: string): string {
  return `${prefixOf(session, record)}${segment(key)}`;
}

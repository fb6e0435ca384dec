import { type Clock, systemClock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import { PAGE_DEFAULT, PAGE_MAX } from '../../core/inputs.ts';
import type { Page } from '../../core/page.ts';
import { within } from '../../core/wait.ts';
import type { DurableTier } from '../durable/index.ts';
import type { HotTier } from '../hot/index.ts';
import { type JsonValue, jsonText } from './json.ts';
import { checkFamily, checkLife, checkLimit, cursorOf, keyOfCursor, nameOf } from './names.ts';
import type { HotState, ListedState, ListOptions, PutOptions } from './port.ts';
import { closed, Queue } from './queue.ts';
import { Reader } from './reader.ts';
import { Rows } from './rows.ts';
import { type HotStateSettings, hotStateDefaults } from './settings.ts';
import { isLive, type Name } from './state.ts';
import { Sweeper } from './sweeper.ts';
import { Unbelieved } from './unbelieved.ts';
import { VersionClock } from './version-clock.ts';
import { Writer } from './writer.ts';
import { Writes } from './writes.ts';

export interface HotStateOptions {
  readonly hot: HotTier;
  /** With an up-to-date schema. */
  readonly durable: DurableTier;
  /** What time it is for the lives of values. */
  readonly clock?: Clock;
  /** What differs from `hotStateDefaults`. */
  readonly settings?: Partial<HotStateSettings>;
}

/** Opens nothing and closes neither tier: close this first. */
export function createHotState(options: HotStateOptions): HotState {
  return new TieredState(options);
}

class TieredState implements HotState {
  readonly #prefix: string;
  readonly #nowMs: () => number;
  readonly #settings: HotStateSettings;
  readonly #queue: Queue;
  readonly #rows: Rows;
  readonly #unbelieved: Unbelieved;
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #writes: Writes;
  readonly #sweeper: Sweeper;
  /** PostgreSQL's clock was asked for, or cannot be. */
  readonly #ready: Promise<unknown>;
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor({ hot, durable, clock = systemClock, settings }: HotStateOptions) {
    this.#prefix = hot.prefix;
    this.#nowMs = () => clock().getTime();
    this.#settings = { ...hotStateDefaults, ...settings };
    const versions = new VersionClock();
    const parts = {
      hot,
      versions,
      settings: this.#settings,
      nowMs: this.#nowMs,
      queue: new Queue(this.#settings),
      rows: new Rows(durable, (micros) => versions.told(micros)),
      unbelieved: new Unbelieved(hot),
    };
    this.#queue = parts.queue;
    this.#rows = parts.rows;
    this.#unbelieved = parts.unbelieved;
    this.#writer = new Writer(parts);
    this.#reader = new Reader({ ...parts, writer: this.#writer });
    this.#writes = new Writes({ ...parts, writer: this.#writer, reader: this.#reader });
    this.#sweeper = new Sweeper(this.#rows, clock, this.#settings);
    // Without it versions follow the clock of this process until the first flush.
    this.#ready = within(
      this.#rows.sample().catch(() => undefined),
      this.#settings.lagMs,
    );
  }

  put(family: string, key: string, value: JsonValue, options?: PutOptions): Promise<void> {
    return this.putMany(family, [[key, value]], options);
  }

  putMany(
    family: string,
    values: Iterable<readonly [key: string, value: JsonValue]>,
    { lifeMs }: PutOptions = {},
  ): Promise<void> {
    return this.#run(async () => {
      const bodies = new Map<Name['fullKey'], { name: Name; body: string }>();
      for (const [key, value] of values) {
        const name = this.#name(family, key);
        const body = jsonText(value, 'value', this.#settings.valueMaxCharacters);
        bodies.set(name.fullKey, { name, body });
      }
      const expiresAtMs = lifeMs === undefined ? undefined : this.#endOf(lifeMs);
      await this.#writes.put([...bodies.values()], expiresAtMs);
    });
  }

  get(family: string, key: string): Promise<JsonValue | undefined> {
    return this.#run(async () => {
      const content = await this.#reader.read(this.#name(family, key));
      return isLive(content, this.#nowMs()) ? (JSON.parse(content.body) as JsonValue) : undefined;
    });
  }

  delete(family: string, key: string): Promise<boolean> {
    return this.#run(() => this.#writes.delete(this.#name(family, key)));
  }

  touch(family: string, key: string, lifeMs: number): Promise<boolean> {
    return this.#run(() => this.#writes.touch(this.#name(family, key), this.#endOf(lifeMs)));
  }

  list(family: string, { prefix = '', limit = PAGE_DEFAULT, cursor }: ListOptions = {}) {
    return this.#run(async (): Promise<Page<ListedState>> => {
      checkFamily(family);
      const after = cursor === undefined ? '' : keyOfCursor(cursor);
      const shown = checkLimit(limit, PAGE_MAX);
      if (this.#queue.has(family)) await this.#writer.flush();
      const page = { prefix, after, limit: shown + 1, nowMs: this.#nowMs() };
      const rows = await this.#rows.list(family, page);
      const items = rows.slice(0, shown).map(({ key, content }) => ({
        key,
        value: JSON.parse(content.body) as JsonValue,
        expires_at_ms: content.expiresAtMs ?? null,
      }));
      const last = items.at(-1);
      return { items, next_cursor: rows.length > shown && last ? cursorOf(last.key) : null };
    });
  }

  flush(): Promise<void> {
    return this.#run(() => this.#writer.flush());
  }

  lag(): { queued: number; oldestMs: number } {
    return { queued: this.#queue.size, oldestMs: this.#queue.oldestMs };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const deadline = performance.now() + this.#settings.closeMs;
    const left = (): number => Math.max(0, deadline - performance.now());
    this.#queue.close();
    await within(Promise.allSettled(this.#running), left());
    await this.#writer.close(left());
    await within(Promise.all([this.#sweeper.close(), this.#unbelieved.close()]), Math.max(left(), 1_000));
    const { size } = this.#queue;
    if (size === 0) return;
    throw new StockroomError(
      'UNAVAILABLE',
      `PostgreSQL did not take ${size} values within ${this.#settings.closeMs} ms: Redis alone has them.`,
      { details: { values: size } },
    );
  }

  #name(family: string, key: string): Name {
    return nameOf(this.#prefix, family, key);
  }

  #endOf(lifeMs: number): number {
    return Math.ceil(this.#nowMs() + checkLife(lifeMs));
  }

  /** Whatever is thrown, rejects; and `close` waits for what is on its way. */
  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw closed();
    const running = this.#ready.then(work);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }
}

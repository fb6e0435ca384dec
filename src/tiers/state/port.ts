import type { Page } from '../../core/page.ts';
import type { JsonValue } from './json.ts';

/**
 * State that lives for a while: sessions, working memory, scores. Redis has it at hand, PostgreSQL (`hot_state`) keeps it; either may be
 * away. See README.md for what can be lost when. Every call throws StockroomError INVALID_INPUT for a name or value that cannot be
 * kept, before anything is written, and UNAVAILABLE once it is closed.
 */
export interface HotState {
  /**
   * Resolves when Redis has the value, which PostgreSQL gets within `lagMs`; or, while Redis is away, when PostgreSQL has it. Waits while
   * too much is queued. A process that is killed (SIGKILL, a power cut) leaves what it had acknowledged in the last `lagMs` in Redis
   * alone: it is lost if Redis loses that key too before it is read again (see `unconfirmedMs`). Nothing older is ever lost.
   *
   * The last `put` of a key wins, in whichever process; two that overlap in time end with the same winner everywhere.
   * @param family a kind of state: lower-case letters, digits, hyphens
   * @throws StockroomError UNAVAILABLE when the queue stayed full, and nothing was written; the error of PostgreSQL when both are away,
   *   and the value may or may not have been written
   */
  put(family: string, key: string, value: JsonValue, options?: PutOptions): Promise<void>;
  /** As many puts, in fewer steps. When it rejects, some may have happened. Of one key given twice the later counts. */
  putMany(
    family: string,
    values: Iterable<readonly [key: string, value: JsonValue]>,
    options?: PutOptions,
  ): Promise<void>;
  /**
   * @returns undefined when there is no such value, or its life is over
   * @throws the error of PostgreSQL when Redis does not have the value and PostgreSQL cannot be asked: never a wrong "not there"
   */
  get(family: string, key: string): Promise<JsonValue | undefined>;
  /** As durable as a `put`. @returns whether there was a live value; throws when PostgreSQL would have to say and is away */
  delete(family: string, key: string): Promise<boolean>;
  /** The value lives for so long at least from now on; a life is never shortened. @returns false when there is no live value */
  touch(family: string, key: string, lifeMs: number): Promise<boolean>;
  /**
   * Live values by key (in the order of its bytes), from PostgreSQL, after flushing what this process has queued. What another
   * process put in the last `lagMs` may be missing.
   */
  list(family: string, options?: ListOptions): Promise<Page<ListedState>>;
  /** Resolves when everything that was put before is in PostgreSQL, or was replaced there by something newer. */
  flush(): Promise<void>;
  /** What PostgreSQL does not have yet, and for how long. */
  lag(): { readonly queued: number; readonly oldestMs: number };
  /**
   * Flushes, for `closeMs` at the most; the tiers stay open.
   * @throws StockroomError UNAVAILABLE with the number of values that PostgreSQL did not take
   */
  close(): Promise<void>;
}

export interface PutOptions {
  /** Absent: for ever. */
  readonly lifeMs?: number | undefined;
}

export interface ListOptions {
  readonly prefix?: string | undefined;
  /** 1 to 500. */
  readonly limit?: number | undefined;
  /** The `next_cursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface ListedState {
  readonly key: string;
  readonly value: JsonValue;
  /** Milliseconds since 1970; null: never. */
  readonly expires_at_ms: number | null;
}

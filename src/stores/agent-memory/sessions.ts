import type { Clock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import type { Page } from '../../core/page.ts';
import type { HotState, JsonValue, ListOptions } from '../../tiers/state/index.ts';
import type { Counters } from './counters.ts';
import { checkName, families, nameOf, segment } from './names.ts';
import { endOf, recordOf, type SessionRecord } from './session-record.ts';
import { isAsWished, type SessionStarts, type SessionWish } from './session-starts.ts';
import type { SessionValues } from './session-values.ts';

/** Working data of a conversation or a run: several keys that live and end together. */
export interface Sessions {
  /**
   * Starts the session when there is none. The life and the kind are of the whole session: a put that names others changes them from now
   * on, one that names none leaves them.
   *
   * @throws StockroomError INVALID_INPUT; the error of PostgreSQL when it is away and the session has to be started or changed
   */
  put(session: string, key: string, value: JsonValue, options?: SessionOptions): Promise<Session>;
  /** @returns undefined when there is no such session, or no such key in it */
  get(session: string, key: string): Promise<JsonValue | undefined>;
  /** @returns whether there was one */
  delete(session: string, key: string): Promise<boolean>;
  /** Ends it with all its keys. @returns whether there was one */
  end(session: string): Promise<boolean>;
  /** A session with its keys, by name, from PostgreSQL: what another process put in the last half second may be missing. */
  read(session: string, options?: ListOptions): Promise<SessionPage | undefined>;
  /** Live sessions by name, as `read` has them. */
  list(options?: ListOptions): Promise<Page<Session>>;
}

export interface SessionOptions {
  /** How long it lives; 3600 by default, at most ten years. */
  readonly ttl_seconds?: number | undefined;
  /** Each use gives the whole session its life again: true by default. */
  readonly sliding?: boolean | undefined;
}

export interface Session {
  readonly session: string;
  readonly ttl_seconds: number;
  readonly sliding: boolean;
  readonly started_at: string;
  /** Of a sliding one: unless somebody uses it. */
  readonly expires_at: string;
}

export interface SessionPage extends Session, Page<{ key: string; value: JsonValue }> {}

export const TTL_MAX_SECONDS = 3_652 * 86_400;
/** A session has to outlive the call that puts the first value into it. */
export const SESSION_TTL_MIN_SECONDS = 1;
/** How often a session may end between two steps of a put. */
const ROUNDS_MAX = 20;

export interface SessionsOptions {
  readonly state: HotState;
  readonly clock: Clock;
  readonly starts: SessionStarts;
  readonly values: SessionValues;
  readonly counters: Counters;
}

export function createSessions({ state, clock, starts, values, counters }: SessionsOptions): Sessions {
  const nowMs = (): number => clock().getTime();
  const find = async (session: string): Promise<SessionRecord | undefined> =>
    recordOf(await state.get(families.session, segment(session)));

  /** Gives a sliding session its life again. @returns false when it is over */
  const use = async (session: string, record: SessionRecord): Promise<boolean> => {
    await values.renew(session, record);
    return !record.sliding || state.touch(families.session, segment(session), record.life_ms);
  };

  return {
    async put(session, key, value, options = {}) {
      checkName('session', session);
      checkName('key', key);
      const wish = wishOf(options);
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        const found = await find(session);
        const record =
          found !== undefined && isAsWished(found, wish) ? found : await starts.start(session, wish);
        const changed = record.changed_ms > record.started_ms && record.changed_ms !== found?.changed_ms;
        if (changed) await values.extend(session, record);
        const kept = await values.put(session, record, key, value);
        if (kept && (await use(session, record))) return describe(session, record, nowMs());
      }
      throw new StockroomError('UNAVAILABLE', `The session ${JSON.stringify(session)} ended all the time`);
    },

    async get(session, key) {
      checkName('session', session);
      checkName('key', key);
      const record = await find(session);
      const value = record === undefined ? undefined : await values.get(session, record, key);
      if (record !== undefined) await use(session, record);
      counters.count('session', value !== undefined);
      return value;
    },

    async delete(session, key) {
      checkName('session', session);
      checkName('key', key);
      const record = await find(session);
      if (record === undefined) return false;
      const deleted = await values.delete(session, record, key);
      await use(session, record);
      return deleted;
    },

    async end(session) {
      checkName('session', session);
      const record = await starts.end(session);
      if (record === undefined) return false;
      await values.clear(session, record);
      return true;
    },

    async read(session, options = {}) {
      checkName('session', session);
      const record = await find(session);
      if (record === undefined) return undefined;
      const page = await values.list(session, record, options);
      await use(session, record);
      return { ...describe(session, record, nowMs()), ...page };
    },

    async list(options = {}) {
      const page = await state.list(families.session, options);
      const items = page.items.flatMap(({ key, value, expires_at_ms: endsMs }) => {
        const record = recordOf(value);
        return record === undefined ? [] : [describe(nameOf(key), record, nowMs(), endsMs ?? undefined)];
      });
      return { items, next_cursor: page.next_cursor };
    },
  };
}

function wishOf({ ttl_seconds: seconds, sliding }: SessionOptions): SessionWish {
  if (seconds === undefined) return { sliding };
  checkTtl(seconds, SESSION_TTL_MIN_SECONDS);
  return { lifeMs: Math.ceil(seconds * 1_000), sliding };
}

/** @throws StockroomError INVALID_INPUT */
export function checkTtl(seconds: number, min = 0): void {
  if (seconds > 0 && seconds >= min && seconds <= TTL_MAX_SECONDS) return;
  const expected = `${min > 0 ? `at least ${min}` : 'more than 0'} and at most ${TTL_MAX_SECONDS}`;
  throw new StockroomError('INVALID_INPUT', `ttl_seconds: expected ${expected}, found ${seconds}`, {
    details: { path: 'ttl_seconds', expected, found: seconds },
  });
}

function describe(
  session: string,
  record: SessionRecord,
  nowMs: number,
  endsMs = endOf(record, nowMs),
): Session {
  return {
    session,
    ttl_seconds: record.life_ms / 1_000,
    sliding: record.sliding,
    started_at: new Date(record.started_ms).toISOString(),
    expires_at: new Date(endsMs).toISOString(),
  };
}

import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { HotState } from '../../tiers/state/index.ts';
import { families, segment } from './names.ts';
import { endOf, recordOf, type SessionRecord } from './session-record.ts';

/** What a caller asks of a session; what it does not say stays as it is, or is as by default. */
export interface SessionWish {
  readonly lifeMs?: number | undefined;
  readonly sliding?: boolean | undefined;
}

export interface SessionStartsOptions {
  readonly durable: DurableTier;
  readonly state: HotState;
  readonly clock: Clock;
}

const LIFE_MS = 3_600_000;
/** In each round somebody else was first. */
const ROUNDS_MAX = 20;
/** How long a row stays that decides nothing any more, and how many go with each start. */
const ROW_KEPT_MS = 86_400_000;
const SWEEP_MAX = 5;

interface Row {
  revision: bigint;
  record: unknown;
  sure: boolean;
}

/**
 * How sessions begin, change and end: the row of `agent_sessions` decides, and the state follows it. Whoever writes the state looks at the
 * row afterwards, and begins again when it was changed; whoever ends a session changes the row first, and the state after it. So a start
 * that is slow never brings back what was ended, and two starts never end up with two generations.
 */
export class SessionStarts {
  readonly #options: SessionStartsOptions;

  constructor(options: SessionStartsOptions) {
    this.#options = options;
  }

  /** The session that lives, with what is wished; or a new one. @throws the error of PostgreSQL when it is away */
  async start(session: string, wish: SessionWish): Promise<SessionRecord> {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      // Before the state: whoever replaces this row has seen then that its session was over.
      const row = await this.#row(session);
      const state = recordOf(await this.#options.state.get(families.session, segment(session)));
      const alive = aliveOf(row, state);
      const record = this.#wished(alive, wish);
      const revision =
        row !== undefined && record === alive ? row.revision : await this.#claim(session, row, record);
      if (revision === undefined) continue;
      await this.#write(session, record);
      if ((await this.#row(session))?.revision === revision) return record;
    }
    const name = JSON.stringify(session);
    throw new StockroomError(
      'UNAVAILABLE',
      `The session ${name} was started and ended by others all the time`,
    );
  }

  /** @returns what it was; undefined: there was none */
  async end(session: string): Promise<SessionRecord | undefined> {
    const { durable, state, clock } = this.#options;
    const key = segment(session);
    const found = recordOf(await state.get(families.session, key));
    await durable.query(
      `insert into agent_sessions as kept (session, record, sure_until) values ($1, null, $2)
       on conflict (session) do update set revision = kept.revision + 1, record = null, sure_until = excluded.sure_until`,
      [session, clock()],
    );
    await state.delete(families.session, key);
    return found;
  }

  async #row(session: string): Promise<Row | undefined> {
    const { durable, clock } = this.#options;
    const { rows } = await durable.query<Row>(
      'select revision, record, sure_until > $2::timestamptz as sure from agent_sessions where session = $1',
      [session, clock()],
    );
    return rows[0];
  }

  /** Makes the row that of the record. @returns its revision; undefined: somebody changed it since it was read */
  async #claim(session: string, row: Row | undefined, record: SessionRecord): Promise<bigint | undefined> {
    const { durable, clock } = this.#options;
    const now = clock();
    const values = [session, JSON.stringify(record), new Date(endOf(record, now.getTime()))];
    if (row !== undefined) {
      const { rows } = await durable.query<Pick<Row, 'revision'>>(
        `update agent_sessions set revision = revision + 1, record = $2::jsonb, sure_until = $3
         where session = $1 and revision = $4 returning revision`,
        [...values, row.revision],
      );
      return rows[0]?.revision;
    }
    await this.#sweep(now);
    const { rows } = await durable.query<Pick<Row, 'revision'>>(
      `insert into agent_sessions (session, record, sure_until) values ($1, $2::jsonb, $3)
       on conflict (session) do nothing returning revision`,
      values,
    );
    return rows[0]?.revision;
  }

  #write(session: string, record: SessionRecord): Promise<void> {
    const { state, clock } = this.#options;
    const nowMs = clock().getTime();
    const lifeMs = Math.max(1, endOf(record, nowMs) - nowMs);
    return state.put(families.session, segment(session), { ...record }, { lifeMs });
  }

  async #sweep(now: Date): Promise<void> {
    await this.#options.durable.query(
      `delete from agent_sessions where ctid = any (array(
         select ctid from agent_sessions where sure_until < $1 order by sure_until limit $2 for update skip locked))`,
      [new Date(now.getTime() - ROW_KEPT_MS), SWEEP_MAX],
    );
  }

  /** @returns `alive` itself when it is as wished */
  #wished(alive: SessionRecord | undefined, wish: SessionWish): SessionRecord {
    if (alive !== undefined && isAsWished(alive, wish)) return alive;
    const nowMs = this.#options.clock().getTime();
    const { lifeMs = alive?.life_ms ?? LIFE_MS, sliding = alive?.sliding ?? true } = wish;
    return {
      generation: alive?.generation ?? randomBytes(9).toString('base64url'),
      life_ms: lifeMs,
      sliding,
      started_ms: alive?.started_ms ?? nowMs,
      // Above the start, also in the same millisecond.
      changed_ms: alive === undefined ? nowMs : Math.max(nowMs, alive.changed_ms + 1),
      ends_ms: sliding ? null : nowMs + lifeMs,
    };
  }
}

export function isAsWished(record: SessionRecord, { lifeMs, sliding }: SessionWish): boolean {
  return (
    (lifeMs === undefined || lifeMs === record.life_ms) &&
    (sliding === undefined || sliding === record.sliding)
  );
}

/** What lives: the row says so for the first life of a session, its state after that. */
function aliveOf(row: Row | undefined, state: SessionRecord | undefined): SessionRecord | undefined {
  if (row === undefined) return state;
  const record = recordOf(row.record);
  return row.sure || record?.generation === state?.generation ? record : undefined;
}

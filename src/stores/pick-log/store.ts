import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import type { Page } from '../../core/page.ts';
import type { Exchange } from '../../market/index.ts';
import { createGroupCommit } from '../../tiers/durable/append/index.ts';
import { type DurableTier, isRetryable, retried, type Session, sqlState } from '../../tiers/durable/index.ts';
import type { SessionCalendar } from './calendar.ts';
import { computeOutcomes, type ComputeOptions } from './compute.ts';
import type { ExitInput, ExitResults, Outcome, OutcomeInput, OutcomesReport } from './outcome-schema.ts';
import { putOutcome } from './outcomes.ts';
import { createPolicies, type Policies } from './policies.ts';
import { getPick, listPicks } from './query.ts';
import { applyExits } from './scalping-exits.ts';
import type { LoggedPick, Pick, PickInput, PicksQuery } from './schema.ts';
import { preparePick, type PreparedPick, writePicks } from './write.ts';

export type { DailyCandle, DailyCandles } from './candles.ts';
export type { SessionCalendar, SessionTimes } from './calendar.ts';
export type { ComputeOptions } from './compute.ts';
export type { Actor, Policies } from './policies.ts';
export { picksOfRun, type RunPicks, type RunPicksOptions } from './run-picks.ts';

export interface PickLogOptions {
  readonly durable: DurableTier;
  /** When the exchange trades: the end of every horizon follows from it. */
  readonly calendar: SessionCalendar;
  /** Where the picks are traded: XNSE by default. */
  readonly exchange?: Exchange;
  readonly clock?: Clock;
}

export interface LogOptions {
  /**
   * The same key with the same picks is the same call; with others it is refused. Without one a pick's own pick_uuid says which
   * one it is.
   */
  readonly idempotencyKey?: string | undefined;
}

/** Picks, what agents said about them, what became of them, and the policies behind them: see README.md. */
export interface PickLog {
  /**
   * Logs a pick with its contributions; resolves once both are committed.
   * @throws StockroomError IDEMPOTENCY_CONFLICT or CONFLICT when the key or the UUID was used for another pick; INVALID_INPUT for a
   *   trade date before the signal
   */
  log(pick: PickInput, options?: LogOptions): Promise<LoggedPick>;
  /** Logs picks in one transaction: all of them, or none. In the order given. */
  logMany(picks: readonly PickInput[], options?: LogOptions): Promise<LoggedPick[]>;
  /** As `logMany`, in the transaction of somebody else. */
  logIn(session: Session, picks: readonly PickInput[], options?: LogOptions): Promise<LoggedPick[]>;
  /** Newest first, with contributions and outcomes. With `as_of`, as they would have been listed at that time. */
  list(query: PicksQuery): Promise<Page<Pick>>;
  /** @throws StockroomError NOT_FOUND */
  get(pickUuid: string, query?: { as_of?: string | undefined }): Promise<Pick>;
  /**
   * Writes the outcome of a pick at a horizon, or replaces it; what is not given follows from the prices.
   * @throws StockroomError NOT_FOUND; INVALID_INPUT when the label contradicts the return, or no end of the horizon is known
   */
  putOutcome(pickUuid: string, horizon: string, outcome: OutcomeInput): Promise<Outcome>;
  /** Closes picks by their exits, each at most once, nearest pairs first. */
  applyScalpingExits(exits: readonly ExitInput[]): Promise<ExitResults>;
  /** Computes outcomes that are not there yet from daily candles; goes on where an ended run was. */
  computeOutcomes(options: ComputeOptions): Promise<OutcomesReport>;
  readonly policies: Policies;
  /** Takes no more picks, and resolves when everything that was taken is settled. */
  close(): Promise<void>;
}

export function createPickLog({
  durable,
  calendar,
  exchange = 'XNSE',
  clock = systemClock,
}: PickLogOptions): PickLog {
  const outcomes = { durable, calendar, exchange, clock };
  const appends = createGroupCommit<PreparedPick, LoggedPick>({
    durable,
    write: async (session, picks) => ({ results: await writePicks(session, picks) }),
  });
  // Rows are written in the order of their keys, and read back in that of their ids: without a key of the caller they get one together.
  const prepareMany = (picks: readonly PickInput[], key = `auto:${randomUUID()}`): PreparedPick[] =>
    picks.map((pick, index) => preparePick(pick, placeKey(key, index), clock));

  async function writeAll(
    session: Session,
    picks: readonly PreparedPick[],
    key: string | undefined,
  ): Promise<LoggedPick[]> {
    if (key !== undefined) await refuseOtherBatch(session, key, picks.length);
    const results = await writePicks(session, picks);
    return results.map((result) => {
      if (result instanceof StockroomError) throw result;
      return result;
    });
  }

  return {
    async log(pick, { idempotencyKey } = {}) {
      const prepared = preparePick(pick, idempotencyKey, clock);
      return raced(() => appends.submit(prepared));
    },

    async logMany(picks, { idempotencyKey } = {}) {
      const prepared = prepareMany(picks, idempotencyKey);
      return raced(() => durable.transaction((session) => writeAll(session, prepared, idempotencyKey)));
    },

    logIn: (session, picks, { idempotencyKey } = {}) =>
      writeAll(session, prepareMany(picks, idempotencyKey), idempotencyKey),

    list: (query) => listPicks(durable, query),
    get: (pickUuid, { as_of } = {}) => getPick(durable, pickUuid, as_of),
    putOutcome: (pickUuid, horizon, outcome) => putOutcome(outcomes, pickUuid, horizon, outcome),
    applyScalpingExits: (exits) =>
      raced(() => durable.transaction((session) => applyExits(session, exits, clock()))),
    computeOutcomes: (options) => computeOutcomes(outcomes, options),
    policies: createPolicies({ durable, clock }),
    close: () => appends.close(),
  };
}

/**
 * All work here is idempotent. A unique violation is a pick that another caller logged in the same moment: the next try finds it, and
 * says whether it is the same one.
 */
function raced<T>(work: () => Promise<T>): Promise<T> {
  return retried(work, { again: (error) => isRetryable(error) || sqlState(error) === '23505' });
}

/** The first pick of a batch has the key itself: a batch and a pick alone under one key are told apart by what they say. */
function placeKey(key: string, index: number): string {
  return index === 0 ? key : `${key}#${String(index).padStart(4, '0')}`;
}

/** Each pick of a batch is found by its place: a batch of another length under the same key is another one. */
async function refuseOtherBatch(session: Session, key: string, length: number): Promise<void> {
  const [first, last, next] = [key, placeKey(key, length - 1), placeKey(key, length)];
  const { rows } = await session.query<{ key: string }>(
    'select idempotency_key as key from pick_events where idempotency_key = any($1::text[])',
    [[first, last, next]],
  );
  const found = new Set(rows.map(({ key }) => key));
  if (!found.has(next) && found.has(first) === found.has(last)) return;
  throw new StockroomError(
    'IDEMPOTENCY_CONFLICT',
    `The idempotency key ${JSON.stringify(key)} was used before with another number of picks; give every request a key of its own`,
    { details: { key } },
  );
}

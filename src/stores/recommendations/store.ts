import { type Clock, systemClock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import type { Page } from '../../core/page.ts';
import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import { type Changes, transact, type Views } from '../../tiers/views/index.ts';
import { evaluateDue } from './due.ts';
import type { DueOptions, DueReport, SessionCalendar } from './due-report.ts';
import { checkedEvaluation, evaluateIn } from './evaluation.ts';
import { addViews, recommendationOf } from './keys.ts';
import { idOf, notThere } from './ids.ts';
import { appendRecommendations } from './log.ts';
import { type LogOptions, prepareRun } from './payload.ts';
import { listRows, runRows, unevaluatedRows } from './query.ts';
import { asKnown } from './rows.ts';
import { applyExits, checkedExits } from './scalping-exits.ts';
import type {
  Evaluation,
  ExitResults,
  ListQuery,
  LoggedRun,
  Recommendation,
  ScalpingExit,
  TopPicksPayload,
  UnevaluatedQuery,
} from './schema.ts';

export interface RecommendationsOptions {
  readonly durable: DurableTier;
  readonly views: Views;
  readonly clock?: Clock | undefined;
  /** For `evaluateDue`, unless that is given one. */
  readonly calendar?: SessionCalendar | undefined;
}

/** The recommendations and their evaluations: see README.md. */
export interface Recommendations {
  /**
   * Logs the picks of a run, at most 50, in one transaction. The same run (by its id, else by the idempotency key) is logged once.
   *
   * @throws StockroomError INVALID_INPUT naming the field; IDEMPOTENCY_CONFLICT when the run was logged with other content
   */
  logRun(payload: TopPicksPayload, options?: LogOptions): Promise<LoggedRun>;
  /**
   * The same in a transaction of the caller's, who notes `changes` in it (`changes.note(session)`) and applies them after the commit.
   * Whoever tries the transaction again gives a run id or an idempotency key, or the run may be logged twice.
   */
  logRunIn(
    session: Session,
    changes: Changes,
    payload: TopPicksPayload,
    options?: LogOptions,
  ): Promise<LoggedRun>;
  /**
   * Each exit marks the oldest open Scalping recommendation of its symbol and entry day in India (of any day without an entry time), in
   * one transaction. The same exit again marks nothing more.
   *
   * @throws StockroomError INVALID_INPUT naming the field: then nothing was marked
   */
  applyScalpingExits(exits: readonly ScalpingExit[]): Promise<ExitResults>;
  /**
   * Writes how one ended. The same evaluation again changes nothing.
   *
   * @throws StockroomError INVALID_INPUT, NOT_FOUND; CONFLICT when it was evaluated with other values
   */
  evaluate(id: bigint | number | string, evaluation: Evaluation): Promise<Recommendation>;
  /** Evaluates from daily candles what is due: see `DueOptions`. */
  evaluateDue(options: DueOptions): Promise<DueReport>;
  /** @throws StockroomError NOT_FOUND, also when it was generated after `as_of` */
  get(id: bigint | number | string, query?: { readonly as_of?: string | undefined }): Promise<Recommendation>;
  /** Newest first. With `as_of`, as they would have been listed at that time. */
  list(query: ListQuery): Promise<Page<Recommendation>>;
  /** Those without an evaluation, oldest first. */
  unevaluated(query: UnevaluatedQuery): Promise<Page<Recommendation>>;
  /** The recommendations of a run by rank, the first 1,000; none when there is no such run. */
  byRun(runId: string): Promise<Recommendation[]>;
}

export function createRecommendations({
  durable,
  views,
  clock = systemClock,
  calendar,
}: RecommendationsOptions): Recommendations {
  const keys = addViews(views);
  return {
    async logRun(payload, options = {}) {
      const run = prepareRun(payload, options, clock());
      return transact(durable, views, (session, changes) =>
        appendRecommendations(session, changes, keys, run),
      );
    },
    async logRunIn(session, changes, payload, options = {}) {
      return appendRecommendations(session, changes, keys, prepareRun(payload, options, clock()));
    },
    async applyScalpingExits(given) {
      const exits = checkedExits(given);
      return transact(durable, views, (session, changes) =>
        applyExits(session, changes, keys, exits, clock()),
      );
    },
    async evaluate(id, given) {
      const evaluation = checkedEvaluation(given);
      const key = idOf(id);
      return transact(durable, views, (session, changes) =>
        evaluateIn(session, changes, keys, key, evaluation, clock()),
      );
    },
    async evaluateDue(options) {
      const sessions = options.sessions ?? calendar;
      if (sessions === undefined) {
        throw new StockroomError('INVALID_INPUT', 'sessions: expected a calendar, found none');
      }
      return evaluateDue({ durable, views, keys, clock, options: { ...options, sessions } });
    },
    async get(id, { as_of } = {}) {
      const key = idOf(id);
      const content = await keys.one.read(key);
      if (content?.kind !== 'hash') throw notThere(key);
      const found = recommendationOf(content.fields);
      if (as_of !== undefined && found.generated_at > as_of) throw notThere(key);
      return asKnown(found, as_of);
    },
    list: (query) => listRows(durable, query),
    unevaluated: (query) => unevaluatedRows(durable, query),
    byRun: (runId) => runRows(durable, runId),
  };
}

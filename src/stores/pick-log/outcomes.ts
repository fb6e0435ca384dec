import { isoTime, parseIsoTime } from '../../core/iso-time.ts';
import type { Clock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import type { DurableTier, Session } from '../../tiers/durable/port.ts';
import type { Exchange } from '../../market/index.ts';
import { horizonSessions, type SessionCalendar } from './calendar.ts';
import { captureRatio, labelOf, measure } from './outcome-rules.ts';
import { type NewOutcome, outcomeCell, outcomeTypes } from './outcome-rows.ts';
import { type Outcome, type OutcomeInput, sessionsOf } from './outcome-schema.ts';
import { outcomeColumns, type OutcomeRow, pickNotFound, presentOutcome, uuidForms } from './query.ts';

export interface OutcomesOptions {
  readonly durable: DurableTier;
  readonly calendar: SessionCalendar;
  readonly exchange: Exchange;
  readonly clock: Clock;
}

/** What of a pick its outcome depends on. */
export interface OutcomePick {
  readonly pick_uuid: string;
  readonly direction: string;
  readonly signal_ts: string;
  readonly trade_date: string;
  readonly signal_price: number;
  readonly recommended_target: number | null;
  readonly recommended_stop: number | null;
}

export const outcomePickColumns =
  'pick_uuid, direction, signal_ts, trade_date, signal_price, recommended_target, recommended_stop';

export function positionOf(pick: OutcomePick) {
  return {
    direction: pick.direction,
    price: pick.signal_price,
    target: pick.recommended_target,
    stop: pick.recommended_stop,
  };
}

/** Whether a return from this price can be told: migrated rows hold 0 and worse. */
export function isPrice(price: number): boolean {
  return Number.isFinite(price) && price > 0;
}

/**
 * Writes the outcome of a pick at a horizon, or replaces it. What is not given follows from the prices; the same outcome again
 * changes nothing, not even when it became known.
 *
 * @throws StockroomError NOT_FOUND for an unknown pick; INVALID_INPUT when the label contradicts the return or no end of the horizon is known
 */
export async function putOutcome(
  options: OutcomesOptions,
  uuid: string,
  horizon: string,
  given: OutcomeInput,
): Promise<Outcome> {
  const { durable, clock } = options;
  const { rows } = await durable.query<OutcomePick>(
    `select ${outcomePickColumns} from pick_events where pick_uuid = any($1::text[]) limit 1`,
    [uuidForms(uuid)],
  );
  const pick = rows[0];
  if (pick === undefined) throw pickNotFound(uuid);
  const end = given.horizon_end_ts ?? endOf(options, pick, horizon);
  const outcome = outcomeOf(pick, horizon, end, given, isoTime(clock()));
  return presentOutcome(await upsert(durable, outcome));
}

function endOf({ calendar, exchange }: OutcomesOptions, pick: OutcomePick, horizon: string): string {
  if (sessionsOf(horizon) !== undefined) {
    const last = horizonSessions(calendar, exchange, horizon)(pick)?.at(-1);
    if (last !== undefined) return parseIsoTime(last.closesAt)!;
  }
  throw new StockroomError(
    'INVALID_INPUT',
    `horizon_end_ts: expected a time, found nothing; only of EOD and <n>D the calendar tells the end, not of ${horizon}`,
  );
}

function outcomeOf(
  pick: OutcomePick,
  horizon: string,
  end: string,
  given: OutcomeInput,
  now: string,
): NewOutcome {
  const prices = {
    close: given.price_close ?? null,
    high: given.price_high ?? null,
    low: given.price_low ?? null,
  };
  const measured = isPrice(pick.signal_price) ? measure(positionOf(pick), prices) : undefined;
  const ret = given.ret_close_pct ?? measured?.ret_close_pct ?? null;
  const runup = given.max_runup_pct ?? measured?.max_runup_pct ?? null;
  const benchmark = given.benchmark_ret_pct ?? null;
  const label = ret === null ? null : labelOf(ret);
  if (given.outcome_label !== undefined && given.outcome_label !== label) {
    throw new StockroomError(
      'INVALID_INPUT',
      `outcome_label: expected ${label ?? 'nothing'} for a return of ${ret ?? 'unknown'} %, found ${given.outcome_label}`,
    );
  }
  return {
    pick_uuid: pick.pick_uuid,
    evaluation_horizon: horizon,
    horizon_end_ts: end,
    price_close: prices.close,
    price_high: prices.high,
    price_low: prices.low,
    ret_close_pct: ret,
    max_runup_pct: runup,
    max_drawdown_pct: given.max_drawdown_pct ?? measured?.max_drawdown_pct ?? null,
    benchmark_symbol: given.benchmark_symbol ?? null,
    benchmark_ret_pct: benchmark,
    ret_vs_benchmark_pct:
      given.ret_vs_benchmark_pct ?? (ret === null || benchmark === null ? null : ret - benchmark),
    hit_target: given.hit_target ?? measured?.hit_target ?? null,
    hit_stop: given.hit_stop ?? measured?.hit_stop ?? null,
    outcome_label: label,
    notes: { capture_ratio: captureRatio(ret, runup), ...given.notes },
    known_at: now,
    exit_key: null,
  };
}

/** What makes an outcome another one: all but when it became known and what it was made from. */
const told = (Object.keys(outcomeTypes) as (keyof NewOutcome)[]).filter(
  (name) => !['pick_uuid', 'evaluation_horizon', 'known_at', 'exit_key'].includes(name),
);

async function upsert(session: Session, outcome: NewOutcome): Promise<OutcomeRow> {
  const names = Object.keys(outcomeTypes) as (keyof NewOutcome)[];
  const values = names.map((name, index) => `$${index + 1}::text::${outcomeTypes[name]}`);
  const params = names.map((name) => outcomeCell(outcome[name]));
  const written = await session.query<OutcomeRow>(
    `insert into pick_outcomes as o (${names.join(', ')}) values (${values.join(', ')})
     on conflict (pick_uuid, evaluation_horizon) do update
       set ${[...told, 'known_at'].map((name) => `${name} = excluded.${name}`).join(', ')}
       where (${told.map((name) => `o.${name}`).join(', ')})
         is distinct from (${told.map((name) => `excluded.${name}`).join(', ')})
     returning ${outcomeColumns.join(', ')}`,
    params,
  );
  if (written.rows[0] !== undefined) return written.rows[0];
  const { rows } = await session.query<OutcomeRow>(
    `select ${outcomeColumns.join(', ')} from pick_outcomes where pick_uuid = $1 and evaluation_horizon = $2`,
    [outcome.pick_uuid, outcome.evaluation_horizon],
  );
  return rows[0]!;
}

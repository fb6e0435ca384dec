import { StockroomError } from '../../core/errors.ts';
import type { Exchange } from '../../market/index.ts';
import { sessionsOf } from './outcome-schema.ts';

export interface SessionTimes {
  /** The day at the exchange. */
  readonly date: string;
  readonly opensAt: string;
  readonly closesAt: string;
}

/** The part of a market calendar that outcomes need: sessions in order, both days included. */
export interface SessionCalendar {
  sessionsBetween(exchange: Exchange, fromDate: string, toDate: string): readonly SessionTimes[];
}

/** Days that certainly hold the sessions of a horizon, holidays and weekends included. */
const DAYS_BEFORE_FIRST = 30;
const DAYS_PER_SESSION = 2;

/** What of a pick says which sessions are its own. */
export interface Signal {
  readonly trade_date: string;
  readonly signal_ts: string;
}

/**
 * The sessions of a horizon, from the pick's trade date on. EOD is the session that the signal fell into, or the next one when the
 * market was closed. <n>D are the next n whole ones: of the session of the signal its candle does not say what came after.
 *
 * @returns undefined when the calendar does not reach that far
 */
export type HorizonOf = (signal: Signal) => readonly SessionTimes[] | undefined;

/** Reads the calendar once for all picks of a trade date. */
export function horizonSessions(calendar: SessionCalendar, exchange: Exchange, horizon: string): HorizonOf {
  const whole = sessionsOf(horizon);
  if (whole === undefined) {
    throw new StockroomError('INVALID_INPUT', `horizon: expected EOD or <n>D, found ${horizon}`);
  }
  const count = whole === 0 ? 1 : whole;
  const known = new Map<string, readonly SessionTimes[]>();
  return ({ trade_date, signal_ts }) => {
    const signalled = Date.parse(signal_ts);
    // A migrated trade date may lie before the signal.
    const from = later(trade_date, dayPlus(signal_ts.slice(0, 10), -1));
    let sessions = known.get(from);
    if (sessions === undefined) {
      sessions = sessionsFrom(calendar, exchange, from, count);
      known.set(from, sessions);
    }
    const first = sessions.findIndex(({ opensAt, closesAt }) =>
      whole === 0 ? Date.parse(closesAt) > signalled : Date.parse(opensAt) >= signalled,
    );
    const found = first === -1 ? [] : sessions.slice(first, first + count);
    return found.length === count ? found : undefined;
  };
}

function sessionsFrom(
  calendar: SessionCalendar,
  exchange: Exchange,
  from: string,
  count: number,
): readonly SessionTimes[] {
  try {
    return calendar.sessionsBetween(
      exchange,
      from,
      dayPlus(from, DAYS_BEFORE_FIRST + DAYS_PER_SESSION * count),
    );
  } catch (error) {
    // A day that the calendar does not know: the pick waits, and is counted as waiting.
    if (error instanceof StockroomError && error.code === 'INVALID_INPUT') return [];
    throw error;
  }
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

function dayPlus(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

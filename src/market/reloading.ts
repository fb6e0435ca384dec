import { channel } from '../core/diagnostics.ts';
import type { DurableTier } from '../tiers/durable/index.ts';
import { type Calendar, createCalendar, type SessionOverride } from './calendar.ts';
import { type Exchange, exchanges } from './exchanges.ts';

/** How often the overrides are read again. */
const RELOAD_MS = 60_000;

/** Overrides could not be read again, or one of them cannot be used: the calendar stays as it was. */
export const calendarFailures = channel<{ error: unknown }>('stockroom:market:calendar-failure');

/** A calendar whose overrides are the rows of `market_sessions`, read again every minute. */
export interface ReloadingCalendar extends Calendar {
  /** Reads the overrides now. @throws as the durable tier does, and INVALID_INPUT for a row that cannot be used */
  reload(): Promise<void>;
  /** Stops reading; the calendar goes on answering. */
  close(): void;
}

interface OverrideRow {
  exchange: string;
  session_date: string;
  opens_at: string | null;
  closes_at: string | null;
  note: string | null;
}

async function readOverrides(durable: DurableTier): Promise<SessionOverride[]> {
  const { rows } = await durable.query<OverrideRow>(
    `select exchange, session_date, opens_at, closes_at, note
       from market_sessions where exchange = any($1) order by exchange, session_date`,
    [[...exchanges]],
  );
  return rows.map((row) => ({
    exchange: row.exchange as Exchange,
    date: row.session_date,
    opensAt: row.opens_at,
    closesAt: row.closes_at,
    note: row.note,
  }));
}

/**
 * The calendar with what `market_sessions` says instead: a row with times is a session, one without is a closed day.
 * @param options `reloadMs`: how often the table is read again, 60 s unless said; 0: only on demand
 * @throws as the durable tier does, and INVALID_INPUT for a row that cannot be used
 */
export async function loadCalendar(
  durable: DurableTier,
  { reloadMs = RELOAD_MS }: { reloadMs?: number } = {},
): Promise<ReloadingCalendar> {
  let overrides = await readOverrides(durable);
  let current = createCalendar({ overrides });
  const reload = async (): Promise<void> => {
    const read = await readOverrides(durable);
    if (JSON.stringify(read) === JSON.stringify(overrides)) return;
    current = createCalendar({ overrides: read });
    overrides = read;
  };
  let reading: Promise<void> | undefined;
  const tick = (): void => {
    reading ??= reload()
      .catch((error: unknown) => calendarFailures.publish(() => ({ error })))
      .finally(() => {
        reading = undefined;
      });
  };
  const timer = reloadMs > 0 ? setInterval(tick, reloadMs).unref() : undefined;
  return {
    session: (exchange, date) => current.session(exchange, date),
    isOpen: (exchange, at) => current.isOpen(exchange, at),
    current: (exchange, at) => current.current(exchange, at),
    next: (exchange, after) => current.next(exchange, after),
    previous: (exchange, before) => current.previous(exchange, before),
    sessionsBetween: (exchange, from, to) => current.sessionsBetween(exchange, from, to),
    addSessions: (exchange, date, n) => current.addSessions(exchange, date, n),
    dayOf: (exchange, at) => current.dayOf(exchange, at),
    coveredFrom: (exchange) => current.coveredFrom(exchange),
    coveredUntil: (exchange) => current.coveredUntil(exchange),
    reload,
    close: () => clearInterval(timer),
  };
}

import type { Calendar } from '../../market/index.ts';
import type { Market } from './names.ts';

const DAY_MS = 86_400_000;

/** Whether a market trades at an instant, and what that means for copies. Milliseconds since 1970. */
export interface Phase {
  readonly open: boolean;
  /** When it closes, or opens next. */
  readonly changesAt: number;
  /** The last session that is over. */
  readonly last: { readonly opensAt: number; readonly closesAt: number };
}

export function phaseOf(calendar: Calendar, market: Market, at: Date): Phase {
  if (market === 'Global') return globalPhase(at.getTime());
  const current = calendar.current(market, at);
  const { opensAt, closesAt } = calendar.previous(market, at);
  return {
    open: current !== undefined,
    changesAt: Date.parse(current?.closesAt ?? calendar.next(market, at).opensAt),
    last: { opensAt: Date.parse(opensAt), closesAt: Date.parse(closesAt) },
  };
}

/** Region Global of the old application: Monday to Friday in UTC. Each day is a session, with no pause before the next. */
function globalPhase(at: number): Phase {
  const today = Math.floor(at / DAY_MS) * DAY_MS;
  const weekday = new Date(at).getUTCDay();
  const sinceMonday = (weekday + 6) % 7;
  const monday = today - sinceMonday * DAY_MS;
  const open = sinceMonday < 5;
  // On a Monday the session before is Friday's.
  const lastOpens =
    open && sinceMonday > 0 ? today - DAY_MS : open ? monday - 3 * DAY_MS : monday + 4 * DAY_MS;
  return {
    open,
    changesAt: monday + (open ? 5 : 7) * DAY_MS,
    last: { opensAt: lastOpens, closesAt: lastOpens + DAY_MS },
  };
}

import { type Clock, systemClock } from '../../core/clock.ts';
import { createStamps } from '../../core/stamps.ts';

/** The time of a write or a question: that of PostgreSQL, which all processes share, unless a clock was given. */
export interface Time {
  /** A parameter for `coalesce($n::timestamptz, clock_timestamp())`. */
  now(): string | null;
  /** A time of this process, later than the one before. */
  stamp(): string;
}

export function timeOf(clock: Clock | undefined): Time {
  const stamp = createStamps(clock ?? systemClock);
  return { now: () => (clock === undefined ? null : stamp()), stamp };
}

/** So long before a time of six decimals, to the millisecond. */
export function before(time: string, ms: number): string {
  const at = new Date(Date.parse(time) - ms);
  // A question that reaches back before the first year asks for everything.
  const from = at.getUTCFullYear() < 1 ? '0001-01-01T00:00:00.000Z' : at.toISOString();
  return `${from.slice(0, -1)}${time.slice(23, 26)}Z`;
}

import type { Usage } from './answers.ts';

export interface Day {
  date: string;
  requests: number;
  cost: number;
}

const DAY_MS = 86_400_000;
const midnight = (date: string): number => Date.parse(`${date}T00:00:00Z`);

/**
 * Every day of the period in its order: days without a request are zero, since a gap would look like a shorter time. The
 * period is counted in hours, so that it may reach into one more day at its beginning.
 */
export function daysOf({ daily_breakdown: given, as_of: asOf, period_days: days }: Usage): Day[] {
  const known = new Map(given.map((day) => [day.date, day]));
  const last = midnight(asOf.slice(0, 10));
  const first = Math.min(last - (days - 1) * DAY_MS, ...given.map(({ date }) => midnight(date)));
  const all: Day[] = [];
  for (let at = first; at <= last; at += DAY_MS) {
    const date = new Date(at).toISOString().slice(0, 10);
    const day = known.get(date);
    all.push({ date, requests: day?.requests ?? 0, cost: Number(day?.cost_usd ?? 0) });
  }
  return all;
}

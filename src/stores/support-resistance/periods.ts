/** Year, month, week, day: the sessions that levels are made of, and how long they hold. */
export const scopes = ['Y', 'M', 'W', 'D'] as const;
export type Scope = (typeof scopes)[number];

/** Sessions that the levels of a scope are made of. */
export const sessionsOf: Readonly<Record<Scope, number>> = { Y: 252, M: 22, W: 5, D: 1 };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** India has one zone and no summer time. */
const INDIA_MS = 5.5 * HOUR_MS;

/** How long a key in Redis lives at the most while the market is open: 1 to 4 hours, the shorter the faster the levels change. */
export const openLifeMs: Readonly<Record<Scope, number>> = {
  D: HOUR_MS,
  W: 2 * HOUR_MS,
  M: 3 * HOUR_MS,
  Y: 4 * HOUR_MS,
};

/**
 * The India day, ISO week, month or year that an instant is in: from its start to before its end, in milliseconds since 1970.
 * Levels hold within the period in which they were computed.
 */
export function periodAt(scope: Scope, atMs: number): { startMs: number; endMs: number } {
  const local = new Date(atMs + INDIA_MS);
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
  const between = (start: number, end: number) => ({ startMs: start - INDIA_MS, endMs: end - INDIA_MS });
  if (scope === 'Y') return between(Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1));
  if (scope === 'M') return between(Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1));
  const midnight = Date.UTC(year, month, day);
  if (scope === 'D') return between(midnight, midnight + DAY_MS);
  const monday = midnight - ((local.getUTCDay() + 6) % 7) * DAY_MS;
  return between(monday, monday + 7 * DAY_MS);
}

export function isStale(scope: Scope, computedMs: number, atMs: number): boolean {
  return periodAt(scope, computedMs).startMs !== periodAt(scope, atMs).startMs;
}

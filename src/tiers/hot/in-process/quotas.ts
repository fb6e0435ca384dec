import type { Quota, QuotaAnswer, Quotas } from '../port.ts';
import { checkQuota } from '../quota.ts';
import type { Space } from './space.ts';
import type { Synchronous } from './synchronous.ts';

/** A billionth of what a cost of 1 takes: sums of rounded doubles must not refuse what fits to the last. */
const TOLERANCE = 1e-9;

export function createQuotas(space: Space): Synchronous<Quotas> {
  return { take: (key, quota) => take(space, key, quota) };
}

/**
 * The generic cell rate algorithm (ITU-T I.371, virtual scheduling): a bucket is known by the theoretical arrival time, at
 * which it is full again. A cost moves it by as many emission intervals, and is allowed while it stays within the window.
 *
 * @throws StockroomError INVALID_INPUT when the limit or the window is not positive, or the cost is negative
 */
function take(space: Space, key: string, quota: Quota): QuotaAnswer {
  const { limit, windowMs, cost } = checkQuota(quota);
  const now = space.now();
  const backlog = space.get(key, 'backlog');
  const aheadMs = backlog === undefined ? 0 : Math.max(0, backlog.atMs - now + backlog.aheadMs);
  const intervalMs = windowMs / limit;
  /** Whole milliseconds, at least as long. */
  const ceil = (ms: number): number => Math.max(0, Math.ceil(ms - TOLERANCE * intervalMs));
  /** What a bucket holds, in costs. */
  const room = (aheadMs: number): number => (windowMs - aheadMs) / intervalMs;
  const left = (aheadMs: number): number => Math.max(0, Math.floor(room(aheadMs) + TOLERANCE));

  if (cost > limit || cost > room(aheadMs) + TOLERANCE) {
    const waitMs = aheadMs + cost * intervalMs - windowMs;
    return {
      allowed: false,
      remaining: left(aheadMs),
      retryAfterMs: cost > limit ? Number.POSITIVE_INFINITY : Math.max(1, ceil(waitMs)),
      resetMs: ceil(aheadMs),
    };
  }
  const takenMs = aheadMs + cost * intervalMs;
  if (cost > 0) space.set(key, { kind: 'backlog', atMs: now, aheadMs: takenMs }, now + takenMs);
  return { allowed: true, remaining: left(takenMs), retryAfterMs: 0, resetMs: ceil(takenMs) };
}

import type { JsonValue } from '../../tiers/state/index.ts';
import type { Market } from './names.ts';
import type { Phase } from './phase.ts';

const DAY_MS = 86_400_000;
/** A copy is given for 7 whole days: until its eighth day begins, as the old application counted. */
export const COPY_LIFE_MS = 8 * DAY_MS;

/** A value as it stands in both places: in the two-tier cache, and as the copy in PostgreSQL. */
export interface Entry {
  readonly id: string;
  readonly value: JsonValue;
  readonly market: Market;
  readonly tags: readonly string[];
  /** Milliseconds since 1970, by the clock of whoever stored it. */
  readonly cachedAt: number;
  readonly freshUntil: number;
  /** It was no longer fresh when it was put here, for as long as the market is closed. */
  readonly copy: boolean;
}

/** Why a copy was given instead of a fresh value. `allowed`: the caller said that it may be. */
export type CopyReason = 'market_closed' | 'fetch_failed' | 'allowed';

export interface CacheAnswer {
  /** Frozen: callers share it. A dictionary that comes from a copy has `_cached` and `_cached_timestamp` besides. */
  readonly value: JsonValue;
  /** False: it was fetched for this call. */
  readonly cached: boolean;
  /** The market has traded since it was stored: it may have changed. */
  readonly stale: boolean;
  /** It is the copy of an earlier trading time, given because of `reason`. */
  readonly last_trading_day: boolean;
  readonly reason: CopyReason | null;
  /** ISO 8601 in UTC. */
  readonly cached_at: string;
  /** Until when it is fresh; null: it is not. */
  readonly fresh_until: string | null;
}

const isoTime = (ms: number): string => new Date(ms).toISOString();

export function freshAnswer(entry: Entry, cached: boolean): CacheAnswer {
  return {
    value: entry.value,
    cached,
    stale: false,
    last_trading_day: false,
    reason: null,
    cached_at: isoTime(entry.cachedAt),
    fresh_until: isoTime(entry.freshUntil),
  };
}

export function copyAnswer(entry: Entry, phase: Phase, reason: CopyReason): CacheAnswer {
  const cachedAt = isoTime(entry.cachedAt);
  return {
    value: marked(entry.value, cachedAt),
    cached: true,
    stale: phase.open || entry.cachedAt < phase.last.closesAt,
    last_trading_day: true,
    reason,
    cached_at: cachedAt,
    fresh_until: null,
  };
}

/** As the old application told a copy from a fresh value: only a dictionary has a place for it. */
function marked(value: JsonValue, cachedAt: string): JsonValue {
  if (!isDictionary(value)) return value;
  return { ...value, _cached: true, _cached_timestamp: cachedAt };
}

function isDictionary(value: JsonValue): value is { readonly [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of a clock that is ahead of ours a copy seems to come from the future: it is none the older for that. */
export function isYoungEnough(entry: Entry, now: number): boolean {
  return now < entry.cachedAt + COPY_LIFE_MS;
}

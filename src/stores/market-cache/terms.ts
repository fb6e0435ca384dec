import { randomUUID } from 'node:crypto';
import type { Calendar } from '../../market/index.ts';
import type { JsonValue } from '../../tiers/state/index.ts';
import { isMigrated } from './copies.ts';
import type { Entry } from './entry.ts';
import { checkTags, checkTtl, DEFAULT_MARKET, type Market, marketOf, TTL_DEFAULT_SECONDS } from './names.ts';
import type { SetOptions } from './options.ts';
import { type Phase, phaseOf } from './phase.ts';

/** Lives in Redis end up to so much earlier, so that what ends when a market opens is not all fetched in the same instant. */
const JITTER = 0.1;
const JITTER_MAX_MS = 30_000;

/** How a value is to be kept. */
export interface Terms {
  readonly market: Market;
  readonly ttlMs: number;
  readonly tags: readonly string[];
}

/** @throws INVALID_INPUT */
export function termsOf(options: SetOptions): Terms {
  return {
    market: marketOf(options) ?? DEFAULT_MARKET,
    ttlMs: checkTtl(options.ttl_seconds ?? TTL_DEFAULT_SECONDS) * 1_000,
    tags: checkTags(options.tags ?? []),
  };
}

/** What is made while the market is open is not its last word once it has closed: so it is fresh until then at most. */
export function entryOf(
  value: JsonValue,
  { market, ttlMs, tags }: Terms,
  calendar: Calendar,
  at: Date,
): Entry {
  const cachedAt = at.getTime();
  const { open, changesAt } = phaseOf(calendar, market, at);
  const freshUntil = open ? Math.min(cachedAt + ttlMs, changesAt) : changesAt;
  return { id: randomUUID(), value, market, tags, cachedAt, freshUntil, copy: false };
}

/** A copy that is put before PostgreSQL for as long as the market is closed. */
export function heldCopy(copy: Entry, { changesAt }: Phase): Entry {
  return { ...copy, copy: true, freshUntil: changesAt };
}

/** What is left of a life, in milliseconds, for Redis. */
export function jitteredLife(entry: Entry, now: number): number {
  const life = entry.freshUntil - now;
  return Math.max(1, life - Math.random() * Math.min(life * JITTER, JITTER_MAX_MS));
}

/** Redis cannot have ended it by itself yet. */
export function isSurelyAlive({ cachedAt, freshUntil }: Entry, now: number): boolean {
  return now < cachedAt + (freshUntil - cachedAt) * (1 - JITTER);
}

/** Tags of the two-tier cache: those of callers, and one of ours. */
export const userTag = (tag: string): string => `t:${tag}`;
export const MIGRATED_TAG = 'migrated';

export function freshTags(entry: Entry): string[] {
  return [...entry.tags.map(userTag), ...(isMigrated(entry) ? [MIGRATED_TAG] : [])];
}

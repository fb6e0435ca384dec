import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { Feed, HotTier } from '../../../src/tiers/hot/port.ts';

/** A driver under test, over one store that all its tests share. */
export interface Subject {
  readonly name: string;
  /** Another connection to the store, as another process would have it. Whoever opens it closes it. */
  open(): Promise<HotTier>;
  /** It tells of what its clients do, and not of what it does itself. */
  readonly silent?: true;
  /** Makes the store evict the key, however much else goes with it. Absent where that cannot be done. */
  evict?(key: string): Promise<void>;
  /** Writes a text as a program does that does not use Stockroom. Absent where there is no such program. */
  writeFromOutside?(key: string, text: string): Promise<void>;
}

/** Two connections, like two processes: what one does is there for the other. */
export interface Handles {
  readonly here: HotTier;
  readonly there: HotTier;
}

/** Opens both before the tests of a suite, and closes them after. */
export function twoHandles(subject: Subject): () => Handles {
  let opened: Handles | undefined;
  beforeAll(async () => {
    opened = { here: await subject.open(), there: await subject.open() };
  });
  afterAll(async () => {
    await opened?.here.close();
    await opened?.there.close();
  });
  return () => opened!;
}

/** Longer than any test. */
export const LONG_MS = 600_000;
/** A life that ends during a test, and is long enough for the next few steps of a slow machine. */
export const SHORT_MS = 1_000;

export function later(): number {
  return Date.now() + LONG_MS;
}

export function soon(): number {
  return Date.now() + SHORT_MS;
}

/** A key that no other test has, under the tracked prefix of the tier. */
export function entryKey(tier: HotTier, name = 'entry'): string {
  return `${tier.prefix}c:test${randomBytes(8).toString('hex')}:${name}`;
}

/** A key that no other test has, for everything but entries and marks. */
export function freshKey(tier: HotTier, name = 'key'): string {
  return `${tier.prefix}t${randomBytes(8).toString('hex')}:${name}`;
}

/** Tries a check until it holds: for what has to happen by itself. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 20_000, interval: 10 });
}

/**
 * Waits until something that was given the life `SHORT_MS` at this moment is gone, so that what had such a life before and
 * is still there was given a longer one.
 */
export async function shortLifeToEnd(tier: HotTier): Promise<void> {
  const canary = freshKey(tier, 'canary');
  await tier.sessions.put(canary, { is: 'alive' }, SHORT_MS);
  await eventually(async () => expect(await tier.sessions.get(canary, 'is')).toBeUndefined());
}

/** A subscription, and what it was told since it was made. */
export interface Listening {
  readonly feed: Feed;
  /** As often as they were told, in order. */
  readonly keys: string[];
}

export async function listen(tier: HotTier): Promise<Listening> {
  const keys: string[] = [];
  const feed = tier.coherence.subscribe({
    invalidated: (key) => keys.push(key),
    gap: () => undefined,
  });
  // What was written before may be told late.
  await caughtUp(tier);
  keys.length = 0;
  return { feed, keys };
}

/** Waits until what was acknowledged before has been told: the tier trusts its copies for a whole heartbeat from a later time on. */
export async function caughtUp(tier: HotTier): Promise<void> {
  const from = performance.now();
  const { coherence } = tier;
  await eventually(() => expect(coherence.trustedUntil).toBeGreaterThan(from + coherence.heartbeatMs));
}

/** The same work from both connections by turns, all at once. */
export function fromBoth<T>(
  handles: Handles,
  times: number,
  work: (tier: HotTier, turn: number) => Promise<T>,
): Promise<T[]> {
  return Promise.all(
    Array.from({ length: times }, (_, turn) => work(turn % 2 === 0 ? handles.here : handles.there, turn)),
  );
}
